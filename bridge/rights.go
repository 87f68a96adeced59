package bridge

import "tincan/broker"

// Who may do what in a room. Everything that shows something of a room asks here: subscriptions, retained messages, requests, files
// and links. Rights go by ident (see member.ident), so they are the same whatever way somebody comes.

// mayRead tells whether a member may read a room: its messages, its roster, its history, its files. It takes no lock that is held over
// I/O; the broker asks it for every reader of a topic.
func (b *Bridge) mayRead(m *member, slug string) bool { return b.mayReadAs(m.ident, slug) }

// mayReadAs is mayRead for who has no session: a request by HTTP.
func (b *Bridge) mayReadAs(ident, slug string) bool {
	c := b.cards.of(slug)
	return !c.Private || c.inside[ident]
}

// maySay tells whether a member may post to a room now. It does not open the room.
func (b *Bridge) maySay(m *member, slug string) *broker.Refusal {
	if !b.mayRead(m, slug) {
		return refuseNotIn(slug)
	}
	return nil
}

// mayPost tells whether a member may post something of a kind to a room now: who reads there may vote and raise a hand, also where only
// others write.
func (b *Bridge) mayPost(m *member, slug, kind string) *broker.Refusal {
	if (kind == kindVote || kind == kindHand) && b.mayRead(m, slug) {
		return nil
	}
	return b.maySay(m, slug)
}

// mayRun tells whether a member may moderate a room: its owner, its hosts, and in open rooms the hosts of the server. A private room is
// its members' own affair.
func (b *Bridge) mayRun(m *member, slug string) bool { return b.mayRunAs(m.ident, slug) }

func (b *Bridge) mayRunAs(ident, slug string) bool {
	c := b.cards.of(slug)
	if c.owned(ident) || c.hosted(ident) {
		return true
	}
	return !c.Private && b.isHost(ident)
}

// isNobodys tells whether nobody runs a room: it has neither owner nor hosts, and this tincan has none for it.
func (b *Bridge) isNobodys(slug string) bool {
	c := b.cards.of(slug)
	return c.Owner == nil && len(c.Hosts) == 0 && (c.Private || len(b.hosts.list()) == 0)
}

// rightsChanged makes a change of a card hold: who may read no longer hears nothing from now on and is in the room no more, and who may
// from now on is in it where its filters take it.
func (b *Bridge) rightsChanged(slug string, old, now *card) {
	b.br.Forget("chat/room/" + slug + "/#")
	b.members.review(slug)
	if r := b.rooms.find(slug); r != nil {
		b.publish(&broker.Message{Topic: topicAbout(slug), Payload: encode(now.about(slug))})
	}
}
