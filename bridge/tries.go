package bridge

import (
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Wrong secrets, for a name and an address.
const (
	triesAMinute = 5
	triesKept    = 10000           // pairs that are remembered at most
	tooManyWait  = 2 * time.Second // how late the answer to one too many comes
)

// tries counts what may be done only so often: wrong secrets above all.
type tries struct {
	most  int           // at once
	every time.Duration // one more after that

	mu    sync.Mutex // guards byKey; map work only
	byKey map[string]*rate.Limiter
}

// allow counts one and tells whether it was within the limit.
func (t *tries) allow(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.byKey[key]
	if l == nil {
		if len(t.byKey) >= triesKept {
			t.forget()
		}
		l = rate.NewLimiter(rate.Every(t.every), t.most)
		t.byKey[key] = l
	}
	return l.Allow()
}

// spent tells whether all tries of a pair are used up for the moment.
func (t *tries) spent(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.byKey[key]
	return l != nil && l.Tokens() < 1
}

// forget drops the pairs that have all their tries again, or, when that frees nothing, all.
func (t *tries) forget() {
	for k, l := range t.byKey {
		if l.Tokens() >= float64(t.most) {
			delete(t.byKey, k)
		}
	}
	if len(t.byKey) >= triesKept {
		clear(t.byKey)
	}
}

// hostOf is the address of a remote without its port.
func hostOf(remote string) string {
	if h, _, err := net.SplitHostPort(remote); err == nil {
		return h
	}
	return remote
}
