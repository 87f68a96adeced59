package bridge

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// Limits of what is decided about rooms.
const (
	privateEach = 20               // private rooms that a member may own
	mostInside  = 500              // members of a private room
	mostHosts   = 50               // hosts of a room
	maxTopic    = 200              // characters of a topic line
	maxTitle    = 48               // characters of a title
	slowMost    = time.Hour        // between two messages of a member
	undoTime    = 30 * time.Second // how long clearing a room can be undone
)

// kindNotice is an entry that a host or tincan itself says to a room.
const kindNotice = "notice"

// makeRoom makes a room that its maker owns. A private one that is given no name gets one that nobody guesses.
func (o *ruling) makeRoom() (ruled, *broker.Refusal) {
	b, slug := o.b, o.Room
	if no := b.mayWrite(o.st.member); no != nil {
		return ruled{}, no
	}
	title, topic := trimmed(o.ask.Title), trimmed(o.ask.Topic)
	if no := checkLines(title, topic); no != nil {
		return ruled{}, no
	}
	if slug == "" {
		slug = madeSlug(title)
	}
	if b.rooms.closedToNew() && !b.isHost(o.me().Ident) || len(b.rooms.fixed) > 0 {
		return ruled{}, refuseFixedRooms(slug)
	}
	if !o.st.member.pace.limit(paceRooms).Allow() {
		return ruled{}, refuseRoomRate()
	}
	taken := refuseRoomTaken(slug)
	if last, err := b.store.Head(o.ctx, slug); err != nil {
		return ruled{}, refuseStore(err)
	} else if last > 0 || b.rooms.find(slug) != nil {
		return ruled{}, taken
	}
	if most := b.eachNow(); o.ask.Private && b.owns(o.me().Ident) >= most {
		no := refuse(broker.QuotaExceeded, "rooms-full", "you own %d private rooms: dissolve one that you no longer need, or hand it over", most)
		return ruled{}, speaking(no, "own", most)
	}
	no := o.change(slug, func(c *card) *broker.Refusal {
		if !c.plain() || c.Owner != nil {
			return taken
		}
		me := o.me()
		c.Title, c.Topic, c.Private, c.Owner = title, topic, o.ask.Private, &me
		if c.Private {
			c.Members = []someone{me}
		}
		return nil
	})
	if no != nil {
		return ruled{}, no
	}
	if r, _ := b.rooms.start(slug, 0, b.rooms.mostNow()); r == nil {
		b.cards.drop(slug, b.cards.of(slug))
		return ruled{}, refuseRooms(b.rooms.mostNow())
	}
	b.tellPrivate(o.me())
	return o.withCard(slug), nil
}

func refuseRoomTaken(room string) *broker.Refusal {
	return speaking(refuse(broker.BadTopic, "room-taken", "there is a room %s already: take another name", room), "room", room)
}

// trimmed is a line of an order, empty when it is not given.
func trimmed(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}

func checkLines(title, topic string) *broker.Refusal {
	switch {
	case utf8.RuneCountInString(title) > maxTitle:
		return speaking(refusePayload("too-long", "a title has up to %d characters", maxTitle), "n", maxTitle)
	case utf8.RuneCountInString(topic) > maxTopic:
		return speaking(refusePayload("too-long", "what a room is about is said in up to %d characters", maxTopic), "n", maxTopic)
	case !printable(title), !printable(topic):
		return refusePayload("bad-text", "what you write here must not contain control characters")
	}
	return nil
}

// madeSlug makes a slug of a title that nobody guesses.
func madeSlug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return r <= ' ' || strings.ContainsRune(`/+#$.,:;!?'"`, r) })
	end := randomCode()
	if s, err := names.Room(strings.Join(append(words, end), "-")); err == nil {
		return s
	}
	return "room-" + end
}

