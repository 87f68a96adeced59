package broker

import (
	"hash/maphash"
	"strconv"
	"strings"
	"sync/atomic"
)

var seed = maphash.MakeSeed()

// publish hands a PUBLISH to the handler: the one way in.
func (s *Session) publish(p *publish) {
	if string(p.topic) != s.topic {
		s.topic = string(p.topic)
	}
	m := &Message{
		Topic: s.topic, QoS: p.qos, Retain: p.retain, Dup: p.dup, From: s,
		Payload: append([]byte{}, p.payload...),
	}
	p.props.message(m)
	b := s.b
	b.count.received.Add(1)
	b.count.receivedLen.Add(int64(len(m.Payload)))
	refusal, topic := b.closed(m.Topic), m.Topic // m is the handler's soon

	if p.qos == 0 {
		if !s.st.acks.enter(s) {
			return
		}
		var once atomic.Bool
		ack := func(a Ack) {
			if once.Swap(true) {
				return
			}
			s.st.acks.leave()
			b.refusing(s, topic, a.Refusal)
		}
		if refusal != nil {
			ack(Ack{Refusal: refusal})
			return
		}
		b.h.Publish(s, m, ack)
		return
	}

	var mark uint64
	if s.version < v5 {
		mark = s.mark(m)
	}
	promise := s.st.acks.promise(s, p.id, p.qos, mark)
	if promise == nil {
		return
	}
	ack := func(a Ack) {
		b.refusing(s, topic, a.Refusal)
		s.st.acks.settle(promise, a)
	}
	if refusal != nil {
		ack(Ack{Refusal: refusal})
		return
	}
	b.h.Publish(s, m, ack)
}

// mark tells messages apart: what was refused once and comes again is acknowledged, or a 3.1.1 client would send it for ever.
func (s *Session) mark(m *Message) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, part := range []string{s.name, s.clientID, m.Topic} {
		_, _ = h.WriteString(part)
		_ = h.WriteByte(0)
	}
	_, _ = h.Write(m.Payload)
	return h.Sum64()
}

// closed refuses topics that no client may publish to, whatever the handler says.
func (b *Broker) closed(topic string) *Refusal {
	switch {
	case topic == "$SYS" || strings.HasPrefix(topic, "$SYS/"):
		return &Refusal{Code: NotAuthorized, Tell: "topics below $SYS are the server's own: publish to another one"} // §4.7.2
	case isShare(topic):
		return &Refusal{Code: BadTopic, Tell: "nobody could subscribe to this topic: $share begins a shared subscription"} // §4.8.2
	case len(topic) > b.cfg.MaxTopic || levels(topic) > b.cfg.MaxLevels:
		return &Refusal{Code: BadTopic, Tell: "a topic has at most " + strconv.Itoa(b.cfg.MaxLevels) + " levels and " +
			strconv.Itoa(b.cfg.MaxTopic) + " bytes here: use a shorter one"}
	}
	return nil
}

// refusing counts and logs a refused publish.
func (b *Broker) refusing(s *Session, topic string, r *Refusal) {
	if r == nil {
		return
	}
	b.count.denied.add(r.word())
	b.quiet.Warn("refused a publish", s.name, r.logged("name", s.name, "session", s.clientID, "remote", s.remote, "topic", topic)...)
}
