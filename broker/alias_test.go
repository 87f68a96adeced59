package broker

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// aliased reads the topic of a PUBLISH, by its alias where it has one, and keeps what the packet defines.
func aliased(t *testing.T, h heard, known map[uint16]string) (topic string, alias uint16) {
	t.Helper()
	var p properties
	c := cursor{b: append(appendVarint(nil, len(h.props)), h.props...)}
	if f := p.decode(&c, inPublish); f != nil {
		t.Fatal(f.tell)
	}
	if !p.has(propTopicAlias) {
		return h.topic, 0
	}
	alias = uint16(h.props[len(h.props)-2])<<8 | uint16(h.props[len(h.props)-1]) // it is the last where there are no user properties
	if h.topic != "" {
		known[alias] = h.topic
	}
	return known[alias], alias
}

func aliasMax(n byte) []byte { return []byte{propAliasMaximum, 0, n} }

// Trap 13: an alias is defined by a packet that was queued, and by no other; a message that is too large defines nothing.
func TestTrap13ADropDefinesNoAlias(t *testing.T) {
	x := newBench(t, Config{}, nil)
	c := x.join("tcp", v5, hello{user: "ada", id: "a", props: append(append(aliasMax(10), propMaximumPacket), appendUint32(nil, 200)...)})
	c.sub("a/#", 0)
	known := map[uint16]string{}
	large := strings.Repeat("x", 300)
	for i := range 3 {
		_ = x.b.Publish(&Message{Topic: "a/b", Payload: []byte(large)}) // larger than it takes: dropped
		_ = x.b.Publish(&Message{Topic: "a/b", Payload: []byte("x"), QoS: 1})
		_ = x.b.Publish(&Message{Topic: "a/b", Payload: []byte(large), QoS: 1})
		h := c.hear()
		if topic, alias := aliased(t, h, known); topic != "a/b" || alias != 1 || (h.topic == "") != (i > 0) {
			t.Errorf("%d: %+v", i, h)
		}
	}
	// 200 bytes with its topic, and 3 more with an alias: it comes without one, and defines none.
	_ = x.b.Publish(&Message{Topic: "a/c", Payload: make([]byte, 200-3-2-3-1)})
	for range 2 {
		_ = x.b.Publish(&Message{Topic: "a/c", Payload: []byte("y")})
	}
	for i, want := range []uint16{0, 2, 2} {
		if topic, alias := aliased(t, c.hear(), known); topic != "a/c" || alias != want {
			t.Errorf("%d: %s with alias %d", i, topic, alias)
		}
	}
	c.ping()
	if d := x.b.Stats().Dropped.Sum(); d != 6 {
		t.Errorf("%d dropped", d)
	}
}

func TestAliasesAreAtMostSixteenAndWhatTheClientTakes(t *testing.T) {
	for maximum, most := range map[byte]int{0: 0, 1: 1, 3: 3, 200: 16} {
		x := newBench(t, Config{}, nil)
		c := x.join("ws", v5, hello{user: "ada", id: "a", props: aliasMax(maximum)})
		c.sub("#", 0)
		known := map[uint16]string{}
		for range 2 {
			for i := range 20 {
				want := fmt.Sprint("topic/", i)
				_ = x.b.Publish(&Message{Topic: want, Payload: []byte("x")})
				if topic, alias := aliased(t, c.hear(), known); topic != want || (alias > 0) != (i < most) {
					t.Fatalf("maximum %d: %s came as %q with alias %d", maximum, want, topic, alias)
				}
			}
		}
		if len(known) != most {
			t.Errorf("maximum %d: %d aliases", maximum, len(known))
		}
	}
}

// Whoever publishes at once, and whatever else waits: no alias comes before the packet that defines it.
func TestAliasesAreDefinedBeforeTheyAreUsed(t *testing.T) {
	x := newBench(t, Config{}, nil)
	for i := range 20 {
		_ = x.b.Publish(&Message{Topic: fmt.Sprint("kept/", i), Payload: fmt.Append(nil, "kept/", i), Retain: true, QoS: byte(i % 3)})
	}
	c := x.join("tcp", v5, hello{user: "ada", id: "a", props: aliasMax(40)})
	c.sub("live/#", 1)
	c.send(subscribeBytes(v5, "kept/#", 1, 0)) // pulled by the queue's goroutine meanwhile
	const each = 60
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range each {
				topic := fmt.Sprint("live/", i%12)
				_ = x.b.Publish(&Message{Topic: topic, Payload: []byte(topic), QoS: byte(w % 2)})
			}
		})
	}
	known := map[uint16]string{}
	for n := 0; n < 4*each+20; {
		g, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		if g.kind() != typePublish {
			continue
		}
		n++
		h := g.publish(v5)
		if topic, alias := aliased(t, h, known); topic != h.payload {
			t.Fatalf("what was published to %q came as %q, alias %d", h.payload, topic, alias)
		}
		if h.qos > 0 {
			c.send(packet(0x40, []byte{byte(h.id >> 8), byte(h.id)}))
		}
	}
	wg.Wait()
	if len(known) != mostAliases {
		t.Errorf("%d aliases", len(known))
	}
}

// A message that is sent again, on a new connection, bears its topic: there nothing is defined.
func TestWhatIsSentAgainBearsItsTopic(t *testing.T) {
	x := newBench(t, Config{}, nil)
	o := hello{user: "ada", id: "a", keep: true, props: append(expiryProp(100), aliasMax(5)...)}
	c := x.join("tcp", v5, o)
	c.sub("a", 1)
	known := map[uint16]string{}
	for range 2 {
		_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("x"), QoS: 1})
		if _, alias := aliased(t, c.hear(), known); alias != 1 {
			t.Fatalf("alias %d", alias)
		}
	}
	c = x.join("tcp", v5, o)
	for range 2 {
		if h := c.hear(); !h.dup || h.topic != "a" || len(h.props) > 0 {
			t.Errorf("%+v", h)
		}
	}
	_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("x")})
	if h := c.hear(); h.topic != "a" || len(h.props) != 3 {
		t.Errorf("%+v", h)
	}
}
