package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// What members take with them, and what they have erased: rooms that they may read, and whatever is their own.

// MayExport tells which log somebody means by a room, or by "@" and the name of a member, and after which seq that one may read it.
func (b *Bridge) MayExport(v *Visitor, where string) (log string, after uint64, no *Denial) {
	if name, direct := strings.CutPrefix(where, "@"); direct {
		who := b.who(name)
		if who == "" {
			return "", 0, deny(refuseNobody(name))
		}
		return pairKey(v.Ident, who), 0, nil
	}
	slug, err := names.Room(where)
	if err != nil {
		return "", 0, deny(refuseName(err))
	}
	slug = b.leads(v.st.member, slug)
	if !b.mayReadFrom(v, slug) || b.rooms.find(slug) == nil {
		return "", 0, deny(refuseNotIn(slug))
	}
	return slug, b.hiddenUpTo(slug), nil
}

// An Own is what is kept of a member besides messages.
type Own struct {
	Author uint64            `json:"-"`                // the mark of its messages
	Rooms  []string          `json:"rooms"`            // that it may read
	Runs   []string          `json:"runs,omitempty"`   // that it owns or runs
	Read   map[string]uint64 `json:"read,omitempty"`   // how far, by room
	Values map[string]string `json:"values,omitempty"` // of its devices, by topic
}

// OwnOf gathers what is kept of somebody.
func (b *Bridge) OwnOf(v *Visitor) Own {
	ident := v.Ident
	own := Own{Author: authorOf(ident), Read: b.marks.of(ident), Values: map[string]string{}, Rooms: []string{}}
	for _, l := range b.store.Logs() {
		if !l.Direct() && b.mayReadFrom(v, l.Name) {
			own.Rooms = append(own.Rooms, l.Name)
		}
	}
	own.Runs = b.cards.slugs(func(c *card) bool { return c.owned(ident) || c.hosted(ident) })
	b.states.mu.Lock()
	defer b.states.mu.Unlock()
	for topic, s := range b.states.byTopic {
		if s.ident == ident {
			own.Values[topic] = string(s.saved.Payload)
		}
	}
	return own
}

// IsPairOf tells whether a log is what somebody and another one said to each other.
func IsPairOf(log, ident string) bool {
	one, other, ok := strings.Cut(strings.TrimPrefix(log, "@"), "+")
	return strings.HasPrefix(log, "@") && ok && (one == ident || other == ident)
}

// authorOf is the mark of what somebody writes who can prove who it is; see seat.author.
func authorOf(ident string) uint64 {
	if rev, ok := strings.CutPrefix(ident, "r"); ok {
		if n, err := strconv.ParseUint(rev, 10, 64); err == nil {
			return n
		}
	}
	h := sha256.Sum256([]byte("author\x00" + ident))
	return binary.BigEndian.Uint64(h[:]) | 1<<63 // no Rev is as large
}

// Erasing all that somebody has said goes on in the background, over restarts: it may be long ago and much.
const (
	valueOfErasure = "erasure" // history.Values kind: ident → erasure
	erasureStep    = 200       // messages erased at once
)

// An erasure is what somebody wants to be erased.
type erasure struct {
	Name string `json:"name"`
}

// An erasedNote tells on the inbox that it is done.
type erasedNote struct {
	Type     string `json:"type"`
	Do       string `json:"do"`
	Messages int    `json:"messages"`
}

// eraseMine has everything erased that the member has said, and what is kept of it.
func (b *Bridge) eraseMine(ctx context.Context, a *accountAsk) (any, *broker.Refusal) {
	m := a.st.member
	var q struct {
		Name string `json:"name"` // as a hand on the switch: it must be one's own
	}
	if no := a.read(&q); no != nil {
		return nil, no
	}
	switch {
	case !proven(m.ident):
		return nil, refuseUnproven(m.name)
	case q.Name != m.name:
		return nil, refusePayload("not-sure", `this erases all that you have said, for good: say your own name to be sure, {"do":"erase","name":%q}`, m.name)
	}
	if err := putNow(ctx, b.store, valueOfErasure, m.ident, encode(erasure{m.name})); err != nil {
		return nil, refuseStore(err)
	}
	b.wantErased(m.ident, m.name)
	return nil, nil
}

