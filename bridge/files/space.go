package files

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// space tells whether there is room for n more bytes, with what is on its way: within the quota, and a tenth of the disk stays free, so
// that files never take the place of what is said.
func (s *Store) space(ctx context.Context, n int64) error {
	select {
	case <-s.known:
	case <-time.After(holdTime): // the index does not answer
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.room(n)
	for err != nil && s.dropIdle(idleTime/24, 1) { // uploads that have stopped an hour ago give way to one that goes on
		err = s.room(n)
	}
	if err != nil {
		s.mu.Lock()
		s.stats.RefusedSpace++
		s.mu.Unlock()
	}
	return err
}

// stillSpace tells whether an upload that was let in, of which n bytes are missing, may go on: others may have filled the disk.
func (s *Store) stillSpace(n int64) error {
	total, free, err := s.disk(s.dir)
	if err == nil && free-n < total/10 {
		return fmt.Errorf("%w: %d bytes of %d are free", ErrNoSpace, free, total)
	}
	return nil
}

func (s *Store) room(n int64) error {
	s.mu.Lock()
	used := s.size + s.due
	due := s.due
	for _, p := range s.parts {
		used += p.offset
	}
	s.mu.Unlock()
	if s.cfg.Quota > 0 && used+n > s.cfg.Quota {
		return fmt.Errorf("%w: %d of %d bytes of the quota are taken", ErrNoSpace, used, s.cfg.Quota)
	}
	return s.stillSpace(n + due)
}

// spaceError is err as ErrNoSpace, when it says that the disk is full.
func spaceError(err error) error {
	if err != nil && isNoSpace(err) {
		return errors.Join(ErrNoSpace, err)
	}
	return err
}
