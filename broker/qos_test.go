package broker

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// keeper is a handler that keeps its answers until the test gives them.
type keeper struct {
	mu   sync.Mutex
	acks map[string]func(Ack)
}

func (k *keeper) publish(_ *Session, m *Message, ack func(Ack)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.acks == nil {
		k.acks = map[string]func(Ack){}
	}
	k.acks[string(m.Payload)] = ack
}

func (k *keeper) have() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.acks)
}

// answer waits until that payload has been published, and answers it.
func (k *keeper) answer(t *testing.T, payload string, a Ack) {
	t.Helper()
	var ack func(Ack)
	eventually(t, "the publish "+payload, func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		ack = k.acks[payload]
		return ack != nil
	}, func() string { return "" })
	ack(a)
}

func TestAcksLeaveInTheOrderOfPublishes(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		k := &keeper{}
		x := newBench(t, Config{}, &host{publish: k.publish})
		c := x.join(transport, version, hello{user: "ada", id: "a"})
		for i := 1; i <= 6; i++ {
			c.pub("a", fmt.Sprint(i), byte(1+i%2), uint16(i))
		}
		for _, i := range []int{6, 4, 2, 3, 5} {
			k.answer(t, fmt.Sprint(i), Ack{})
		}
		c.ping() // nothing has left: 1 is not answered
		k.answer(t, "1", Ack{Props: []Prop{{"seq", "17"}}})
		k.answer(t, "1", Ack{Refusal: &Refusal{Code: NotAuthorized}}) // a second answer changes nothing
		for i := 1; i <= 6; i++ {
			g := c.want([]byte{typePuback, typePubrec}[i%2])
			if int(g.body[1]) != i {
				t.Fatalf("acknowledged %d in place of %d", g.body[1], i)
			}
			if i == 1 && version == v5 && !contains(g.body, "17") {
				t.Errorf("without its property: % x", g.body)
			}
		}
	})
}

func TestQoS2IsPublishedOnce(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		k := &keeper{}
		x := newBench(t, Config{}, &host{publish: k.publish})
		o := hello{user: "ada", id: "a", keep: true}
		if version == v5 {
			o.props = expiryProp(100)
		}
		c := x.join(transport, version, o)
		c.pub("a", "once", 2, 5)
		k.answer(t, "once", Ack{})
		c.want(typePubrec)
		c.send(publishBytes(version, "a", "again", 4|8, 5)) // with DUP, before PUBREL
		c.want(typePubrec)
		c.nc.Close()
		x.h.wantEnd(t, "ada", CauseClosed)
		c = x.join(transport, version, o)
		c.send(publishBytes(version, "a", "after the reconnect", 4|8, 5))
		c.want(typePubrec)
		c.send(packet(0x62, []byte{0, 5}))
		c.want(typePubcomp)
		if n := k.have(); n != 1 {
			t.Errorf("published %d times", n)
		}
		c.send(packet(0x62, []byte{0, 5})) // unknown by now
		if g := c.want(typePubcomp); version == v5 && (len(g.body) < 3 || Reason(g.body[2]) != PacketIDNotFound) {
			t.Errorf("PUBCOMP % x", g.body)
		}
		c.pub("a", "the id is free", 2, 5)
		k.answer(t, "the id is free", Ack{})
		c.want(typePubrec)
	})
}

// Trap 7: what the handler refuses is delivered to nobody and acknowledged to nobody, for every version and QoS.
func TestTrap07RefusalsByVersionAndQoS(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		h := &host{}
		h.publish = func(s *Session, m *Message, ack func(Ack)) {
			if m.Topic == "closed" {
				ack(Ack{Refusal: &Refusal{Code: NotAuthorized, Tell: "closed: use open", Err: errors.New("for the log")}})
				return
			}
			_ = h.b.Publish(m)
			ack(Ack{})
		}
		x := newBench(t, Config{}, h)
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		bob.sub("#", 2)
		for _, retain := range []byte{0, 1} {
			for qos := range byte(3) {
				c := x.join(transport, version, hello{user: fmt.Sprint("ada", qos, retain), id: "a"})
				payload := fmt.Sprint(qos, retain)
				c.send(publishBytes(version, "closed", payload, qos<<1|retain, 7))
				switch {
				case qos == 0:
					c.ping() // dropped and counted
				case version == v5:
					g := c.want([]byte{0, typePuback, typePubrec}[qos])
					if Reason(g.body[2]) != NotAuthorized || !contains(g.body, "closed: use open") || contains(g.body, "log") {
						t.Errorf("QoS %d: % x", qos, g.body)
					}
					c.pub("open", payload, 0, 0)
					bob.wantMessage("open", payload)
				default:
					if gs := c.wantClosed(); len(gs) > 0 {
						t.Errorf("QoS %d: got %v", qos, gs)
					}
					x.h.wantEnd(t, c.name, CauseRefused)
					c = x.join(transport, version, hello{user: c.name, id: "a"}) // the same again: no endless loop
					c.send(publishBytes(version, "closed", payload, qos<<1|retain|8, 9))
					c.want([]byte{0, typePuback, typePubrec}[qos])
					other := x.join(transport, version, hello{user: c.name, id: "other"})
					other.send(publishBytes(version, "closed", payload, qos<<1|retain, 9))
					other.wantClosed()
				}
			}
		}
		bob.ping()
		if n := x.b.Stats().Retained; n != 0 {
			t.Errorf("%d refused messages are retained", n)
		}
		if n := x.b.Stats().Denied.Sum(); n < 6 {
			t.Errorf("%d refusals are counted", n)
		}
		if n := strings.Count(x.log.String(), "refused a publish"); version == v5 && n != mostTold+1 {
			t.Errorf("%d lines for 6 members: the first %d are told one by one, the others as one", n, mostTold)
		}
	})
}

