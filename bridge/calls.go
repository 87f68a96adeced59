package bridge

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tincan/bridge/history"
)

// Limits of what is kept for a member that does not read.
const (
	callsMost   = 100 // unread messages for it, of one room or one other member; the older ones are forgotten
	placesMost  = 200 // rooms and members from which it has some
	valueOfCall = "call"
	ofAll       = "*" // in place of an ident: messages to everybody in a room
)

// calls holds the unread messages that are for somebody: those that mention it, and what others wrote to it alone. They are kept by member
// and place, so that a member who is away costs no more with each message of others. Safe for concurrent use.
type calls struct {
	store history.Values
	log   *slog.Logger

	mu      sync.Mutex // guards what follows; map work only
	byIdent map[string]map[string]*call
	called  map[string]map[uint64][]string // room → seq → idents that have it unread
}

// A call is what is unread in one place: a room by its slug, a member by @ and its ident.
type call struct {
	Name string   `json:"name,omitempty"` // of that member
	Seqs []uint64 `json:"seqs"`           // unread, oldest first
	Read uint64   `json:"read,omitempty"` // of what that member wrote: how far it was read
	Last uint64   `json:"last,omitempty"` // and the newest
	By   []string `json:"by,omitempty"`   // of what is for all in a room: who wrote it, so that it is not for that one
}

func newCalls(store history.Values, log *slog.Logger) *calls {
	return &calls{store: store, log: log, byIdent: map[string]map[string]*call{}, called: map[string]map[uint64][]string{}}
}

// fromMember is the place of what a member wrote to another alone.
func fromMember(ident string) string { return "@" + ident }

// load takes up what was stored.
func (cs *calls) load(ctx context.Context) error {
	return cs.store.Each(ctx, valueOfCall, func(key string, value []byte, age time.Duration) {
		ident, place, ok := strings.Cut(key, "\x00")
		c := &call{}
		if ok && ident != ofAll && age > markKept {
			cs.saveLocked(ident, place, nil, func() {})
			return
		}
		if !ok || json.Unmarshal(value, c) != nil || len(c.By) != 0 && len(c.By) != len(c.Seqs) {
			return // of another version, perhaps: it stays, and is no matter
		}
		cs.place(ident)[place] = c
		for _, seq := range c.Seqs {
			cs.index(place, seq, ident)
		}
	})
}

func (cs *calls) place(ident string) map[string]*call {
	places := cs.byIdent[ident]
	if places == nil {
		places = map[string]*call{}
		cs.byIdent[ident] = places
	}
	return places
}

func (cs *calls) index(place string, seq uint64, ident string) {
	if strings.HasPrefix(place, "@") {
		return
	}
	bySeq := cs.called[place]
	if bySeq == nil {
		bySeq = map[uint64][]string{}
		cs.called[place] = bySeq
	}
	bySeq[seq] = append(bySeq[seq], ident)
}

func (cs *calls) unindex(place string, seq uint64, ident string) {
	bySeq := cs.called[place]
	if rest := slices.DeleteFunc(bySeq[seq], func(i string) bool { return i == ident }); len(rest) > 0 {
		bySeq[seq] = rest
		return
	}
	if delete(bySeq, seq); len(bySeq) == 0 {
		delete(cs.called, place)
	}
}

// add notes that a message is for somebody, and calls done when that is on disk, or known not to be. name is that of a member whose place
// it is, by the author when the message is for all.
func (cs *calls) add(ident, place, name, by string, seq uint64, done func()) {
	cs.mu.Lock()
	places := cs.place(ident)
	c := places[place]
	if c == nil && len(places) < placesMost {
		c = &call{}
		places[place] = c
	}
	if c == nil || slices.Contains(c.Seqs, seq) || seq <= c.Read {
		cs.mu.Unlock()
		done()
		return
	}
	c.Seqs = append(c.Seqs, seq)
	if by != "" {
		c.By = append(c.By, by)
	}
	if name != "" {
		c.Name, c.Last = name, max(c.Last, seq)
	}
	cs.index(place, seq, ident)
	if len(c.Seqs) > callsMost {
		cs.unindex(place, c.Seqs[0], ident)
		c.Seqs = c.Seqs[1:]
		c.By = c.By[min(1, len(c.By)):]
	}
	after := cs.saveLocked(ident, place, encode(c), done)
	cs.mu.Unlock()
	after()
}

// wrote notes that a member wrote to another: it has read what came before.
func (cs *calls) wrote(ident, place, name string, seq uint64) {
	cs.mu.Lock()
	places := cs.place(ident)
	c := places[place]
	if c == nil {
		c = &call{}
		if len(places) >= placesMost {
			cs.mu.Unlock()
			return
		}
		places[place] = c
	}
	c.Name, c.Last = name, max(c.Last, seq)
	after := cs.saveLocked(ident, place, encode(c), func() {})
	cs.mu.Unlock()
	after()
}

