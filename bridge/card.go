package bridge

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// valueOfCard is the history.Values kind of cards: slug → card as JSON.
const valueOfCard = "card"

// A card is what a room is besides its log. A room without one is open to all and nobody's. Cards that are shared are never changed:
// cards.change makes another.
type card struct {
	Title    string     `json:"title,omitempty"`    // what it is called where its slug is not nice to read
	Topic    string     `json:"topic,omitempty"`    // what the room is about, one line
	Owner    *someone   `json:"owner,omitempty"`    // who made it, or was handed it; nil: the hosts of the server alone run it
	Hosts    []someone  `json:"hosts,omitempty"`    // who runs it beside the owner
	Private  bool       `json:"private,omitempty"`  // for its members alone
	Members  []someone  `json:"members,omitempty"`  // of a private room, the owner among them
	Code     string     `json:"code,omitempty"`     // lets in whoever knows it; empty: none does
	HandOut  bool       `json:"handout,omitempty"`  // only those who run the room write
	Slow     int        `json:"slow,omitempty"`     // seconds between two messages of a member
	Closed   *decision  `json:"closed,omitempty"`   // nobody but those who run it reads or writes
	Cleared  uint64     `json:"cleared,omitempty"`  // entries up to this seq are hidden
	Clearing *decision  `json:"clearing,omitempty"` // they are not erased yet: it may be undone
	Before   uint64     `json:"before,omitempty"`   // Cleared as it was, for that
	Keep     *keep      `json:"keep,omitempty"`     // how much of the log stays; nil: all
	Muted    []sanction `json:"muted,omitempty"`
	Banned   []sanction `json:"banned,omitempty"`
	Moved    string     `json:"moved,omitempty"` // the room is called so now, and nothing else of this card counts

	// Of the server's own card alone; there, Closed says that it is read-only.
	Limits *limits     `json:"limits,omitempty"`
	Notice *noticeNote `json:"notice,omitempty"`

	inside map[string]bool // idents of Members
}

// A decision is who decided what, when and why.
type decision struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// A keep says how much of a log stays; 0 is no limit.
type keep struct {
	Days     int   `json:"days,omitempty"`
	Messages int   `json:"messages,omitempty"`
	Bytes    int64 `json:"bytes,omitempty"` // of what the messages say
}

// A someone is a member as a card keeps it.
type someone struct {
	Ident string `json:"ident"`
	Name  string `json:"name"`
}

// An aboutNote is a card as those who may read its room see it (chat/room/{room}/about).
type aboutNote struct {
	Room    string   `json:"room"`
	Title   string   `json:"title,omitempty"`
	Topic   string   `json:"topic"`
	Owner   string   `json:"owner,omitempty"`
	Hosts   []string `json:"hosts,omitempty"`
	Private bool     `json:"private,omitempty"`
	Members []string `json:"members,omitempty"`
	Code    bool     `json:"code,omitempty"` // there is one; those who run the room ask for it
	HandOut bool     `json:"handout,omitempty"`
	Slow    int      `json:"slow,omitempty"` // seconds
	Closed  bool     `json:"closed,omitempty"`
	Cleared uint64   `json:"cleared,omitempty"` // what has a seq up to this is no longer shown
	Undo    bool     `json:"undo,omitempty"`    // clearing it can still be undone
	Keep    *keep    `json:"keep,omitempty"`
}

// noCard is that of a room which has none.
var noCard = &card{}

// about is a card without what only the server needs.
func (c *card) about(slug string) aboutNote {
	a := aboutNote{
		Room: slug, Title: c.Title, Topic: c.Topic, Hosts: called(c.Hosts), Private: c.Private, Members: called(c.Members),
		Code: c.Code != "", HandOut: c.HandOut, Slow: c.Slow, Closed: c.Closed != nil, Cleared: c.Cleared, Undo: c.Clearing != nil, Keep: c.Keep,
	}
	if c.Owner != nil {
		a.Owner = c.Owner.Name
	}
	return a
}

// said is what a room is called in sentences to people who may read it: the name on the wire of a private one may say nothing.
func (c *card) said(slug string) string {
	switch {
	case c.Title != "":
		return c.Title
	case c.Private && c.Topic != "":
		return c.Topic
	}
	return slug
}

// called lists names.
func called(who []someone) []string {
	var l []string
	for _, s := range who {
		l = append(l, s.Name)
	}
	return l
}

// plain tells whether nothing of a card is worth keeping for a room that nobody is in and nobody wrote to.
func (c *card) plain() bool {
	n := *c
	n.Owner, n.inside = nil, nil
	return string(encode(n)) == "{}"
}

// free tells whether a card keeps nobody from reading the room.
func (c *card) free() bool { return !c.Private && c.Closed == nil && len(c.Banned) == 0 }

// owned tells whether a room is somebody's own.
func (c *card) owned(ident string) bool { return c.Owner != nil && c.Owner.Ident == ident }

// hosted tells whether somebody runs the room beside its owner.
func (c *card) hosted(ident string) bool { return has(c.Hosts, ident) }

func has(who []someone, ident string) bool {
	return slices.ContainsFunc(who, func(s someone) bool { return s.Ident == ident })
}

func without(who []someone, ident string) []someone {
	return slices.DeleteFunc(who, func(s someone) bool { return s.Ident == ident })
}

// index makes what is looked up often.
func (c *card) index() {
	c.inside = make(map[string]bool, len(c.Members))
	for _, s := range c.Members {
		c.inside[s.Ident] = true
	}
}

// clone is a card that may be changed.
func (c *card) clone() *card {
	n := &card{}
	if err := json.Unmarshal(encode(c), n); err != nil {
		panic(err) // we wrote it in this moment
	}
	return n
}