// randomCode is as hard to guess as that of a device, and as easy to read out.
func randomCode() string {
	var raw [codeLength]byte
	rand.Read(raw[:]) // never fails
	for i := range raw {
		raw[i] = codeLetters[int(raw[i])%len(codeLetters)]
	}
	return string(raw[:])
}

// owns counts the private rooms of somebody.
func (b *Bridge) owns(ident string) int {
	return len(b.cards.slugs(func(c *card) bool { return c.Private && c.owned(ident) }))
}

// withCard answers with a room as it is now.
func (o *ruling) withCard(slug string) ruled {
	about := o.b.cards.of(slug).about(slug)
	return ruled{Room: slug, Card: &about}
}

// decide changes the room's card and answers with it.
func (o *ruling) decide(f func(c *card) *broker.Refusal) (ruled, *broker.Refusal) {
	if no := o.change(o.Room, f); no != nil {
		return ruled{}, no
	}
	return o.withCard(o.Room), nil
}

// describe sets what the room is called and what it is about.
func (o *ruling) describe() (ruled, *broker.Refusal) {
	title, topic := trimmed(o.ask.Title), trimmed(o.ask.Topic)
	if no := checkLines(title, topic); no != nil {
		return ruled{}, no
	}
	return o.said(topic).decide(func(c *card) *broker.Refusal {
		if o.ask.Title != nil {
			c.Title = title
		}
		if o.ask.Topic != nil {
			c.Topic = topic
		}
		return nil
	})
}

// showCard tells those who run a room what the others are not told.
func (o *ruling) showCard() (ruled, *broker.Refusal) {
	a := o.withCard(o.Room)
	a.Code = o.b.cards.of(o.Room).Code
	return a, nil
}

func (o *ruling) setHandOut() (ruled, *broker.Refusal) {
	if o.ask.On == nil {
		return ruled{}, refuseOn()
	}
	return o.said(onOff(*o.ask.On)).decide(func(c *card) *broker.Refusal {
		c.HandOut = *o.ask.On
		return nil
	})
}

