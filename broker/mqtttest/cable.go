package mqtttest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A Cable leads to a server, and can be pulled: it is a TCP proxy that stops to carry bytes, and the end of a connection, without
// telling anybody.
type Cable struct {
	to string // host:port
	l  net.Listener

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	held    [2]bool // by Way: nothing passes
	delay   time.Duration
	strands map[*strand]bool
	closed  bool
	running sync.WaitGroup
}

// A Way is a direction in which a cable carries.
type Way int

// The ways of a cable: from client to server, and back.
const (
	Up Way = iota
	Down
)

// A strand is one connection through a cable.
type strand struct {
	client, server net.Conn
	lost           bool // guarded by the cable: it carries nothing any more, and stays open at the server
}

// LayCable lays a cable to a server at host:port. Cleanup takes it away.
func LayCable(t testing.TB, to string) *Cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cable{to: to, l: l, changed: make(chan struct{}), strands: map[*strand]bool{}}
	c.running.Go(c.accept)
	t.Cleanup(c.Close)
	return c
}

// Addr is where clients connect, as host:port.
func (c *Cable) Addr() string { return c.l.Addr().String() }

// Lead makes connections that come from now on go to another server.
func (c *Cable) Lead(to string) { c.change(func() { c.to = to }) }

// Pull stops both ways: what is sent waits with its sender, and so does the end of a connection. New connections wait, too.
func (c *Cable) Pull() { c.change(func() { c.held = [2]bool{true, true} }) }

// Hold stops one way.
func (c *Cable) Hold(w Way) { c.change(func() { c.held[w] = true }) }

// Plug lets everything pass again, also what has waited.
func (c *Cable) Plug() { c.change(func() { c.held = [2]bool{} }) }

// Delay lets each piece take its time from now on, both ways.
func (c *Cable) Delay(d time.Duration) { c.change(func() { c.delay = d }) }

// Lose makes the connections there are half-open for good: the client's side is closed, and the server is never told. Those that
// come after it pass.
func (c *Cable) Lose() {
	c.change(func() {
		for s := range c.strands {
			s.lost = true
			_ = s.client.Close()
		}
	})
}

// Close ends the cable and all connections through it.
func (c *Cable) Close() {
	_ = c.l.Close()
	c.change(func() {
		c.closed = true
		for s := range c.strands {
			_ = s.client.Close()
			_ = s.server.Close()
		}
	})
	c.running.Wait()
}

func (c *Cable) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *Cable) accept() {
	for {
		client, err := c.l.Accept()
		if err != nil {
			return
		}
		c.running.Go(func() { c.connect(client) })
	}
}

func (c *Cable) connect(client net.Conn) {
	s := &strand{client: client}
	if !c.passes(s, Up) {
		_ = client.Close()
		return
	}
	c.mu.Lock()
	to := c.to
	c.mu.Unlock()
	server, err := net.DialTimeout("tcp", to, Patience)
	if err != nil {
		_ = client.Close()
		return
	}
	s.server = server
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		_ = client.Close()
		_ = server.Close()
		return
	}
	c.strands[s] = true
	c.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { c.carry(s, Up) })
	both.Go(func() { c.carry(s, Down) })
	both.Wait()
	c.mu.Lock()
	delete(c.strands, s)
	c.mu.Unlock()
	_ = client.Close()
	_ = server.Close()
}

// carry carries one way of a connection until that ends, and tells the other side of the end.
func (c *Cable) carry(s *strand, w Way) {
	from, to := s.client, s.server
	if w == Down {
		from, to = s.server, s.client
	}
	b := make([]byte, 16<<10)
	for c.passes(s, w) {
		n, err := from.Read(b)
		if !c.passes(s, w) {
			return
		}
		if n > 0 {
			if d := c.lag(); d > 0 {
				time.Sleep(d)
			}
			if _, werr := to.Write(b[:n]); werr != nil {
				err = werr
			}
		}
		if err != nil {
			_ = s.client.Close()
			_ = s.server.Close()
			return
		}
	}
}

func (c *Cable) lag() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.delay
}

// passes waits until a way carries. It is false when the cable has been taken away; on a lost connection it waits for that.
func (c *Cable) passes(s *strand, w Way) bool {
	for {
		c.mu.Lock()
		closed, waits, changed := c.closed, c.held[w] || s.lost, c.changed
		c.mu.Unlock()
		if closed {
			return false
		}
		if !waits {
			return true
		}
		<-changed
	}
}
