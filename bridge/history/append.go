package history

import (
	"context"
	"errors"
	"fmt"
)

// maxQueueBytes bounds the bodies that wait for the writer.
const maxQueueBytes = 32 << 20

// An appending is one Append on its way.
type appending struct {
	room    string
	entry   Entry
	done    func(Receipt, error)
	receipt Receipt // the answer, owned by the writer
	err     error
}

// A chore is other work for the writer: do runs inside the transaction and returns the answer, or a fault that rolls back all.
// done runs after the commit.
type chore struct {
	do   func(*batch) (answer, fault error)
	done func(error)
	err  error // the answer, owned by the writer
}

// Append queues e; see Log. The store keeps e.Body: the caller must not change it afterwards.
func (s *Store) Append(room string, e Entry, done func(Receipt, error)) error {
	if room == "" || e.ID == "" {
		return errors.New("history: an entry needs a room and an id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuseLocked(); err != nil {
		return err
	}
	if len(s.appends) >= s.cfg.Queue || s.bytes+len(e.Body) > maxQueueBytes {
		return ErrBusy
	}
	s.appends = append(s.appends, &appending{room: room, entry: e, done: done})
	s.bytes += len(e.Body)
	s.kick()
	return nil
}

// errand queues a chore and waits for it. When ctx ends first, the chore may still be done: ErrUncertain.
func (s *Store) errand(ctx context.Context, do func(*batch) (answer, fault error)) error {
	return s.errandThen(ctx, do, func() {})
}

// errandThen is errand; decided runs once, when it is known whether the chore was done.
func (s *Store) errandThen(ctx context.Context, do func(*batch) (answer, fault error), decided func()) error {
	if err := ctx.Err(); err != nil {
		decided()
		return err
	}
	answer := make(chan error, 1)
	s.mu.Lock()
	var no error
	switch {
	case s.closed:
		no = ErrUnavailable
	case len(s.chores) >= s.cfg.Queue:
		no = ErrBusy
	}
	if no != nil {
		s.mu.Unlock()
		decided()
		return no
	}
	s.chores = append(s.chores, &chore{do: do, done: func(err error) {
		decided()
		answer <- err
	}})
	s.mu.Unlock()
	s.kick()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUncertain, ctx.Err())
	}
}
