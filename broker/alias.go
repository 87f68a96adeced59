package broker

import "sync"

// mostAliases is how many topics get an alias in one connection, whatever its client would take.
const mostAliases = 16

// aliases are the numbers that stand for topics towards one client, which announced a Topic Alias Maximum (§3.3.2.3.4). The first
// topics that it hears get one and keep it while it is connected. It is nil for every other session.
type aliases struct {
	most int // how many there may be; not changed

	mu sync.Mutex // guards of, and is held while a packet is queued: what defines an alias is in the queue before what uses it
	of map[string]uint16
}

// newAliases is for a client that announced this maximum; nil when that is none.
func newAliases(maximum uint16) *aliases {
	if maximum == 0 {
		return nil
	}
	return &aliases{most: min(int(maximum), mostAliases), of: map[string]uint16{}}
}

// post queues the PUBLISH of m in the given form for s alone. fits is false when it is larger than the client takes; sent tells
// whether it is on its way.
func (s *Session) post(m *Message, f form, pulled bool) (fits, sent bool) {
	a := s.aliases
	if a == nil || f.dup { // what is sent again bears its topic: on a new connection nothing is defined
		return s.postBytes(m, encodePublish(m, f), pulled)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	topic := f.topic
	if f.alias = a.of[topic]; f.alias > 0 {
		f.topic = ""
		return s.postBytes(m, encodePublish(m, f), pulled)
	}
	if len(a.of) < a.most {
		defining := f
		defining.alias = uint16(len(a.of) + 1)
		fits, sent = s.postBytes(m, encodePublish(m, defining), pulled)
		if sent {
			a.of[topic] = defining.alias
		}
		if fits {
			return fits, sent
		}
	}
	return s.postBytes(m, encodePublish(m, f), pulled) // the few bytes less may let it fit
}

func (s *Session) postBytes(m *Message, pkt []byte, pulled bool) (fits, sent bool) {
	if len(pkt) > s.maxPacket {
		return false, false // [MQTT-3.1.2-25]
	}
	s.b.count.queued(1, m)
	if pulled {
		return true, s.c.q.pushPulled(pkt)
	}
	return true, s.c.send(pkt)
}
