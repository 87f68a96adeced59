package main

import (
	"container/list"
	"net"
	"net/http"
	"sync"

	"tincan/broker"
)

// A capacity is how many connections there may be of each kind. Together they leave the file descriptors that the log and the
// listeners need, so that no crowd at one door takes those of the others.
type capacity struct {
	sessions int
	pending  int // that have not sent CONNECT; as many are being decided about, and as many are leaving
	http     int // that are not websockets
	metrics  int
}

// spareDescriptors are those that are not for connections: standard streams, listeners, poller, the database's files for each of its
// readers, and one to accept and refuse with.
const spareDescriptors = 28

// capacityFor divides descriptors (0: not known) where sessions are wanted.
func capacityFor(descriptors uint64, sessions int) capacity {
	c := capacity{sessions: sessions, pending: broker.Defaults().MaxPending, http: 512, metrics: 16}
	if descriptors == 0 {
		return c
	}
	free := int(min(descriptors, 1<<24)) - spareDescriptors
	c.http = max(4, min(c.http, free/10))
	c.metrics = max(2, min(c.metrics, free/40))
	rest := free - c.http - c.metrics - sessions
	c.pending = min(c.pending, max(4, free/20, rest/3)) // a crowd that comes at once needs as many
	c.sessions = max(1, min(sessions, free-3*c.pending-c.http-c.metrics))
	return c
}

// callers bound the HTTP connections of a server. Where there are too many, the one goes that has done nothing for longest: net/http
// itself would take them in until there are no descriptors left.
type callers struct {
	most int

	mu    sync.Mutex // guards what follows; map work only
	order list.List  // of net.Conn, the longest unchanged first
	place map[net.Conn]*list.Element
}

// changed is an http.Server's ConnState. A websocket's connection is hijacked: the broker counts it from then on.
func (c *callers) changed(nc net.Conn, to http.ConnState) {
	if idle := c.note(nc, to); idle != nil {
		_ = idle.Close()
	}
}

// note returns the connection that has to go, or nil.
func (c *callers) note(nc net.Conn, to http.ConnState) (idle net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.place[nc]
	switch {
	case to == http.StateClosed || to == http.StateHijacked:
		if e != nil {
			c.order.Remove(e)
			delete(c.place, nc)
		}
		return nil
	case e != nil:
		c.order.MoveToBack(e)
		return nil
	}
	if c.place == nil {
		c.place = map[net.Conn]*list.Element{}
	}
	c.place[nc] = c.order.PushBack(nc)
	if c.order.Len() <= c.most {
		return nil
	}
	idle = c.order.Remove(c.order.Front()).(net.Conn)
	delete(c.place, idle)
	return idle
}
