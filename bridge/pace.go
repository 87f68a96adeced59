package bridge

import (
	"sync"
	"time"

	"tincan/broker"

	"golang.org/x/time/rate"
)

// Rates of one member, all its sessions together. Messages have a knob of their own; the rest is bounded so that nobody can keep
// the others busy.
const (
	ordinaryFactor = 10 // topics outside chat/, as a multiple of the rate of messages
	statePerSecond = 50
	stateBurst     = 200
	typingPerSec   = 5
	typingBurst    = 20
	asksPerSecond  = 20
	asksBurst      = 100
	ordersPerSec   = 2
	ordersBurst    = 30
	mostOwed       = 1000        // publishes that a member may be ahead of its rate, before more are refused
	paceKept       = time.Minute // how long the pace of a member that left is remembered
)

// A pace is how fast one member may do things.
type pace struct {
	of *paces

	mu       sync.Mutex // guards limiters; map work only
	limiters [paceKinds]*rate.Limiter

	idle time.Time // guarded by paces.mu: when it was last used by a new session
}

// What a member does at a pace of its own.
type paceKind int

const (
	paceSay paceKind = iota
	paceOrdinary
	paceState
	paceTyping
	paceAsks
	paceRooms
	paceOrders
	paceCodes
	paceKinds
)

// limit is the pace of one thing. Most members do few of them, and idle ones none.
func (p *pace) limit(k paceKind) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiters[k] == nil {
		p.limiters[k] = p.of.limiter(k)
	}
	return p.limiters[k]
}

// paces keeps the pace of each name, also for a while after its member has gone: reconnecting does not begin a new allowance.
type paces struct {
	perSecond float64 // messages; 0: no limit
	burst     int

	mu     sync.Mutex // guards byFold; map work only
	byFold map[string]*pace
}

func newPaces(perSecond float64, burst int) *paces {
	return &paces{perSecond: perSecond, burst: burst, byFold: map[string]*pace{}}
}

// of finds the pace of a name, or begins one.
func (ps *paces) of(fold string) *pace {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byFold[fold]
	if p == nil {
		p = &pace{of: ps}
		ps.byFold[fold] = p
	}
	p.idle = time.Now()
	return p
}

func (ps *paces) limiter(k paceKind) *rate.Limiter {
	switch k {
	case paceSay:
		return limiter(ps.perSecond, ps.burst)
	case paceOrdinary:
		return limiter(ps.perSecond*ordinaryFactor, ps.burst*ordinaryFactor)
	case paceState:
		return rate.NewLimiter(statePerSecond, stateBurst)
	case paceTyping:
		return rate.NewLimiter(typingPerSec, typingBurst)
	case paceAsks:
		return rate.NewLimiter(asksPerSecond, asksBurst)
	case paceOrders:
		return rate.NewLimiter(ordersPerSec, ordersBurst)
	default:
		return rate.NewLimiter(rate.Every(time.Minute/roomsAMinute), roomsAMinute)
	}
}

// forget drops the paces of names that nobody has used for a while; connected tells who is still here.
func (ps *paces) forget(connected func(fold string) bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for fold, p := range ps.byFold {
		if time.Since(p.idle) > paceKept && !connected(fold) {
			delete(ps.byFold, fold)
		}
	}
}

func limiter(perSecond float64, burst int) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(burst, 1))
}

// paced takes one from l for a publish. The acknowledgement, whatever it says, then waits until it is due: a member that is too fast
// is slowed, since what it may have under way is bounded. A new connection does not shed that: whoever does not wait, but comes back
// and goes on, is refused in the end. QoS 0 waits for nothing. ok is false when it comes too fast.
func paced(l *rate.Limiter, m *broker.Message, ack func(broker.Ack)) (slowed func(broker.Ack), ok bool) {
	if m.QoS == 0 && !m.Will {
		return ack, l.Allow()
	}
	r := l.Reserve()
	wait := r.Delay()
	if wait <= 0 {
		return ack, true
	}
	if wait.Seconds()*float64(l.Limit()) > mostOwed {
		r.Cancel()
		return ack, false
	}
	due := time.Now().Add(wait)
	return func(a broker.Ack) {
		if left := time.Until(due); left > 0 {
			time.AfterFunc(left, func() { ack(a) })
			return
		}
		ack(a)
	}, true
}
