package broker

import (
	"testing"
)

func TestMessagesReachWhoSubscribed(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		ada := x.join(transport, version, hello{user: "ada", id: "a"})
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		if code := bob.sub("a/+", 1); code != 1 {
			t.Fatalf("SUBACK %#x", code)
		}
		ada.pub("a/b", "zero", 0, 0)
		bob.wantMessage("a/b", "zero")
		ada.pub("a/b", "one", 1, 7)
		if g := ada.want(typePuback); g.body[1] != 7 {
			t.Fatalf("PUBACK % x", g.body)
		}
		if h := bob.wantMessage("a/b", "one"); h.qos != 1 {
			t.Fatalf("QoS %d", h.qos)
		}
		ada.pub("x", "nobody hears this", 0, 0)
		ada.pub("a/c", "marker", 0, 0)
		bob.wantMessage("a/c", "marker")
	})
}
