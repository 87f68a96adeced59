package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"tincan/bridge/history"
	"tincan/broker"
)

// What is said about a message later: edits, deletions, reactions, votes and pins are entries of the log that refer to it. Everybody folds
// them into the message, or onto the board of the room; a page of history comes folded already.
const (
	maxChanges   = 500                        // entries about one message, without votes
	maxReactions = 64                         // different emoji on one message
	maxAbout     = maxChanges + maxVoters + 8 // entries about one message, votes and the end of a poll included
)

// checkRef holds what is about another message against the rules that need no other message.
func (p *post) checkRef() *broker.Refusal {
	switch {
	case p.body.Ref == "" && p.body.RefSeq == 0:
		return refusePayload("no-ref", "say which message is meant: ref is its id, or its seq")
	case utf8.RuneCountInString(p.body.Ref) > maxID, !printable(p.body.Ref):
		return refusePayload("bad-id", "an id has 1 to %d characters, and no control characters", maxID)
	case p.kind == kindReact && !isReaction(p.body.Text):
		return refusePayload("not-emoji", "a reaction is an emoji, of %d bytes at most", maxReaction)
	case p.kind == kindDelete && (p.body.Text != "" || p.body.Data != nil):
		return refusePayload("bad-field", "a deletion has a ref, and nothing to say")
	}
	if isMute(p.kind) {
		p.body.Text = ""
	}
	return nil
}

// A changing is a post on its way for which something is looked up.
type changing struct {
	b    *Bridge
	st   *seat
	t    topic
	key  string // of the log
	p    post
	m    *broker.Message
	ack  func(broker.Ack)
	then func(e history.Entry, told func()) // see Bridge.append
}

// change takes a post for which something has to be looked up: the earlier message that it is about, or a file. One goroutine does
// that, so that the reader of the session does not wait for the disk and two edits keep their order.
func (b *Bridge) change(c *changing, work func(context.Context)) {
	if c.m.Will {
		b.refused(c.st, c.t, c.m, refusePayload("kind-unsupported", "a will says a text, and nothing else"), c.ack)
		return
	}
	select {
	case b.changes <- work:
	default:
		c.refuse(refuseBusy())
	}
}

func (c *changing) refuse(no *broker.Refusal) { c.b.refused(c.st, c.t, c.m, no, c.ack) }

func (c *changing) work(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if c.p.kind == kindHand {
		c.appendToBoard(ctx, history.Entry{})
		return
	}
	target, no := c.target(ctx)
	if no == nil {
		no = c.fits(target)
	}
	if no != nil {
		c.refuse(no)
		return
	}
	c.p.body.Ref, c.p.body.RefSeq = target.ID, target.Seq
	switch {
	case c.t.room != "" && target.Seq <= c.b.hiddenUpTo(c.t.room):
		c.refuse(refuseNoMessage())
	case target.Erased && c.p.kind == kindDelete:
		c.ack(broker.Ack{}) // it is done
	case target.Erased:
		c.refuse(refuseGone())
	case c.p.kind == kindPin:
		c.appendToBoard(ctx, target)
	case c.p.kind == kindDelete && !c.mine(target):
		c.b.later(c.st, c.t, c.m, c.ack, c.eraseAsHost(target))
	case c.p.kind == kindDelete:
		c.b.later(c.st, c.t, c.m, c.ack, c.erase)
	default:
		c.append(ctx, target)
	}
}

// target finds the message that is meant. Where several have the id, it is one's own, else the newest.
func (c *changing) target(ctx context.Context) (history.Entry, *broker.Refusal) {
	var found []history.Entry
	var err error
	if seq := c.p.body.RefSeq; seq > 0 {
		before := seq - 1
		found, _, err = c.b.store.Page(ctx, c.key, history.Query{After: &before, Before: seq + 1, Limit: 1}, 0)
	} else {
		found, err = c.b.store.Find(ctx, c.key, c.p.body.Ref)
	}
	if err != nil {
		return history.Entry{}, refuseStore(err)
	}
	if len(found) == 0 {
		return history.Entry{}, refuseNoMessage()
	}
	e := found[max(0, slices.IndexFunc(found, c.mine))]
	if !isSaid(e.Kind) {
		return e, refusePayload("bad-ref", "that is no message but a %s: name the message that it is about", e.Kind)
	}
	return e, nil
}

// fits tells what keeps a change from its target, whatever was said about that before.
func (c *changing) fits(target history.Entry) *broker.Refusal {
	switch c.p.kind {
	case kindEdit:
		if target.Kind == kindPoll && c.mine(target) {
			return refusePayload("bad-ref", "a poll stays as it was asked: delete it and ask again")
		}
		if c.p.silent() && !isMute(target.Kind) {
			return refuseEmpty()
		}
	case kindVote, kindClose:
		if target.Kind != kindPoll {
			return refusePayload("bad-ref", "that is no poll")
		}
	}
	if c.mine(target) {
		return nil
	}
	switch c.p.kind {
	case kindEdit:
		return refuseAuthor(target.From, c.st.name())
	case kindDelete:
		if c.t.room == "" || !c.b.mayRun(c.st.member, c.t.room) {
			return refuseAuthor(target.From, c.st.name())
		}
	case kindClose:
		if c.t.room == "" || !c.b.mayRun(c.st.member, c.t.room) {
			return refuseClosing(target.From)
		}
	}
	return nil
}

