package broker

import "sync"

// toldBytes is how much a reader may be told of what it asked for (history), before it has read it, in multiples of its queue.
const toldBytes = 4

// pulls are what a session asked for and has not got yet: retained messages of new subscriptions, and what the handler told it as
// pulled. They are read when they are sent, as the queue drains, so that a burst costs references and no bytes.
type pulls struct {
	mu    sync.Mutex // guards what follows
	line  []pull
	bytes int    // of told messages
	load  load   // their memory
	over  bool   // the session has ended
	hand  *ready // what was taken out of the line and waits for room in the window
}

// A ready is a message that can be sent.
type ready struct {
	m *Message
	r reader
	w way
}

// A pull is one thing to send: a message that was told, or the retained messages of a subscription.
type pull struct {
	m      *Message // told; else nil
	reader reader   // for m

	sub    *subscription
	topics []string // that sub matches and that are still to be sent; only for the first in line
	listed bool
}

// add puts retained messages in line. A subscription that waits already is not added again.
func (p *pulls) add(s *Session, more []pull) {
	p.mu.Lock()
	if p.over {
		more = nil
	}
	for _, n := range more {
		waits := false
		for i := range p.line {
			if old := p.line[i].sub; old != nil && old.filter == n.sub.filter && !p.line[i].listed {
				p.line[i] = n
				waits = true
			}
		}
		if !waits {
			p.line = append(p.line, n)
		}
	}
	p.mu.Unlock()
	s.resumePulls()
}

// tell puts a message in line; it is false when too much of that waits already.
func (p *pulls) tell(s *Session, r reader, m *Message) bool {
	p.mu.Lock()
	if p.over || p.bytes+len(m.Payload) > toldBytes*s.b.cfg.QueueBytes {
		p.mu.Unlock()
		return false
	}
	p.bytes += len(m.Payload)
	p.load.set(p.bytes)
	p.line = append(p.line, pull{m: m, reader: r})
	p.mu.Unlock()
	s.resumePulls()
	return true
}

// resumePulls makes the queue pull, if there is anything in line.
func (s *Session) resumePulls() {
	p := &s.pulls
	p.mu.Lock()
	some := len(p.line) > 0 || p.hand != nil
	p.mu.Unlock()
	if some {
		s.c.q.pulling.Store(true)
		s.c.q.kick()
	}
}

// pullMore queues the next about 64 KiB of what is in line. It runs in the queue's goroutine. When the line is empty, or its first
// message must wait for an acknowledgement, it leaves pulling false.
func (s *Session) pullMore() {
	pulling := &s.c.q.pulling
	for budget := pullBatch; budget > 0; {
		pulling.Store(false) // before looking: who adds later sets it again
		x := s.pulls.next(s)
		if x == nil {
			return
		}
		if min(x.m.QoS, x.r.qos) > 0 && !s.st.out.room() {
			return // the acknowledgement that makes room calls resumePulls
		}
		pulling.Store(true)
		s.pulls.taken()
		x.r.send(x.m, x.w)
		budget -= len(x.m.Payload) + 64
	}
}

func (p *pulls) taken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hand = nil
}

// next returns the first message in line, the same until it is taken; nil when there is none.
func (p *pulls) next(s *Session) *ready {
	for {
		p.mu.Lock()
		if p.hand != nil || len(p.line) == 0 {
			x := p.hand
			p.mu.Unlock()
			return x
		}
		first := &p.line[0]
		if first.m != nil {
			p.hand = &ready{first.m, first.reader, way{pulled: true}}
			p.bytes -= len(first.m.Payload)
			p.load.set(p.bytes)
			p.popLocked()
			p.mu.Unlock()
			continue
		}
		if !first.listed {
			first.topics, first.listed = s.b.shelf.topics(first.sub.topic), true
		}
		if len(first.topics) == 0 || !s.st.has(first.sub) {
			p.popLocked()
			p.mu.Unlock()
			continue
		}
		topic, sub := first.topics[0], first.sub
		first.topics = first.topics[1:]
		p.mu.Unlock()
		if x := s.retainedFor(topic, sub); x != nil {
			p.mu.Lock()
			p.hand = x
			p.mu.Unlock()
		}
	}
}

// drop forgets what is in line, when the session has ended.
func (p *pulls) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over, p.line, p.bytes, p.hand = true, nil, 0, nil
	p.load.set(0)
}

// weight is the memory of what waits in line.
func (p *pulls) weight() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.load.now
}

func (p *pulls) popLocked() {
	p.line[0] = pull{}
	if p.line = p.line[1:]; len(p.line) == 0 {
		p.line = nil
	}
}

// retainedFor returns what is retained on topic now, if s may read it. What was stored after sub was granted has reached it as it
// was published.
func (s *Session) retainedFor(topic string, sub *subscription) *ready {
	m, at := s.b.shelf.get(topic, sub.since)
	if m == nil || !s.b.h.MayRead(s, topic) {
		return nil
	}
	return &ready{m, sub.reader(topic, s.st, s), way{at: at, retained: true, pulled: true}}
}

// has tells whether sub is still in force.
func (st *state) has(sub *subscription) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.subs[sub.filter] == sub
}