func TestAFullDiskIsNeverAcknowledged(t *testing.T) {
	h := &host{publish: func(_ *Session, _ *Message, ack func(Ack)) {
		ack(Ack{Refusal: &Refusal{Code: QuotaExceeded, Tell: "no space left on the server", Later: true}})
	}}
	x := newBench(t, Config{}, h)
	c := x.join("tcp", v5, hello{user: "ada", id: "5"})
	c.pub("a", "x", 1, 1)
	if g := c.want(typePuback); Reason(g.body[2]) != QuotaExceeded || !contains(g.body, "no space") {
		t.Errorf("PUBACK % x", g.body)
	}
	for i := range 3 {
		began := time.Now()
		c := x.join("tcp", v311, hello{user: "ada", id: "3"})
		if took := time.Since(began); i > 0 && took < slowedBy {
			t.Errorf("let in again after %v", took)
		}
		c.pub("a", "x", 1, 1)
		if gs := c.wantClosed(); len(gs) > 0 {
			t.Errorf("answered %v", gs)
		}
	}
}

func TestReasonsAreNotSentWhereNotWanted(t *testing.T) {
	h := &host{publish: func(_ *Session, _ *Message, ack func(Ack)) {
		ack(Ack{Refusal: &Refusal{Code: NotAuthorized, Tell: "because"}, Props: []Prop{{"k", "v"}}})
	}}
	x := newBench(t, Config{}, h)
	c := x.join("tcp", v5, hello{user: "ada", id: "5", props: []byte{propProblemInfo, 0}})
	c.pub("a", "x", 1, 1)
	if g := c.want(typePuback); len(g.body) != 3 {
		t.Errorf("PUBACK % x", g.body) // [MQTT-3.1.2-29]
	}
}

// MQTT 5 beyond the announced Receive Maximum is disconnected; 3.1.1 is not read from, and does not time out for it.
func TestPublishesUnderWayAreBounded(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		k := &keeper{}
		x := newBench(t, Config{MaxPublishes: 4}, &host{publish: k.publish})
		c := x.join(transport, version, hello{user: "ada", id: "a", keepalive: 1})
		for i := 1; i <= 5; i++ {
			c.pub("a", fmt.Sprint(i), 1, uint16(i))
		}
		if version == v5 {
			c.wantReason(ReceiveMaximumExceeded)
			return
		}
		eventually(t, "four publishes", func() bool { return k.have() == 4 }, func() string { return "" })
		time.Sleep(2 * time.Second) // longer than 1.5 × keepalive: that it does not end is what is tested
		if k.have() != 4 {
			t.Fatal("a fifth was read")
		}
		for i := 1; i <= 5; i++ {
			k.answer(t, fmt.Sprint(i), Ack{})
			c.want(typePuback)
		}
		c.ping()
	})
}

func TestQoS0IsNotReadWithoutBound(t *testing.T) {
	k := &keeper{}
	x := newBench(t, Config{MaxPublishes: 1}, &host{publish: k.publish})
	c := x.join("tcp", v5, hello{user: "ada", id: "a"})
	for i := range zeroes + 5 {
		c.pub("a", fmt.Sprint(i), 0, 0)
	}
	eventually(t, "16 publishes", func() bool { return k.have() == zeroes }, func() string { return fmt.Sprint(k.have()) })
	for i := range zeroes + 5 {
		k.answer(t, fmt.Sprint(i), Ack{})
	}
	c.ping()
}

