package history

import (
	"container/heap"
	"context"
	"slices"
	"strings"
)

// Keep makes a holding one for good; see Claims.
func (c *claims) Keep(ctx context.Context, rev uint64, verifier []byte) error {
	c.mu.Lock()
	h := c.byRev[rev]
	if h == nil || h.verifier == nil || len(verifier) == 0 {
		c.mu.Unlock()
		return ErrNoHolding
	}
	if c.down {
		c.mu.Unlock()
		return ErrUnavailable
	}
	h.kept, h.verifier = true, verifier
	if h.place >= 0 {
		heap.Remove(&c.ends, h.place)
	}
	c.changedLocked(h)
	change := c.changes
	c.mu.Unlock()
	return c.awaitDisk(ctx, change)
}

// Register keeps a free name for good; see Claims.
func (c *claims) Register(ctx context.Context, r ClaimRequest) (Holder, error) {
	c.mu.Lock()
	if same := c.sameLocked(r.Fold, r.Keys); len(same) > 0 {
		taken := &TakenError{Holder: same[0].holder(), Alike: same[0].fold != r.Fold}
		c.mu.Unlock()
		return Holder{}, taken
	}
	if c.down {
		c.mu.Unlock()
		return Holder{}, ErrUnavailable
	}
	h := c.beginLocked(r)
	h.kept, h.hold = true, r.Hold
	c.changedLocked(h)
	change, holder := c.changes, h.holder()
	c.mu.Unlock()
	return holder, c.awaitDisk(ctx, change)
}

// GiveUp ends keeping; see Claims.
func (c *claims) GiveUp(ctx context.Context, rev uint64) error {
	c.mu.Lock()
	h := c.byRev[rev]
	if h == nil || !h.kept {
		c.mu.Unlock()
		return ErrNoHolding
	}
	if c.down {
		c.mu.Unlock()
		return ErrUnavailable
	}
	h.kept = false
	if len(h.sessions) == 0 {
		c.freeLocked(h, "")
	} else {
		c.changedLocked(h)
	}
	change := c.changes
	c.mu.Unlock()
	return c.awaitDisk(ctx, change)
}

// Kept lists the names for good; see Claims.
func (c *claims) Kept() []Holder {
	c.mu.Lock()
	defer c.mu.Unlock()
	var kept []Holder
	for _, h := range c.byRev {
		if h.kept {
			kept = append(kept, h.holder())
		}
	}
	slices.SortFunc(kept, func(a, b Holder) int { return strings.Compare(a.Fold, b.Fold) })
	return kept
}

// awaitDisk waits until change is on disk. ErrUncertain when it is not yet: what is in memory is stored as soon as that is possible.
func (c *claims) awaitDisk(ctx context.Context, change uint64) error {
	if err := c.await(ctx, change); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.durable < change {
		return ErrUncertain
	}
	return nil
}
