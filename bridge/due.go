package bridge

import (
	"context"
	"time"

	"tincan/broker"
)

// What happens to rooms by itself when a time has come: sanctions end, what was cleared is erased.

const duePace = time.Second

// watchCards does that until ctx ends.
func (b *Bridge) watchCards(ctx context.Context) {
	due := time.NewTicker(duePace)
	defer due.Stop()
	for {
		select {
		case now := <-due.C:
			for _, slug := range b.cards.dues(now) {
				b.expire(ctx, slug, now)
			}
		case <-ctx.Done():
			return
		}
	}
}

// expire ends what is over of a card.
func (b *Bridge) expire(ctx context.Context, slug string, now time.Time) {
	c := b.cards.of(slug)
	if c.Clearing != nil && !now.Before(c.Clearing.At.Add(undoTime)) {
		if err := b.store.Trim(ctx, slug, c.Cleared+1); err != nil {
			b.quiet.Warn("a cleared room is not erased yet, and tried again", slug, "room", slug, "err", err)
			b.cards.again(now.Add(time.Minute))
			return
		}
	}
	_ = b.cards.change(slug, func(n *card) *broker.Refusal {
		n.Muted, _ = passed(n.Muted, now)
		n.Banned, _ = passed(n.Banned, now)
		if c.Clearing != nil && n.Clearing != nil && n.Cleared == c.Cleared && !now.Before(n.Clearing.At.Add(undoTime)) {
			n.Clearing, n.Before = nil, 0
		}
		if n.Notice != nil && !n.Notice.until.IsZero() && !now.Before(n.Notice.until) {
			n.Notice = nil
		}
		return nil
	}, nil)
}

// again has something of a card looked at once more.
func (cs *cards) again(at time.Time) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.next.IsZero() || at.Before(cs.next) {
		cs.next = at
	}
}

// eraseRoom takes all that was said in a room off the disk, and frees its name: who opens a room of that name finds nothing.
func (b *Bridge) eraseRoom(ctx context.Context, slug string) error {
	b.states.forgetRoom(slug)
	b.marks.forgetRoom(slug)
	b.rollcall.move(ctx, slug, "")
	return b.store.Drop(ctx, slug)
}
