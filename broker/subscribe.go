package broker

import "strconv"

// obey lets mochi decode and answer a SUBSCRIBE or UNSUBSCRIBE that was found in order; it calls subscribed or unsubscribed.
func (s *Session) obey(r subscribe, frame []byte) {
	s.request = &request{subscribe: r}
	if err := s.b.engine.process(s, frame); err != nil {
		s.end(CauseProtocol, PacketTooLarge, "the answer would be larger than the client takes")
	}
	then := s.request.then
	s.request = nil
	s.pulls.add(s, then) // after the SUBACK: the retained messages, and what the handler has told meanwhile
	s.decided()
}

// subscribed obeys the SUBSCRIBE under way, when mochi has decoded it: it fills in the reason codes (§3.9.3).
func (s *Session) subscribed() {
	r := s.request
	r.codes = make([]byte, len(r.filters))
	st, b := s.st, s.b

	var ask []Subscription
	var place []int // of each asked one in r.filters
	st.mu.Lock()
	count := len(st.subs)
	for i, w := range r.filters {
		if refusal := b.badFilter(w.filter); refusal != nil {
			r.refuse(s, i, refusal)
			continue
		}
		if _, had := st.subs[w.filter]; !had {
			if count >= b.cfg.MaxFilters {
				r.refuse(s, i, &Refusal{Code: QuotaExceeded, Tell: "a session has at most " + strconv.Itoa(b.cfg.MaxFilters) +
					" topic filters here: use wildcards"})
				continue
			}
			if b.fan.crowded(w.filter, count) {
				r.refuse(s, i, &Refusal{Code: QuotaExceeded, Tell: "all sessions together have too many topic filters: use fewer or shorter ones"})
				continue
			}
			count++
		}
		group, topic, _ := SplitShare(w.filter)
		ask, place = append(ask, Subscription{Filter: w.filter, Group: group, Topic: topic, QoS: w.qos}), append(place, i)
	}
	st.deciding = true
	st.mu.Unlock()

	if len(ask) > 0 {
		for j, d := range b.decisions(s, ask) {
			if i := place[j]; d.Refusal != nil {
				r.refuse(s, i, d.Refusal)
			} else {
				sub := newSubscription(r.filters[i], ask[j], d, r.subID)
				r.codes[i] = sub.qos
				r.then = append(r.then, s.grant(sub)...)
			}
		}
		s.remember()
	}
}

// decisions asks the handler.
func (b *Broker) decisions(s *Session, ask []Subscription) []Decision {
	ds := b.h.Subscribe(s, ask)
	if len(ds) != len(ask) {
		panic("broker: Handler.Subscribe must decide on each filter")
	}
	return ds
}

// badFilter refuses a filter that no handler needs to see.
func (b *Broker) badFilter(filter string) *Refusal {
	switch {
	case !ValidFilter(filter):
		return &Refusal{Code: BadFilter, Tell: "a topic filter that is none: + and # stand alone in their level, # is last"}
	case len(filter) > b.cfg.MaxTopic || levels(filter) > b.cfg.MaxLevels:
		return &Refusal{Code: BadFilter, Tell: "a topic filter has at most " + strconv.Itoa(b.cfg.MaxLevels) + " levels and " +
			strconv.Itoa(b.cfg.MaxTopic) + " bytes here: use a shorter one"}
	}
	return nil
}

// refuse answers filter i with no.
func (r *request) refuse(s *Session, i int, why *Refusal) {
	r.codes[i] = byte(why.Code)
	if s.version < v5 {
		r.codes[i] = 0x80 // 3.1.1 §3.9.3
	}
	if r.tell == "" {
		r.tell = why.Tell
	}
	s.b.count.filters.add(why.word())
	s.b.quiet.Warn("refused a subscription", s.name, why.logged("name", s.name, "session", s.clientID, "remote", s.remote,
		"topic", r.filters[i].filter)...)
}

