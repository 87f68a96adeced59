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

// share tells whether an owner may have more bytes, with all that it has begun to upload.
func (s *Store) share(ctx context.Context, owner string, more int64) error {
	_, each := s.Limits()
	if each == 0 {
		return nil
	}
	has, err := s.index.OwnerBytes(ctx, owner)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.draft.Owner == owner {
			has += p.draft.Size
		}
	}
	if has+more > each {
		s.stats.RefusedSpace++
		return fmt.Errorf("%w: %d bytes of %d", ErrShare, has, each)
	}
	return nil
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
	if all, _ := s.Limits(); all > 0 && used+n > all {
		return fmt.Errorf("%w: %d of %d bytes are taken", ErrQuota, used, all)
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
