package bridge

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// A room's board is what stands out in it now: pinned messages and raised hands. Both are entries of the log, which everybody folds; who
// comes is told the board as it is (chat/room/{room}/board) and folds what comes after that.
const (
	mostPins  = 50
	mostHands = 300
	handStays = 12 * time.Hour // after which a raised hand is forgotten: whoever raised it has gone home
	boardRead = 2000           // newest entries of each list that a board is made of
	everyone  = "*"            // whose hands are lowered, when all are
)

// Lists of the log, see history.Entry.
const (
	listPins  = "pin"
	listHands = "hand"
)

// A board is folded up to a seq.
type board struct {
	pins  []pin
	hands []hand
	upTo  map[string]uint64 // by list: the newest entry in it
}

// A pin is a message that is pinned, and by whom.
type pin struct {
	Seq  uint64 `json:"seq"` // of the message
	ID   string `json:"id"`
	By   string `json:"by"`
	Time string `json:"time"`
}

// A hand is one that is raised.
type hand struct {
	Name string `json:"name"`
	Seq  uint64 `json:"seq"` // of the entry that raised it
	Time string `json:"time"`

	at time.Time
}

// A boardNote is a board as it is told.
type boardNote struct {
	Seq   uint64 `json:"seq"` // what was said up to here is in it
	Pins  []pin  `json:"pins"`
	Hands []hand `json:"hands"`
}

func newBoard() *board { return &board{upTo: map[string]uint64{}} }

// take folds an entry of the log.
func (bd *board) take(e history.Entry) {
	if e.Kind != kindPin && e.Kind != kindHand && e.Kind != kindDelete {
		return
	}
	var b body
	if json.Unmarshal(e.Body, &b) != nil {
		return // erased meanwhile
	}
	switch e.Kind {
	case kindDelete:
		bd.unpin(b.RefSeq)
	case kindPin:
		if e.Seq <= bd.upTo[listPins] {
			return
		}
		bd.upTo[listPins] = e.Seq
		if b.Undo {
			bd.unpin(b.RefSeq)
		} else if !bd.pinned(b.RefSeq) {
			bd.pins = append(bd.pins, pin{b.RefSeq, b.Ref, e.From, stamp(e.Time)})
		}
	case kindHand:
		if e.Seq <= bd.upTo[listHands] {
			return
		}
		bd.upTo[listHands] = e.Seq
		switch {
		case b.Undo && b.Who == everyone:
			bd.hands = nil
		case b.Undo && b.Who != "":
			bd.lower(b.Who)
		case b.Undo:
			bd.lower(e.From)
		case !bd.raised(e.From):
			bd.hands = append(bd.hands, hand{e.From, e.Seq, stamp(e.Time), e.Time})
		}
	}
}

func (bd *board) unpin(seq uint64) {
	bd.pins = slices.DeleteFunc(bd.pins, func(p pin) bool { return p.Seq == seq })
}

func (bd *board) pinned(seq uint64) bool {
	return slices.ContainsFunc(bd.pins, func(p pin) bool { return p.Seq == seq })
}

func (bd *board) lower(name string) {
	bd.hands = slices.DeleteFunc(bd.hands, func(h hand) bool { return h.Name == name })
}

func (bd *board) raised(name string) bool {
	return slices.ContainsFunc(bd.hands, func(h hand) bool { return h.Name == name })
}

// fade forgets hands that were raised long before now.
func (bd *board) fade(now time.Time) {
	bd.hands = slices.DeleteFunc(bd.hands, func(h hand) bool { return now.Sub(h.at) > handStays })
}

// note is what a newcomer is told.
func (bd *board) note(seq uint64) boardNote {
	return boardNote{Seq: seq, Pins: append([]pin{}, bd.pins...), Hands: append([]hand{}, bd.hands...)}
}

// look hands the board of the room to f, which must be quick. It is made of the log when it is first asked for.
func (r *room) look(ctx context.Context, store history.View, log history.Log, f func(bd *board, seq uint64)) error {
	for {
		r.mu.Lock()
		if r.board != nil {
			r.board.fade(time.Now())
			f(r.board, r.published)
			r.mu.Unlock()
			return nil
		}
		r.mu.Unlock()
		head, err := log.Head(ctx, r.slug)
		if err != nil {
			return err
		}
		bd := newBoard()
		for _, list := range []string{listPins, listHands} {
			es, err := store.Listed(ctx, r.slug, list, boardRead)
			if err != nil {
				return err
			}
			for _, e := range es {
				bd.take(e)
			}
		}
		r.mu.Lock()
		if r.board == nil && r.published <= head { // else something was published that was not on disk when we looked
			r.board = bd
		}
		r.mu.Unlock()
	}
}

