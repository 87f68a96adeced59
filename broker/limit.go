package broker

import (
	"sync"
	"time"
)

// How long a refused 3.1.1 message is remembered, how many are, and how long a client that a full disk has turned away waits.
const (
	refusedFor  = 5 * time.Minute
	mostRefused = 10000
	slowedFor   = time.Minute
	slowedBy    = time.Second
)

// refused remembers what 3.1.1 sessions were refused, and who shall come back slowly.
type refused struct {
	mu     sync.Mutex // guards what follows
	marks  map[uint64]time.Time
	slowed map[identity]time.Time
}

// again tells whether the same message was refused before, so that it may be acknowledged and dropped; if not it is remembered.
// Refusals of the moment are not: that message is right to come again, but its session slowly.
func (f *refused) again(s *Session, mark uint64, r *Refusal) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if r.Later {
		put(&f.slowed, s.ident, now, slowedFor)
		return false
	}
	if at, ok := f.marks[mark]; ok && now.Sub(at) < refusedFor {
		return true
	}
	put(&f.marks, mark, now, refusedFor)
	return false
}

// slow tells whether this client shall wait before it is let in again.
func (f *refused) slow(id identity) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.slowed[id]
	return ok && time.Since(at) < slowedFor
}

// put notes the time in a map that is bounded in count.
func put[K comparable](m *map[K]time.Time, key K, now time.Time, keep time.Duration) {
	if *m == nil {
		*m = map[K]time.Time{}
	}
	if len(*m) >= mostRefused {
		for k, at := range *m {
			if now.Sub(at) >= keep {
				delete(*m, k)
			}
		}
		for k := range *m {
			if len(*m) < mostRefused {
				break
			}
			delete(*m, k)
		}
	}
	(*m)[key] = now
}
