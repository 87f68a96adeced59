package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tincan/bridge/history"
	"tincan/broker"
	"tincan/broker/mqtttest"
)

// counts says in words what a note tells to be unread: messages and mentions by room, and what others wrote.
func countsIn(t *testing.T, note map[string]json.RawMessage) string {
	t.Helper()
	rooms := "rooms"
	if string(note["type"]) == `"marks"` {
		rooms = "counts"
	}
	s := ""
	if note[rooms] != nil {
		all := decode[map[string]roomCount](t, note[rooms])
		for _, room := range []string{"lobby", "class"} {
			if c, ok := all[room]; ok {
				s += fmt.Sprintf("%s %d %v ", room, c.Unread, c.Mentions)
			}
		}
	}
	if note["users"] != nil {
		for name, c := range decode[map[string]userCount](t, note["users"]) {
			s += fmt.Sprintf("%s %v of %d ", name, c.Unread, c.Last)
		}
	}
	return strings.TrimSpace(s)
}

// comes connects and is told what is unread.
func (r *testRoom) comes(name, id string) (*guest, string) {
	r.t.Helper()
	g := r.connect(mqtttest.Options{Name: name, ID: id, Secret: "secret of " + name})
	g.Subscribe("chat/user/me/inbox/#")
	return g, countsIn(r.t.(*testing.T), g.wantInbox("marks"))
}

// wantCounts takes notes until one tells that.
func (g *guest) wantCounts(want string) {
	g.t.Helper()
	for {
		if got := countsIn(g.t.(*testing.T), g.wantInbox("counts")); got == want {
			return
		} else if got != "" {
			g.t.Logf("%s is told %s", g.name, got)
		}
	}
}

func TestWhatIsUnreadIsKeptForWhoIsAway(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"id":"m1","text":"one"}`)
	bob.Publish("chat/room/lobby/read", `{"seq":1}`)
	if n := bob.wantInbox("read"); string(n["unread"]) != "0" {
		t.Errorf("%s", n["unread"])
	}
	bob.Disconnect()
	ada.wantLeave("bob")
	ada.post(`{"id":"m2","text":"two"}`)
	ada.post(`{"id":"m3","text":"@BOB three"}`)
	ada.post(`{"id":"m4","text":"@room four"}`)
	ada.post(`{"id":"m5","text":"@bob five"}`)
	ada.post(`{"kind":"react","ref":"m5","text":"👍"}`)
	ada.post(`{"kind":"delete","ref":"m5"}`)
	ada.post(`{"kind":"poll","text":"six, @bob?","options":["a","b"]}`)
	ada.Publish("chat/room/class/say", "@bob and here") // where bob has never been
	ada.Publish("chat/user/bob/say", "psst")
	ada.Publish("chat/user/bob/say", "psst again")
	for range 2 {
		first, told := r.comes("bob", "bob-1")
		if want := "lobby 4 [3 4 8] class 0 [1] Ada [1 2] of 2"; told != want {
			t.Errorf("bob is told %q, want %q", told, want)
		}
		first.Disconnect()
		r.restart()
	}
	first, _ := r.comes("bob", "bob-1")
	second, _ := r.comes("bob", "bob-2")
	first.Publish("chat/room/lobby/read", `{"seq":3}`)
	first.Publish("chat/user/ada/read", `{"seq":1}`)
	for _, g := range []*guest{first, second} {
		if n := g.wantInbox("read"); string(n["seq"]) != "3" || string(n["unread"]) != "2" {
			t.Errorf("%s is told %s, %s", g.name, n["seq"], n["unread"])
		}
		if n := g.wantInbox("read"); string(n["with"]) != `"Ada"` || string(n["seq"]) != "1" || string(n["unread"]) != "1" {
			t.Errorf("%s is told of %s: %s, %s", g.name, n["with"], n["seq"], n["unread"])
		}
	}
	third, told := r.comes("bob", "bob-3")
	if want := "lobby 2 [4 8] class 0 [1] Ada [2] of 2"; told != want {
		t.Errorf("a third session is told %q, want %q", told, want)
	}
	// While one is there: what is for it comes by itself, also from rooms that it does not read; once a second at most.
	ada = r.join("Ada")
	third.Subscribe("chat/room/lobby/messages")
	for i := range 20 {
		ada.Publish("chat/room/class/say", fmt.Sprintf("@bob %d", i))
	}
	third.wantCounts("class 0 [1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21]")
	ada.post(`{"kind":"edit","ref":4,"text":"four, for nobody"}`)
	third.wantCounts("lobby 2 [8]")
	ada.post(`{"kind":"edit","ref":4,"text":"four, @bob"}`)
	third.wantCounts("lobby 2 [4 8]")
	// What is read already is not for anybody again.
	ada.post(`{"kind":"edit","ref":2,"text":"@bob two"}`)
	ada.Publish("chat/user/bob/say", "marker")
	third.wantCounts("Ada [2 3] of 3")
	if notes := len(third.Take(func(p mqtttest.Packet) bool { return strings.HasPrefix(string(p.Payload), `{"type":"counts"`) })); notes > 0 {
		t.Errorf("%d notes more", notes)
	}
}

// Nobody is told of what it may not read, of itself, or in place of another who had the name.
func TestNobodyIsToldOfWhatIsNotForIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"text":"one"}`)
	for _, g := range []*guest{ada, bob} {
		g.Publish("chat/room/lobby/read", `{"seq":1}`)
	}
	ada.post(`{"text":"@Ada @room"}`)
	bob.post(`{"text":"` + "`@Ada`" + ` ada@Ada @Adam"}`)
	if _, told := r.comes("Ada", "Ada-2"); told != "lobby 1 []" {
		t.Errorf("Ada is told %q", told)
	}
	if _, told := r.comes("bob", "bob-2"); told != "lobby 1 [2]" {
		t.Errorf("bob is told %q", told)
	}
	ada.Publish("chat/room/class/say", "hi")
	if no := r.b.cards.change("class", func(c *card) *broker.Refusal {
		c.Private, c.Members = true, []someone{{r.b.members.find("ada").ident, "Ada"}}
		return nil
	}, nil); no != nil {
		t.Fatal(no)
	}
	ada.Publish("chat/room/class/say", "@bob secret")
	if _, told := r.comes("bob", "bob-3"); told != "lobby 1 [2]" {
		t.Errorf("bob is told of what is private: %q", told)
	}
}

