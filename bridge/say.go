package bridge

import (
	"context"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// The way down: a post is checked, gets its pace, and is appended to a log. Its acknowledgement waits until it is on disk; only then
// does anybody see it, by the room's tail or on an inbox.

// say posts to a room.
func (b *Bridge) say(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	ack, ok := paced(st.member.pace.limit(paceSay), m, ack)
	if !ok {
		b.tooFast(st, t, m, "messages", ack)
		return
	}
	p, no := parsePost(m)
	if no == nil {
		no = b.enterBy(st, t.room, m.Will)
	}
	if no == nil {
		no = b.mayPost(st.member, t.room, p.kind)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	if m.Will {
		ack = st.lastWord(ack, b.rooms.find(t.room))
	}
	switch c := (&changing{b: b, st: st, t: t, key: t.room, p: p, m: m, ack: ack}); {
	case !isSaid(p.kind):
		b.change(c, c.work)
		return
	case p.kind == kindFile:
		b.change(c, c.attach)
		return
	}
	b.append(st, t, t.room, p, m, ack, nil)
}

// sayTo sends a direct message: both ends get it on their inbox when it is on disk.
func (b *Bridge) sayTo(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	ack, ok := paced(st.member.pace.limit(paceSay), m, ack)
	if !ok {
		b.tooFast(st, t, m, "messages", ack)
		return
	}
	to, who, no := b.partner(st, t)
	var p post
	if no == nil {
		p, no = parsePost(m)
	}
	if no == nil {
		no = b.mayWrite(st.member)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	p.body.To = to
	if m.Will {
		ack = st.lastWord(ack, nil)
	}
	key, then := pairKey(st.member.ident, who), b.tellBoth(st, to, who)
	switch c := (&changing{b: b, st: st, t: t, key: key, p: p, m: m, ack: ack, then: then}); {
	case !isSaid(p.kind):
		b.change(c, c.work)
		return
	case p.kind == kindFile:
		b.change(c, c.attach)
		return
	}
	b.append(st, t, key, p, m, ack, then)
}

// tellBoth puts a direct message on the inboxes of its sender and of the other, who is called to.
func (b *Bridge) tellBoth(st *seat, to, who string) func(e history.Entry, told func()) {
	return func(e history.Entry, told func()) {
		note := encode(directNote{Type: inboxMessage, Message: appendMessage(nil, "", e)})
		b.tell(st.name(), st.member.ident, note, func() {})
		b.tell(to, who, note, told)
	}
}

// tell puts a note on the inbox of a member, unless the name is another's by now: storing takes a moment. told is called when it is on
// disk for a session that is away. That it could not be is no matter: history has the message.
func (b *Bridge) tell(name, ident string, note []byte, told func()) {
	if b.who(name) != ident {
		told()
		return
	}
	m := &broker.Message{Topic: topicInbox(name), Payload: note, QoS: 1, ContentType: "application/json", Holder: ident}
	b.br.Relay(m, func(error) { told() })
}

// who is the ident of whoever has a canonical name, connected or held; empty when nobody has it.
func (b *Bridge) who(name string) string {
	n, err := names.Parse(name)
	if err != nil {
		return ""
	}
	if m := b.members.find(n.Fold); m != nil {
		return m.ident
	}
	if h, held := b.store.Lookup(n.Keys); held && h.Secret && h.Fold == n.Fold {
		return holderIdent(h)
	}
	return ""
}

// append logs a post under key (a room, or a pair of members) and acknowledges it when it is kept. then, if not nil, gets the entry
// as it was logged, but not a repeat; the acknowledgement waits until it calls told.
func (b *Bridge) append(st *seat, t topic, key string, p post, m *broker.Message, ack func(broker.Ack), then func(e history.Entry, told func())) {
	e := p.entry(st)
	note := b.noting(st, t, key, p)
	err := b.store.Append(key, e, func(r history.Receipt, err error) {
		if err != nil {
			b.refused(st, t, m, refuseStore(err), ack)
			return
		}
		logged := func() { ack(broker.Ack{Props: seqProps(r.Seq, p.id)}) }
		if note != nil { // of a repeat, too: the first one may not have come to this
			acked := logged
			logged = func() { note(r.Seq, acked) }
		}
		if then == nil || r.Dup {
			logged()
			return
		}
		e.Seq, e.Time = r.Seq, r.Time
		then(e, logged)
	})
	if err != nil {
		b.refused(st, t, m, refuseStore(err), ack)
	}
}

// enter finds a room that a member may read, or opens it.
func (b *Bridge) enter(slug string, st *seat) (*room, *broker.Refusal) {
	if no := b.mayEnter(st, slug); no != nil {
		return nil, no
	}
	return b.rooms.enter(slug, st.member)
}

// enterBy takes a member into a room by a publish. A will enters none: the room must be there.
func (b *Bridge) enterBy(st *seat, slug string, will bool) *broker.Refusal {
	if no := b.mayEnter(st, slug); no != nil {
		return no
	}
	if will {
		if b.rooms.find(slug) == nil {
			return refuseWillRoom(slug)
		}
		return nil
	}
	if st.wrote[slug] {
		if b.rooms.find(slug) != nil {
			return nil
		}
		delete(st.wrote, slug) // it was closed meanwhile
	}
	r, no := b.enter(slug, st)
	if no != nil {
		return no
	}
	if st.wrote == nil {
		st.wrote = map[string]bool{}
	}
	st.wrote[r.slug] = true
	b.place(st)
	return nil
}

// partner finds the member that a topic names: its name, and its ident.
func (b *Bridge) partner(st *seat, t topic) (name, ident string, no *broker.Refusal) {
	if t.name == me {
		return "", "", refuseMe(t.String())
	}
	n, err := names.Parse(t.name)
	if err != nil {
		return "", "", refuseName(err)
	}
	if n.Fold == st.member.fold {
		return "", "", refuseMe(t.String())
	}
	h, ok := b.store.Lookup(n.Keys)
	if !ok || h.Fold != n.Fold {
		return "", "", refuseNobody(n.Canonical)
	}
	if ident = holderIdent(h); !h.Secret {
		other := b.members.find(n.Fold)
		if other == nil {
			return "", "", refuseNobody(n.Canonical)
		}
		ident = other.ident
	}
	return h.Name, ident, nil
}

// tooFast refuses what comes faster than a member may. At QoS 0 that is only counted: a note for each would be as many again.
func (b *Bridge) tooFast(st *seat, t topic, m *broker.Message, what string, ack func(broker.Ack)) {
	if m.QoS == 0 {
		late(ack, refuseFast(what))
		return
	}
	b.refused(st, t, m, refuseFast(what), ack)
}

// pairKey names the log of two members. It is made of who they are, not of what they are called: whoever takes a name later does
// not read what the one before was told.
func pairKey(a, b string) string {
	if a > b {
		a, b = b, a
	}
	return "@" + a + "+" + b
}

// page reads entries for a request, oldest first, with what the room's log ends at.
func (b *Bridge) page(ctx context.Context, key string, q history.Query) ([]history.Entry, uint64, error) {
	head, err := b.store.Head(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	return b.store.Page(ctx, key, q, head)
}
