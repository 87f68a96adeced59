package broker

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"
)

// serve is the life of a connection: the only place where a session begins and ends. Whatever happens in it, a panic included,
// nothing of the session stays in the index or the registry, and the handler hears Disconnect exactly once for a granted Connect.
//
// It is lived in legs, each in a goroutine of its own: CONNECT is one, and each SUBSCRIBE ends one. Their work is rare and deep, and a
// goroutine keeps the stack that it has grown: 8 KB. The next leg waits for packets with a new one, of 2 KB.
func (b *Broker) serve(c *conn) {
	defer b.legEnds(c)
	s := c.s.Load()
	if s == nil {
		b.meet(c)
		return
	}
	for s.step() {
	}
}

// legEnds begins the next leg of a connection, or ends it. It is the deferred call of serve.
func (b *Broker) legEnds(c *conn) {
	if p := recover(); p != nil {
		b.panicked("serving", c, p)
		c.end(CausePanic, Unspecified, "an error of the server")
	}
	if !c.ending.Load() {
		go b.serve(c)
		return
	}
	defer b.conns.remove(c)
	defer c.linger()
	if s := c.s.Load(); s != nil && s.granted {
		s.leave()
	} else {
		b.count.causes.add(c.cause())
	}
}

// meet lets a connection in as a session, or ends it.
func (b *Broker) meet(c *conn) {
	s, p := b.greet(c)
	if s == nil || !s.enter(p) {
		return
	}
	if err := s.establish(); err != nil {
		s.end(CauseProtocol, Success, "") // a CONNACK larger than the client takes
	}
}

// guarded runs f and contains a panic in it to this connection.
func (b *Broker) guarded(doing string, c *conn, f func()) {
	defer func() {
		if p := recover(); p != nil {
			b.panicked(doing, c, p)
			c.end(CausePanic, Unspecified, "an error of the server")
		}
	}()
	f()
}

func (b *Broker) panicked(doing string, c *conn, p any) {
	b.count.panics.Add(1)
	if n := b.quiet.due("panic", doing, time.Now()); n > 0 {
		b.log.Error("panic, contained to one session: report this", "while", doing, "remote", c.nc.RemoteAddr().String(),
			"err", fmt.Sprint(p), "count", n, "stack", string(debug.Stack()))
	}
}

// greet reads CONNECT and asks the handler; nil: there is no session, and the client has been told.
func (b *Broker) greet(c *conn) (*Session, *connect) {
	frame := c.readFrame()
	b.conns.spoke(c)
	if frame == nil {
		return nil, nil
	}
	p, f := decodeConnect(body(frame))
	if f != nil {
		b.turnAway(c, p, &Refusal{Code: f.code, Tell: f.tell})
		return nil, nil
	}
	s := newSession(c, p)
	c.s.Store(s)
	full := b.conns.full(c)
	if full != nil && (len(p.secret) == 0 || b.conns.hopeless(c)) {
		b.turnAway(c, p, full)
		return nil, nil
	}
	b.guarded("connecting", c, func() { s.ask(p, full != nil) })
	if !s.granted {
		return nil, nil
	}
	return s, p
}

// ask puts the question to the handler and completes the session by its answer.
func (s *Session) ask(p *connect, full bool) {
	b := s.b
	welcome, r := b.h.Connect(b.ctx, s, ConnectRequest{
		ClientID: p.clientID, User: p.user, Secret: p.secret, Clean: p.clean, User5: p.props.user, Keepalive: p.keepalive,
		Full: full,
	})
	if r != nil {
		b.turnAway(s.c, p, r)
		return
	}
	s.granted = true
	b.count.connects.Add(1)
	s.name, s.welcome = welcome.Name, welcome.Props
	if s.clientID == "" {
		s.clientID, s.assigned = welcome.ClientID, true // [MQTT-3.1.3-6]
		if s.clientID == "" {
			s.clientID = "tincan-" + s.id + "-" + strconv.FormatInt(b.born.UnixMilli(), 36)
		}
	}
	s.ident, s.holder = identity{welcome.Ident, s.clientID}, welcome.Holder
	if s.ident.holder == "" {
		s.ident.holder = s.name
	}
	s.will = p.will
	s.proven = welcome.Proven
}

// enter takes the session's place in the registry and its state; false: it may not, and the client has been told.
func (s *Session) enter(p *connect) bool {
	b := s.b
	r := s.seat()
	if r == nil {
		r = s.checkWill()
	}
	if r != nil {
		s.will = nil
		b.turnAway(s.c, p, r)
		return false
	}
	if b.refused.slow(s.ident) {
		select {
		case <-time.After(slowedBy):
		case <-b.ctx.Done():
		}
	}
	left, err := b.registry.enter(b.ctx, s, s.ident)
	if err != nil {
		s.will = nil
		b.turnAway(s.c, p, stopping)
		return false
	}
	s.entered = true
	if left != nil && p.clean { // [MQTT-3.1.2-4]
		b.forget(left)
		left = nil
	}
	if left != nil {
		left.parted = parted{} // it came back in time
		s.st, s.present = left, true
	}
	s.st.begin(s)
	return true
}

