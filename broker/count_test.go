package broker

import (
	"fmt"
	"testing"
)

// What happens is counted under why it happened.
func TestCountersKnowWhy(t *testing.T) {
	h := &host{}
	h.connect = func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
		if c.User == "eve" {
			return Welcome{}, &Refusal{Code: NotAuthorized, Key: "not-you"}
		}
		return Welcome{Name: c.User}, nil
	}
	h.publish = func(_ *Session, m *Message, ack func(Ack)) {
		if m.Topic == "no" {
			ack(Ack{Refusal: &Refusal{Code: QuotaExceeded}})
			return
		}
		_ = h.b.Publish(m)
		ack(Ack{})
	}
	h.subscribe = func(_ *Session, fs []Subscription) []Decision {
		ds := make([]Decision, len(fs))
		if fs[0].Filter == "no" {
			ds[0].Refusal = &Refusal{Code: NotAuthorized, Key: "closed"}
		}
		return ds
	}
	x := newBench(t, Config{}, h)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	bob := x.join("ws", v5, hello{user: "bob", id: "b", props: []byte{propMaximumPacket, 0, 0, 0, 40}})
	for range 2 {
		eve := x.dial("tcp", v5)
		eve.send(hello{user: "eve", id: "e"}.bytes(v5))
		eve.want(typeConnack)
	}
	bob.sub("a", 0)
	bob.sub("no", 0)
	bob.sub("a#", 0)
	ada.pub("a", "short", 0, 0)
	ada.pub("a", "long enough to be more than forty bytes with its header", 0, 0)
	for range 3 {
		ada.pub("no", "x", 1, 1)
		ada.want(typePuback)
	}
	bob.wantMessage("a", "short")
	s := x.b.Stats()
	for what, v := range map[string][2]any{
		"refused":        {Counts[string]{"not-you": 2}, s.Refused},
		"denied":         {Counts[string]{"quota-exceeded": 3}, s.Denied},
		"filters":        {Counts[string]{"closed": 1, "bad-filter": 1}, s.Filters},
		"dropped":        {Counts[Drop]{DropTooLarge: 1}, s.Dropped},
		"connects":       {int64(2), s.Connects},
		"subscriptions":  {1, s.Subscriptions},
		"received":       {int64(5), s.Received},
		"received bytes": {int64(5 + 55 + 3), s.ReceivedBytes},
		"sent":           {int64(1), s.Sent},
		"sent bytes":     {int64(5), s.SentBytes},
		"packets":        {int64(2 + 2 + 3 + 5), s.PacketsReceived},
	} {
		if fmt.Sprint(v[0]) != fmt.Sprint(v[1]) {
			t.Errorf("%s: %v, not %v", what, v[1], v[0])
		}
	}
	// What left is counted before it is written, so all that has been read is in.
	if s.PacketsSent != 2+2+3+1+3 || s.BytesSent < 2*5+2*5+3*6+10 {
		t.Errorf("%d packets, %d bytes sent", s.PacketsSent, s.BytesSent)
	}
}

// However many reasons there are, the counters stay few.
func TestTallyIsBounded(t *testing.T) {
	var n tally[string]
	for i := range 1000 {
		n.add(fmt.Sprint(i))
	}
	if c := n.counts(); len(c) > mostReasons+1 || c.Sum() != 1000 || c[others] != 1000-mostReasons {
		t.Errorf("%d reasons, %d counted, %d of them others", len(c), c.Sum(), c[others])
	}
}

// Steady traffic becomes the load, the sooner the shorter the span; then silence takes it down again.
func TestLoadFollowsTheTraffic(t *testing.T) {
	var n counters
	var l loads
	l.init(&n)
	value := func(span string) string { return l.topics()["publish/received/"+span]() }
	for range 6 * 60 { // an hour
		n.received.Add(100)
		l.sample()
	}
	for span, want := range map[string]string{"1min": "600.00", "5min": "600.00", "15min": "589.01"} {
		if got := value(span); got != want {
			t.Errorf("%s: %s, not %s", span, got, want)
		}
	}
	for range 6 { // a minute of silence
		l.sample()
	}
	for span, want := range map[string]string{"1min": "220.73", "5min": "491.24", "15min": "551.02"} {
		if got := value(span); got != want {
			t.Errorf("%s: %s, not %s", span, got, want)
		}
	}
}
