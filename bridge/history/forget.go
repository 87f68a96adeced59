package history

import (
	"context"
	"database/sql"
	"time"
)

// forget takes entries, and what refers to them, out of the index for good, and keeps them out until settled is called. It returns when no
// word of theirs is on the disk any more. A nil index has none of them.
func (x *index) forget(ctx context.Context, room string, seqs []uint64) (keys []entryKey, err error) {
	if x == nil {
		return nil, nil
	}
	asked := x.do(ctx, func() {
		var changes []change
		if keys, changes, err = x.forgetting(ctx, room, seqs); err != nil {
			return
		}
		for _, k := range keys {
			x.gone[k] = true
		}
		if x.db == nil {
			return
		}
		if err := x.forgetNow(ctx, changes, keys); err != nil && ctx.Err() == nil { // where words cannot be taken out, all of them go
			x.say(err)
			x.reset()
		} else if err != nil {
			x.decide(keys)
		}
	})
	return keys, either(asked, either(err, ctx.Err()))
}

// forgetting finds what there is to do for forget.
func (x *index) forgetting(ctx context.Context, room string, seqs []uint64) (keys []entryKey, changes []change, err error) {
	var rs []row
	for _, seq := range seqs {
		keys = append(keys, entryKey{room, seq})
		at, err := x.s.rows(ctx, x.s.rowsOf, room, int64(seq), int64(seq)+1, 1)
		if err != nil {
			return nil, nil, err
		}
		if len(at) == 0 {
			continue
		}
		if !at[0].Erased {
			rs = append(rs, at[0])
		}
		if !at[0].about { // what was erased may be referred to still
			continue
		}
		about, err := x.s.rows(ctx, x.s.rowsAbout, room, int64(seq), mostAbout)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range about {
			if x.read.Changes(r.Entry) == 0 {
				keys = append(keys, entryKey{room, r.Seq})
				rs = append(rs, r)
			}
		}
	}
	indexed := x.indexed.Load()
	for i := range rs {
		r := &rs[i]
		if r.pk > indexed || r.Seq < x.floor[room] || x.gone[entryKey{room, r.Seq}] || x.read.Changes(r.Entry) > 0 {
			continue
		}
		was, err := x.document(r, indexed)
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, change{pk: r.pk, was: was})
	}
	return keys, changes, nil
}

func (x *index) forgetNow(ctx context.Context, changes []change, keys []entryKey) error {
	err := x.transact(func(tx *sql.Tx) error {
		if err := storeGone(tx, keys); err != nil {
			return err
		}
		return x.put(tx, changes)
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	return x.scrub(ctx)
}

func storeGone(tx *sql.Tx, keys []entryKey) error {
	for _, k := range keys {
		if _, err := tx.Exec(`insert into gone (room, seq) values (?, ?) on conflict do nothing`, k.room, int64(k.seq)); err != nil {
			return err
		}
	}
	return nil
}

// scrub writes the write-ahead log of the index back and cuts it, so that nothing is left in it. Readers let it wait for a moment.
func (x *index) scrub(ctx context.Context) error {
	for {
		var busy, frames, done int
		err := x.db.QueryRow(`pragma wal_checkpoint(truncate)`).Scan(&busy, &frames, &done)
		if err == nil && busy == 0 {
			return nil
		}
		if err != nil && !isBusy(err) {
			return ofIndex(err)
		}
		select {
		case <-time.After(chorePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settled says that it is decided what became of entries that were forgotten: the log has erased them, or has not.
func (x *index) settled(keys []entryKey) {
	if x == nil || len(keys) == 0 {
		return
	}
	x.decide(keys)
	x.kick()
}

func (x *index) decide(keys []entryKey) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.decided = append(x.decided, keys...)
}

// settleDecided takes up what settled was told.
func (x *index) settleDecided() error {
	x.mu.Lock()
	keys := x.decided
	x.decided = nil
	x.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	err := x.settle(keys)
	if err != nil {
		x.decide(keys)
	}
	return err
}

// settle puts those that are still there back.
func (x *index) settle(keys []entryKey) error {
	var changes []change
	for _, k := range keys {
		if x.db == nil {
			delete(x.gone, k)
			continue
		}
		r, err := x.s.rowAt(background, k.room, k.seq)
		if err != nil {
			return err
		}
		if r == nil || r.pk > x.indexed.Load() || k.seq < x.floor[k.room] || x.read.Changes(r.Entry) > 0 {
			continue
		}
		now, err := x.document(r, x.indexed.Load())
		if err != nil {
			return err
		}
		changes = append(changes, change{pk: r.pk, now: now})
	}
	if x.db == nil {
		return nil
	}
	err := x.transact(func(tx *sql.Tx) error {
		for _, k := range keys {
			if _, err := tx.Exec(`delete from gone where room = ? and seq = ?`, k.room, int64(k.seq)); err != nil {
				return err
			}
		}
		return x.put(tx, changes)
	})
	if err == nil {
		for _, k := range keys {
			delete(x.gone, k)
		}
	}
	return err
}

// trimmed tells of a trim: bodies from a seq up to another are to go. They stay until the index has let them go.
func (x *index) trimmed(t *trim, room string) {
	if x == nil {
		return
	}
	x.mu.Lock()
	x.trims = append(x.trims, &trimming{id: t.id, room: room, from: uint64(t.cleared), upTo: uint64(t.below)})
	x.released[t.id] = t.cleared
	x.mu.Unlock()
	x.kick()
}

// free is up to which seq the bodies of a trim may go.
func (x *index) free(t *trim) int64 {
	if x == nil {
		return t.below
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.released[t.id]
}

// trim takes one step of trimmed entries out of the index. It returns false when there are none.
func (x *index) trim() (bool, error) {
	x.mu.Lock()
	if len(x.trims) == 0 {
		x.mu.Unlock()
		return false, nil
	}
	t := x.trims[0]
	x.mu.Unlock()
	from := max(t.from, x.floor[t.room])
	upTo := min(from+indexStep, t.upTo)
	if from < upTo {
		if err := x.dropBelow(t.room, from, upTo); err != nil {
			return true, err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	t.from = max(from, upTo)
	x.released[t.id] = int64(min(t.from, t.upTo))
	if t.from >= t.upTo {
		x.trims = x.trims[1:]
	}
	x.s.kick()
	return true, nil
}

// dropBelow takes the entries of a room from a seq up to another out of the index.
func (x *index) dropBelow(room string, from, upTo uint64) error {
	rs, err := x.s.rows(background, x.s.rowsOf, room, int64(from), int64(upTo), indexStep)
	if err != nil {
		return err
	}
	indexed := x.indexed.Load()
	var changes []change
	for i := range rs {
		r := &rs[i]
		if r.pk > indexed || x.gone[entryKey{room, r.Seq}] || x.read.Changes(r.Entry) > 0 {
			continue
		}
		was, err := x.document(r, indexed)
		if err != nil {
			return err
		}
		changes = append(changes, change{pk: r.pk, was: was})
	}
	err = x.transact(func(tx *sql.Tx) error {
		if _, err := tx.Exec(`insert into floor (room, seq) values (?, ?) on conflict do update set seq = excluded.seq`, room, int64(upTo)); err != nil {
			return err
		}
		return x.put(tx, changes)
	})
	if err != nil {
		return err
	}
	x.floor[room] = upTo
	if len(changes) > 0 {
		return x.scrub(background)
	}
	return nil
}
