package history

import (
	"context"
	"time"
)

// What of the claims lies on the disk, and who waits for that.

// storeWait is how long Claim waits for the disk before joining goes on from memory.
const storeWait = time.Second

// A claimRow is a holding as it is stored.
type claimRow struct {
	rev        uint64
	name, fold string
	keys       [2]string
	verifier   []byte
	hold       int64 // milliseconds
	ends       int64 // lived in milliseconds when the hold is over; -1 while connected
	ident      string
	kept       bool
	gone       bool // to be deleted; only rev counts
}

// await waits until change is on disk, or the store says that it cannot write, or for storeWait.
func (c *claims) await(ctx context.Context, change uint64) error {
	timer := time.NewTimer(storeWait)
	defer timer.Stop()
	for {
		c.mu.Lock()
		if c.durable >= change || c.down {
			c.mu.Unlock()
			return nil
		}
		if c.news == nil {
			c.news = make(chan struct{})
		}
		news := c.news
		c.mu.Unlock()
		select {
		case <-news:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// holding tells whether any name waits for its owner, so that the rest must be stored now and then.
func (c *claims) holding() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ends) > 0
}

// take returns at most limit rows that must be stored, what reserved must become, and the change to name in stored.
func (c *claims) take(limit int) (rows []claimRow, reserved, change uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for rev := range c.dirty {
		if len(rows) == limit {
			return rows, c.limit, c.durable // not all: nobody may go on yet
		}
		delete(c.dirty, rev)
		row := claimRow{rev: rev, gone: true}
		if h := c.byRev[rev]; h != nil {
			row = claimRow{rev: rev, name: h.name, fold: h.fold, keys: h.keys, verifier: h.verifier, hold: h.hold.Milliseconds(), ends: -1, ident: h.ident, kept: h.kept}
			if h.place >= 0 {
				row.ends = max(0, (c.lived + h.until.Sub(c.started)).Milliseconds())
			}
		}
		rows = append(rows, row)
	}
	return rows, c.limit, c.changes
}

// stored tells how storing what take returned went.
func (c *claims) stored(rows []claimRow, change uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		for _, row := range rows {
			c.dirty[row.rev] = struct{}{}
		}
	} else if change > c.durable {
		c.durable = change
	}
	c.down = err != nil
	c.tellLocked()
}

// stuck tells that the store cannot write now, and will tell by stored when it has.
func (c *claims) stuck() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = true
	c.tellLocked()
}

func (c *claims) tellLocked() {
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
}
