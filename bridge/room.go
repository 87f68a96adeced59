package bridge

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Pacing of what a room tells about its members.
const (
	gather     = 200 * time.Millisecond // changes of the roster gathered into one presence message
	rosterCap  = 500                    // members of a snapshot that lists all
	spokeFor   = 10 * time.Minute       // who spoke lately, for a snapshot that does not
	rosterPace = 20 * time.Millisecond  // for each member: how long until the snapshot is sent again, at least a second
)

// A room is a slug, a roster and the tail of a log. One goroutine, run, owns the roster; others send it work. Another, follow,
// publishes what is committed, in the order of the log.
type room struct {
	slug     string // never changed, like what follows
	br       *broker.Broker
	log      *broker.Quiet
	ask      chan func()   // work for run; never closed; senders also select on done
	done     chan struct{} // closed when run has ended
	stop     context.CancelFunc
	rollcall *rollcall     // nil: nobody keeps who is here
	last     atomic.Uint64 // seq of the newest entry that was published, or known at the start

	touched time.Time // guarded by rooms.mu: when somebody last had to do with it

	mu        sync.Mutex // guards what follows; map work only
	spoke     map[string]time.Time
	published uint64                     // seq of the newest entry that was published
	listening map[uint64][]chan struct{} // closed when the entry has been published
	board     *board                     // folded up to published; nil until somebody looks at it
	recent    *recent                    // the same of the newest messages

	// Owned by run.
	roster  *roster
	dueTell <-chan time.Time // nil, or `gather` after the first change not yet told
	dueShow <-chan time.Time // nil, or when the snapshot is due to be sent again
	shownAt time.Time
	cached  []byte // the snapshot as JSON; nil when the roster has changed since
}

func openRoom(slug, epoch string, br *broker.Broker, log *broker.Quiet) *room {
	return &room{
		slug:  slug,
		br:    br,
		log:   log,
		ask:   make(chan func(), 16),
		done:  make(chan struct{}),
		spoke: map[string]time.Time{},

		listening: map[uint64][]chan struct{}{},
		roster:    newRoster(epoch),
	}
}

// run owns the roster until ctx ends.
func (r *room) run(ctx context.Context) {
	defer close(r.done)
	for {
		select {
		case f := <-r.ask:
			f()
		case <-r.dueTell:
			r.dueTell = nil
			r.tellDelta()
		case <-r.dueShow:
			r.dueShow = nil
			r.shownAt = time.Now()
			r.publish(&broker.Message{Topic: topicRoster(r.slug), Payload: r.snapshot()})
		case <-ctx.Done():
			return
		}
	}
}

// send hands work to run; when run has ended, it is dropped.
func (r *room) send(f func()) {
	select {
	case r.ask <- f:
	case <-r.done:
	}
}

func (r *room) join(s *seat) {
	name, kind, state, id, label, ident := s.name(), s.member.kind, s.member.state, s.session.ID(), s.label, s.member.ident
	r.send(func() {
		if r.rollcall != nil {
			r.rollcall.came(r.slug, ident, name, kind)
		}
		r.roster.join(name, kind, state, id, label, time.Now())
		r.changed()
	})
}

func (r *room) leave(s *seat) {
	name, id, ident := s.name(), s.session.ID(), s.member.ident
	r.send(func() {
		r.roster.leave(name, id)
		if r.rollcall != nil && r.roster.here[name] == nil {
			r.rollcall.went(r.slug, ident)
		}
		r.changed()
	})
}

func (r *room) change(name, state string) {
	r.send(func() {
		r.roster.change(name, state)
		r.changed()
	})
}

// changed starts the clocks of what has to be told.
func (r *room) changed() {
	r.cached = nil
	if r.dueTell == nil {
		r.dueTell = time.After(gather)
	}
}

// tellDelta publishes what changed, and has the whole sent again a while later: for those who missed something, and for devices
// that follow nothing but the roster.
func (r *room) tellDelta() {
	d, ok := r.roster.delta()
	if !ok {
		return
	}
	r.cached = nil
	r.publish(&broker.Message{Topic: topicPresence(r.slug), Payload: encode(d)})
	if r.dueShow == nil {
		pace := max(time.Second, time.Duration(len(r.roster.here))*rosterPace)
		r.dueShow = time.After(max(0, pace-time.Since(r.shownAt)))
	}
}

// snapshot is the roster as JSON, kept until it changes.
func (r *room) snapshot() []byte {
	if r.cached == nil {
		r.cached = encode(r.roster.snapshot(rosterCap, r.spokeLately))
	}
	return r.cached
}

// current is the retained roster: the broker asks for it whenever somebody subscribes.
func (r *room) current() []byte {
	answer := make(chan []byte, 1)
	r.send(func() { answer <- r.snapshot() })
	select {
	case b := <-answer:
		return b
	case <-r.done:
		return nil
	}
}

// page lists members for a request, by name.
func (r *room) page(after string, limit int) (members []Member, more bool) {
	answered := make(chan struct{})
	r.send(func() {
		members, more = r.roster.page(after, limit)
		close(answered)
	})
	select {
	case <-answered:
		return members, more
	case <-r.done:
		return []Member{}, false
	}
}

// follow publishes the room's log as it grows, after seq, until ctx ends.
func (r *room) follow(ctx context.Context, log history.Log, after uint64) {
	var out burst
	for {
		err := log.Tail(ctx, r.slug, after, func(e history.Entry) bool {
			after = e.Seq
			r.last.Store(e.Seq)
			r.noteSpoke(e.From)
			payload := appendMessage(nil, r.slug, e)
			r.publish(&broker.Message{Topic: topicMessages(r.slug), Payload: payload})
			r.tellHeard(e)
			out.sent(len(payload))
			return ctx.Err() == nil
		})
		if ctx.Err() != nil {
			return
		}
		r.log.Warn("the tail of a room stopped; it is taken up again", r.slug, "room", r.slug, "seq", after, "err", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

// heard is closed when the entry seq of the log has been published.
func (r *room) heard(seq uint64) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := make(chan struct{})
	if seq <= r.published {
		close(c)
	} else {
		r.listening[seq] = append(r.listening[seq], c)
	}
	return c
}

// catchUp waits until what the log holds now has been published; false: ctx has ended before.
func (r *room) catchUp(ctx context.Context, log history.Log) (bool, error) {
	head, err := log.Head(ctx, r.slug)
	if err != nil {
		return false, err
	}
	select {
	case <-r.heard(head):
		return true, nil
	case <-ctx.Done():
		return false, nil
	}
}

// tellHeard notes that an entry has been published.
func (r *room) tellHeard(e history.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.published = e.Seq
	if r.board != nil {
		r.board.take(e)
	}
	if r.recent != nil {
		r.recent.take(e)
	}
	for _, c := range r.listening[e.Seq] {
		close(c)
	}
	delete(r.listening, e.Seq)
}

func (r *room) noteSpoke(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.spoke) >= rosterCap {
		for n, at := range r.spoke {
			if time.Since(at) > spokeFor {
				delete(r.spoke, n)
			}
		}
		if len(r.spoke) >= rosterCap {
			return
		}
	}
	r.spoke[name] = time.Now()
}

func (r *room) spokeLately(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.spoke[name]
	return ok && time.Since(at) <= spokeFor
}

func (r *room) publish(m *broker.Message) {
	if err := r.br.Publish(m); err != nil {
		r.log.Warn("could not publish", r.slug, "topic", m.Topic, "err", err)
	}
}