// mine tells whether the member wrote an entry: it, not whoever had the name before.
func (c *changing) mine(e history.Entry) bool { return e.Author == c.st.author() }

// appendToBoard logs a pin or a hand, unless it changes nothing.
func (c *changing) appendToBoard(ctx context.Context, target history.Entry) {
	c.await(ctx, target)
	switch so, no := c.onBoard(ctx, target); {
	case no != nil:
		c.refuse(no)
	case so:
		c.ack(broker.Ack{})
	default:
		c.log(target)
	}
}

// flight names what a member does to one target, or to the board.
func (c *changing) flight(target history.Entry) string {
	return fmt.Sprint(c.key, "\x00", target.Seq, "\x00", c.st.name())
}

// await waits until what the member did to the target before is on disk: what it does now may take that back.
func (c *changing) await(ctx context.Context, target history.Entry) {
	if done, ok := c.b.flights.Load(c.flight(target)); ok {
		select {
		case <-done.(chan struct{}):
		case <-ctx.Done():
		}
	}
}

// log logs the change.
func (c *changing) log(target history.Entry) {
	key, done := c.flight(target), make(chan struct{})
	c.b.flights.Store(key, done)
	c.b.append(c.st, c.t, c.key, c.p, c.m, func(a broker.Ack) {
		c.b.flights.CompareAndDelete(key, done)
		close(done)
		c.ack(a)
	}, c.then)
}

// append logs an edit, a reaction, a vote or the end of a poll, unless it changes nothing or the message has enough of them.
func (c *changing) append(ctx context.Context, target history.Entry) {
	c.await(ctx, target)
	about, err := c.b.store.Referring(ctx, c.key, []uint64{target.Seq}, maxAbout)
	if err != nil {
		c.refuse(refuseStore(err))
		return
	}
	f := fold(target, about)
	repeated := slices.ContainsFunc(about, func(e history.Entry) bool { return e.From == c.st.name() && e.ID == c.p.id })
	if c.p.kind == kindVote {
		so, no := c.cast(target, f, repeated)
		if no != nil {
			c.refuse(no)
			return
		}
		if so && !repeated {
			c.ack(broker.Ack{})
			return
		}
	}
	if !repeated {
		switch {
		case c.p.kind == kindClose && f.closed != nil:
			c.ack(broker.Ack{}) // it is so already
			return
		case c.p.kind == kindReact && f.reacted(c.p.body.Text, c.st.name()) != c.p.body.Undo:
			c.ack(broker.Ack{}) // it is so already
			return
		case c.p.kind != kindVote && c.p.kind != kindClose && f.changes >= maxChanges:
			c.refuse(refuseChanged(maxChanges))
			return
		case c.p.kind == kindReact && !c.p.body.Undo && len(f.reactions) >= maxReactions && f.of(c.p.body.Text) == nil:
			c.refuse(refuseReactions(maxReactions))
			return
		}
	}
	c.log(target)
}

// erase removes the message and what was said about it from the disk, and logs that.
func (c *changing) erase(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
	tomb := c.p.entry(c.st)
	err := c.b.store.Erase(ctx, c.key, []uint64{tomb.Ref}, tomb)
	if errors.Is(err, history.ErrNoTarget) {
		return nil, nil // another session was faster
	}
	var found []history.Entry
	if err == nil {
		found, err = c.b.store.Find(ctx, c.key, tomb.ID)
	}
	if err != nil {
		return nil, refuseStore(err)
	}
	if c.t.room != "" {
		c.b.recall(c.t.room, tomb.Ref)
	} else {
		c.b.calls.drop(otherOf(c.key, c.st.member.ident), fromMember(c.st.member.ident), tomb.Ref)
	}
	i := slices.IndexFunc(found, c.mine)
	if i < 0 {
		return nil, nil // the log was trimmed meanwhile
	}
	if c.then != nil {
		told := make(chan struct{})
		c.then(found[i], func() { close(told) })
		select {
		case <-told:
		case <-ctx.Done():
			return nil, refuseStore(history.ErrUncertain)
		}
	}
	return seqProps(found[i].Seq, tomb.ID), nil
}

// seqProps tell where an entry stands.
func seqProps(seq uint64, id string) []broker.Prop {
	return []broker.Prop{{Key: "seq", Value: strconv.FormatUint(seq, 10)}, {Key: "id", Value: id}}
}

// eraseAsHost is erase for somebody else's message: it is in the log of what hosts do, and its author is told.
func (c *changing) eraseAsHost(target history.Entry) func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
	return func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
		props, no := c.erase(ctx)
		if no != nil {
			return nil, no
		}
		c.b.note(ctx, c.st.name(), c.st.author(), noted{Do: "delete", Room: c.t.room, Name: target.From})
		note := actNote{Type: inboxAct, act: act{Do: "delete", Room: c.t.room, Name: target.From}, By: c.st.name()}
		if ident := c.b.who(target.From); ident != "" {
			c.b.tell(target.From, ident, encode(note), func() {})
		}
		return props, nil
	}
}
