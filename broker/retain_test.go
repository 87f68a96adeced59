package broker

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestRetainedMessagesComeAfterTheSuback(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		ada := x.join(transport, version, hello{user: "ada", id: "a"})
		ada.send(publishBytes(version, "s/lamp", "on", 1, 0))
		ada.send(publishBytes(version, "s/door", "shut", 1, 0))
		ada.ping()
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		bob.sub("s/lamp", 0)
		if h := bob.wantMessage("s/lamp", "on"); !h.retain {
			t.Error("a retained message without its flag")
		}
		ada.send(publishBytes(version, "s/lamp", "off", 1, 0))
		if h := bob.wantMessage("s/lamp", "off"); h.retain {
			t.Error("a live message with the retain flag") // [MQTT-3.3.1-12]
		}
		ada.send(publishBytes(version, "s/lamp", "", 1, 0)) // deletes
		bob.wantMessage("s/lamp", "")
		bob.sub("s/#", 0)
		bob.wantMessage("s/door", "shut")
		bob.ping()
	})
}

func TestRetainHandlingAndRetainAsPublished(t *testing.T) {
	x := newBench(t, Config{}, nil)
	if err := x.b.Publish(&Message{Topic: "a", Payload: []byte("1"), Retain: true}); err != nil {
		t.Fatal(err)
	}
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	const once, never, asPublished = 1 << 4, 2 << 4, 8
	ada.sub("a", never)
	ada.ping() // nothing came
	ada.sub("a", once)
	ada.ping() // it existed
	ada.send(packet(0xa2, append([]byte{0, 3, 0}, appendText(nil, "a")...)))
	ada.want(typeUnsuback)
	ada.sub("a", once|asPublished)
	ada.wantMessage("a", "1")
	_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("2"), Retain: true})
	if h := ada.wantMessage("a", "2"); !h.retain {
		t.Error("retain as published was asked for")
	}
}

func TestComputedRetainedValues(t *testing.T) {
	x := newBench(t, Config{}, nil)
	n := 0
	x.b.RetainFunc("r/roster", func() []byte { n++; return fmt.Appendf(nil, "%d", n) })
	ada := x.join("tcp", v311, hello{user: "ada", id: "a"})
	ada.sub("r/+", 0)
	if h := ada.wantMessage("r/roster", "1"); !h.retain {
		t.Error("without retain flag")
	}
	ada.sub("r/roster", 0)
	ada.wantMessage("r/roster", "2")
	x.b.RetainFunc("r/roster", nil)
	ada.sub("r/roster", 0)
	ada.ping()
	ada.sub("$SYS/broker/version", 0)
	ada.wantMessage("$SYS/broker/version", "tincan version 0")
	ada.sub("#", 0)
	ada.ping() // # does not match $SYS
}

// Trap 11: a burst of retained messages larger than a queue arrives whole at a reader that is slow to take it.
func TestTrap11RetainedBurstReachesASlowReaderWhole(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{QueueBytes: 16 << 10}, nil)
		payload := make([]byte, 1000)
		const n = 3000 // 3 MB, and sockets hold far less
		for i := range n {
			if err := x.b.Publish(&Message{Topic: fmt.Sprintf("s/%d", i), Payload: payload, Retain: true, QoS: byte(i % 2)}); err != nil {
				t.Fatal(err)
			}
		}
		ada := x.join(transport, version, hello{user: "ada", id: "a"})
		ada.send(subscribeBytes(version, "s/#", 1, 0))
		time.Sleep(50 * time.Millisecond) // not a wait for anything: the reader is slow
		ada.want(typeSuback)
		seen := map[string]bool{}
		for len(seen) < n {
			h := ada.hear()
			if seen[h.topic] {
				t.Fatalf("%s twice", h.topic)
			}
			seen[h.topic] = true
			if h.qos > 0 {
				ada.send(packet(0x40, []byte{byte(h.id >> 8), byte(h.id)}))
			}
		}
		ada.ping()
	})
}

