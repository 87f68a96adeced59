package broker

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
)

// A stage is how far a connection has come.
type stage byte

const (
	silent   stage = iota // it has not sent CONNECT
	deciding              // the handler is asked
	seated                // it is a session
	leaving               // it has ended, and its last packets are on their way
	stages
)

// A roll holds all connections there are, each in one stage. Every stage is bounded, so that a crowd in one of them does not take
// the descriptors of the others: at most MaxPending are silent, MaxSessions seated, MaxPending beyond that decided about, and MaxPending
// leave at leisure.
type roll struct {
	cfg *Config

	mu       sync.Mutex // guards what follows, and stage and proven of each conn; map work only
	open     map[*conn]*list.Element
	silent   list.List // of *conn in that stage, oldest first
	count    [stages]int
	from     map[netip.Addr]arrivals
	peak     int // the most that were ever seated
	closed   bool
	strained bool // memory is short
	running  sync.WaitGroup
}

// arrivals are how many of an address are being decided about, and are seated.
type arrivals struct{ deciding, seated int }

// add takes a new connection in. Where too many are silent, it returns the oldest of them: it has to go.
func (r *roll) add(c *conn) (ok bool, oldest *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false, nil
	}
	if r.open == nil {
		r.open, r.from = map[*conn]*list.Element{}, map[netip.Addr]arrivals{}
	}
	r.running.Add(1)
	r.open[c] = r.silent.PushBack(c)
	r.count[silent]++
	if r.silent.Len() > r.cfg.MaxPending {
		oldest = r.silent.Front().Value.(*conn)
		r.moveLocked(oldest, leaving)
	}
	return true, oldest
}

// moveLocked brings c to a stage.
func (r *roll) moveLocked(c *conn, to stage) {
	if e := r.open[c]; e != nil {
		r.silent.Remove(e)
		r.open[c] = nil
	}
	at := address(c)
	n := r.from[at]
	tell := func(s stage, by int) {
		r.count[s] += by
		switch s {
		case deciding:
			n.deciding += by
		case seated:
			n.seated += by
		}
	}
	tell(c.stage, -1)
	tell(to, +1)
	c.stage = to
	if n == (arrivals{}) {
		delete(r.from, at)
	} else {
		r.from[at] = n
	}
	r.peak = max(r.peak, r.count[seated])
}

// spoke notes that c is no longer silent.
func (r *roll) spoke(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.stage == silent {
		r.moveLocked(c, deciding)
	}
}

// full tells a stranger that c is one too many.
func (r *roll) full(c *conn) *Refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.strained {
		return &Refusal{Code: ServerBusy, Key: "busy", Tell: "the server is short of memory: try again later"}
	}
	n := r.from[address(c)]
	return r.tooManyLocked(r.count[deciding]+r.count[seated], n.deciding+n.seated)
}

// hopeless tells that so many are being decided about that c is refused unasked.
func (r *roll) hopeless(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, more := r.from[address(c)], r.cfg.MaxPending
	return r.tooManyLocked(r.count[deciding]+r.count[seated]-more, n.deciding+n.seated-more) != nil
}

func (r *roll) tooManyLocked(all, here int) *Refusal {
	switch {
	case all > r.cfg.MaxSessions:
		return &Refusal{Code: ServerBusy, Key: "full", Tell: "the server is full: try again later"}
	case here > r.cfg.MaxPerAddress:
		return &Refusal{Code: QuotaExceeded, Key: "full", Tell: "too many connections from this address: close some"}
	}
	return nil
}

// strain makes strangers wait until memory is there again.
func (r *roll) strain(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.strained = on
}

// seat makes c, which the handler has granted, a session. Where there are too many, one that is proven takes the place of the stranger
// that came last, which is returned and has to go.
func (r *roll) seat(c *conn, proven bool) (out *conn, no *Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	here := r.from[address(c)].seated + 1
	if no = r.tooManyLocked(r.count[seated]+1, here); no != nil {
		if proven {
			out = r.strangerLocked(c, here > r.cfg.MaxPerAddress)
		}
		if out == nil {
			return nil, no
		}
		r.moveLocked(out, leaving)
	}
	c.proven = proven
	r.moveLocked(c, seated)
	return out, nil
}

// strangerLocked is the session that was seated last of those that are not proven; near: among those of c's address. nil: none.
func (r *roll) strangerLocked(c *conn, near bool) (last *conn) {
	for o := range r.open {
		if o.stage == seated && !o.proven && (last == nil || o.began.After(last.began)) && (!near || address(o) == address(c)) {
			last = o
		}
	}
	return last
}

// leave notes that c has ended; it tells whether too many linger.
func (r *roll) leave(c *conn) (crowd bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moveLocked(c, leaving)
	return r.count[leaving] > r.cfg.MaxPending
}

func (r *roll) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moveLocked(c, leaving)
	r.count[leaving]--
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
	return r.count[seated], r.count[silent]
}

// most is how many sessions there were at most.
func (r *roll) most() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peak
}

// address is where c comes from.
func address(c *conn) netip.Addr {
	if t, ok := c.nc.RemoteAddr().(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	ap, _ := netip.ParseAddrPort(c.nc.RemoteAddr().String())
	return ap.Addr().Unmap()
}
