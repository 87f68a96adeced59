package broker

import (
	"log/slog"
	"sync"
	"time"
)

// quietFor is how long the same trouble is only counted after it was logged.
const quietFor = time.Minute

// mostTold is how many members the same kind of trouble is told of one by one within that time. Whoever comes under many names shall
// not fill the log: further ones are told as one.
const mostTold = 4

// A Quiet logs the same trouble at most once a minute, with how often it came. Safe for concurrent use.
type Quiet struct {
	log *slog.Logger

	mu    sync.Mutex // guards kinds
	kinds map[string]*kind
}

// A kind is all trouble with the same message.
type kind struct {
	of    map[string]*trouble // by who; at most mostTold
	crowd trouble             // everyone else
}

type trouble struct {
	logged time.Time
	count  int // since then
}

// NewQuiet makes one that writes to log.
func NewQuiet(log *slog.Logger) *Quiet { return &Quiet{log: log, kinds: map[string]*kind{}} }

// Warn logs msg, unless it was logged for who within the last minute. msg is a constant.
func (q *Quiet) Warn(msg, who string, args ...any) {
	if count := q.due(msg, who, time.Now()); count > 0 {
		q.log.Warn(msg, append(args, "count", count)...)
	}
}

// due tells how many troubles this one stands for; 0 when it is not to be logged.
func (q *Quiet) due(msg, who string, now time.Time) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.kinds[msg]
	if k == nil {
		k = &kind{of: map[string]*trouble{}}
		q.kinds[msg] = k
	}
	t := k.of[who]
	if t == nil && len(k.of) >= mostTold {
		for known, old := range k.of {
			if now.Sub(old.logged) >= quietFor {
				delete(k.of, known)
			}
		}
	}
	switch {
	case t != nil:
	case len(k.of) < mostTold:
		t = &trouble{}
		k.of[who] = t
	default:
		t = &k.crowd
	}
	t.count++
	if now.Sub(t.logged) < quietFor {
		return 0
	}
	count := t.count
	t.logged, t.count = now, 0
	return count
}