// read forgets what somebody has read in a room, up to a seq.
func (cs *calls) read(ident, room string, seq uint64) {
	cs.mu.Lock()
	c := cs.byIdent[ident][room]
	if c == nil || !cs.cut(c, ident, room, seq) {
		cs.mu.Unlock()
		return
	}
	var value []byte
	if len(c.Seqs) > 0 {
		value = encode(c)
	} else {
		delete(cs.byIdent[ident], room)
	}
	after := cs.saveLocked(ident, room, value, func() {})
	cs.mu.Unlock()
	after()
}

// readOf is read for what another member wrote. It returns how far that is read now, which never goes back, and how much is unread.
func (cs *calls) readOf(ident, place, name string, seq uint64) (now uint64, unread int) {
	cs.mu.Lock()
	c := cs.byIdent[ident][place]
	if c == nil { // it was written before this was kept
		if len(cs.place(ident)) >= placesMost {
			cs.mu.Unlock()
			return seq, 0
		}
		c = &call{Name: name, Last: seq}
		cs.byIdent[ident][place] = c
	}
	if seq <= c.Read {
		defer cs.mu.Unlock()
		return c.Read, len(c.Seqs)
	}
	cs.cut(c, ident, place, seq)
	c.Read, c.Last = seq, max(c.Last, seq)
	unread = len(c.Seqs)
	after := cs.saveLocked(ident, place, encode(c), func() {})
	cs.mu.Unlock()
	after()
	return seq, unread
}

// cut takes away what has been read, and tells whether there was any.
func (cs *calls) cut(c *call, ident, place string, seq uint64) bool {
	n := 0
	for n < len(c.Seqs) && c.Seqs[n] <= seq {
		cs.unindex(place, c.Seqs[n], ident)
		n++
	}
	c.Seqs = c.Seqs[n:]
	c.By = c.By[min(n, len(c.By)):]
	return n > 0
}

// retract takes back that a message is for anybody, and returns for whom it was.
func (cs *calls) retract(place string, seq uint64) (idents []string) {
	cs.mu.Lock()
	idents = slices.Clone(cs.called[place][seq])
	cs.mu.Unlock()
	for _, ident := range idents {
		cs.drop(ident, place, seq)
	}
	return idents
}

// drop takes back that a message is for one member.
func (cs *calls) drop(ident, place string, seq uint64) {
	cs.mu.Lock()
	c := cs.byIdent[ident][place]
	if c == nil {
		cs.mu.Unlock()
		return
	}
	i := slices.Index(c.Seqs, seq)
	if i < 0 {
		cs.mu.Unlock()
		return
	}
	c.Seqs = slices.Delete(c.Seqs, i, i+1)
	if i < len(c.By) {
		c.By = slices.Delete(c.By, i, i+1)
	}
	cs.unindex(place, seq, ident)
	after := cs.saveLocked(ident, place, encode(c), func() {})
	cs.mu.Unlock()
	after()
}

// of lists what is unread for somebody in a room after its mark, with what is for all there and by another.
func (cs *calls) of(ident, room string, mark uint64) []uint64 {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var seqs []uint64
	if c := cs.byIdent[ident][room]; c != nil {
		seqs = slices.Clone(c.Seqs)
	}
	if c := cs.byIdent[ofAll][room]; c != nil {
		for i, seq := range c.Seqs {
			if i < len(c.By) && c.By[i] != ident {
				seqs = append(seqs, seq)
			}
		}
	}
	seqs = slices.DeleteFunc(seqs, func(seq uint64) bool { return seq <= mark })
	slices.Sort(seqs)
	return slices.Compact(seqs)
}

// places lists the rooms and the members from which somebody has something, read or not.
func (cs *calls) places(ident string) (places map[string]call) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	places = map[string]call{}
	for place, c := range cs.byIdent[ident] {
		is := *c
		is.Seqs = slices.Clone(c.Seqs)
		places[place] = is
	}
	return places
}

// forget drops all that is for somebody who will not come back.
func (cs *calls) forget(ident string) {
	cs.mu.Lock()
	places := cs.byIdent[ident]
	delete(cs.byIdent, ident)
	for place, c := range places {
		for _, seq := range c.Seqs {
			cs.unindex(place, seq, ident)
		}
	}
	for place := range places {
		cs.saveLocked(ident, place, nil, func() {})
	}
	cs.mu.Unlock()
}

// saveLocked stores a call, or takes it away, of who can prove to be somebody; in the order of the changes. What it returns is called when
// mu is free.
func (cs *calls) saveLocked(ident, place string, value []byte, done func()) (after func()) {
	if !proven(ident) {
		return done
	}
	err := cs.store.Put(valueOfCall, ident+"\x00"+place, value, func(err error) {
		if err != nil {
			cs.log.Debug("an unread message for a member was not noted", "err", err)
		}
		done()
	})
	if err != nil {
		cs.log.Debug("an unread message for a member was not noted", "err", err)
		return done
	}
	return func() {}
}