// Trap 2: MQTT 5 clients with a Receive Maximum froze a client of mochi; here it is honoured, in both directions at once.
func TestTrap02ReceiveMaximumOfTheClient(t *testing.T) {
	x := newBench(t, Config{}, nil)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a", props: []byte{propReceiveMaximum, 0, 2}})
	ada.sub("a", 2)
	for i := range 20 {
		_ = x.b.Publish(&Message{Topic: "a", Payload: []byte(fmt.Sprint(i)), QoS: byte(1 + i%2)})
	}
	var open []heard
	for i := range 20 {
		if len(open) == 2 {
			ada.pub("other", "x", 1, 9) // while it receives
			ada.want(typePuback)        // and nothing else has come: two are open
			h := open[0]
			open = open[1:]
			id := []byte{byte(h.id >> 8), byte(h.id)}
			if h.qos == 1 {
				ada.send(packet(0x40, id))
			} else {
				ada.send(packet(0x50, id))
				ada.want(typePubrel)
				ada.ping() // PUBREC alone makes no room
				ada.send(packet(0x70, id))
			}
		}
		open = append(open, ada.wantMessage("a", fmt.Sprint(i)))
	}
	ada.ping()
}

func TestAckOfAnUnknownMessageIsHarmless(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		c := x.join(transport, version, hello{user: "ada", id: "a"})
		c.send(packet(0x40, []byte{0, 9}))
		c.send(packet(0x70, []byte{0, 9}))
		c.send(packet(0x50, []byte{0, 9}))
		if g := c.want(typePubrel); version == v5 && Reason(g.body[2]) != PacketIDNotFound {
			t.Errorf("PUBREL % x", g.body)
		}
		c.ping()
	})
}

// Trap 3: a subscriber that does not read QoS 1 messages stops nobody. It is cut when more waits for it than may, and only it.
func TestTrap03StuckReaderStopsNobody(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{QueueBytes: 256 << 10}, nil)
		for qos, name := range []string{"stuck at 0", "stuck at 1"} {
			x.join(transport, version, hello{user: name, id: "s"}).sub("a", byte(qos))
		}
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		bob.sub("a", 0)
		ada := x.join(transport, version, hello{user: "ada", id: "a"})
		payload := strings.Repeat("x", 10000)
		const n = 2000 // 20 MB: more than sockets hold
		for i := range n {
			ada.pub("a", payload, 1, uint16(1+i%60))
			ada.want(typePuback)
			bob.wantMessage("a", payload)
		}
		x.h.wantEnd(t, "stuck at 0", CauseSlow)
		x.h.wantEnd(t, "stuck at 1", CauseSlow)
		if n := x.b.Stats().Ended[CauseSlow]; n != 2 {
			t.Errorf("%d were cut", n)
		}
		if !strings.Contains(x.log.String(), "reason=slow") {
			t.Error("nothing in the log")
		}
		bob.ping()
	})
}

// Trap 4: neither a takeover nor Close waits for a session that is stuck.
func TestTrap04TakeoverOfAStuckSession(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{QueueBytes: 8 << 20}, nil)
		o := hello{user: "ada", id: "a"}
		stuck := x.join(transport, version, o)
		stuck.sub("a", 0)
		for range 600 {
			_ = x.b.Publish(&Message{Topic: "a", Payload: make([]byte, 10000)})
		}
		ada := x.join(transport, version, o)
		ada.ping()
		x.h.wantEnd(t, "ada", CauseTakeover)
	})
}

// Trap 12: a 3.1.1 client gets 3.1.1 return codes, and no DISCONNECT.
func TestTrap12ReturnCodesOf311(t *testing.T) {
	var refusal *Refusal
	h := &host{connect: func(*Session, ConnectRequest) (Welcome, *Refusal) { return Welcome{}, refusal }}
	x := newBench(t, Config{}, h)
	for code, want := range map[Reason]byte{
		BadUserOrPassword: 4, ConnectionRate: 4, NotAuthorized: 5, Banned: 5, BadClientID: 2, ServerUnavailable: 3, ServerBusy: 3,
		UnsupportedVersion: 1, QuotaExceeded: 3,
	} {
		refusal = &Refusal{Code: code, Tell: "the name ada is taken", Key: "name-taken"}
		for _, version := range []byte{v31, v311} {
			c := x.dial("tcp", version)
			c.send(hello{user: "ada", id: "a"}.bytes(version))
			if gs := c.wantClosed(); len(gs) != 1 || len(gs[0].body) != 2 || gs[0].body[1] != want {
				t.Errorf("%#x: %v", code, gs)
			}
		}
		c := x.dial("ws", v5)
		c.send(hello{user: "ada", id: "a"}.bytes(v5))
		gs := c.wantClosed()
		if len(gs) != 1 || Reason(gs[0].body[1]) != code || !contains(gs[0].body, "the name ada is taken") || !contains(gs[0].body, "name-taken") {
			t.Errorf("%#x: %v", code, gs)
		}
	}
	x = newBench(t, Config{}, nil)
	c := x.join("tcp", v311, hello{user: "ada", id: "a"})
	x.h.mu.Lock()
	for s := range x.h.open {
		x.b.Disconnect(s, CauseKicked, &Refusal{Code: NotAuthorized, Tell: "out"})
	}
	x.h.mu.Unlock()
	if gs := c.wantClosed(); len(gs) > 0 {
		t.Errorf("got %v", gs)
	}
}
