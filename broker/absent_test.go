package broker

import (
	"fmt"
	"strings"
	"testing"
)

// When too much waits for all who are away, who has much waiting loses the oldest of it, and who has little loses nothing.
func TestAbsentSessionsShareWhatMayWait(t *testing.T) {
	const size, many = 10 << 10, 50
	x := newBench(t, Config{AllAbsentBytes: 10 * size}, nil)
	away := func(name string) {
		c := x.join("tcp", v5, hello{user: name, id: name, keep: true, props: expiryProp(100)})
		c.sub("to/"+name, 1)
		c.nc.Close()
		x.h.wantEnd(t, name, CauseClosed)
	}
	send := func(name string, n int) {
		for i := range n {
			payload := fmt.Sprintf("%d %s", i, strings.Repeat("x", size))
			_ = x.b.Publish(&Message{Topic: "to/" + name, Payload: []byte(payload), QoS: 1})
		}
	}
	away("modest")
	away("greedy")
	send("modest", 1)
	send("greedy", many)
	send("modest", 1)
	if n := x.b.absences.bytes.Load(); n > x.b.absences.most+2*size {
		t.Errorf("%d bytes wait, where %d may", n, x.b.absences.most)
	}
	modest := x.join("tcp", v5, hello{user: "modest", id: "modest", keep: true, props: expiryProp(100)})
	for range 2 {
		modest.want(typePublish)
	}
	modest.ping()
	if x.b.absences.sessions.Load() != 1 {
		t.Errorf("%d sessions are away", x.b.absences.sessions.Load())
	}
	for _, st := range x.b.registry.drop() {
		st.clear(x.b.fan)
	}
	if n, m := x.b.absences.bytes.Load(), x.b.absences.sessions.Load(); n != 0 || m != 0 {
		t.Errorf("%d bytes wait for %d sessions when all are forgotten", n, m)
	}
}

// Whoever fills the index of filters keeps nobody else from taking part.
func TestFiltersAreBoundedInAll(t *testing.T) {
	x := newBench(t, Config{}, nil)
	deep := func(i int) string { return fmt.Sprint(i) + strings.Repeat("/x", 31) }
	for i := range mostLevels/32/200 + 1 {
		c := x.join("tcp", v5, hello{user: fmt.Sprint("eve", i), id: "e"})
		body := []byte{0, 9, 0}
		for j := range 200 {
			body = append(appendText(body, deep(1000*i+j)), 0)
		}
		c.send(packet(0x82, body))
		c.want(typeSuback)
	}
	if x.b.fan.levels > mostLevels+200*32 { // one SUBSCRIBE is decided as a whole
		t.Errorf("filters with %d levels are kept", x.b.fan.levels)
	}
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	if code := Reason(ada.sub(deep(-1), 0)); code != QuotaExceeded {
		t.Errorf("a deep filter: %#x", code)
	}
	for i := range fewFilters + 1 {
		want := byte(0)
		if i == fewFilters {
			want = byte(QuotaExceeded)
		}
		if code := ada.sub(fmt.Sprint("chat/", i), 0); code != want {
			t.Errorf("short filter %d: %#x, want %#x", i, code, want)
		}
	}
}
