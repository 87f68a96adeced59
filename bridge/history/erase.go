package history

import (
	"context"
	"errors"
	"time"
)

// keepIDs is how long the ids of trimmed entries stay known, in time that the store was open, so that a resend of one is still
// a repeat. No wall clock can shorten it.
const keepIDs = 7 * 24 * time.Hour

// clearStep is how many entries a trim clears in one transaction, so that appends do not wait for it.
const clearStep = 500

// Erase removes bodies; see Log. It returns when they are gone from the database file and the write-ahead log. An erased entry
// keeps its place: it is read with all that it was but its Body. Seqs that are not there, or trimmed,
// are left out.
func (s *Store) Erase(ctx context.Context, name string, seqs []uint64, tomb Entry) error {
	if name == "" || tomb.ID == "" {
		return errors.New("history: an entry needs a room and an id")
	}
	keys, err := s.index.forget(ctx, name, seqs) // first: whatever happens in between, no word of what is erased is left
	if err != nil {
		s.index.settled(keys)
		return err
	}
	gone := make(chan error, 1)
	err = s.errandThen(ctx, func(b *batch) (answer, fault error) {
		a := &appending{room: name, entry: tomb}
		if err := b.insert([]*appending{a}); err != nil {
			return nil, err
		}
		if a.err != nil {
			return a.err, nil
		}
		r := b.w.rooms(name)
		for _, seq := range seqs {
			if seq < a.receipt.Seq { // the tomb is the head, or it is a repeat and what came before it is meant
				if err := b.eraseWhole(r, seq, a.receipt.Seq); err != nil {
					return nil, err
				}
			}
		}
		b.after = append(b.after, r.forget, func() { b.w.scrub = append(b.w.scrub, func(err error) { gone <- err }) })
		return nil, nil
	}, func() { s.index.settled(keys) })
	if err != nil {
		return err
	}
	select {
	case err := <-gone:
		return err
	case <-ctx.Done():
		return errors.Join(ErrUncertain, ctx.Err())
	}
}

// eraseWhole erases one entry and what refers to it, but the tomb. An entry that is erased already, as what it refers to was, may be
// referred to still.
func (b *batch) eraseWhole(r *room, seq, tomb uint64) error {
	if seq < r.first { // only the writer changes it
		return nil
	}
	seqs, err := b.w.referring(r, seq, tomb)
	if err != nil {
		return err
	}
	for _, s := range append(seqs, seq) {
		if err := b.erase(r, s); err != nil {
			return err
		}
	}
	return nil
}

// erase overwrites the body of one entry in its place, with as many zeros: the page keeps its shape, and no copy of the body is
// left in what would else become free space.
func (b *batch) erase(r *room, seq uint64) error {
	e, erased, err := b.w.find(r.id, seq)
	if err != nil || erased || e == nil {
		return err
	}
	if _, err = b.w.conn.ExecContext(background, `update entry set erased = 1, body = zeroblob(length(body)), sum = ?
		where room = ? and seq = ? and body is not null`, b.w.sum.entry(r.id, e, true), r.id, int64(seq)); err != nil {
		return err
	}
	return b.detach(r.id, seq, seq+1)
}

// find reads one entry; nil when there is none.
func (w *writer) find(room int64, seq uint64) (*Entry, bool, error) {
	rows, err := w.conn.QueryContext(background, `select e.room, e.seq, e.sender, e.id, e.kind, e.time, e.claim, e.v, e.erased, null
		from entry e where e.room = ? and e.seq = ?`, room, int64(seq))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, false, rows.Err()
	}
	var e Entry
	var id, s, ms, claim int64
	var erased bool
	var none any
	if err := rows.Scan(&id, &s, &e.From, &e.ID, &e.Kind, &ms, &claim, &e.V, &erased, &none); err != nil {
		return nil, false, err
	}
	e.Seq, e.Author, e.Time = uint64(s), uint64(claim), time.UnixMilli(ms)
	return &e, erased, nil
}

// A trim is what is left to do of a Trim that has been granted.
type trim struct {
	id      int64
	room    int64
	below   int64
	cleared int64
	due     time.Duration // lived
}

// Trim forgets entries; see Log. They are no longer read when it returns; their bodies are dropped in the background, and their
// ids a week of running later.
func (s *Store) Trim(ctx context.Context, name string, keepFrom uint64) error {
	var keys []entryKey
	head, err := s.Head(ctx, name)
	if err != nil {
		return err
	}
	if keepFrom > head && head > 0 {
		if keys, err = s.index.forget(ctx, name, []uint64{head}); err != nil {
			s.index.settled(keys)
			return err
		}
	}
	return s.errandThen(ctx, func(b *batch) (answer, fault error) {
		r := s.room(name)
		if r == nil || r.id == 0 {
			return nil, nil
		}
		if _, err := b.open(name); err != nil {
			return nil, err
		}
		first, below := r.first, min(keepFrom, max(r.next, 1))
		if keepFrom > head && r.next == head && head > 0 { // it keeps its place, and nothing else
			if err := b.erase(r, head); err != nil {
				return nil, err
			}
			b.after = append(b.after, r.forget, b.scrubLater)
		}
		if below <= first {
			return nil, nil
		}
		if err := b.eraseAbout(r, first, below); err != nil {
			return nil, err
		}
		if _, err := b.w.conn.ExecContext(background, `update room set first = ?, sum = ? where id = ?`,
			int64(below), b.w.sum.room(r.id, name, below), r.id); err != nil {
			return nil, err
		}
		if err := b.detach(r.id, first, below); err != nil {
			return nil, err
		}
		t := &trim{room: r.id, below: int64(below), cleared: int64(first), due: b.w.store.lived() + keepIDs}
		if err := b.w.conn.QueryRowContext(background, `insert into trim (room, below, cleared, due) values (?, ?, ?, ?) returning id`,
			t.room, t.below, t.cleared, t.due.Milliseconds()).Scan(&t.id); err != nil {
			return nil, err
		}
		b.after = append(b.after, func() {
			b.w.trims = append(b.w.trims, t)
			r.mu.Lock()
			r.first = below
			r.mu.Unlock()
			r.forget()
			s.index.trimmed(t, name)
		})
		return nil, nil
	}, func() { s.index.settled(keys) })
}

