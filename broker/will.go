package broker

import "time"

// A parted is a will whose delay runs while its session's client may still come back (§3.1.3.2.2).
type parted struct {
	s    *Session
	will *will
	due  time.Time
}

// checkWill asks whether s may leave its will: a will passes the same door as a PUBLISH.
func (s *Session) checkWill() *Refusal {
	if s.will == nil {
		return nil
	}
	if r := s.b.closed(s.will.m.Topic); r != nil {
		return r
	}
	return s.b.h.MayPublish(s, s.will.m.Topic)
}

// leaveWill sends the will of a session whose connection has ended, or returns it when it has to wait. kept is how long the session
// state outlives the connection; the will is sent at its end at the latest.
func (s *Session) leaveWill(why Cause, kept time.Duration) (w parted) {
	if s.will == nil || why == CauseStopping {
		return w // a restart shall not turn everybody offline
	}
	s.will.m.From = s
	if delay := min(s.will.delay, kept); delay > 0 {
		return parted{s, s.will, time.Now().Add(delay)}
	}
	s.b.send(parted{s: s, will: s.will})
	return w
}

// send hands a will to the handler.
func (b *Broker) send(w parted) {
	m := w.will.m
	b.h.Publish(w.s, m, func(a Ack) { b.refusing(w.s, m.Topic, a.Refusal) })
}
