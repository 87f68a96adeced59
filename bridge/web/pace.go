package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often may be asked. A page asks 250 ms after the last key, so a person cannot reach the limit of a connection; a whole class
// behind one address, each with a connection of its own, stays below the one of the address.
const (
	connectionRate  = 5 // a second
	connectionBurst = 20
	addressRate     = 100
	addressBurst    = 300

	maxLimiters = 4096             // of each kind; who comes beyond shares one
	sweepEvery  = 10 * time.Second // at most so often is it looked which limiters are idle
)

// paces limits the questions of each connection, and of all from one address, so that a new connection is no way around it.
type paces struct {
	connections *pace
	addresses   *pace
}

func newPaces() *paces {
	return &paces{
		connections: newPace(connectionRate, connectionBurst),
		addresses:   newPace(addressRate, addressBurst),
	}
}

// allow tells whether one more question may come from remote, an address with a port, now. What the limit of the connection
// refuses is counted against the address, too.
func (p *paces) allow(remote string, now time.Time) bool {
	return p.addresses.allow(network(remote), now) && p.connections.allow(remote, now)
}

// network is what one asker can have all addresses of: an IPv4 address, or the first 64 bits of an IPv6 one.
func network(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	a := ap.Addr().Unmap()
	if a.Is4() {
		return a.String()
	}
	prefix, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a.String()
	}
	return prefix.String() + a.Zone()
}

// A pace is a limiter for each key, forgotten when it is idle.
type pace struct {
	limit rate.Limit
	burst int

	mu     sync.Mutex // guards the rest; map work only
	of     map[string]*rate.Limiter
	rest   *rate.Limiter // for all keys beyond maxLimiters
	sweeps time.Time     // when idle ones were last forgotten
}

func newPace(limit rate.Limit, burst int) *pace {
	return &pace{limit: limit, burst: burst, of: map[string]*rate.Limiter{}, rest: rate.NewLimiter(limit, burst)}
}

func (p *pace) allow(key string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[key]
	if l == nil {
		if now.Sub(p.sweeps) >= sweepEvery {
			p.forgetLocked(now)
		}
		if len(p.of) >= maxLimiters {
			return p.rest.AllowN(now, 1)
		}
		l = rate.NewLimiter(p.limit, p.burst)
		p.of[key] = l
	}
	return l.AllowN(now, 1)
}

// forgetLocked drops the limiters that are full again: a new one would say the same.
func (p *pace) forgetLocked(now time.Time) {
	p.sweeps = now
	for key, l := range p.of {
		if l.TokensAt(now) >= float64(p.burst) {
			delete(p.of, key)
		}
	}
}