func newSubscription(w wanted, ask Subscription, d Decision, subID uint32) *subscription {
	sub := &subscription{
		filter: w.filter, group: ask.Group, topic: ask.Topic, level: d.Level, as: d.As,
		qos: w.qos, noLocal: w.noLocal, asPublished: w.asPublished, retainHandling: w.retainHandling, subID: subID,
	}
	if d.Topic != "" {
		sub.topic = d.Topic
	}
	return sub
}

// grant puts a subscription into the session state and the index, in place of one with the same filter [MQTT-3.8.4-3]. It returns
// the retained messages to send for it, if any.
func (s *Session) grant(sub *subscription) []pull {
	st, fan := s.st, s.b.fan
	st.mu.Lock()
	old := st.subs[sub.filter]
	st.subs[sub.filter] = sub
	st.mu.Unlock()
	fan.join(st, sub.topic)
	sub.since = s.b.shelf.now()
	if old != nil {
		fan.leave(st, old.topic)
	}
	if sub.group != "" || sub.retainHandling == 2 || sub.retainHandling == 1 && old != nil {
		return nil // no retained messages: §4.8.2, [MQTT-3.3.1-10], [MQTT-3.3.1-11]
	}
	return []pull{{sub: sub}}
}

// decided matches what the handler told s while it was asked about subscriptions.
func (s *Session) decided() {
	s.st.mu.Lock()
	held := s.st.held
	s.st.held, s.st.deciding = nil, false
	s.st.mu.Unlock()
	for _, m := range held {
		s.b.Tell(s, m)
	}
}

// unsubscribed obeys the UNSUBSCRIBE under way (§3.11.3).
func (s *Session) unsubscribed() {
	r := s.request
	r.codes = make([]byte, len(r.filters))
	var gone []string
	for i, w := range r.filters {
		if !s.revoke(w.filter) {
			r.codes[i] = byte(NoSubscriptionExisted)
			continue
		}
		gone = append(gone, w.filter)
	}
	if len(gone) > 0 {
		s.b.h.Unsubscribe(s, gone)
		s.remember()
	}
}

// revoke takes one subscription away; false: there was none.
func (s *Session) revoke(filter string) bool {
	s.st.mu.Lock()
	sub := s.st.subs[filter]
	delete(s.st.subs, filter)
	s.st.mu.Unlock()
	if sub == nil {
		return false
	}
	s.b.fan.leave(s.st, sub.topic)
	return true
}

// replay asks the handler about the filters of a resumed session, and drops those that are now refused.
func (s *Session) replay() {
	st := s.st
	var subs []*subscription
	var ask []Subscription
	st.mu.Lock()
	for _, sub := range st.subs {
		group, topic, _ := SplitShare(sub.filter)
		subs = append(subs, sub)
		ask = append(ask, Subscription{Filter: sub.filter, Group: group, Topic: topic, QoS: sub.qos})
	}
	st.deciding = true
	st.mu.Unlock()
	if len(ask) > 0 {
		for i, d := range s.b.decisions(s, ask) {
			if d.Refusal != nil {
				s.revoke(subs[i].filter)
				continue
			}
			was := subs[i]
			w := wanted{was.filter, was.qos, was.noLocal, was.asPublished, 2}
			s.grant(newSubscription(w, ask[i], d, was.subID))
		}
	}
	s.decided()
}

// clear takes all subscriptions out of the index, and forgets what waits and what is stored.
func (st *state) clear(f *fan) {
	st.out.discard()
	st.out.b.storage.forget(st)
	st.leaveAll(f)
}

// rest is clear for a server that stops: what is stored stays.
func (st *state) rest(f *fan) {
	st.out.rest()
	st.leaveAll(f)
}

func (st *state) leaveAll(f *fan) {
	st.mu.Lock()
	subs := st.subs
	st.subs = map[string]*subscription{}
	st.mu.Unlock()
	for _, sub := range subs {
		f.leave(st, sub.topic)
	}
}
