package bridge

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Checking a passphrase is slow on purpose, and deriving a password takes a while: a crowd that comes at once, or one that guesses, must
// not keep the others waiting. So one or two are under way, so many wait, and what was right is remembered.
const (
	slowAtOnce    = 2              // at most; one where there are few processors
	slowWaiting   = 200            // passphrases that wait to be checked; further ones are told to come again
	deriveWaiting = 5000           // passwords that wait to be derived
	provenMost    = 20000          // secrets that are remembered, for each of two generations
	provenTurn    = 12 * time.Hour // after which the older generation is forgotten
)

// guessing is how often a passphrase is checked for those who have guessed wrong too often, all together: the right one is let in all the
// same, if perhaps not at the first try.
func guessing() *rate.Limiter { return rate.NewLimiter(2, 5) }

var errCrowded = errors.New("bridge: too many secrets are being checked")

// A lane lets a few at a time do something slow, and bounds who waits for that.
type lane struct {
	slots chan struct{} // a token for each who is at it

	mu      sync.Mutex // guards waiting
	waiting int
}

func newLane(atOnce int) *lane { return &lane{slots: make(chan struct{}, atOnce)} }

// do calls f when it is its turn; errCrowded when there are more than most before it.
func (l *lane) do(ctx context.Context, most int, f func()) error {
	l.mu.Lock()
	if l.waiting >= most {
		l.mu.Unlock()
		return errCrowded
	}
	l.waiting++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.waiting--
		l.mu.Unlock()
	}()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.slots }()
	f()
	return nil
}

// A recall remembers values for a while and for so many, in two generations: what is used moves to the younger one.
type recall[V any] struct {
	most int

	mu         sync.Mutex // guards what follows; map work only
	young, old map[string]V
	turned     time.Time
}

func (r *recall[V]) get(key string) (v V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok = r.young[key]; ok {
		return v, true
	}
	if v, ok = r.old[key]; ok {
		r.putLocked(key, v)
	}
	return v, ok
}

func (r *recall[V]) put(key string, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putLocked(key, v)
}

func (r *recall[V]) putLocked(key string, v V) {
	if len(r.young) >= r.most || time.Since(r.turned) > provenTurn {
		r.old, r.young, r.turned = r.young, nil, time.Now()
	}
	if r.young == nil {
		r.young = map[string]V{}
	}
	r.young[key] = v
}

// proofs checks secrets.
type proofs struct {
	secrets secrets
	brief   *lane           // deriving passwords
	slow    *lane           // checking passphrases
	guesses *rate.Limiter   // of those who have guessed wrong too often
	derived recall[derived] // passwords, by name and password
	right   recall[bool]    // passphrases that were right, by verifier and passphrase
}

func newProofs() *proofs {
	few := min(slowAtOnce, max(1, runtime.GOMAXPROCS(0)/2))
	return &proofs{brief: newLane(few), slow: newLane(few), guesses: guessing(), derived: recall[derived]{most: provenMost}, right: recall[bool]{most: provenMost}}
}

// derive makes the secret of a name that is held for a while of a password.
func (p *proofs) derive(ctx context.Context, fold string, secret []byte) (d derived, err error) {
	if d.read(secret) {
		return d, nil
	}
	key := string(p.secrets.sum("password", []byte(fold), secret))
	if d, ok := p.derived.get(key); ok {
		return d, nil
	}
	err = p.brief.do(ctx, deriveWaiting, func() { d = derive(secret, p.secrets.salt(fold), roundsBrief) })
	if err == nil {
		p.derived.put(key, d)
	}
	return d, err
}

// kept tells whether secret is the passphrase that verifier was made of. suspect says that whoever asks has guessed wrong too often.
func (p *proofs) kept(ctx context.Context, secret, verifier []byte, suspect bool) (ok bool, err error) {
	key := string(p.secrets.sum("proven", verifier, secret))
	if _, ok := p.right.get(key); ok {
		return true, nil
	}
	if suspect && !p.guesses.Allow() {
		return false, nil
	}
	err = p.slow.do(ctx, slowWaiting, func() { ok = provesKept(secret, verifier) })
	if ok {
		p.right.put(key, true)
	}
	return ok, err
}
