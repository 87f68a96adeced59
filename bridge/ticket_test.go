package bridge

import (
	"testing"
	"time"

	"tincan/bridge/history"
)

// A ban of a name ends reading by its secret and by its tickets, also by those that are over. The address alone tells nothing of who asks.
func TestABanByNameEndsReadingFiles(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	hal, bob := r.host("hal"), r.join("bob")
	r.private("den", "hal", "bob")
	const remote = "127.0.0.1:9"
	v, no := r.b.Prove(t.Context(), "bob", "secret of bob", remote)
	if no != nil {
		t.Fatal(no.Tell)
	}
	good, _ := r.b.Ticket(v)
	over := r.b.ticketUntil(v, time.Now().Add(-time.Hour))
	ways := []struct {
		what string
		come func() (*Visitor, *Denial)
	}{
		{"by secret", func() (*Visitor, *Denial) { return r.b.Prove(t.Context(), "bob", "secret of bob", remote) }},
		{"by a ticket", func() (*Visitor, *Denial) { return r.b.Holder(good, remote) }},
		{"by a ticket that is over", func() (*Visitor, *Denial) { return r.b.Holder(over, remote) }},
		{"by the address alone", func() (*Visitor, *Denial) { return r.b.Stranger(remote) }},
	}
	want := func(when, room string, may ...bool) {
		t.Helper()
		for i, way := range ways {
			v, no := way.come()
			if got := no == nil && r.b.MayReadFile(v, history.File{Owner: "knobody"}, []string{room}); got != may[i] {
				t.Errorf("%s: %s bob reads a file of the %s: %v", when, way.what, room, got)
			}
		}
	}
	want("at first", "lobby", true, true, true, true)
	want("at first", "den", true, true, false, false)
	hal.order(`{"do":"ban","room":"lobby","name":"bob"}`)
	want("the lobby has banned bob", "lobby", false, false, false, true)
	want("the lobby has banned bob", "den", true, true, false, false)
	want("the lobby has banned bob", "hall", true, true, true, true)
	hal.order(`{"do":"unban","room":"lobby","name":"bob"}`)
	want("it has no longer", "lobby", true, true, true, true)
	hal.order(`{"do":"ban","name":"bob"}`)
	bob.WantEnd()
	want("the server has banned bob", "lobby", false, false, false, true)
	want("the server has banned bob", "den", false, false, false, false)
	hal.order(`{"do":"unban","name":"bob"}`)
	want("it has no longer", "lobby", true, true, true, true)
}
