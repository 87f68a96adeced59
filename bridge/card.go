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
	Topic   string    `json:"topic,omitempty"`   // what the room is about, one line
	Owner   *someone  `json:"owner,omitempty"`   // who made it, or was handed it; nil: the hosts of the server alone run it
	Hosts   []someone `json:"hosts,omitempty"`   // who runs it beside the owner
	Private bool      `json:"private,omitempty"` // for its members alone
	Members []someone `json:"members,omitempty"` // of a private room, the owner among them

	inside map[string]bool // idents of Members
}

// A someone is a member as a card keeps it.
type someone struct {
	Ident string `json:"ident"`
	Name  string `json:"name"`
}

// An aboutNote is a card as those who may read its room see it (chat/room/{room}/about).
type aboutNote struct {
	Room    string   `json:"room"`
	Topic   string   `json:"topic"`
	Owner   string   `json:"owner,omitempty"`
	Hosts   []string `json:"hosts,omitempty"`
	Private bool     `json:"private,omitempty"`
	Members []string `json:"members,omitempty"`
}

// noCard is that of a room which has none.
var noCard = &card{}

// about is a card without what only the server needs.
func (c *card) about(slug string) aboutNote {
	a := aboutNote{Room: slug, Topic: c.Topic, Hosts: called(c.Hosts), Private: c.Private, Members: called(c.Members)}
	if c.Owner != nil {
		a.Owner = c.Owner.Name
	}
	return a
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
	return c.Topic == "" && !c.Private && len(c.Hosts) == 0
}

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
	})
}

// of is the card of a room, never nil.
func (cs *cards) of(slug string) *card {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	if c := cs.bySlug[slug]; c != nil {
		return c
	}
	return noCard
}

// slugs lists the rooms that have a card.
func (cs *cards) slugs() []string {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	l := make([]string, 0, len(cs.bySlug))
	for slug := range cs.bySlug {
		l = append(l, slug)
	}
	return l
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
	c := cs.of(slug)
	if c == noCard {
		return nil
	}
	return encode(c.about(slug))
}
