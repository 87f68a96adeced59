package broker

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// burden tells a session a payload of that many bytes, on a.
func (x *bench) burden(name string, size int) {
	x.h.mu.Lock()
	defer x.h.mu.Unlock()
	for s := range x.h.open {
		if s.Name() == name {
			x.b.Tell(s, &Message{Topic: "a", Payload: make([]byte, size)})
		}
	}
}

// Readers that do not read cost no more together than QueuedBytes: those with the most go, the others get everything, and in the end
// nothing is counted.
func TestWhatWaitsForAllIsBounded(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{QueueBytes: 8 << 20, QueuedBytes: 12 << 20}, nil)
		light := x.join(transport, version, hello{user: "light", id: "light"})
		light.sub("a", 0)
		for i := range 4 { // each is far below its own limit
			c := x.join(transport, version, hello{user: fmt.Sprint("slow", i), id: fmt.Sprint(i)})
			c.sub("a", 0)
		}
		for i := range 4 {
			for range 28 {
				x.burden(fmt.Sprint("slow", i), 250<<10)
			}
		}
		eventually(t, "the ends of the heaviest", func() bool { return x.b.Stats().Ended[CauseSlow] >= 1 },
			func() string { return fmt.Sprint(x.b.pressure.total.Load(), x.b.Stats().Ended) })
		eventually(t, "less", func() bool { return x.b.pressure.total.Load() <= x.b.pressure.most },
			func() string { return fmt.Sprint(x.b.pressure.total.Load(), x.b.Stats().Ended) })
		x.burden("light", 10)
		light.wantMessage("a", strings.Repeat("\x00", 10))
		if n := x.b.Stats().Ended[CauseSlow]; n > 3 {
			t.Errorf("%d were cut", n)
		}
		for _, c := range x.b.conns.all() {
			c.end(CauseSlow, Success, "")
		}
		eventually(t, "nothing", func() bool { return x.b.Stats().Sessions == 0 && x.b.pressure.total.Load() == 0 },
			func() string { return fmt.Sprint(x.b.pressure.total.Load()) })
	})
}

// A packet that all of a room share counts once.
func TestWhatIsSharedCountsOnce(t *testing.T) {
	x := newBench(t, Config{QueueBytes: 16 << 20, QueuedBytes: 12 << 20}, nil)
	for i := range 10 {
		x.join("tcp", v5, hello{user: fmt.Sprint(i), id: fmt.Sprint(i)}).sub("a", 0)
	}
	for range 40 { // 10 MB in all, 100 MB of queues
		_ = x.b.Publish(&Message{Topic: "a", Payload: make([]byte, 250<<10)})
	}
	x.b.relieve()
	if s := x.b.Stats(); s.Ended[CauseSlow] > 0 || s.Sent != 400 {
		t.Errorf("%d sent, %v", s.Sent, s.Ended)
	}
}

// While too much memory is in use slow readers go and strangers wait; members who prove a name come in, who reads talks on, and it
// is over when the memory is there again.
func TestShortMemoryHurtsSlowReadersAndStrangers(t *testing.T) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h := &host{connect: func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
		return Welcome{Name: c.User, Proven: len(c.Secret) > 0}, nil
	}}
	x := newBench(t, Config{QueueBytes: 64 << 20, MemoryBytes: int64(m.HeapAlloc) + 32<<20}, h)
	ada := x.join("tcp", v5, hello{user: "ada", secret: "hers", id: "a"})
	ada.sub("b", 0)
	slow := x.join("ws", v5, hello{user: "slow", id: "s"})
	slow.sub("a", 0)
	for range 40 {
		x.burden("slow", 200<<10)
	}
	ballast := make([]byte, 64<<20)
	h.wantEnd(t, "slow", CauseSlow)
	c := x.dial("tcp", v5)
	c.send(hello{user: "stranger", id: "1"}.bytes(v5))
	if g := c.want(typeConnack); Reason(g.body[1]) != ServerBusy || !contains(g.body, "memory") {
		t.Errorf("CONNACK % x", g.body)
	}
	x.join("tcp", v5, hello{user: "bob", secret: "his", id: "b"})
	_ = x.b.Publish(&Message{Topic: "b", Payload: []byte("on we talk")})
	ada.wantMessage("b", "on we talk")
	runtime.KeepAlive(ballast)
	ballast = nil
	eventually(t, "room for strangers", func() bool {
		c := x.dial("tcp", v5)
		c.send(hello{user: "stranger", id: "2"}.bytes(v5))
		g, err := c.read()
		_ = c.nc.Close()
		return err == nil && g.body[1] == 0
	}, x.log.String)
}
