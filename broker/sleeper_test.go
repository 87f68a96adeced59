package broker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// An errand is a message that a sleeper has not done with.
type errand struct {
	text     string
	qos      byte
	seen     bool
	id       uint16 // when seen
	received bool   // QoS 2: PUBREC was sent, and PUBREL came
}

// A sleeper is a client with a session that outlives its connections, and what such a client may rely on: a plain list.
type sleeper struct {
	t     *testing.T
	r     *rand.Rand
	store *shelved
	x     *bench
	ada   *client // publishes
	c     *client // nil: it is away
	next  int
	waits []errand
}

// start runs a broker on the store.
func (s *sleeper) start() {
	s.x, s.c = keeping(s.t, s.store), nil
	s.ada = s.x.join("tcp", v5, hello{user: "ada", id: "a"})
}

// publish sends some messages and waits until they are acknowledged. Whoever is here hears them meanwhile.
func (s *sleeper) publish() {
	n := 1 + s.r.IntN(4)
	first := len(s.waits)
	for i := range n {
		s.next++
		e := errand{text: fmt.Sprint("errand ", s.next), qos: byte(1 + s.r.IntN(2))}
		s.ada.pub("to/sleeper", e.text, e.qos, uint16(i+1))
		s.waits = append(s.waits, e)
	}
	for i := range n {
		s.ada.wantAck([]byte{1: typePuback, 2: typePubrec}[s.waits[first+i].qos], uint16(i+1))
	}
	for i := range n {
		if s.waits[first+i].qos == 2 {
			s.ada.send(packet(typePubrel<<4|2, appendUint16(nil, uint16(i+1))))
			s.ada.wantAck(typePubcomp, uint16(i+1))
		}
	}
	s.hear(first)
}

// hear reads what comes from the errand at first on.
func (s *sleeper) hear(first int) {
	if s.c == nil {
		return
	}
	for i := first; i < len(s.waits); i++ {
		e := &s.waits[i]
		if e.received {
			s.c.wantAck(typePubrel, e.id)
			continue
		}
		h := s.c.wantMessage("to/sleeper", e.text)
		if h.dup != e.seen || h.qos != e.qos || e.seen && h.id != e.id {
			s.t.Fatalf("%+v comes with dup %v, QoS %d and packet id %d", *e, h.dup, h.qos, h.id)
		}
		e.seen, e.id = true, h.id
	}
}

// acknowledge answers some of what it has heard.
func (s *sleeper) acknowledge() {
	if s.c == nil {
		return
	}
	var left []errand
	for _, e := range s.waits {
		switch id := appendUint16(nil, e.id); {
		case s.r.IntN(3) == 0:
			left = append(left, e)
		case e.qos == 1:
			s.c.send(packet(typePuback<<4, id))
		case !e.received:
			s.c.send(packet(typePubrec<<4, id))
			s.c.wantAck(typePubrel, e.id)
			e.received = true
			left = append(left, e)
		default:
			s.c.send(packet(typePubcomp<<4, id))
		}
	}
	s.waits = left
	s.c.ping()
}

func (s *sleeper) come() {
	if s.c == nil {
		s.c = s.x.back(v5, stays5("sleeper", 600))
		s.hear(0)
		s.c.ping() // and nothing else
	}
}

func (s *sleeper) leave() {
	if s.c != nil {
		s.c.nc.Close()
		s.c = nil
		eventually(s.t, "the absence", func() bool { return s.x.b.registry.absent() == 1 }, func() string { return "" })
	}
}

func (s *sleeper) kill() {
	s.store.drain()
	s.store = s.store.killed(s.t)
	s.start()
}

func (s *sleeper) stop() {
	closed := make(chan error, 1)
	go func() { closed <- s.x.b.Close(context.Background()) }()
	for _, c := range []*client{s.ada, s.c} {
		if c != nil {
			c.wantClosed()
			c.nc.Close()
		}
	}
	if err := <-closed; err != nil {
		s.t.Fatal(err)
	}
	s.store.drain()
	s.start()
}

// Whatever happens, a sleeper gets what was acknowledged to its publisher, in order, until it has acknowledged it itself, and at QoS 2
// once.
func TestASleeperAgainstAList(t *testing.T) {
	for range 5 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := &sleeper{t: t, r: rand.New(rand.NewPCG(seed, 0)), store: newShelved(t)}
			s.start()
			c := s.x.join("tcp", v5, stays5("sleeper", 600))
			c.sub("to/sleeper", 2)
			s.c = c
			for range 40 {
				switch s.r.IntN(12) {
				case 0, 1, 2:
					if len(s.waits) < 50 {
						s.publish()
					}
				case 3, 4, 5:
					s.acknowledge()
				case 6, 7:
					s.leave()
				case 8, 9:
					s.come()
				case 10:
					s.kill()
				case 11:
					s.stop()
				}
			}
			s.come()
			for len(s.waits) > 0 {
				s.acknowledge()
			}
			s.store.drain()
			if n := s.store.count(kindQueued); n > 0 {
				t.Errorf("%d messages are still stored", n)
			}
		})
	}
}
