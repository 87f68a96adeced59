package broker

import (
	"errors"
	"strings"
	"sync"
	"time"
)

// ErrRetainedFull is Publish's answer when a message was sent, but not stored for later subscribers.
var ErrRetainedFull = errors.New("broker: no room for another retained message: delete some (publish an empty retained message), or raise the limit")

// A retained is what a new subscriber to its topic gets first (§3.3.1.3). Not changed after it was stored.
type retained struct {
	m     *Message
	at    time.Time
	turn  uint64        // of the shelf, when it was stored
	value func() []byte // not nil: m is made when it is asked for
}

// leafSize is about what a level of a topic costs in the tree, in bytes.
const leafSize = 200

// size is what a retained message counts, in bytes: about what it costs, so that deep topics are not for nothing.
func (r *retained) size() int {
	return len(r.m.Topic) + len(r.m.Payload) + leafSize*levels(r.m.Topic)
}

// A shelf holds the retained messages in a tree of topic levels, so that a filter finds its topics without looking at all.
type shelf struct {
	maxCount, maxBytes int

	mu    sync.RWMutex // guards what follows; map work only
	root  leaf
	count int
	bytes int
	turn  uint64 // grows with every message that is stored
}

type leaf struct {
	kept *retained
	next map[string]*leaf
}

// put stores m, which came at the given time, or deletes what is stored when its payload is empty [MQTT-3.3.1-6]. It is false when there is no room.
func (s *shelf) put(m *Message, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(m.Payload) == 0 {
		s.setLocked(m.Topic, nil)
		return true
	}
	kept := *m
	kept.From, kept.receipt = nil, nil // a session that has ended shall not be kept for its words
	s.turn++
	r := &retained{m: &kept, at: at, turn: s.turn}
	count, bytes := s.count+1, s.bytes+r.size()
	if l := s.findLocked(m.Topic); l != nil && l.kept != nil && l.kept.value == nil {
		count, bytes = count-1, bytes-l.kept.size()
	}
	if count > s.maxCount || bytes > s.maxBytes {
		return false
	}
	s.setLocked(m.Topic, r)
	return true
}

// compute makes topic's value one that is computed; nil deletes.
func (s *shelf) compute(topic string, value func() []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value == nil {
		s.setLocked(topic, nil)
		return
	}
	s.setLocked(topic, &retained{m: &Message{Topic: topic}, value: value})
}

func (s *shelf) findLocked(topic string) *leaf {
	l := &s.root
	for level := range strings.SplitSeq(topic, "/") {
		if l = l.next[level]; l == nil {
			return nil
		}
	}
	return l
}

// setLocked puts r, which may be nil, on topic, keeps count, and prunes what is empty.
func (s *shelf) setLocked(topic string, r *retained) {
	path := []*leaf{&s.root}
	l := &s.root
	names := strings.Split(topic, "/")
	for _, name := range names {
		n := l.next[name]
		if n == nil {
			if r == nil {
				return
			}
			n = &leaf{}
			if l.next == nil {
				l.next = map[string]*leaf{}
			}
			l.next[name] = n
		}
		l = n
		path = append(path, l)
	}
	if old := l.kept; old != nil && old.value == nil {
		s.count--
		s.bytes -= old.size()
	}
	if l.kept = r; r != nil {
		if r.value == nil {
			s.count++
			s.bytes += r.size()
		}
		return
	}
	for i := len(names); i > 0 && path[i].kept == nil && len(path[i].next) == 0; i-- {
		delete(path[i-1].next, names[i-1])
	}
}

// now is the turn of the message stored last.
func (s *shelf) now() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.turn
}

// get returns the message of topic and when it came; nil when there is none, it has expired, or it was stored after the given turn.
func (s *shelf) get(topic string, turn uint64) (*Message, time.Time) {
	s.mu.RLock()
	var r *retained
	if l := s.findLocked(topic); l != nil {
		r = l.kept
	}
	s.mu.RUnlock()
	if r == nil || r.turn > turn {
		return nil, time.Time{}
	}
	if r.value != nil {
		payload := r.value()
		if len(payload) == 0 {
			return nil, time.Time{}
		}
		return &Message{Topic: topic, Payload: payload, Retain: true}, time.Time{}
	}
	if _, fresh := remaining(r.m, r.at); !fresh {
		return nil, time.Time{}
	}
	return r.m, r.at
}

// topics lists the topics that filter matches. The strings are the shelf's own.
func (s *shelf) topics(filter string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []string
	s.root.match(strings.Split(filter, "/"), true, func(r *retained) { found = append(found, r.m.Topic) })
	return found
}

// match calls found for every kept leaf below l that the levels of a filter match (§4.7).
func (l *leaf) match(levels []string, first bool, found func(*retained)) {
	if len(levels) == 0 {
		if l.kept != nil {
			found(l.kept)
		}
		return
	}
	switch level := levels[0]; level {
	case "#":
		if l.kept != nil {
			found(l.kept) // sport/# also matches sport (§4.7.1.2)
		}
		for name, n := range l.next {
			if !first || !strings.HasPrefix(name, "$") { // [MQTT-4.7.2-1]
				n.match(levels, false, found)
			}
		}
	case "+":
		for name, n := range l.next {
			if !first || !strings.HasPrefix(name, "$") {
				n.match(levels[1:], false, found)
			}
		}
	default:
		if n := l.next[level]; n != nil {
			n.match(levels[1:], false, found)
		}
	}
}

// expire deletes the messages whose time is over, and returns their topics.
func (s *shelf) expire() (over []string) {
	s.mu.RLock()
	s.root.match([]string{"#"}, false, func(r *retained) {
		if _, fresh := remaining(r.m, r.at); !fresh {
			over = append(over, r.m.Topic)
		}
	})
	s.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, topic := range over {
		if l := s.findLocked(topic); l != nil && l.kept != nil {
			if _, fresh := remaining(l.kept.m, l.kept.at); !fresh {
				s.setLocked(topic, nil)
			}
		}
	}
	return over
}

func (s *shelf) len() (count, bytes int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.count, s.bytes
}
