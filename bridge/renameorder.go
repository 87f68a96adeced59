package bridge

import (
	"errors"
	"math"
	"slices"
	"strings"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// renameRoom gives a room another name: its log, its card, the marks and states in it and those who are in it go along, and the old name
// leads there from now on, for publishing and subscribing.
func (o *ruling) renameRoom() (ruled, *broker.Refusal) {
	b, old := o.b, o.Room
	if no := o.notLobby(); no != nil {
		return ruled{}, no
	}
	to, err := names.Room(o.ask.To)
	if err != nil {
		return ruled{}, refuseName(err)
	}
	taken := refuseRoomTaken(to)
	if to == old {
		return o.withCard(old), nil
	}
	if c := b.cards.of(to); b.rooms.find(to) != nil || c != noCard && c.Moved != old {
		return ruled{}, taken
	}
	if last, err := b.store.Head(o.ctx, to); err != nil {
		return ruled{}, refuseStore(err)
	} else if last > 0 && b.cards.of(to).Moved != old {
		return ruled{}, taken
	}
	r := b.rooms.find(old)
	if r == nil {
		return ruled{}, refuseNoRoom(old)
	}
	// The new name first: from then on nobody else can have it. While the log moves, the room is under neither.
	c := b.cards.of(old)
	no := o.change(to, func(n *card) *broker.Refusal {
		*n = *c.clone()
		return nil
	})
	if no != nil {
		return ruled{}, no
	}
	b.rooms.moving(old, to)
	defer b.rooms.moving()
	b.rooms.shut(r)
	if err := b.store.Rename(o.ctx, old, to); err != nil {
		b.cards.drop(to, b.cards.of(to))
		b.rooms.reopen(old)
		if errors.Is(err, history.ErrNameUsed) {
			return ruled{}, taken
		}
		return ruled{}, refuseStore(err)
	}
	no = o.change(old, func(n *card) *broker.Refusal {
		*n = card{Moved: to}
		return nil
	})
	for _, slug := range b.cards.movedTo(old) { // no chains: every name leads to the last one at once
		_ = b.cards.change(slug, func(n *card) *broker.Refusal {
			n.Moved = to
			return nil
		}, nil)
	}
	b.br.Redirect("chat/room/", old, to)
	b.marks.moveRoom(old, to)
	b.states.moveRoom(old, to)
	b.rollcall.move(o.ctx, old, to)
	b.members.renamed(old, to)
	b.br.Forget("chat/room/" + to + "/#")
	b.rooms.reopen(to)
	b.publish(&broker.Message{Topic: topicAbout(to), Payload: encode(c.about(to))})
	inside := b.members.inside(to)
	for _, s := range c.Members {
		if !has(inside, s.Ident) {
			inside = append(inside, s)
		}
		b.tellPrivate(s)
	}
	for _, s := range inside {
		o.tell(s, act{Text: to})
	}
	o.said(to)
	return o.withCard(to), no
}

// movedTo lists the names that lead to a room.
func (cs *cards) movedTo(slug string) (l []string) {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	for s, c := range cs.bySlug {
		if c.Moved == slug {
			l = append(l, s)
		}
	}
	slices.Sort(l)
	return l
}

// reopen opens a room whose log is there under a name.
func (rs *rooms) reopen(slug string) {
	last, err := rs.store.Head(rs.ctx, slug)
	if err != nil {
		rs.quiet.Warn("a room is opened without its log", slug, "room", slug, "err", err)
	}
	rs.start(slug, last, math.MaxInt)
}

// moving says which rooms nobody opens now: they are being renamed. Only one goroutine calls it.
func (rs *rooms) moving(slugs ...string) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.moved = slugs
}

// renamed makes the seats that named a room name it as it is called now.
func (ms *members) renamed(old, to string) {
	ms.do(func() {
		for _, s := range ms.byID {
			if s.chosen.has(old) {
				chosen := set[string]{}
				for slug := range s.chosen.all() {
					if slug == old {
						slug = to
					}
					chosen.add(slug)
				}
				ms.choose(s, chosen)
			}
		}
	})
}

// moveRoom puts the values shown in a room where it is now.
func (ss *states) moveRoom(old, to string) {
	from := stateTopics(old)
	for _, topic := range ss.below(from) {
		ss.move(topic, stateTopics(to)+topic[len(from):])
	}
}

// forgetRoom deletes the values shown in a room.
func (ss *states) forgetRoom(slug string) {
	for _, topic := range ss.below(stateTopics(slug)) {
		ss.forgetOne(topic, func(*state) bool { return true })
	}
}

func stateTopics(slug string) string { return "chat/room/" + slug + "/state/" }

// below lists the topics of values that begin so.
func (ss *states) below(prefix string) (l []string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for topic := range ss.byTopic {
		if strings.HasPrefix(topic, prefix) {
			l = append(l, topic)
		}
	}
	return l
}

// move keeps one value under another topic.
func (ss *states) move(topic, to string) {
	ss.order.Lock()
	ss.mu.Lock()
	s := ss.byTopic[topic]
	if s != nil {
		ss.remove(topic)
		delete(ss.unsaved, topic)
		ss.insert(to, s.saved, s.at)
	}
	ss.mu.Unlock()
	if s != nil {
		for _, m := range []*broker.Message{{Topic: topic, Retain: true}, s.saved.message(to)} {
			if err := ss.br.Publish(m); err != nil {
				ss.quiet.Warn("a state is shown, but not retained", "", "topic", m.Topic, "err", err)
			}
		}
		ss.save(topic, nil, nil)
	}
	ss.order.Unlock()
	if s != nil {
		ss.saveState(to, nil)
	}
}