// A lagging store tells of entries a moment after it has acknowledged them: when it is next asked where the log ends.
type lagging struct {
	Store
	asked chan struct{} // capacity 1
}

func (l lagging) Head(ctx context.Context, room string) (uint64, error) {
	select {
	case l.asked <- struct{}{}:
	default:
	}
	return l.Store.Head(ctx, room)
}

func (l lagging) Tail(ctx context.Context, room string, after uint64, emit func(history.Entry) bool) error {
	return l.Store.Tail(ctx, room, after, func(e history.Entry) bool {
		if strings.Contains(string(e.Body), "@bob") {
			select {
			case <-l.asked:
			case <-ctx.Done():
			}
		}
		return emit(e)
	})
}

// A note comes after the message that it tells of, and counts it.
func TestNoMentionIsNewerThanTheLastMessage(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	asked := make(chan struct{}, 1)
	r.wrap = func(s Store) Store { return lagging{s, asked} }
	r.restart()
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"text":"one"}`)
	bob.Publish("chat/room/lobby/read", `{"seq":1}`)
	bob.wantInbox("read")
	for len(asked) > 0 {
		<-asked
	}
	ada.Go(mqtttest.Pub{Topic: "chat/room/lobby/say", QoS: 1, Payload: "@bob two"})
	note := bob.wantInbox("counts")
	if c := decode[map[string]roomCount](t, note["rooms"])["lobby"]; c.Last != 2 || c.Unread != 1 {
		t.Errorf("bob is told %s", note["rooms"])
	}
}

// Long queues are cut, and counting them takes no more than so much.
func TestWhatIsUnreadIsBounded(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.cfg.MessagesPerSecond = 0
	r.restart()
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"text":"one"}`)
	bob.Publish("chat/room/lobby/read", `{"seq":1}`)
	bob.wantInbox("read")
	bob.Cut()
	for i := range callsMost + 20 {
		ada.Go(mqtttest.Pub{Topic: "chat/room/lobby/say", QoS: 1, Payload: fmt.Sprintf("@bob %d", i)})
		ada.Want("PUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback })
	}
	for range 2 {
		g, told := r.comes("bob", "bob-1")
		if !strings.HasPrefix(told, "lobby 100 [22 23 ") || !strings.HasSuffix(told, " 121]") {
			t.Errorf("bob is told %q", told)
		}
		g.Disconnect()
		r.restart()
	}
}
