package bridge

import (
	"bytes"
	"maps"
	"sync"
	"time"

	"tincan/broker"
)

// Who may do what in a room. Everything that shows something of a room asks here: subscriptions, retained messages, requests, files
// and links. Rights go by ident (see member.ident), so they are the same whatever way somebody comes.

// serverCard is the key of the card of the server itself: who is banned from it, and whether it is read-only. It is no room's slug.
const serverCard = "@server"

// mayRead tells whether a member may read a room: its messages, its roster, its history, its files. It takes no lock that is held over
// I/O; the broker asks it for every reader of a topic.
func (b *Bridge) mayRead(m *member, slug string) bool {
	c := b.cards.at(slug)
	if c == noCard {
		return true
	}
	return b.reads(c, m.ident) && (len(c.Banned) == 0 || find(c.Banned, func(s *sanction) bool { return s.means(m) }) == nil)
}

// leads is the slug that a room has now. To who may not read the room the name that it had leads nowhere: it would tell the new one.
func (b *Bridge) leads(m *member, slug string) string {
	if to := b.cards.resolve(slug); b.mayRead(m, to) || b.mayRun(m, to) {
		return to
	}
	return slug
}

// mayReadAs is mayRead for who is not here.
func (b *Bridge) mayReadAs(ident, slug string) bool {
	c := b.cards.at(slug)
	return b.reads(c, ident) && find(c.Banned, func(s *sanction) bool { return s.Ident != "" && s.Ident == ident }) == nil
}

// mayReadHere is mayRead for one session of a member: a room may have banned the address or the client id.
func (b *Bridge) mayReadHere(st *seat, slug string) bool {
	return b.mayRead(st.member, slug) && b.barredHere(st, slug) == nil
}

// mayReadFrom is mayRead for who comes by HTTP: a room may have banned the address.
func (b *Bridge) mayReadFrom(v *Visitor, slug string) bool {
	return b.mayRead(v.st.member, slug) && b.barred(slug, v.remote, "") == nil
}

// barredHere is the ban of a room that means a session by where it comes from.
func (b *Bridge) barredHere(st *seat, slug string) *sanction {
	return b.barred(slug, st.session.Remote(), st.session.ClientID())
}

// barred is the ban of a room that means whoever comes from somewhere.
func (b *Bridge) barred(slug, remote, client string) *sanction {
	c := b.cards.at(slug)
	if len(c.Banned) == 0 {
		return nil
	}
	return find(c.Banned, func(s *sanction) bool { return s.meansPlace(remote, client) })
}

// reads tells whether somebody may read, but for bans.
func (b *Bridge) reads(c *card, ident string) bool {
	switch {
	case c.Private && !c.inside[ident]:
		return false
	case c.Closed != nil:
		return b.runs(c, ident)
	}
	return true
}

// mayEnter says why a session may not be in a room, nil if it may. Of a private room it says no more than of none.
func (b *Bridge) mayEnter(st *seat, slug string) *broker.Refusal {
	if b.mayReadHere(st, slug) {
		return nil
	}
	c := b.cards.at(slug)
	if c.Private && !c.inside[st.member.ident] {
		return refuseNotIn(slug)
	}
	s := find(c.Banned, func(s *sanction) bool { return s.means(st.member) })
	if s == nil {
		s = b.barredHere(st, slug)
	}
	switch {
	case s != nil:
		return refuseBannedHere(c.said(slug), s)
	case c.Closed != nil:
		return refuseRoomClosed(c.said(slug), c.Closed)
	}
	return refuseNotIn(slug)
}

// maySay tells whether a member may post to a room now: it reads it, is not muted, and the room takes messages from it. It does not
// open the room. What it allows counts for slow mode.
func (b *Bridge) maySay(m *member, slug string) *broker.Refusal {
	if no := b.mayChange(m, slug); no != nil {
		return no
	}
	c := b.cards.at(slug)
	if c.Slow == 0 || b.runs(c, m.ident) {
		return nil
	}
	if at := b.slowed.take(slug, m.ident, time.Duration(c.Slow)*time.Second); !at.IsZero() {
		return refuseSlow(c.said(slug), c.Slow, at)
	}
	return nil
}

// mayPost tells whether a member may post something of a kind to a room now: also where only others write, who reads there may vote,
// react and raise a hand; and also who is muted may take back what it said.
func (b *Bridge) mayPost(m *member, slug, kind string) *broker.Refusal {
	switch {
	case isSaid(kind):
		return b.maySay(m, slug)
	case kind == kindEdit:
		return b.mayChange(m, slug)
	case !b.mayRead(m, slug):
		return refuseNotIn(slug)
	case kind == kindDelete:
		return b.mayWrite(m)
	}
	return b.mayShow(m, slug)
}