// scrubLater has the write-ahead log emptied of what was erased, which nobody waits for.
func (b *batch) scrubLater() { b.w.scrub = append(b.w.scrub, func(error) {}) }

// eraseAbout erases what stays of a trim but is about what goes: an edit tells what was said, though it came later.
func (b *batch) eraseAbout(r *room, first, below uint64) error {
	rows, err := b.w.conn.QueryContext(background, `select seq from refer where room = ? and target >= ? and target < ? and seq >= ?`,
		r.id, int64(first), int64(below), int64(below))
	if err != nil {
		return err
	}
	defer rows.Close()
	var seqs []uint64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return err
		}
		seqs = append(seqs, uint64(seq))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, seq := range seqs {
		if err := b.erase(r, seq); err != nil {
			return err
		}
	}
	return nil
}

// Between two tries to empty the write-ahead log while a reader holds it, the pause doubles up to scrubPause. Most tries do not wait for
// the reader, as appends would wait with them: one that copies the whole database holds the log for minutes.
const (
	scrubPause = 500 * time.Millisecond
	scrubWait  = 8 // one try of so many waits
)

// housekeeping does one step of the work that nobody waits for in the queue. It returns after what pause there is more to do; 0: nothing
// is left.
func (w *writer) housekeeping() time.Duration {
	if len(w.scrub) > 0 {
		if !time.Now().Before(w.held) {
			if !w.checkpoint(w.scrubs%scrubWait == 0) {
				pause := min(chorePause<<min(w.scrubs, 10), scrubPause)
				w.scrubs, w.held = w.scrubs+1, time.Now().Add(pause)
				return pause
			}
			for _, done := range w.scrub {
				done(nil)
			}
			w.scrub, w.scrubs = nil, 0
		}
	}
	if w.chores() {
		return chorePause
	}
	if len(w.scrub) > 0 {
		return max(time.Until(w.held), chorePause)
	}
	return 0
}

// chores does one step of what trims have left to do, and tells whether there is more.
func (w *writer) chores() bool {
	for i, t := range w.trims {
		switch {
		case t.cleared < t.below && t.cleared >= w.store.index.free(t):
			continue // the index has them still
		case t.cleared < t.below:
			return w.clear(t) == nil
		case w.store.lived() >= t.due:
			gone, err := w.dropIDs(t)
			if gone {
				w.trims = append(w.trims[:i], w.trims[i+1:]...)
			}
			return err == nil
		}
	}
	return false
}

// clear drops the bodies of one step of a trim.
func (w *writer) clear(t *trim) error {
	upTo := min(t.cleared+clearStep, t.below, w.store.index.free(t))
	err := w.own(func(*batch) error {
		if _, err := w.conn.ExecContext(background, `update entry set body = null, sum = x'' where room = ? and seq >= ? and seq < ?`,
			t.room, t.cleared, upTo); err != nil {
			return err
		}
		_, err := w.conn.ExecContext(background, `update trim set cleared = ? where id = ?`, upTo, t.id)
		return err
	})
	if err == nil {
		t.cleared = upTo
		if t.cleared == t.below {
			w.scrub = append(w.scrub, func(error) {}) // the write-ahead log has them, too
		}
	}
	return err
}

// dropIDs deletes one step of a trim's entries, and says when the trim is done.
func (w *writer) dropIDs(t *trim) (gone bool, err error) {
	var n int64
	err = w.own(func(*batch) error {
		res, err := w.conn.ExecContext(background, `delete from entry where pk in
			(select pk from entry where room = ? and seq < ? order by seq limit ?)`, t.room, t.below, clearStep)
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil || n == clearStep {
			return err
		}
		if _, err = w.conn.ExecContext(background, `delete from refer where room = ? and target < ?`, t.room, t.below); err != nil {
			return err
		}
		if _, err = w.conn.ExecContext(background, `delete from listed where room = ? and seq < ?`, t.room, t.below); err != nil {
			return err
		}
		if err = w.dropGone(t.room); err != nil {
			return err
		}
		_, err = w.conn.ExecContext(background, `delete from trim where id = ?`, t.id)
		return err
	})
	return err == nil && n < clearStep, err
}