// cards holds the cards of all rooms.
type cards struct {
	store history.Values
	quiet *broker.Quiet
	tell  func(slug string, old, new *card) // of a change, in its order; called without mu

	order sync.Mutex // makes a change, its telling and its queueing for the disk one step

	mu      sync.RWMutex // guards what follows; map work only
	bySlug  map[string]*card
	unsaved map[string]bool // cards that could not be stored
	next    time.Time       // when something of a card has to be done, or earlier; zero: never
}

// note takes a card into account for next. The caller holds mu, or is alone.
func (cs *cards) note(c *card) {
	if at := c.due(); !at.IsZero() && (cs.next.IsZero() || at.Before(cs.next)) {
		cs.next = at
	}
}

// dues lists the cards of which something has to be done now.
func (cs *cards) dues(now time.Time) (l []string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.next.IsZero() || now.Before(cs.next) {
		return nil
	}
	cs.next = time.Time{}
	for slug, c := range cs.bySlug {
		if at := c.due(); !at.IsZero() && !now.Before(at) {
			l = append(l, slug)
		} else {
			cs.note(c)
		}
	}
	return l
}

// load takes the stored cards up again.
func (cs *cards) load(ctx context.Context) error {
	return cs.store.Each(ctx, valueOfCard, func(slug string, value []byte, _ time.Duration) {
		c := &card{}
		if err := json.Unmarshal(value, c); err != nil {
			cs.quiet.Warn("a room's card cannot be read: it is closed to all until that is mended", slug, "room", slug, "err", err)
			c = &card{Private: true} // never open what may have been closed
		}
		c.index()
		cs.bySlug[slug] = c
		cs.note(c)
	})
}

// of is the card that is stored for a slug, never nil.
func (cs *cards) of(slug string) *card {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	if c := cs.bySlug[slug]; c != nil {
		return c
	}
	return noCard
}

// at is the card of the room that a slug leads to.
func (cs *cards) at(slug string) *card {
	c := cs.of(slug)
	if c.Moved != "" {
		c = cs.of(c.Moved)
	}
	return c
}

// resolve is the slug that a room has now: it may have been renamed.
func (cs *cards) resolve(slug string) string {
	if to := cs.of(slug).Moved; to != "" {
		return to
	}
	return slug
}

// slugs lists the rooms whose cards fit, in no order.
func (cs *cards) slugs(which func(*card) bool) []string {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	var l []string
	for slug, c := range cs.bySlug {
		if slug != serverCard && c.Moved == "" && which(c) {
			l = append(l, slug)
		}
	}
	return l
}

// due is when something of a card has to be done next; zero: never.
func (c *card) due() (at time.Time) {
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, all := range [][]sanction{c.Muted, c.Banned} {
		for _, s := range all {
			sooner(s.Until)
		}
	}
	if c.Clearing != nil {
		sooner(c.Clearing.At.Add(undoTime))
	}
	if c.Notice != nil {
		sooner(c.Notice.until)
	}
	return at
}

// change makes a room's card another one, unless f refuses; f gets a copy. It holds from then on; stored, if not nil, is called once,
// when it is on disk or known not to be. What could not be stored is tried again by flush.
func (cs *cards) change(slug string, f func(c *card) *broker.Refusal, stored func(error)) *broker.Refusal {
	if stored == nil {
		stored = func(error) {}
	}
	cs.order.Lock()
	defer cs.order.Unlock()
	old := cs.of(slug)
	c := old.clone()
	if no := f(c); no != nil {
		return no
	}
	c.index()
	cs.mu.Lock()
	cs.bySlug[slug] = c
	cs.note(c)
	cs.mu.Unlock()
	cs.save(slug, c, stored)
	cs.tell(slug, old, c)
	return nil
}

// drop forgets the card of a room that is no more, unless it has become another one.
func (cs *cards) drop(slug string, was *card) {
	cs.order.Lock()
	defer cs.order.Unlock()
	if was == noCard || cs.of(slug) != was {
		return
	}
	cs.mu.Lock()
	delete(cs.bySlug, slug)
	cs.mu.Unlock()
	cs.save(slug, nil, func(error) {})
}

// save queues a card for the disk; nil takes it away. The caller holds order.
func (cs *cards) save(slug string, c *card, stored func(error)) {
	var value []byte
	if c != nil {
		value = encode(c)
	}
	done := func(err error) {
		cs.mu.Lock()
		if err != nil {
			cs.unsaved[slug] = true
		}
		cs.mu.Unlock()
		if err != nil {
			cs.quiet.Warn("a room's card is not stored, and tried again", slug, "room", slug, "err", err)
		}
		stored(err)
	}
	if err := cs.store.Put(valueOfCard, slug, value, done); err != nil {
		done(err)
	}
}

// flush stores again what could not be.
func (cs *cards) flush() {
	cs.order.Lock()
	defer cs.order.Unlock()
	cs.mu.Lock()
	again := cs.unsaved
	cs.unsaved = map[string]bool{}
	cs.mu.Unlock()
	for slug := range again {
		c := cs.of(slug)
		if c == noCard {
			c = nil
		}
		cs.save(slug, c, func(error) {})
	}
}

// own makes a new room that of who opened it.
func (cs *cards) own(slug string, by *member) {
	_ = cs.change(slug, func(c *card) *broker.Refusal {
		if c.Owner == nil {
			c.Owner = &someone{by.ident, by.name}
		}
		return nil
	}, nil)
}

// shown is the retained about of a room; nil when it has no card.
func (cs *cards) shown(slug string) []byte {
	c := cs.at(slug)
	if c == noCard {
		return nil
	}
	return encode(c.about(cs.resolve(slug)))
}
