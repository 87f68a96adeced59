package broker

import "sync"

// maxUnreleased is how many QoS 2 messages of a 3.1.1 session may wait for their PUBREL; MQTT 5 is bound by Receive Maximum.
const maxUnreleased = 4096

// zeroes is how many QoS 0 publishes of a session may be with the handler, for each one of MaxPublishes.
const zeroes = 2

// acks are the publishes of a session that the handler has not answered yet. Acknowledgements leave in the order of the publishes
// (MQTT 5 [MQTT-4.6.0-2], 3.1.1 [MQTT-4.6.0-2]), in whatever order the handler's answers come.
type acks struct {
	st *state

	changed chan struct{} // one token: an answer came; only the session's goroutine waits for it

	mu       sync.Mutex // guards what follows; sending is queueing, so it happens under it
	waiting  []*promise
	zero     int                 // QoS 0 publishes that are with the handler
	received map[uint16]exchange // QoS 2 ids before their PUBREL (§4.3.3)
}

// An exchange is a QoS 2 message that came in.
type exchange struct {
	s       *Session // whose connection brought it
	decided bool     // PUBREC has been sent, or would have been
}

// A promise is one publish that waits for its answer.
type promise struct {
	s    *Session // whose connection brought it
	id   uint16
	qos  byte
	mark uint64 // what the message was, for a 3.1.1 refusal
	done bool
	ack  Ack
}

func (a *acks) init(st *state) {
	a.st = st
	a.changed = make(chan struct{}, 1)
}

func (a *acks) signal() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// waitLocked gives up the lock until something has changed; it is false when s has ended.
func (a *acks) waitLocked(s *Session) bool {
	a.mu.Unlock()
	defer a.mu.Lock()
	select {
	case <-a.changed:
		return true
	case <-s.c.gone:
		return false
	}
}

// underwayLocked is how many QoS 1 and 2 publishes of this connection count against Receive Maximum (§4.9).
func (a *acks) underwayLocked(s *Session) int {
	n := 0
	for _, p := range a.waiting {
		if p.s == s {
			n++
		}
	}
	for _, x := range a.received {
		if x.s == s && x.decided {
			n++
		}
	}
	return n
}

// promise takes a place in the order for a publish. It returns nil when there is nothing to publish: the session has ended, broke
// its limit, or has sent this QoS 2 message before.
func (a *acks) promise(s *Session, id uint16, qos byte, mark uint64) *promise {
	limit := s.b.cfg.MaxPublishes
	a.mu.Lock()
	defer a.mu.Unlock()
	if x, ok := a.received[id]; ok && qos == 2 {
		if x.decided {
			s.sendAnswer(typePubrec, id, Success, "", nil) // [MQTT-4.3.3-10]
		}
		return nil
	}
	if s.version == v5 && a.underwayLocked(s) >= limit {
		s.end(CauseProtocol, ReceiveMaximumExceeded, "more publishes under way than the Receive Maximum allows") // [MQTT-3.3.4-7]
		return nil
	}
	for s.version < v5 && len(a.waiting) >= limit {
		if !a.waitLocked(s) { // a 3.1.1 session is not read from; its keepalive starts anew with the next read
			return nil
		}
	}
	if qos == 2 {
		if len(a.received) >= maxUnreleased {
			s.end(CauseProtocol, ReceiveMaximumExceeded, "too many QoS 2 messages without PUBREL")
			return nil
		}
		if a.received == nil {
			a.received = map[uint16]exchange{}
		}
		a.received[id] = exchange{s: s}
	}
	p := &promise{s: s, id: id, qos: qos, mark: mark}
	a.waiting = append(a.waiting, p)
	return p
}

// enter counts a QoS 0 publish in, and waits while too many are with the handler. It is false when the session has ended.
func (a *acks) enter(s *Session) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.zero >= zeroes*s.b.cfg.MaxPublishes {
		if !a.waitLocked(s) {
			return false
		}
	}
	a.zero++
	return true
}

func (a *acks) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.zero--
	a.signal()
}

// settle answers p, and sends all acknowledgements that are next in order. A second answer changes nothing.
func (a *acks) settle(p *promise, ack Ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.done {
		return
	}
	p.done, p.ack = true, ack
	n := 0
	for n < len(a.waiting) && a.waiting[n].done {
		a.sendLocked(a.waiting[n])
		n++
	}
	if n == 0 {
		return
	}
	clear(a.waiting[:n])
	a.waiting = a.waiting[n:]
	if len(a.waiting) == 0 {
		a.waiting = nil
	}
	a.signal()
}

// sendLocked acknowledges one publish. The queue never blocks, so the lock may be held.
func (a *acks) sendLocked(p *promise) {
	s, r := p.s, p.ack.Refusal
	if r != nil && s.version < v5 && !s.b.refused.again(s, p.mark, r) {
		if p.qos == 2 {
			delete(a.received, p.id)
		}
		s.end(CauseRefused, Success, "") // 3.1.1 §3.3.5 knows no other way to say no
		return
	}
	if p.qos == 1 {
		if r == nil || s.version < v5 {
			s.sendAnswer(typePuback, p.id, Success, "", p.ack.Props)
			return
		}
		s.sendAnswer(typePuback, p.id, r.Code, r.Tell, append(r.props(), p.ack.Props...))
		return
	}
	if live := a.st.live.Load(); live != nil {
		s = live // the exchange goes on over the connection that has resumed the session [MQTT-4.4.0-1]
	}
	if r != nil && p.s.version == v5 {
		delete(a.received, p.id) // [MQTT-4.3.3-9]
		s.sendAnswer(typePubrec, p.id, r.Code, r.Tell, append(r.props(), p.ack.Props...))
		return
	}
	a.received[p.id] = exchange{s: s, decided: true}
	s.sendAnswer(typePubrec, p.id, Success, "", p.ack.Props)
}

// released ends the exchange of a QoS 2 message [MQTT-4.3.3-11].
func (a *acks) released(id uint16) {
	a.mu.Lock()
	known := a.received[id].decided
	if known {
		delete(a.received, id)
	}
	a.mu.Unlock()
	s := a.st.live.Load()
	if s == nil {
		return
	}
	code := Success
	if !known {
		code = PacketIDNotFound
	}
	s.sendAnswer(typePubcomp, id, code, "", nil)
}

// sendAnswer queues an acknowledgement.
func (s *Session) sendAnswer(kind byte, id uint16, code Reason, tell string, user []Prop) {
	if !s.problems {
		tell, user = "", nil // [MQTT-3.1.2-29]
	}
	s.c.send(encodeAnswer(s.version, kind, id, code, tell, user, s.maxPacket))
}
