package bridge

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// What is unread: for each member and room how many messages, and which are for it. It is counted from the read mark, told with the marks to
// a session that begins to read its inbox, and then whenever it changes for another reason than a message that everybody in the room sees.
const (
	recentMost  = 100         // messages of a room that are counted; unread says no more
	recentPages = 5           // pages of the log that are read for that
	countsPace  = time.Second // between two notes of counts to one member
)

// A roomCount is what is unread in a room.
type roomCount struct {
	Unread   int      `json:"unread"` // messages by others; recentMost: that many or more
	Mentions []uint64 `json:"mentions,omitempty"`
	Last     uint64   `json:"last"`
}

// A userCount is what is unread of what another member wrote.
type userCount struct {
	Unread []uint64 `json:"unread"`
	Read   uint64   `json:"read"`
	Last   uint64   `json:"last"`
}

// A countsNote tells what is unread; in a note that comes later, only where it has changed.
type countsNote struct {
	Type  string               `json:"type"`
	Rooms map[string]roomCount `json:"rooms,omitempty"`
	Users map[string]userCount `json:"users,omitempty"`
}

// recent is the newest messages of a room, as far as they are counted.
type recent struct {
	upTo uint64
	said []saidBy
}

type saidBy struct {
	seq  uint64
	from string
}

// take counts an entry.
func (rc *recent) take(e history.Entry) {
	if e.Kind == kindDelete {
		var b body
		if json.Unmarshal(e.Body, &b) == nil {
			rc.said = slices.DeleteFunc(rc.said, func(s saidBy) bool { return s.seq == b.RefSeq })
		}
	}
	if e.Seq <= rc.upTo {
		return
	}
	rc.upTo = e.Seq
	if isSaid(e.Kind) && !e.Erased {
		if rc.said = append(rc.said, saidBy{e.Seq, e.From}); len(rc.said) > 2*recentMost {
			rc.said = slices.Clone(rc.said[recentMost:])
		}
	}
}

// after counts the messages after a mark that others wrote.
func (rc *recent) after(mark uint64, name string) (n int) {
	for i := len(rc.said) - 1; i >= 0 && rc.said[i].seq > mark && n < recentMost; i-- {
		if rc.said[i].from != name {
			n++
		}
	}
	return n
}

// unread counts what a member has not read in the room. The newest messages are read from the log when this is first asked.
func (r *room) unread(ctx context.Context, log Store, mark uint64, name string) (int, error) {
	if r.last.Load() <= mark {
		return 0, nil
	}
	for {
		r.mu.Lock()
		if r.recent != nil {
			n := r.recent.after(mark, name)
			r.mu.Unlock()
			return n, nil
		}
		r.mu.Unlock()
		rc := &recent{}
		var all []history.Entry
		said := 0
		q := history.Query{Limit: historyMost}
		for range recentPages {
			es, _, err := log.Page(ctx, r.slug, q, 0)
			if err != nil {
				return 0, err
			}
			for _, e := range es {
				if isSaid(e.Kind) && !e.Erased {
					said++
				}
			}
			all = append(es, all...)
			if said >= recentMost || len(es) == 0 || es[0].Seq == 1 {
				break
			}
			q.Before = es[0].Seq
		}
		for _, e := range all {
			if e.Kind != kindDelete { // what it deleted says so itself
				rc.take(e)
			}
		}
		if len(all) > 0 {
			rc.upTo = all[len(all)-1].Seq
		}
		r.mu.Lock()
		if r.recent == nil && r.published <= rc.upTo { // else something was published that was not on disk when we looked
			r.recent = rc
		}
		r.mu.Unlock()
	}
}

// A due is what a member has to be told.
type due struct {
	name   string
	places map[string]bool
}

// counts tells members what is unread for them.
type counts struct {
	kick chan struct{} // capacity 1

	mu    sync.Mutex // guards what follows; map work only
	due   map[string]*due
	rooms map[string]bool // where something is for all
}

func newCounts() *counts {
	return &counts{kick: make(chan struct{}, 1), due: map[string]*due{}, rooms: map[string]bool{}}
}

// changed notes that what is unread for a member in a place has changed. A name that is empty is everybody in that room.
func (c *counts) changed(ident, name, place string) {
	c.mu.Lock()
	if name == "" {
		c.rooms[place] = true
	} else {
		d := c.due[ident]
		if d == nil {
			d = &due{places: map[string]bool{}}
			c.due[ident] = d
		}
		d.name = name
		d.places[place] = true
	}
	c.mu.Unlock()
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// tellCounts tells members what is due, once in countsPace, until ctx ends.
func (b *Bridge) tellCounts(ctx context.Context) {
	c := b.counts
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-c.kick:
		case <-ctx.Done():
			return
		}
		pause.Reset(countsPace)
		c.mu.Lock()
		dues, rooms := c.due, c.rooms
		c.due, c.rooms = map[string]*due{}, map[string]bool{}
		c.mu.Unlock()
		if len(rooms) > 0 {
			for _, m := range b.members.all() {
				for slug := range rooms {
					if _, been := b.marks.at(m.ident, slug); !been || !b.mayRead(m, slug) {
						continue
					}
					d := dues[m.ident]
					if d == nil {
						d = &due{name: m.name, places: map[string]bool{}}
						dues[m.ident] = d
					}
					d.places[slug] = true
				}
			}
		}
		for ident, d := range dues {
			n, err := names.Parse(d.name)
			if err != nil {
				continue
			}
			if m := b.members.find(n.Fold); m == nil || m.ident != ident {
				continue // it is told when it comes
			}
			b.catchUp(ctx, d.places)
			note := b.countsOf(ctx, ident, d.name, d.places)
			b.publish(&broker.Message{Topic: topicInbox(d.name), Payload: encode(note), QoS: 1, ContentType: "application/json"})
		}
	}
}

