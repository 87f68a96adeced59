package broker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A shelved is a Store of the tests: a map that is written by one goroutine in the order of the calls, and may refuse.
type shelved struct {
	mu     sync.Mutex // guards what follows
	values map[place][]byte
	at     map[place]time.Time
	queue  []func()
	wake   chan struct{}
	writes int
	now    error         // what Put answers
	later  error         // what done hears
	gate   chan struct{} // not nil: nothing becomes durable before it is closed
}

func newShelved(t testing.TB) *shelved {
	s := &shelved{values: map[place][]byte{}, at: map[place]time.Time{}, wake: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
			for f := s.next(ctx); f != nil; f = s.next(ctx) {
				f()
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
}

func (s *shelved) next(ctx context.Context) func() {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil
	}
	f := s.queue[0]
	s.queue = s.queue[1:]
	return f
}

func (s *shelved) Put(kind, key string, value []byte, done func(error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		return s.now
	}
	s.writes++
	s.queue = append(s.queue, func() {
		s.mu.Lock()
		err := s.later
		if p := (place{kind, key}); err == nil && value == nil {
			delete(s.values, p)
		} else if err == nil {
			s.values[p], s.at[p] = value, time.Now()
		}
		s.mu.Unlock()
		if done != nil {
			done(err)
		}
	})
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

func (s *shelved) Each(_ context.Context, kind string, f func(key string, value []byte, age time.Duration)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := slices.SortedFunc(maps.Keys(s.values), func(a, b place) int { return strings.Compare(a.key, b.key) })
	for _, p := range places {
		if p.kind == kind {
			f(p.key, s.values[p], time.Since(s.at[p]))
		}
	}
	return nil
}

// killed is what a disk holds when the power is cut now.
func (s *shelved) killed(t testing.TB) *shelved {
	c := newShelved(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.values, c.at = maps.Clone(s.values), maps.Clone(s.at)
	return c
}

func (s *shelved) refuse(now, later error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.later = now, later
}

// shut makes nothing durable until the returned function is called.
func (s *shelved) shut() (open func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.gate = gate
	return func() {
		s.mu.Lock()
		s.gate = nil
		s.mu.Unlock()
		close(gate)
	}
}

// drain waits until everything that was put is durable.
func (s *shelved) drain() {
	done := make(chan struct{})
	if s.Put("marker", "marker", nil, func(error) { close(done) }) == nil {
		<-done
	}
}

func (s *shelved) has(kind, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, has := s.values[place{kind, key}]
	return has
}

func (s *shelved) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for p := range s.values {
		if p.kind == kind {
			n++
		}
	}
	return n
}

func (s *shelved) wantCount(t *testing.T, kind string, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d stored of %s", n, kind), func() bool { return s.count(kind) == n }, func() string { return fmt.Sprint(s.count(kind)) })
}

// relaying is a handler that acknowledges what is kept.
func relaying() *host {
	h := &host{}
	h.publish = func(_ *Session, m *Message, ack func(Ack)) {
		h.b.Relay(m, func(err error) {
			if err != nil {
				ack(Ack{Refusal: &Refusal{Code: QuotaExceeded, Tell: err.Error(), Later: true}})
				return
			}
			ack(Ack{})
		})
	}
	return h
}

// keeping starts a broker on a store.
func keeping(t *testing.T, s *shelved) *bench { return newBench(t, Config{Store: s}, relaying()) }

func stays(id string) hello { return hello{user: id, id: id, keep: true} }

// stays5 is stays for MQTT 5.
func stays5(id string, seconds uint32) hello {
	h := stays(id)
	h.props = expiryProp(seconds)
	return h
}

// back opens a session that must have been resumed.
func (x *bench) back(version byte, o hello) *client {
	x.t.Helper()
	c := x.dial("tcp", version)
	c.name = o.user
	c.send(o.bytes(version))
	if g := c.want(typeConnack); g.body[0] != 1 || g.body[1] != 0 {
		x.t.Fatalf("%s is not resumed: CONNACK % x", o.user, g.body)
	}
	return c
}

// fresh opens a session that must not have been resumed, and to which nothing is sent.
func (x *bench) fresh(version byte, o hello) {
	x.t.Helper()
	c := x.dial("tcp", version)
	c.name = o.user
	c.send(o.bytes(version))
	if g := c.want(typeConnack); g.body[0] != 0 || g.body[1] != 0 {
		x.t.Fatalf("%s is resumed: CONNACK % x", o.user, g.body)
	}
	c.ping()
}

// ack sends PUBACK for what was heard.
func (c *client) ack(h heard) {
	c.t.Helper()
	c.send(packet(typePuback<<4, appendUint16(nil, h.id)))
}

func (c *client) wantAck(kind byte, id uint16) {
	c.t.Helper()
	if g := c.want(kind); uint16(g.body[0])<<8|uint16(g.body[1]) != id {
		c.t.Fatalf("%s: wanted packet id %d in %d, got % x", c.name, id, kind, g.body)
	}
}

// bothVersions are those whose sessions can outlive the connection.
func bothVersions(t *testing.T, f func(t *testing.T, version byte)) {
	for _, version := range []byte{v311, v5} {
		t.Run(fmt.Sprint(version), func(t *testing.T) { f(t, version) })
	}
}