func refuseOn() *broker.Refusal {
	return refusePayload("bad-request", "say on: true or false")
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (o *ruling) setSlow() (ruled, *broker.Refusal) {
	d, ok := parseSpan(o.For)
	if off := o.For == "0" || o.For == ""; off {
		d = 0
	} else if !ok || d < time.Second || d > slowMost {
		return ruled{}, refusePayload("bad-span", "for is 1s to 1h between two messages of a member, or 0 for none")
	}
	return o.said(o.For).decide(func(c *card) *broker.Refusal {
		c.Slow = int(d / time.Second)
		return nil
	})
}

// closeRoom closes the room to all but those who run it. Those who are in it are told.
func (o *ruling) closeRoom() (ruled, *broker.Refusal) {
	if no := o.notLobby(); no != nil {
		return ruled{}, no
	}
	inside := o.b.members.inside(o.Room)
	a, no := o.decide(func(c *card) *broker.Refusal {
		d := o.decision()
		c.Closed = &d
		return nil
	})
	if no == nil {
		for _, s := range inside {
			if !o.b.mayRunAs(s.Ident, o.Room) {
				o.tell(s, act{})
			}
		}
	}
	return a, no
}

// notLobby refuses what is not done to the lobby, or to a room of the configuration.
func (o *ruling) notLobby() *broker.Refusal {
	if o.Room == Lobby || slices.Contains(o.b.cfg.FixedRooms, o.Room) {
		return speaking(refuse(broker.NotAuthorized, "fixed-room", "%s is always there under this name: that cannot be done to it", o.Room), "room", o.Room)
	}
	return nil
}

func (o *ruling) openRoom() (ruled, *broker.Refusal) {
	return o.decide(func(c *card) *broker.Refusal {
		c.Closed = nil
		return nil
	})
}

// clearRoom hides all that was said. It can be undone for undoTime, and is erased after that.
func (o *ruling) clearRoom() (ruled, *broker.Refusal) {
	seq, no := o.announce(o.Room, o.st.name()+" cleared this room", map[string]string{"did": "clear", "by": o.st.name()})
	if no != nil {
		return ruled{}, no
	}
	return o.decide(func(c *card) *broker.Refusal {
		if c.Clearing == nil {
			c.Before = c.Cleared
		}
		d := o.decision()
		c.Cleared, c.Clearing = seq-1, &d
		return nil
	})
}

func (o *ruling) unclearRoom() (ruled, *broker.Refusal) {
	return o.decide(func(c *card) *broker.Refusal {
		if c.Clearing == nil {
			seconds := int(undoTime.Seconds())
			return speaking(refuse(broker.Unspecified, "too-late", "that can be undone for %d seconds: it is too late, or was not done", seconds), "n", seconds)
		}
		c.Cleared, c.Clearing, c.Before = c.Before, nil, 0
		return nil
	})
}

// announce logs an entry of a host's to a room, and returns its seq when it is on disk.
func (o *ruling) announce(slug, text string, data map[string]string) (uint64, *broker.Refusal) {
	bd := body{Text: text}
	if data != nil {
		bd.Data = encode(data)
	}
	e := history.Entry{ID: newID(), From: o.st.name(), Kind: kindNotice, Author: o.st.author(), V: bodyFormat, Body: encode(bd)}
	return o.log(slug, e)
}

// log appends an entry and waits until it is on disk.
func (o *ruling) log(key string, e history.Entry) (uint64, *broker.Refusal) {
	type result struct {
		r   history.Receipt
		err error
	}
	done := make(chan result, 1)
	err := o.b.store.Append(key, e, func(r history.Receipt, err error) { done <- result{r, err} })
	if err != nil {
		return 0, refuseStore(err)
	}
	select {
	case d := <-done:
		if d.err != nil {
			return 0, refuseStore(d.err)
		}
		return d.r.Seq, nil
	case <-o.ctx.Done():
		return 0, refuseBusy()
	}
}

// setKeep says how much of the room's log stays; all when nothing is given.
func (o *ruling) setKeep() (ruled, *broker.Refusal) {
	k := keep{Days: o.ask.Days, Messages: o.ask.Messages, Bytes: o.ask.Bytes}
	if k.Days < 0 || k.Messages < 0 || k.Bytes < 0 || k.Days > 100*365 {
		return ruled{}, refusePayload("bad-request", "keep takes days, messages and bytes; 0 is all")
	}
	a, no := o.said(k.String()).decide(func(c *card) *broker.Refusal {
		c.Keep = &k
		if k == (keep{}) {
			c.Keep = nil
		}
		return nil
	})
	if no == nil {
		o.b.retention.look(o.Room)
	}
	return a, no
}

func (k keep) String() string {
	var parts []string
	if k.Days > 0 {
		parts = append(parts, fmt.Sprintf("%d days", k.Days))
	}
	if k.Messages > 0 {
		parts = append(parts, fmt.Sprintf("%d messages", k.Messages))
	}
	if k.Bytes > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes", k.Bytes))
	}
	if parts == nil {
		return "all"
	}
	return strings.Join(parts, ", ")
}

// dissolve ends a room: its log is erased, its card forgotten. Only its owner does that, and to an open room a host of the server.
func (o *ruling) dissolve() (ruled, *broker.Refusal) {
	if no := o.notLobby(); no != nil {
		return ruled{}, no
	}
	c := o.b.cards.of(o.Room)
	if !c.owned(o.me().Ident) && (c.Private || !o.b.isHost(o.me().Ident)) {
		return ruled{}, refuseNotOwner(c, o.Room, "dissolves %s")
	}
	return ruled{Room: o.Room}, o.end(c)
}

