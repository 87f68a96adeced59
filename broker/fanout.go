package broker

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// mostTopics is how many topics have their audience kept.
const mostTopics = 4096

// fan knows who hears what: the topic filters, who has subscribed by each, and the audience of each topic that is in use.
type fan struct {
	b *Broker

	mu        sync.RWMutex              // guards what follows; map work only
	index     *engine                   // finds the filters that match a topic
	members   map[string]map[*state]int // by filter: who has how many subscriptions that match by it
	audiences map[string]*audience
	levels    int    // of the filters in index, all together
	turn      uint64 // grows with every change, so that an audience gathered meanwhile is not kept
}

// An audience is everyone who hears a topic. Not changed after it was gathered.
type audience struct {
	plain  [2][2][]*Session // [MQTT 5][QoS 1 or 2 granted]: who gets the very same bytes as the others
	grants [2][]byte        // QoS of each in plain[…][1]
	other  []reader         // who gets a PUBLISH of its own: subscription ids, own spelling, no local, retain as published, topic aliases
	absent []reader         // away, and wants QoS 1 or 2
	groups [][]reader       // shared subscriptions: one of each
}

// A reader is one session, or its absent state, with the options under which it hears a topic.
type reader struct {
	st          *state
	s           *Session // nil: absent
	qos         byte
	noLocal     bool
	asPublished bool
	topic       string // its own spelling; empty: as published
	subIDs      []uint32
	holder      string // of an absent one: see Message.Holder
}

func newFan(b *Broker) *fan {
	return &fan{b: b, index: b.engine, members: map[string]map[*state]int{}, audiences: map[string]*audience{}}
}

// join adds a subscription of st that matches by filter.
func (f *fan) join(st *state, filter string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	who := f.members[filter]
	if who == nil {
		who = map[*state]int{}
		f.members[filter] = who
		f.levels += levels(filter)
		for _, place := range indexPlaces(filter) {
			f.index.add(filter, place)
		}
	}
	who[st]++
	f.changedLocked(filter)
}

// Every level of a filter costs the index some 500 bytes. Beyond mostLevels in all, a session still gets its first few short filters,
// so that whoever fills the index keeps nobody else from taking part.
const (
	mostLevels  = 64 << 10
	fewFilters  = 8
	shortFilter = 8 // levels
)

// crowded tells whether there is no room for another filter of a session that has so many.
func (f *fan) crowded(filter string, has int) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.levels >= mostLevels && (has >= fewFilters || levels(filter) > shortFilter)
}

// leave takes one away.
func (f *fan) leave(st *state, filter string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	who := f.members[filter]
	if who[st]--; who[st] <= 0 {
		delete(who, st)
	}
	if len(who) == 0 {
		delete(f.members, filter)
		f.levels -= levels(filter)
		for _, place := range indexPlaces(filter) {
			f.index.remove(filter, place)
		}
	}
	f.changedLocked(filter)
}

// indexPlaces are the filters under which a filter stands in mochi's index. mochi does not see that +/# matches a, so that stands
// under + as well; what is found too much does no harm.
func indexPlaces(filter string) []string {
	if n := len(filter) - 2; n > 0 && filter[n:] == "/#" && filter[n-1] == '+' {
		return []string{filter, filter[:n]}
	}
	return []string{filter}
}

// candidates returns every state that has a filter which matches topic, once.
func (f *fan) candidates(topic string) []*state {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var found []*state
	var seen map[*state]bool
	filters := f.index.candidates(topic)
	if len(filters) > 1 {
		seen = map[*state]bool{}
	}
	for _, filter := range filters {
		for st := range f.members[filter] {
			if seen == nil {
				found = append(found, st)
			} else if !seen[st] {
				seen[st] = true
				found = append(found, st)
			}
		}
	}
	return found
}

// changed drops the audiences of the topics that filter matches.
func (f *fan) changed(filter string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changedLocked(filter)
}

func (f *fan) changedLocked(filter string) {
	f.turn++
	if exact(filter) {
		delete(f.audiences, filter)
		return
	}
	for topic := range f.audiences {
		if Match(filter, topic) {
			delete(f.audiences, topic)
		}
	}
}

// audience returns who hears topic.
func (f *fan) audience(topic string) *audience {
	f.mu.RLock()
	a, turn := f.audiences[topic], f.turn
	f.mu.RUnlock()
	if a != nil {
		return a
	}
	a = f.gather(topic)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turn == turn {
		if len(f.audiences) >= mostTopics {
			clear(f.audiences)
		}
		f.audiences[topic] = a
	}
	return a
}

// gather asks every state that has a matching filter how it hears topic, and the handler whether it may.
func (f *fan) gather(topic string) *audience {
	a := &audience{}
	groups := map[string][]reader{}
	for _, st := range f.candidates(topic) {
		s := st.live.Load()
		if s != nil && !f.b.h.MayRead(s, topic) {
			continue
		}
		own, shared := st.hears(topic, s)
		for _, r := range own {
			a.add(r)
		}
		for group, r := range shared {
			groups[group] = append(groups[group], r)
		}
	}
	for _, g := range groups {
		a.groups = append(a.groups, g)
	}
	return a
}

func (a *audience) add(r reader) {
	switch {
	case r.s == nil:
		if r.qos > 0 {
			a.absent = append(a.absent, r)
		}
	case r.noLocal || r.asPublished || r.topic != "" || len(r.subIDs) > 0 || r.s.aliases != nil:
		a.other = append(a.other, r)
	default:
		v, q := 0, 0
		if r.s.version == v5 {
			v = 1
		}
		if r.qos > 0 {
			q = 1
			a.grants[v] = append(a.grants[v], r.qos)
		}
		a.plain[v][q] = append(a.plain[v][q], r.s)
	}
}

