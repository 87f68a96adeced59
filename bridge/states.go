package bridge

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Limits of the last values that members keep here (chat/room/{room}/state/{name}/…).
const (
	stateValue   = 8 << 10             // bytes of one value
	stateEach    = 200                 // values of one member
	stateCount   = 10000               // values in all
	stateBytes   = 16 << 20            // bytes in all, topics included
	stateKept    = 30 * 24 * time.Hour // how long a value stays that nobody renews
	stateFlush   = 5 * time.Second     // how long a value published at QoS 0 may wait for the disk
	valueOfState = "state"             // history.Values kind: topic → storedState
)

// states holds the last values of devices: retained in the broker, and kept over a restart.
type states struct {
	br    *broker.Broker
	store history.Values
	quiet *broker.Quiet

	// order makes changing a value and showing it one step, and reading it and queueing it for the disk: an older value must not be
	// retained or stored last. Publish and Put only queue.
	order sync.Mutex

	mu      sync.Mutex // guards what follows; map work only
	byTopic map[string]*state
	perFold map[string]int // values of each member
	bytes   int
	unsaved map[string]bool // topics whose value is newer than the stored one
}

// A state is one last value.
type state struct {
	fold  string // of the member's name
	ident string // who it was: another member of the same name does not inherit it
	at    time.Time
	size  int
	saved storedState
}

// A storedState is a state as it is stored.
type storedState struct {
	Fold        string `json:"fold"`
	Ident       string `json:"ident"`
	Payload     []byte `json:"payload"`
	ContentType string `json:"type,omitempty"`
	UTF8        bool   `json:"utf8,omitempty"`
}

func newStates(store history.Values, quiet *broker.Quiet) *states {
	return &states{store: store, quiet: quiet, byTopic: map[string]*state{}, perFold: map[string]int{}, unsaved: map[string]bool{}}
}

// load retains the stored values again, and forgets the old ones.
func (ss *states) load(ctx context.Context) error {
	var old []string
	err := ss.store.Each(ctx, valueOfState, func(topic string, value []byte, age time.Duration) {
		var s storedState
		if json.Unmarshal(value, &s) != nil || age > stateKept {
			old = append(old, topic)
			return
		}
		ss.mu.Lock()
		ss.insert(topic, s, time.Now().Add(-age))
		ss.mu.Unlock()
		if err := ss.br.Publish(s.message(topic)); err != nil {
			ss.quiet.Warn("a stored state is not retained", "", "topic", topic, "err", err)
		}
	})
	for _, topic := range old {
		ss.save(topic, nil, nil)
	}
	return err
}

// message is the retained message of a value.
func (s storedState) message(topic string) *broker.Message {
	return &broker.Message{Topic: topic, Payload: s.Payload, ContentType: s.ContentType, UTF8: s.UTF8, Retain: true}
}

// put keeps a member's value and shows it to the room; an empty one deletes. ack waits for the disk when the publish asked for it.
func (ss *states) put(st *seat, topic string, m *broker.Message, ack func(broker.Ack)) {
	if len(m.Payload) > stateValue {
		ack(broker.Ack{Refusal: refuseTooLong("a state", len(m.Payload), stateValue)})
		return
	}
	s := storedState{Fold: st.member.fold, Ident: st.member.ident, Payload: m.Payload, ContentType: m.ContentType, UTF8: m.UTF8}
	shown := s.message(topic)
	shown.From = m.From
	ss.order.Lock()
	ss.mu.Lock()
	fits := len(m.Payload) == 0 || ss.fits(topic, s)
	if fits {
		ss.remove(topic)
		if len(m.Payload) > 0 {
			ss.insert(topic, s, time.Now())
		}
		if m.QoS == 0 {
			ss.unsaved[topic] = true
		}
	}
	ss.mu.Unlock()
	var err error
	if fits {
		err = ss.br.Publish(shown)
	}
	ss.order.Unlock()
	if !fits {
		ack(broker.Ack{Refusal: refuseFullState()})
		return
	}
	if err != nil {
		ss.quiet.Warn("a state is shown, but not retained", "", "topic", topic, "err", err)
	}
	if m.QoS == 0 {
		ack(broker.Ack{})
		return
	}
	ss.saveState(topic, func(err error) {
		if err != nil {
			ack(broker.Ack{Refusal: refuseStore(err)})
			return
		}
		ack(broker.Ack{})
	})
}

