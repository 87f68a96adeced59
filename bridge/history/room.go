package history

import (
	"context"
	"sync"
	"time"
)

// What a room keeps in memory of its newest entries for its tails, beyond the last commit.
const (
	latestEntries = 256
	latestBytes   = 64 << 10
)

// A room is what the store knows of a room without asking the disk.
type room struct {
	name string

	// Owned by the writer.
	id   int64  // in the database, 0: not there yet
	next uint64 // head in the running transaction

	mu     sync.Mutex    // guards what follows; short work only
	head   uint64        // durable
	time   time.Time     // of the head
	first  uint64        // of the retained part, at least 1
	tails  int           // running
	latest []Entry       // up to head, without gaps; read-only once here; nil when nobody tails
	bytes  int           // bodies in latest
	grown  chan struct{} // closed and forgotten when head changes; nil: nobody waits
}

// room returns a room that has entries, or nil.
func (s *Store) room(name string) *room {
	s.roomsMu.RLock()
	defer s.roomsMu.RUnlock()
	return s.rooms[s.calledLocked(name)]
}

// makeRoom returns a room, perhaps one without entries.
func (s *Store) makeRoom(name string) *room {
	if r := s.room(name); r != nil {
		return r
	}
	s.roomsMu.Lock()
	defer s.roomsMu.Unlock()
	name = s.calledLocked(name)
	r := s.rooms[name]
	if r == nil {
		r = &room{name: name, first: 1}
		s.rooms[name] = r
	}
	return r
}

// dropRoom forgets a room that has no entries and no readers, so that asking for rooms that never come costs nothing.
func (s *Store) dropRoom(r *room) {
	s.roomsMu.Lock()
	defer s.roomsMu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.head == 0 && r.tails == 0 && s.rooms[r.name] == r {
		delete(s.rooms, r.name)
	}
}

// grow makes entries durable for readers and returns whom to wake.
func (r *room) grow(head uint64, at time.Time, entries []Entry) (wake chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if head == r.head {
		return nil
	}
	r.head, r.time = head, at
	size := 0
	for i := range entries {
		size += len(entries[i].Body)
	}
	switch {
	case r.tails == 0:
		r.latest, r.bytes = nil, 0
	case len(r.latest) > 0 && len(r.latest)+len(entries) <= latestEntries && r.bytes+size <= latestBytes:
		r.latest = append(r.latest, entries...) // those who read the shorter slice do not see it grow
		r.bytes += size
	default:
		r.latest, r.bytes = entries, size
	}
	wake = r.grown
	r.grown = nil
	return wake
}

// forget drops the entries in memory, because the disk has others now.
func (r *room) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest, r.bytes = nil, 0
}

// await waits until the head is at least seq.
func (r *room) await(ctx context.Context, stop <-chan struct{}, seq uint64) error {
	for {
		r.mu.Lock()
		if r.head >= seq {
			r.mu.Unlock()
			return nil
		}
		if r.grown == nil {
			r.grown = make(chan struct{})
		}
		grown := r.grown
		r.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			return ErrUnavailable
		}
	}
}