// mayChange is maySay for what is about an earlier message: slow mode does not count it.
func (b *Bridge) mayChange(m *member, slug string) *broker.Refusal {
	if !b.mayRead(m, slug) {
		return refuseNotIn(slug)
	}
	c := b.cards.at(slug)
	if no := b.mayWrite(m); no != nil {
		return no
	}
	if s := find(c.Muted, func(s *sanction) bool { return s.means(m) }); s != nil {
		return refuseMuted(c.said(slug), s)
	}
	if c.HandOut && !b.runs(c, m.ident) {
		return refuseHandOut(c.said(slug))
	}
	return nil
}

// mayWrite tells whether a member may write anything anywhere now: the server may be read-only to all but its hosts.
func (b *Bridge) mayWrite(m *member) *broker.Refusal {
	if d := b.cards.of(serverCard).Closed; d != nil && !b.isHost(m.ident) {
		return refuseReadOnly(d)
	}
	return nil
}

// mayShow tells whether a member may show its state or that it types in a room: not while it is muted, or the server read-only.
func (b *Bridge) mayShow(m *member, slug string) *broker.Refusal {
	if no := b.mayWrite(m); no != nil {
		return no
	}
	c := b.cards.at(slug)
	if s := find(c.Muted, func(s *sanction) bool { return s.means(m) }); s != nil {
		return refuseMuted(c.said(slug), s)
	}
	return nil
}

// mayRun tells whether a member may moderate a room: its owner, its hosts, and in open rooms the hosts of the server. A private room is
// its members' own affair.
func (b *Bridge) mayRun(m *member, slug string) bool { return b.mayRunAs(m.ident, slug) }

func (b *Bridge) mayRunAs(ident, slug string) bool { return b.runs(b.cards.at(slug), ident) }

func (b *Bridge) runs(c *card, ident string) bool {
	if c.Private && !c.inside[ident] {
		return false
	}
	return c.owned(ident) || c.hosted(ident) || !c.Private && b.isHost(ident)
}

// mayConnect says why nobody comes in from somewhere under a name, nil if they may. Whoever is a host of the server always may.
func (b *Bridge) mayConnect(m *member, remote, client string) *broker.Refusal {
	s := find(b.cards.of(serverCard).Banned, func(s *sanction) bool { return s.means(m) || s.meansPlace(remote, client) })
	if s == nil || b.isHost(m.ident) {
		return nil
	}
	return refuseBanned(s)
}

// A slowed remembers when members wrote last where that counts.
type slowed struct {
	mu sync.Mutex // guards at; map work only
	at map[[2]string]time.Time
}

// slowedMost is when those whose time is over are forgotten.
const slowedMost = 10000

// take notes that somebody writes in a room now, or tells when it may.
func (s *slowed) take(slug, ident string, every time.Duration) (wait time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, key := time.Now(), [2]string{slug, ident}
	if at := s.at[key].Add(every); now.Before(at) {
		return at
	}
	if len(s.at) >= slowedMost {
		maps.DeleteFunc(s.at, func(_ [2]string, t time.Time) bool { return now.Sub(t) > slowMost })
	}
	s.at[key] = now
	return time.Time{}
}

// isNobodys tells whether nobody runs a room: it has neither owner nor hosts, and this tincan has none for it.
func (b *Bridge) isNobodys(slug string) bool {
	c := b.cards.of(slug)
	return c.Owner == nil && len(c.Hosts) == 0 && (c.Private || len(b.hosts.list()) == 0)
}

// rightsChanged makes a change of a card hold: who may read no longer hears nothing from now on and is in the room no more, and who may
// from now on is in it where its filters take it.
func (b *Bridge) rightsChanged(slug string, old, now *card) {
	if slug == serverCard {
		b.publishNotice(old, now)
		return
	}
	b.br.Forget("chat/room/" + slug + "/#")
	b.members.review(slug)
	if r := b.rooms.find(slug); r != nil {
		b.publish(&broker.Message{Topic: topicAbout(slug), Payload: encode(now.about(slug))})
	}
}

// publishNotice shows what the hosts tell everyone, when it is another one.
func (b *Bridge) publishNotice(old, now *card) {
	is := encode(now.Notice)
	if bytes.Equal(encode(old.Notice), is) {
		return
	}
	if now.Notice == nil {
		is = nil
	}
	b.publish(&broker.Message{Topic: topicNotice, Payload: is, Retain: true})
}