// wantErased begins an erasure, unless too many are waiting: the next start goes on with it.
func (b *Bridge) wantErased(ident, name string) {
	select {
	case b.erasures <- [2]string{ident, name}:
	default:
		b.quiet.Warn("too much is to be erased at once; what a member has said is erased after the next start", name, "name", name)
	}
}

// eraseAll does what is asked for until ctx ends, beginning with what the last run has left.
func (b *Bridge) eraseAll(ctx context.Context) {
	err := b.store.Each(ctx, valueOfErasure, func(ident string, value []byte, _ time.Duration) {
		var e erasure
		if json.Unmarshal(value, &e) == nil {
			b.wantErased(ident, e.Name)
		}
	})
	if err != nil && ctx.Err() == nil {
		b.log.Warn("what members wanted to be erased is not known", "err", err)
	}
	for {
		select {
		case e := <-b.erasures:
			n, err := b.eraseOf(ctx, e[0], e[1])
			if err != nil {
				if ctx.Err() == nil {
					b.log.Error("not all that a member has said is erased; the next start goes on with it", "name", e[1], "err", err)
				}
				continue
			}
			if err := putNow(ctx, b.store, valueOfErasure, e[0], nil); err != nil {
				continue // it is done once more
			}
			b.log.Info("all that a member has said is erased", "name", e[1], "messages", n)
			b.tell(e[1], e[0], encode(erasedNote{inboxAccount, "erased", n}), func() {})
		case <-ctx.Done():
			return
		}
	}
}

// eraseOf erases what somebody has said, everywhere, and what is kept of it.
func (b *Bridge) eraseOf(ctx context.Context, ident, name string) (total int, err error) {
	author := authorOf(ident)
	b.marks.forget(ident) // first: erasing a message leaves no trace of either in the write-ahead log
	b.states.forget(func(s *state) bool { return s.ident == ident })
	for _, l := range b.store.Logs() {
		if l.Name == adminLog || l.Direct() && !IsPairOf(l.Name, ident) {
			continue
		}
		n, err := b.eraseIn(ctx, l, author, name)
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

// eraseIn erases the entries of one author in a log, some at a time.
func (b *Bridge) eraseIn(ctx context.Context, l history.LogInfo, author uint64, name string) (total int, err error) {
	var seqs []uint64
	var named history.Entry // the one that the tomb names: a message, if there is one among them
	flush := func() error {
		if len(seqs) == 0 {
			return nil
		}
		tomb := history.Entry{ID: newID(), From: name, Kind: kindDelete, Author: author, V: bodyFormat, Ref: named.Seq}
		tomb.Body = encode(body{Ref: named.ID, RefSeq: named.Seq})
		err := b.store.Erase(ctx, l.Name, seqs, tomb)
		if errors.Is(err, history.ErrNoTarget) { // it was deleted in this moment: the others are erased without saying which
			tomb.Ref, tomb.Body = 0, encode(body{})
			err = b.store.Erase(ctx, l.Name, seqs, tomb)
		}
		if err != nil {
			return err
		}
		for _, seq := range seqs {
			if !l.Direct() {
				b.recall(l.Name, seq)
			}
		}
		total += len(seqs)
		seqs = seqs[:0]
		return nil
	}
	for after := l.First - 1; after < l.Last; {
		es, _, err := b.store.Page(ctx, l.Name, history.Query{After: &after, Before: l.Last + 1, Limit: retainStep, MaxBytes: retainBytes}, 0)
		if err != nil {
			return total, err
		}
		if len(es) == 0 {
			break
		}
		for _, e := range es {
			after = e.Seq
			if e.Author != author || e.Erased || e.Kind == kindDelete { // a deletion says nothing
				continue
			}
			if len(seqs) == 0 || isSaid(e.Kind) && !isSaid(named.Kind) {
				named = e
			}
			if seqs = append(seqs, e.Seq); len(seqs) == erasureStep {
				if err := flush(); err != nil {
					return total, err
				}
			}
		}
	}
	return total, flush()
}