// catchUp waits until rooms have published what was said: a mention is noted when it is on disk, which may be before, and a note must not
// tell of a message that is newer than the last.
func (b *Bridge) catchUp(ctx context.Context, places map[string]bool) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	for place := range places {
		r := b.rooms.find(place)
		if r == nil {
			continue
		}
		if _, err := r.catchUp(ctx, b.store); err != nil && ctx.Err() == nil {
			b.quiet.Warn("what is unread is counted without the newest messages", place, "room", place, "err", err)
		}
	}
}

// countsOf is what is unread for a member in some places.
func (b *Bridge) countsOf(ctx context.Context, ident, name string, places map[string]bool) countsNote {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	note := countsNote{Type: inboxCounts, Rooms: map[string]roomCount{}, Users: map[string]userCount{}}
	kept := b.calls.places(ident)
	for place := range places {
		if strings.HasPrefix(place, "@") {
			if c, ok := kept[place]; ok {
				note.Users[c.Name] = userCount{Unread: append([]uint64{}, c.Seqs...), Read: c.Read, Last: c.Last}
			}
			continue
		}
		r := b.rooms.find(place)
		if r == nil || !b.mayReadAs(ident, place) {
			continue
		}
		mark, been := b.marks.at(ident, place)
		count := roomCount{Mentions: b.calls.of(ident, place, mark), Last: r.last.Load()}
		if been {
			n, err := r.unread(ctx, b.store, mark, name)
			if err != nil {
				b.quiet.Warn("what is unread cannot be counted", place, "room", place, "err", err)
				continue
			}
			count.Unread = n
		} else {
			count.Mentions = b.calls.of(ident, place, 0)
		}
		note.Rooms[place] = count
	}
	return note
}

// callees finds who a message is for, besides those who read the room: the idents, and whether it is all.
func (b *Bridge) callees(author, slug, text string) (idents []string, byName map[string]string, all bool) {
	byName = map[string]string{}
	_, all = mentions(text, func(n names.Name) bool {
		ident, name := b.whose(n)
		if ident == "" {
			return false
		}
		if ident != author && byName[ident] == "" && b.mayReadAs(ident, slug) {
			idents = append(idents, ident)
			byName[ident] = name
		}
		return true
	})
	return idents, byName, all
}

// whose is who has a name, connected or held, and how it is spelled; both empty when nobody has it.
func (b *Bridge) whose(n names.Name) (ident, name string) {
	if m := b.members.find(n.Fold); m != nil {
		return m.ident, m.name
	}
	if h, held := b.store.Lookup(n.Keys); held && h.Secret && h.Fold == n.Fold {
		return holderIdent(h), h.Name
	}
	return "", ""
}

// noting is what has to be noted of a post when it is logged: for whom it is. It is worked out before that, since the log's writer waits for
// nobody; nil: nothing.
func (b *Bridge) noting(st *seat, t topic, key string, p post) func(seq uint64, done func()) {
	mine := st.member.ident
	if t.room == "" {
		if !isSaid(p.kind) {
			return nil
		}
		from, to, name := st.name(), p.body.To, otherOf(key, mine)
		return func(seq uint64, done func()) {
			b.calls.wrote(mine, fromMember(name), to, seq)
			b.calls.add(name, fromMember(mine), from, "", seq, done)
			b.counts.changed(name, to, fromMember(mine))
		}
	}
	edit := p.kind == kindEdit
	if !edit && !isSaid(p.kind) {
		return nil
	}
	idents, names, all := b.callees(mine, t.room, p.body.Text)
	if len(idents) == 0 && !all && !edit {
		return nil
	}
	return func(seq uint64, done func()) {
		if edit {
			seq = p.body.RefSeq
			b.recall(t.room, seq)
		}
		b.call(mine, t.room, seq, idents, names, all, done)
	}
}

// otherOf is who else a log of two members is of.
func otherOf(key, ident string) string {
	a, b, _ := strings.Cut(strings.TrimPrefix(key, "@"), "+")
	if a == ident {
		return b
	}
	return a
}

// call notes for whom a message of a room is, and calls done when that is on disk.
func (b *Bridge) call(author, slug string, seq uint64, idents []string, names map[string]string, all bool, done func()) {
	var left atomic.Int64
	left.Store(1)
	noted := func() {
		if left.Add(-1) == 0 {
			done()
		}
	}
	if all {
		left.Add(1)
		b.calls.add(ofAll, slug, "", author, seq, noted)
		b.counts.changed("", "", slug)
	}
	for _, ident := range idents {
		if mark, _ := b.marks.at(ident, slug); seq <= mark {
			continue // it was edited, and has been read
		}
		left.Add(1)
		b.calls.add(ident, slug, "", "", seq, noted)
		b.counts.changed(ident, names[ident], slug)
	}
	noted()
}

// recall takes a message of a room back from those whom it was for.
func (b *Bridge) recall(slug string, seq uint64) {
	idents := b.calls.retract(slug, seq)
	if len(idents) == 0 {
		return
	}
	if slices.Contains(idents, ofAll) {
		b.counts.changed("", "", slug)
	}
	for _, m := range b.members.all() {
		if slices.Contains(idents, m.ident) {
			b.counts.changed(m.ident, m.name, slug)
		}
	}
}
