package bridge

import (
	"context"
	"sort"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// What happens to rooms by itself when a time has come: sanctions end, what was cleared is erased, what is too old is forgotten.

const (
	duePace  = time.Second
	trimPace = 10 * time.Minute
)

// watchCards does that until ctx ends.
func (b *Bridge) watchCards(ctx context.Context) {
	due, trim := time.NewTicker(duePace), time.NewTicker(trimPace)
	defer due.Stop()
	defer trim.Stop()
	for {
		select {
		case now := <-due.C:
			for _, slug := range b.cards.dues(now) {
				b.expire(ctx, slug, now)
			}
		case <-trim.C:
			for _, slug := range b.cards.slugs(func(c *card) bool { return c.Keep != nil }) {
				b.trim(ctx, slug)
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

// trim forgets what a room is not to keep.
func (b *Bridge) trim(ctx context.Context, slug string) {
	k := b.cards.of(slug).Keep
	if k == nil {
		return
	}
	from, err := b.keepFrom(ctx, slug, *k, time.Now())
	if err == nil && from > 1 {
		err = b.store.Trim(ctx, slug, from)
	}
	if err != nil && ctx.Err() == nil {
		b.quiet.Warn("the old entries of a room are not forgotten yet, and it is tried again", slug, "room", slug, "err", err)
	}
}

// keepFrom is the first seq of a log that stays.
func (b *Bridge) keepFrom(ctx context.Context, slug string, k keep, now time.Time) (uint64, error) {
	head, err := b.store.Head(ctx, slug)
	if err != nil || head == 0 {
		return 0, err
	}
	from := uint64(1)
	if k.Messages > 0 && head > uint64(k.Messages) {
		from = head - uint64(k.Messages) + 1
	}
	if k.Days > 0 {
		oldest := now.AddDate(0, 0, -k.Days)
		var failed error
		// The clock may have gone back now and then; what is newer than an older entry then stays a little longer, or not.
		n := sort.Search(int(head-from)+1, func(i int) bool {
			after := from + uint64(i) - 1
			es, _, err := b.store.Page(ctx, slug, history.Query{After: &after, Limit: 1}, 0)
			if err != nil {
				failed = err
				return true
			}
			return len(es) > 0 && !es[0].Time.Before(oldest)
		})
		if failed != nil {
			return 0, failed
		}
		from += uint64(n)
	}
	if k.Bytes > 0 {
		size, before := int64(0), head+1
		for before > from {
			es, _, err := b.store.Page(ctx, slug, history.Query{Before: before, Limit: historyMost, MaxBytes: 1 << 20}, 0)
			if err != nil || len(es) == 0 {
				return from, err
			}
			for i := len(es) - 1; i >= 0; i-- {
				if size += int64(len(es[i].Body)); size > k.Bytes {
					return max(from, es[i].Seq+1), nil
				}
			}
			before = es[0].Seq
		}
	}
	return from, nil
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
