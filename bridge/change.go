package bridge

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"

	"tincan/bridge/history"
	"tincan/broker"
)

// What is said about a message later: edits, deletions and reactions are entries of the log that refer to it. Everybody folds them into
// the message; a page of history comes folded already.
const (
	maxChanges   = 500 // entries about one message
	maxReactions = 64  // different emoji on one message
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
	return nil
}

// A changing is a post about an earlier message on its way.
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

// change takes a post about an earlier message. One goroutine looks the messages up, so that the reader of the session does not wait for
// the disk and two edits keep their order.
func (b *Bridge) change(c *changing) {
	if c.m.Will {
		b.refused(c.st, c.t, c.m, refusePayload("kind-unsupported", "a will says a text, and changes nothing"), c.ack)
		return
	}
	select {
	case b.changes <- c.work:
	default:
		c.refuse(refuseBusy())
	}
}

func (c *changing) refuse(no *broker.Refusal) { c.b.refused(c.st, c.t, c.m, no, c.ack) }

func (c *changing) work(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	target, no := c.target(ctx)
	if no != nil {
		c.refuse(no)
		return
	}
	c.p.body.Ref, c.p.body.RefSeq = target.ID, target.Seq
	switch {
	case c.p.kind != kindReact && !c.mine(target):
		c.refuse(refuseAuthor(target.From, c.st.name()))
	case target.Erased && c.p.kind == kindDelete:
		c.ack(broker.Ack{}) // it is done
	case target.Erased:
		c.refuse(refuseGone())
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
	if e.Kind != kindText {
		return e, refusePayload("bad-ref", "that is no message but a %s: name the message that it is about", e.Kind)
	}
	return e, nil
}

// mine tells whether the member wrote an entry: it, not whoever had the name before.
func (c *changing) mine(e history.Entry) bool { return e.Author == c.st.author() }

// append logs an edit or a reaction, unless it changes nothing or the message has enough of them.
func (c *changing) append(ctx context.Context, target history.Entry) {
	about, err := c.b.store.Referring(ctx, c.key, []uint64{target.Seq}, maxChanges)
	if err != nil {
		c.refuse(refuseStore(err))
		return
	}
	if i := slices.IndexFunc(about, func(e history.Entry) bool { return e.From == c.st.name() && e.ID == c.p.id }); i < 0 {
		f := fold(target, about)
		switch {
		case c.p.kind == kindReact && f.reacted(c.p.body.Text, c.st.name()) != c.p.body.Undo:
			c.ack(broker.Ack{}) // it is so already
			return
		case len(about) >= maxChanges:
			c.refuse(refuseChanged(maxChanges))
			return
		case c.p.kind == kindReact && !c.p.body.Undo && len(f.reactions) >= maxReactions && f.of(c.p.body.Text) == nil:
			c.refuse(refuseReactions(maxReactions))
			return
		}
	}
	c.b.append(c.st, c.t, c.key, c.p, c.m, c.ack, c.then)
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