// seat takes a place among the sessions.
func (s *Session) seat() *Refusal {
	out, r := s.b.conns.seat(s.c, s.proven)
	if out != nil {
		out.end(CauseCrowded, ServerBusy, "the server is full, and a member who has claimed a name came: connect again later")
	}
	return r
}

// establish makes the session one that hears, and then sends CONNACK: what is published after a client has read that reaches it.
func (s *Session) establish() error {
	s.c.q.cork()
	s.settled.Store(true)
	s.st.live.Store(s)
	if s.present {
		s.replay()
		s.st.touch(s.b.fan)
		s.b.storage.save(s.st, s.st.record(true, s.expiry), nil)
	}
	s.st.out.arrive(s, s.window)
	return s.b.engine.welcome(s)
}

// leave ends the session. Each step is contained, so that a panic in one of them leaves the others to be done.
func (s *Session) leave() {
	b, c, st := s.b, s.c, s.st
	step := func(f func()) { b.guarded("ending a session", c, f) }
	why := c.cause()
	if b.ctx.Err() != nil {
		why = CauseStopping // whatever came first: a stopping server sends no wills
	}
	step(s.pulls.drop)
	kept := s.expiry
	if !s.entered || why == CausePanic || why == CauseStopping && st.key == "" {
		kept = 0
	}
	if s.entered {
		st.live.CompareAndSwap(s, nil)
		if kept > 0 {
			step(st.out.depart)
			step(func() { b.storage.save(st, st.record(false, kept), nil) })
			step(func() { st.touch(b.fan) })
		} else {
			step(func() { st.clear(b.fan) })
		}
	}
	var later parted
	step(func() { later = s.leaveWill(why, kept) })
	if s.entered {
		var keep *state
		if kept > 0 {
			keep = st
			keep.until, keep.parted = time.Now().Add(kept), later
		}
		b.registry.leave(s, s.ident, keep)
	}
	step(func() { b.h.Disconnect(s, why) })
	b.ended(s, why)
	close(s.done)
}

// touch makes the audiences that st is in be gathered anew.
func (st *state) touch(f *fan) {
	st.mu.Lock()
	var topics []string
	for _, sub := range st.subs {
		topics = append(topics, sub.topic)
	}
	st.mu.Unlock()
	for _, t := range topics {
		f.changed(t)
	}
}

// forget drops a state that nobody will come back for, and sends its delayed will.
func (b *Broker) forget(st *state) {
	st.clear(b.fan)
	if st.parted.will != nil {
		b.send(st.parted)
	}
}

// turnAway answers CONNECT with no and ends the connection.
func (b *Broker) turnAway(c *conn, p *connect, r *Refusal) {
	b.count.turned.add(r.word())
	b.quiet.Warn("refused a connection", p.user+r.Key, r.logged("name", p.user, "session", p.clientID, "remote", c.nc.RemoteAddr().String(),
		"transport", c.transport)...)
	if version := p.version; version != 0 && (version == v5 || r.Code != MalformedPacket && r.Code != ProtocolError) {
		if pkt := refusingConnack(version, r, p.maxPacket()); pkt != nil {
			c.send(pkt)
		}
	}
	c.end(CauseRefused, Success, "")
}

// stopping is what a client is told that connects while the server ends.
var stopping = &Refusal{Code: ServerUnavailable, Key: "stopping", Tell: "the server is stopping: connect again in a moment"}

// ended counts and logs the end of a session.
func (b *Broker) ended(s *Session, why Cause) {
	b.count.causes.add(why)
	args := []any{"name", s.name, "session", s.clientID, "remote", s.remote, "reason", string(why)}
	switch why {
	case CauseSlow, CauseCrowded, CauseProtocol, CauseRefused:
		b.quiet.Warn("cut a session", s.name+string(why), args...)
	default:
		b.log.Debug("session ended", args...)
	}
}

// ticking does once a second what time asks for, until ctx ends.
func (b *Broker) ticking(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			b.tick(b.ticks.Add(1), now)
		case <-b.pressure.high:
			b.relieve()
		}
	}
}

func (b *Broker) tick(n int64, now time.Time) {
	for _, c := range b.conns.all() {
		if c.ws != nil {
			c.pingWS(n)
		}
	}
	for _, w := range b.registry.partedWills(now) {
		b.send(w)
	}
	for _, st := range b.registry.expired(now, b.cfg.MaxAbsent) {
		b.count.forgotten.Add(1)
		b.forget(st)
	}
	b.watchHeap()
	if n%sysEvery == 0 {
		b.loads.sample()
		b.publishSys()
	}
	if n%60 == 0 {
		b.storage.expired(b.shelf.expire())
	}
	if n%flushSeconds == 0 {
		b.storage.flush()
	}
}
