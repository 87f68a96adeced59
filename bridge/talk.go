package bridge

import (
	"errors"

	"tincan/bridge/names"
	"tincan/broker"
)

// What members tell each other that is not logged: typing, away, last values, and topics outside chat/.

// typing passes on that a member writes.
func (b *Bridge) typing(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	r := b.rooms.find(t.room)
	said := string(m.Payload)
	switch {
	case said != "0" && said != "1":
		b.refused(st, t, m, refusePayload("bad-typing", "typing takes 1 or 0"), ack)
	case r == nil || !b.mayReadHere(st, t.room):
		b.refused(st, t, m, refuseNoRoom(t.room), ack)
	case !st.member.pace.limit(paceTyping).Allow(), b.mayShow(st.member, t.room) != nil:
		ack(broker.Ack{}) // nobody misses one of many
	default:
		t.name = st.name()
		b.publish(&broker.Message{Topic: t.String(), Payload: m.Payload, From: m.From})
		ack(broker.Ack{})
	}
}

// state keeps a member's last value, and takes it into the room.
func (b *Bridge) state(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	ack, ok := paced(st.member.pace.limit(paceState), m, ack)
	if !ok {
		b.tooFast(st, t, m, "states", ack)
		return
	}
	no := b.enterBy(st, t.room, m.Will)
	if no == nil {
		no = b.mayShow(st.member, t.room)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	t.name = st.name()
	if m.Will && st.member.guest && b.members.seat(st.session.ID()) == nil {
		ack(broker.Ack{}) // a delayed one: nothing of a guest outlives its session
		return
	}
	b.states.put(st, t.String(), m, func(a broker.Ack) {
		if a.Refusal != nil {
			b.refused(st, t, m, a.Refusal, ack)
			return
		}
		ack(a)
	})
}

// away notes that a session's user is away, or back.
func (b *Bridge) away(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	said := string(m.Payload)
	if said != "0" && said != "1" {
		b.refused(st, t, m, refusePayload("bad-away", "away takes 1 or 0"), ack)
		return
	}
	if m.Will {
		ack(broker.Ack{}) // it is gone, not away
		return
	}
	if !st.member.pace.limit(paceAsks).Allow() {
		b.refused(st, t, m, refuseFast("requests"), ack) // everybody is told of each
		return
	}
	b.members.setAway(st, said == "1")
	ack(broker.Ack{})
}

// relay passes a message outside chat/ on. It is acknowledged when it is on disk for those who will come back for it.
func (b *Bridge) relay(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	ack, ok := paced(st.member.pace.limit(paceOrdinary), m, ack)
	if !ok {
		b.tooFast(st, t, m, "messages", ack)
		return
	}
	told := &broker.Message{Topic: m.Topic, QoS: m.QoS, Will: m.Will} // the payload is not needed until the store answers
	b.br.Relay(m, func(err error) {
		a := broker.Ack{}
		switch {
		case errors.Is(err, broker.ErrRetainedFull):
			a.Refusal = refuseNow(broker.QuotaExceeded, "retained-full", "this was sent, but cannot be retained: too many retained messages are kept here, delete some by an empty retained payload")
			a.Refusal.Err = err
		case err != nil:
			b.refused(st, t, told, refuseStore(err), ack)
			return
		}
		ack(a)
	})
}

// isCalled tells whether a canonical name is the seat's own, however it is spelled.
func (s *seat) isCalled(name string) bool {
	if name == s.name() {
		return true
	}
	n, err := names.Parse(name)
	return err == nil && n.Fold == s.member.fold
}
