package broker

import (
	"context"
	"sync"
	"time"
)

// An identity is what a session state belongs to: the client id of whoever holds a name (Welcome.Ident). The same client id of
// another one is another identity.
type identity struct{ holder, clientID string }

// A registry knows the session of each identity: the one that is connected, or the state that waits for it. Sessions of one
// identity come in one after the other.
type registry struct {
	mu    sync.Mutex // guards what follows; map work only
	slots map[identity]*slot
	away  int // states that wait
}

type slot struct {
	turn   chan struct{} // holds one token: who has it may come in
	coming int           // sessions that hold the token or wait for it
	live   *Session
	absent *state
}

func newSlot() *slot {
	sl := &slot{turn: make(chan struct{}, 1)}
	sl.turn <- struct{}{}
	return sl
}

// enter makes s the session of its identity. A session that is there is ended, and enter returns when it has gone: writes never
// block, so that is prompt. It returns the state that the client left, or nil.
func (r *registry) enter(ctx context.Context, s *Session, id identity) (*state, error) {
	r.mu.Lock()
	if r.slots == nil {
		r.slots = map[identity]*slot{}
	}
	sl := r.slots[id]
	if sl == nil {
		sl = newSlot()
		r.slots[id] = sl
	}
	sl.coming++
	r.mu.Unlock()

	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		sl.coming--
		r.tidyLocked(id, sl)
	}()
	select {
	case <-sl.turn:
		defer func() { sl.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	r.mu.Lock()
	old := sl.live
	r.mu.Unlock()
	if old != nil {
		old.end(CauseTakeover, SessionTakenOver, "another connection uses the same client id") // [MQTT-3.1.4-3]
		select {
		case <-old.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	st := sl.absent
	if st != nil {
		r.away--
	}
	sl.absent, sl.live = nil, s
	return st, nil
}

// leave takes s out, and keeps its state when keep is not nil.
func (r *registry) leave(s *Session, id identity, keep *state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sl := r.slots[id]
	if sl == nil || sl.live != s {
		return
	}
	sl.live = nil
	if keep != nil {
		sl.absent = keep
		r.away++
	}
	r.tidyLocked(id, sl)
}

func (r *registry) tidyLocked(id identity, sl *slot) {
	if sl.coming == 0 && sl.live == nil && sl.absent == nil {
		delete(r.slots, id)
	}
}

// drop takes out all states that wait.
func (r *registry) drop() []*state {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*state
	for id, sl := range r.slots {
		if sl.absent != nil {
			all = append(all, sl.absent)
			sl.absent = nil
			r.tidyLocked(id, sl)
		}
	}
	r.away = 0
	return all
}

// expired takes out the states whose time is over, and beyond most those that would go next.
func (r *registry) expired(now time.Time, most int) []*state {
	r.mu.Lock()
	defer r.mu.Unlock()
	var over []*state
	take := func(id identity, sl *slot) {
		over = append(over, sl.absent)
		sl.absent = nil
		r.away--
		r.tidyLocked(id, sl)
	}
	for id, sl := range r.slots {
		if sl.absent != nil && !now.Before(sl.absent.until) {
			take(id, sl)
		}
	}
	for r.away > most {
		var next identity
		var nextSlot *slot
		for id, sl := range r.slots {
			if sl.absent != nil && (nextSlot == nil || sl.absent.until.Before(nextSlot.absent.until)) {
				next, nextSlot = id, sl
			}
		}
		take(next, nextSlot)
	}
	return over
}

// partedWills takes out the delayed wills that are due, of clients that have not come back.
func (r *registry) partedWills(now time.Time) []parted {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []parted
	for _, sl := range r.slots {
		if st := sl.absent; st != nil && st.parted.will != nil && !now.Before(st.parted.due) {
			due = append(due, st.parted)
			st.parted = parted{}
		}
	}
	return due
}

func (r *registry) absent() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away
}