// fits tells whether one more value may be kept. The caller holds mu.
func (ss *states) fits(topic string, s storedState) bool {
	size := len(topic) + len(s.Payload)
	if was := ss.byTopic[topic]; was != nil {
		return ss.bytes-was.size+size <= stateBytes
	}
	return len(ss.byTopic) < stateCount && ss.perFold[s.Fold] < stateEach && ss.bytes+size <= stateBytes
}

// insert and remove keep the counts. The caller holds mu.
func (ss *states) insert(topic string, s storedState, at time.Time) {
	size := len(topic) + len(s.Payload)
	ss.byTopic[topic] = &state{fold: s.Fold, ident: s.Ident, at: at, size: size, saved: s}
	ss.perFold[s.Fold]++
	ss.bytes += size
}

func (ss *states) remove(topic string) {
	s := ss.byTopic[topic]
	if s == nil {
		return
	}
	delete(ss.byTopic, topic)
	ss.bytes -= s.size
	if ss.perFold[s.fold]--; ss.perFold[s.fold] == 0 {
		delete(ss.perFold, s.fold)
	}
}

// saveState stores the value that a topic has now, or that it has none.
func (ss *states) saveState(topic string, done func(error)) {
	ss.order.Lock()
	defer ss.order.Unlock()
	ss.mu.Lock()
	s := ss.byTopic[topic]
	delete(ss.unsaved, topic)
	ss.mu.Unlock()
	if s == nil {
		ss.save(topic, nil, done)
		return
	}
	value, err := json.Marshal(s.saved)
	if err != nil {
		panic(err) // strings and bytes always encode
	}
	ss.save(topic, value, done)
}

// save stores a value; done may be nil. What cannot be stored now is tried again by the next flush.
func (ss *states) save(topic string, value []byte, done func(error)) {
	finish := func(err error) {
		if err != nil {
			ss.mu.Lock()
			ss.unsaved[topic] = true
			ss.mu.Unlock()
		}
		if done != nil {
			done(err)
		}
	}
	if err := ss.store.Put(valueOfState, topic, value, finish); err != nil {
		finish(err)
	}
}

// flush stores, from time to time until ctx ends and once more then, what came at QoS 0: a sensor that reports each second does not
// wear the disk out.
func (ss *states) flush(ctx context.Context) {
	tick := time.NewTicker(stateFlush)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
		ss.mu.Lock()
		var topics []string
		for t := range ss.unsaved {
			topics = append(topics, t)
		}
		ss.mu.Unlock()
		for _, t := range topics {
			ss.saveState(t, nil)
		}
	}
}

// own is called when somebody takes a name: values that another one left under it go.
func (ss *states) own(fold, ident string) {
	ss.forget(func(s *state) bool { return s.fold == fold && s.ident != ident })
}

// drop forgets all values of a name.
func (ss *states) drop(fold string) {
	ss.forget(func(s *state) bool { return s.fold == fold })
}

// fade forgets values that nobody has renewed for long.
func (ss *states) fade() {
	ss.forget(func(s *state) bool { return time.Since(s.at) > stateKept })
}

// forget deletes the values that which picks: retained ones, stored ones, ours.
func (ss *states) forget(which func(*state) bool) {
	ss.mu.Lock()
	var gone []string
	for topic, s := range ss.byTopic {
		if which(s) {
			gone = append(gone, topic)
		}
	}
	ss.mu.Unlock()
	for _, topic := range gone {
		ss.forgetOne(topic, which)
	}
}

// forgetOne deletes one value, if which still picks it.
func (ss *states) forgetOne(topic string, which func(*state) bool) {
	ss.order.Lock()
	defer ss.order.Unlock()
	ss.mu.Lock()
	s := ss.byTopic[topic]
	gone := s != nil && which(s)
	if gone {
		ss.remove(topic)
		delete(ss.unsaved, topic)
	}
	ss.mu.Unlock()
	if !gone {
		return
	}
	if err := ss.br.Publish(&broker.Message{Topic: topic, Retain: true}); err != nil {
		ss.quiet.Warn("could not take a state back", "", "topic", topic, "err", err)
	}
	ss.save(topic, nil, nil)
}