// end does that: it tells the members, and leaves nothing of the room to whoever takes its name next.
func (o *ruling) end(c *card) *broker.Refusal {
	b, slug := o.b, o.Room
	o.private = c.Private
	inside := b.members.inside(slug)
	for _, s := range c.Members {
		if !has(inside, s.Ident) {
			inside = append(inside, s)
		}
	}
	if r := b.rooms.find(slug); r != nil {
		b.rooms.shut(r)
	}
	if err := b.eraseRoom(o.ctx, slug); err != nil {
		return refuseStore(err)
	}
	for _, name := range append(b.cards.movedTo(slug), slug) {
		b.cards.drop(name, b.cards.of(name))
	}
	b.br.Forget("chat/room/" + slug + "/#")
	for _, s := range inside {
		if s.Ident != o.me().Ident {
			o.tell(s, act{})
		}
		if c.Private {
			b.tellPrivate(s)
		}
	}
	return nil
}

// A privateNote tells a member its private rooms, on its inbox: they are not in chat/server/rooms.
type privateNote struct {
	Type  string        `json:"type"`
	Rooms []privateRoom `json:"rooms"`
}

type privateRoom struct {
	listed
	Title string `json:"title,omitempty"`
	Owner string `json:"owner,omitempty"`
}

// privateOf is that note; ok is false for who has none.
func (b *Bridge) privateOf(ident string) (note privateNote, ok bool) {
	note = privateNote{Type: inboxRooms, Rooms: []privateRoom{}}
	for _, l := range b.rooms.those(func(c *card) bool { return c.Private && b.reads(c, ident) }) {
		c := b.cards.of(l.Room)
		p := privateRoom{listed: l, Title: c.Title}
		if c.Owner != nil {
			p.Owner = c.Owner.Name
		}
		note.Rooms = append(note.Rooms, p)
	}
	return note, len(note.Rooms) > 0
}

// tellPrivate tells all sessions of a member its private rooms.
func (b *Bridge) tellPrivate(s someone) {
	note, _ := b.privateOf(s.Ident)
	for _, st := range b.members.seatsOf(func(st *seat) bool { return st.member.ident == s.Ident }) {
		b.answer(st, nil, encode(note))
	}
}

// inside lists the members who are in a room now.
func (ms *members) inside(slug string) (l []someone) {
	ms.do(func() {
		r := ms.rooms[slug]
		for _, s := range ms.byID {
			if r != nil && s.in.has(r) && !has(l, s.member.ident) {
				l = append(l, someone{s.member.ident, s.name()})
			}
		}
	})
	return l
}

// seatsOf lists the connected sessions that fit.
func (ms *members) seatsOf(which func(*seat) bool) (l []*seat) {
	ms.mu.RLock()
	defer ms.mu.RUnlock()
	for _, s := range ms.byID {
		if which(s) {
			l = append(l, s)
		}
	}
	return l
}

// hiddenUpTo is the seq up to which a room's entries are not shown any more.
func (b *Bridge) hiddenUpTo(slug string) uint64 { return b.cards.at(slug).Cleared }

// above leaves out the entries up to a seq.
func above(es []history.Entry, floor uint64) []history.Entry {
	for len(es) > 0 && es[0].Seq <= floor {
		es = es[1:]
	}
	return es
}

// An act is what somebody decided, as whom it concerns is told.
type act struct {
	Do     string `json:"do"`
	Room   string `json:"room,omitempty"`
	Name   string `json:"name,omitempty"` // whom it concerns
	Until  string `json:"until,omitempty"`
	Reason string `json:"reason,omitempty"`
	Text   string `json:"text,omitempty"` // what else there is to say of it
}

// An actNote is that on an inbox.
type actNote struct {
	Type string `json:"type"`
	act
	By string `json:"by"`
}

// tell tells somebody what was decided about it, now or when it comes back.
func (o *ruling) tell(s someone, a act) {
	a.Do, a.Room, a.Reason = o.Do, o.Room, o.Reason
	note := actNote{Type: inboxAct, act: a, By: o.st.name()}
	o.b.tell(s.Name, s.Ident, encode(note), func() {})
}
