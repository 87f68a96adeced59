package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	watchEvery = 3 * time.Second // between two looks at the addresses: some system calls
	newsEvery  = time.Minute     // at most: a Wi-Fi that comes and goes must not fill a terminal
)

// A lookout sees when this computer comes into another network, so that people have to join by another address than they were told. That
// the network is gone is no news, nor that it is back with the same address: what was told is right again.
type lookout struct {
	look func() []netip.Addr // likeliest first
	told []netip.Addr        // by the greeting, then by the latest news
	tell func(now []netip.Addr)
}

// Serve looks until ctx ends. A change is told when the next look sees the same: addresses of one network come one after the other.
func (l *lookout) Serve(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var last []netip.Addr
	var quiet time.Time // until then
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := l.look()
		settled := slices.Equal(now, last)
		if last = now; !settled || time.Now().Before(quiet) || !isNews(l.told, now) {
			continue
		}
		l.told, quiet = now, time.Now().Add(newsEvery)
		l.tell(now)
	}
}

// isNews tells whether people need to hear of the addresses of now: the one that was told first is gone, or there is another network.
// IPv6 addresses that come beside the others are none: their temporary ones (RFC 8981) are new each day.
func isNews(told, now []netip.Addr) bool {
	if len(now) == 0 {
		return false
	}
	if len(told) == 0 || !slices.Contains(now, told[0]) {
		return true
	}
	return slices.ContainsFunc(now, func(a netip.Addr) bool {
		return a.Is4() && !a.IsLinkLocalUnicast() && !slices.Contains(told, a)
	})
}

// isEverywhere tells whether l takes what comes to any address of this computer.
func isEverywhere(l *net.TCPAddr) bool { return l.IP == nil || l.IP.IsUnspecified() }

// newLookout watches what g has told, or is nil where the addresses are configured and so remain.
func newLookout(g *greeting, tell func(now []netip.Addr)) *lookout {
	l := g.http
	if !isEverywhere(l) {
		l = g.mqtt
	}
	if !isEverywhere(l) {
		return nil
	}
	look := func() []netip.Addr {
		// While there is no network, those of containers would be taken for one.
		return reached(l, shareable(slices.DeleteFunc(netInterfaces(), func(i netInterface) bool { return isVirtual(i.name) })))
	}
	return &lookout{look: look, told: reached(l, g.addrs), tell: tell}
}
