package history

import (
	"context"
	"fmt"
)

// A Tail that has fallen behind reads so much at once.
const (
	tailEntries = 256
	tailBytes   = 256 << 10
)

// Tail calls emit for each entry after a seq; see Log. A tail that keeps up is handed what was committed and reads nothing; one
// that has fallen behind reads pages. It holds one page at most, however long emit takes.
func (s *Store) Tail(ctx context.Context, name string, after uint64, emit func(Entry) bool) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.serving.Done()
	r := s.makeTail(name)
	defer s.dropTail(r)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, behind, err := r.since(after)
		if err != nil {
			return err
		}
		if behind {
			entries, err = s.page(ctx, r, Query{After: &after, Limit: tailEntries, MaxBytes: tailBytes})
			if err != nil && len(entries) == 0 {
				return err
			}
		}
		for i := range entries {
			if entries[i].Seq != after+1 {
				return fmt.Errorf("history: room %q after seq %d: %w", name, after, ErrTooOld) // trimmed while we read
			}
			if ctx.Err() != nil || s.stopped() {
				break
			}
			after = entries[i].Seq
			if !emit(entries[i]) {
				return nil
			}
		}
		if s.stopped() {
			return ErrUnavailable
		}
		if len(entries) == 0 {
			if err := r.await(ctx, s.stop, after+1); err != nil {
				return err
			}
		}
	}
}

// since returns the entries after a seq if memory has them all; behind: the disk has.
func (r *room) since(after uint64) (entries []Entry, behind bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case after+1 < r.first:
		return nil, false, fmt.Errorf("history: room %q after seq %d, where the first one kept is %d: %w", r.name, after, r.first, ErrTooOld)
	case after >= r.head:
		return nil, false, nil
	case len(r.latest) == 0 || after+1 < r.latest[0].Seq:
		return nil, true, nil
	}
	return r.latest[after+1-r.latest[0].Seq:], false, nil
}

func (s *Store) makeTail(name string) *room {
	for {
		r := s.makeRoom(name)
		r.mu.Lock()
		r.tails++
		r.mu.Unlock()
		if s.room(name) == r { // else it was dropped in between
			return r
		}
	}
}

func (s *Store) dropTail(r *room) {
	r.mu.Lock()
	r.tails--
	last := r.tails == 0
	if last {
		r.latest, r.bytes = nil, 0
	}
	empty := last && r.head == 0
	r.mu.Unlock()
	if empty {
		s.dropRoom(r)
	}
}

// enter counts a caller that stays until stop is closed; Close waits for it.
func (s *Store) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrUnavailable
	}
	s.serving.Add(1)
	return nil
}

func (s *Store) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}
