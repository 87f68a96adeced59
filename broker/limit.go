package broker

import (
	"log/slog"
	"sync"
	"time"
)

// quietFor is how long the same trouble is only counted after it was logged.
const quietFor = time.Minute

// mostQuiet bounds how many different troubles are told apart.
const mostQuiet = 512

// A Quiet logs the same trouble at most once a minute, with how often it came. Safe for concurrent use.
type Quiet struct {
	log *slog.Logger

	mu   sync.Mutex // guards seen
	seen map[string]*trouble
}

type trouble struct {
	logged time.Time
	count  int // since then
}

// NewQuiet makes one that writes to log.
func NewQuiet(log *slog.Logger) *Quiet { return &Quiet{log: log} }

// Warn logs msg, unless it was logged for who within the last minute.
func (q *Quiet) Warn(msg, who string, args ...any) {
	if count := q.due(msg, who, time.Now()); count > 0 {
		q.log.Warn(msg, append(args, "count", count)...)
	}
}

// due tells how many troubles this one stands for; 0 when it is not to be logged.
func (q *Quiet) due(msg, who string, now time.Time) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := msg + "\x00" + who
	t := q.seen[key]
	if t == nil && len(q.seen) >= mostQuiet {
		for k, old := range q.seen {
			if now.Sub(old.logged) >= quietFor {
				delete(q.seen, k)
			}
		}
		if len(q.seen) >= mostQuiet {
			key = msg // a crowd: told as one
			t = q.seen[key]
		}
	}
	if t == nil {
		if q.seen == nil {
			q.seen = map[string]*trouble{}
		}
		q.seen[key] = &trouble{logged: now}
		return 1
	}
	t.count++
	if now.Sub(t.logged) < quietFor {
		return 0
	}
	count := t.count
	t.logged, t.count = now, 0
	return count
}

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