// boardNote is retained on the board of an open room; nil, which is nothing, when it cannot be read now.
func (rs *rooms) boardNote(r *room) []byte {
	ctx, cancel := context.WithTimeout(rs.ctx, askTime)
	defer cancel()
	var note boardNote
	if err := r.look(ctx, rs.store, rs.store, func(bd *board, seq uint64) { note = bd.note(seq) }); err != nil {
		rs.quiet.Warn("the board of a room cannot be read", r.slug, "room", r.slug, "err", err)
		return nil
	}
	cleared := rs.cards.of(r.slug).Cleared
	note.Pins = slices.DeleteFunc(note.Pins, func(p pin) bool { return p.Seq <= cleared })
	note.Hands = slices.DeleteFunc(note.Hands, func(h hand) bool { return h.Seq <= cleared })
	return encode(note)
}

// mayTend tells whether a member may pin, and call on raised hands: who runs the room may; where nobody does, everybody may.
func (b *Bridge) mayTend(m *member, slug string) bool {
	return b.mayRun(m, slug) || b.isNobodys(slug)
}

// pinned reads the pinned messages of a room, in the order of the log. Those that are gone are left out.
func (b *Bridge) pinned(ctx context.Context, slug string) (es []history.Entry, last uint64, err error) {
	r := b.rooms.find(slug)
	if r == nil {
		return nil, 0, nil
	}
	var seqs []uint64
	if err := r.look(ctx, b.store, b.store, func(bd *board, seq uint64) {
		last = seq
		for _, p := range bd.pins {
			seqs = append(seqs, p.Seq)
		}
	}); err != nil {
		return nil, 0, err
	}
	slices.Sort(seqs)
	for _, seq := range seqs {
		before := seq - 1
		e, _, err := b.store.Page(ctx, slug, history.Query{After: &before, Before: seq + 1, Limit: 1}, 0)
		if err != nil {
			return nil, 0, err
		}
		es = append(es, e...)
	}
	return es, last, nil
}

// readHand takes a field that only hands have; taken is false for any other.
func (p *post) readHand(k string, v json.RawMessage) (taken bool, no *broker.Refusal) {
	if p.kind != kindHand || k != "who" {
		return false, nil
	}
	if json.Unmarshal(v, &p.body.Who) != nil {
		return true, refusePayload("bad-field", "the field %q must be a string", k)
	}
	return true, nil
}

// checkHand holds a hand against the rules that need no room.
func (p *post) checkHand() *broker.Refusal {
	p.body.Text, p.body.Ref, p.body.RefSeq = "", "", 0
	if p.body.Who == "" || p.body.Who == everyone {
		if p.body.Who == everyone && !p.body.Undo {
			return refusePayload("own-hand", "everybody raises the own hand alone: leave who out")
		}
		return nil
	}
	n, err := names.Parse(p.body.Who)
	if err != nil {
		no := refuseName(err)
		no.Code = broker.BadPayloadFormat
		return no
	}
	if p.body.Who = n.Canonical; !p.body.Undo {
		return refusePayload("own-hand", "everybody raises the own hand alone: leave who out")
	}
	return nil
}

// onBoard tells what keeps an entry from the board of its room; so: it changes nothing there.
func (c *changing) onBoard(ctx context.Context, target history.Entry) (so bool, no *broker.Refusal) {
	if c.t.room == "" {
		return false, refusePayload("not-here", "pins and raised hands are for rooms, not for what two members write")
	}
	r := c.b.rooms.find(c.t.room)
	if r == nil {
		return false, refuseNoRoom(c.t.room)
	}
	p, name := &c.p.body, c.st.name()
	done, err := r.catchUp(ctx, c.b.store) // so that it is on the board
	if err != nil {
		return false, refuseStore(err)
	}
	if !done {
		return false, refuseBusy()
	}
	err = r.look(ctx, c.b.store, c.b.store, func(bd *board, _ uint64) {
		switch {
		case c.p.kind == kindPin:
			if so = bd.pinned(target.Seq) != p.Undo; !so && !p.Undo && len(bd.pins) >= mostPins {
				no = refuseFullBoard("pins", "this room has %d pinned messages: unpin one of them", mostPins)
			}
		case !p.Undo:
			if so = bd.raised(name); !so && len(bd.hands) >= mostHands {
				no = refuseFullBoard("hands", "%d hands are raised already: wait a little", mostHands)
			}
		case p.Who == everyone:
			so = len(bd.hands) == 0
		case p.Who != "":
			for _, h := range bd.hands { // however the name is spelled
				if n, err := names.Parse(h.Name); err == nil && sameFold(n, p.Who) {
					p.Who = h.Name
				}
			}
			so = !bd.raised(p.Who)
		default:
			so = !bd.raised(name)
		}
	})
	switch {
	case err != nil:
		return false, refuseStore(err)
	case no != nil:
		return false, no
	}
	if mine := c.p.kind == kindHand && (p.Who == "" || p.Who == name); !mine && !c.b.mayTend(c.st.member, c.t.room) {
		return false, refuseTend(c.p.kind, c.b.cards.at(c.t.room).said(c.t.room))
	}
	return so, nil
}

func sameFold(n names.Name, other string) bool {
	o, err := names.Parse(other)
	return err == nil && o.Fold == n.Fold
}