func TestRetainedIsBoundedInCountAndBytes(t *testing.T) {
	x := newBench(t, Config{RetainedCount: 3, RetainedBytes: 100 + 3*leafSize}, nil)
	put := func(topic string, size int) error {
		return x.b.Publish(&Message{Topic: topic, Payload: make([]byte, size), Retain: true})
	}
	for i := range 3 {
		if err := put(fmt.Sprint(i), 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := put("3", 1); !errors.Is(err, ErrRetainedFull) {
		t.Errorf("a fourth: %v", err)
	}
	if err := put("0", 50); err != nil {
		t.Errorf("in place of one: %v", err)
	}
	if err := put("1", 90); !errors.Is(err, ErrRetainedFull) {
		t.Errorf("too many bytes: %v", err)
	}
	if err := put("0", 0); err != nil {
		t.Error(err)
	}
	if err := put("3", 1); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if x.b.shelf.bytes != 6+3*leafSize {
		t.Errorf("%d bytes are counted", x.b.shelf.bytes)
	}
	for _, topic := range []string{"1", "2", "3"} {
		_ = put(topic, 0)
	}
	x.b.shelf.compute("$SYS/broker/version", nil)
	if x.b.shelf.count != 0 || x.b.shelf.bytes != 0 {
		t.Errorf("%d messages, %d bytes are left", x.b.shelf.count, x.b.shelf.bytes)
	}
}

func TestRetainedMessagesOfTopicsThatMayNotBeReadAreNotSent(t *testing.T) {
	h := &host{mayRead: func(_ *Session, topic string) bool { return topic != "s/secret" }}
	x := newBench(t, Config{}, h)
	for _, topic := range []string{"s/secret", "s/open"} {
		_ = x.b.Publish(&Message{Topic: topic, Payload: []byte("x"), Retain: true})
	}
	ada := x.join("tcp", v311, hello{user: "ada", id: "a"})
	ada.sub("s/+", 0)
	ada.wantMessage("s/open", "x")
	ada.ping()
	ada.sub("$share/g/s/secret", 0)
	_ = x.b.Publish(&Message{Topic: "s/secret", Payload: []byte("y")})
	ada.ping()
}

func TestExpiredMessagesAreNotSent(t *testing.T) {
	x := newBench(t, Config{}, nil)
	_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("old"), Retain: true, Expiry: 100})
	age := func(d time.Duration) {
		x.b.shelf.mu.Lock()
		defer x.b.shelf.mu.Unlock()
		l := x.b.shelf.findLocked("a")
		l.kept = &retained{m: l.kept.m, at: time.Now().Add(-d)}
	}
	age(40 * time.Second)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	ada.sub("a", 0)
	if h := ada.wantMessage("a", "old"); len(h.props) != 5 || h.props[0] != propMessageExpiry || h.props[4] < 58 || h.props[4] > 60 {
		t.Errorf("the expiry was not counted down: % x", h.props) // [MQTT-3.3.2-6]
	}
	age(100 * time.Second)
	ada.sub("a", 0)
	ada.ping()
	x.b.shelf.expire()
	if n := x.b.Stats().Retained; n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

// A message that is retained between the subscription and its turn to be sent has reached the subscriber as it was published, and
// does not come a second time.
func TestRetainedMessagesDoNotComeTwice(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		big := make([]byte, 200<<10)
		for i := range 100 { // more than sockets hold
			_ = x.b.Publish(&Message{Topic: fmt.Sprintf("big/%d", i), Payload: big, Retain: true})
		}
		_ = x.b.Publish(&Message{Topic: "s/old", Payload: []byte("before"), Retain: true})
		ada := x.join(transport, version, hello{user: "ada", id: "a"})
		both := []byte{0, 9}
		if version == v5 {
			both = append(both, 0)
		}
		both = append(appendText(both, "big/#"), 0)
		ada.send(packet(0x82, append(appendText(both, "s/#"), 0))) // the second waits behind the big ones
		ada.want(typeSuback)
		_ = x.b.Publish(&Message{Topic: "s/new", Payload: []byte("live"), Retain: true})
		seen := map[string]int{}
		for seen["s/old"] == 0 {
			h := ada.hear()
			seen[h.topic]++
		}
		ada.ping()
		if seen["s/new"] != 1 {
			t.Errorf("what was published live came %d times", seen["s/new"])
		}
	})
}
