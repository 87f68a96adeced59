package broker

import (
	"container/list"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// deadPeers finds out about peers that vanished without a word: a 3.1.1 client with keepalive 0 cannot be told to speak.
var deadPeers = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4}

// Serve accepts MQTT over TCP from l until ctx ends, Close is called, or l fails for good. It closes l.
func (b *Broker) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	stopClose := context.AfterFunc(b.ctx, cancel)
	defer stopClose()
	defer l.Close()
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			if t, ok := nc.(*net.TCPConn); ok {
				_ = t.SetKeepAliveConfig(deadPeers)
			}
			b.start(newConn(b, nc, nil))
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		// Out of descriptors, or the like: those inside talk on, and it is tried again when some may have gone.
		b.quiet.Warn("cannot accept connections", "", "err", err, "addr", l.Addr().String())
		pause = min(max(2*pause, 5*time.Millisecond), 500*time.Millisecond)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// start lets a connection live, unless the broker is closing.
func (b *Broker) start(c *conn) {
	if !b.conns.add(c) {
		_ = c.nc.Close()
		return
	}
	go b.serve(c)
}

// A roll holds all connections there are.
type roll struct {
	cfg *Config

	mu      sync.Mutex // guards what follows; map work only
	open    map[*conn]*list.Element
	silent  list.List          // of *conn that have not sent CONNECT, oldest first
	from    map[netip.Addr]int // connections that have, by address
	talking int                // all of them
	peak    int                // the most of them there ever were
	closed  bool
	running sync.WaitGroup
}

// add takes a new connection in. Where too many are silent, the oldest of them goes.
func (r *roll) add(c *conn) bool {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return false
	}
	if r.open == nil {
		r.open, r.from = map[*conn]*list.Element{}, map[netip.Addr]int{}
	}
	r.running.Add(1)
	r.open[c] = r.silent.PushBack(c)
	var oldest *conn
	if r.silent.Len() > r.cfg.MaxPending {
		oldest = r.silent.Remove(r.silent.Front()).(*conn)
		r.open[oldest] = nil
		r.talkLocked(oldest)
	}
	r.mu.Unlock()
	if oldest != nil {
		oldest.end(CauseTimeout, Success, "")
	}
	return true
}

// spoke notes that c is no longer silent.
func (r *roll) spoke(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.open[c]; e != nil {
		r.silent.Remove(e)
		r.open[c] = nil
		r.talkLocked(c)
	}
}

func (r *roll) talkLocked(c *conn) {
	r.talking++
	r.from[address(c)]++
	r.peak = max(r.peak, r.talking)
}

// full refuses a connection that is one too many.
func (r *roll) full(c *conn) *Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.talking > r.cfg.MaxSessions {
		return &Refusal{Code: ServerBusy, Key: "full", Tell: "the server is full: try again later"}
	}
	if r.from[address(c)] > r.cfg.MaxPerAddress {
		return &Refusal{Code: QuotaExceeded, Key: "full", Tell: "too many connections from this address: close some"}
	}
	return nil
}

func (r *roll) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.open[c]; e != nil {
		r.silent.Remove(e)
	} else {
		r.talking--
		if r.from[address(c)]--; r.from[address(c)] == 0 {
			delete(r.from, address(c))
		}
	}
	delete(r.open, c)
	r.running.Done()
}

// all lists the connections there are.
func (r *roll) all() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	cs := make([]*conn, 0, len(r.open))
	for c := range r.open {
		cs = append(cs, c)
	}
	return cs
}

// close takes no more connections in, and returns those there are.
func (r *roll) close() []*conn {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.all()
}

func (r *roll) counts() (sessions, pending int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.talking, r.silent.Len()
}

// most is how many sessions there were at most.
func (r *roll) most() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peak
}

// address is where c comes from.
func address(c *conn) netip.Addr {
	ap, _ := netip.ParseAddrPort(c.nc.RemoteAddr().String())
	return ap.Addr().Unmap()
}