// hears tells how a state hears topic: once for each spelling that it subscribed by, and once for each shared subscription. Where
// subscriptions overlap the highest QoS counts [MQTT-3.3.4-2].
func (st *state) hears(topic string, s *Session) (own []reader, shared map[string]reader) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, sub := range st.subs {
		if !Match(sub.topic, topic) {
			continue
		}
		r := sub.reader(topic, st, s)
		if sub.group != "" {
			if shared == nil {
				shared = map[string]reader{}
			}
			r.noLocal = false
			shared[sub.filter] = r
			continue
		}
		merged := false
		for i := range own {
			if own[i].topic == r.topic {
				own[i].merge(r)
				merged = true
			}
		}
		if !merged {
			own = append(own, r)
		}
	}
	return own, shared
}

func (sub *subscription) reader(topic string, st *state, s *Session) reader {
	r := reader{st: st, s: s, qos: sub.qos, noLocal: sub.noLocal, asPublished: sub.asPublished, holder: st.holder}
	if sub.as != "" {
		if r.topic = spell(topic, sub.level, sub.as); r.topic == topic {
			r.topic = ""
		}
	}
	if sub.subID != 0 {
		r.subIDs = []uint32{sub.subID}
	}
	return r
}

func (r *reader) merge(o reader) {
	r.qos = max(r.qos, o.qos)
	r.noLocal = r.noLocal && o.noLocal
	r.asPublished = r.asPublished || o.asPublished
	r.subIDs = append(r.subIDs, o.subIDs...)
	slices.Sort(r.subIDs)
}

// fanout queues m for everyone in a. It runs messages × readers times, so for QoS 0 it allocates nothing per session: a PUBLISH is
// encoded once for 3.1.1 and once for MQTT 5, shared and read-only. A full queue never blocks the others; its session is cut.
func (f *fan) fanout(m *Message, a *audience) {
	for v, version := range [2]byte{v311, v5} {
		level := a.plain[v]
		if len(level[0])+len(level[1]) == 0 {
			continue
		}
		var pkt []byte
		if m.QoS == 0 || len(level[0]) > 0 {
			pkt = encodePublish(m, form{version: version, topic: m.Topic, expiry: m.Expiry})
			f.b.deliver(level[0], pkt, m)
		}
		if m.QoS == 0 {
			f.b.deliver(level[1], pkt, m)
			continue
		}
		for i, s := range level[1] {
			r := reader{st: s.st, s: s, qos: a.grants[v][i]}
			r.send(m, way{})
		}
	}
	for i := range a.other {
		if r := &a.other[i]; !r.noLocal || m.From == nil || m.From != r.s {
			r.send(m, way{})
		}
	}
	if m.QoS > 0 {
		for i := range a.absent {
			a.absent[i].send(m, way{})
		}
	}
	for _, g := range a.groups {
		if r := pick(g); r != nil {
			r.send(m, way{})
		}
	}
}

// deliver queues the same bytes, which are m, for every session.
func (b *Broker) deliver(to []*Session, pkt []byte, m *Message) {
	sent := int64(0)
	for _, s := range to {
		if len(pkt) > s.maxPacket {
			b.count.dropped.add(DropTooLarge)
			continue
		}
		if s.c.share(pkt, len(to)) {
			sent++
		}
	}
	b.count.queued(sent, m)
}

// pick chooses one member of a shared subscription: any that is here, else any that is away.
func pick(g []reader) *reader {
	start := rand.IntN(len(g))
	var away *reader
	for i := range g {
		r := &g[(start+i)%len(g)]
		if r.s != nil && !r.s.c.ending.Load() {
			return r
		}
		away = r
	}
	return away
}

// A way is how a message comes to be sent; the zero way is: just published.
type way struct {
	at       time.Time // when it came, if it has been kept
	retained bool      // it answers a new subscription
	pulled   bool      // the reader asked for it: it does not count against the limit of its queue
}

// send gives m to one reader in a PUBLISH of its own, and tells whether it is on its way.
func (r *reader) send(m *Message, w way) bool {
	if r.s == nil && m.Holder != "" && m.Holder != r.holder {
		return false
	}
	if w.at.IsZero() && m.Expiry > 0 {
		w.at = time.Now()
	}
	f := form{topic: m.Topic, qos: min(m.QoS, r.qos), retain: w.retained || m.Retain && r.asPublished, subIDs: r.subIDs}
	if r.topic != "" {
		f.topic = r.topic
	}
	if f.qos > 0 {
		r.st.out.send(&flight{m: m, form: f, at: w.at, pulled: w.pulled})
		return true
	}
	if r.s == nil {
		return false
	}
	var fresh bool
	if f.expiry, fresh = remaining(m, w.at); !fresh {
		r.s.b.count.dropped.add(DropExpired)
		return false
	}
	f.version = r.s.version
	fits, sent := r.s.post(m, f, w.pulled)
	if !fits {
		r.s.b.count.dropped.add(DropTooLarge)
	}
	return sent
}

// subscriptions counts the topic filters of all sessions.
func (f *fan) subscriptions() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := 0
	for _, who := range f.members {
		for _, times := range who {
			n += times
		}
	}
	return n
}

func (a *audience) empty() bool {
	for _, v := range a.plain {
		if len(v[0])+len(v[1]) > 0 {
			return false
		}
	}
	return len(a.other)+len(a.absent)+len(a.groups) == 0
}
