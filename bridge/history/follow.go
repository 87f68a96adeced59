package history

import (
	"cmp"
	"database/sql"
	"slices"
)

// A change is what one step does to the index at one place: what was there goes, what is there comes. Empty: nothing.
type change struct {
	pk       int64
	was, now string
}

// put makes changes in a transaction, in the order of their places.
func (x *index) put(tx *sql.Tx, changes []change) error {
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.pk, b.pk) })
	remove, insert := tx.Stmt(x.remove), tx.Stmt(x.insert)
	for _, c := range changes {
		if c.was == c.now {
			continue
		}
		if c.was != "" {
			if _, err := remove.Exec(c.pk, c.was); err != nil {
				return err
			}
		}
		if c.now != "" {
			if _, err := insert.Exec(c.pk, c.now); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow indexes the next rows of the log.
func (x *index) follow() (more bool, err error) {
	indexed := x.indexed.Load()
	is, err := x.mark(indexed)
	if err != nil {
		return false, err
	}
	if is != x.at { // the newest rows were those of a log that was dropped, and their places are given again
		x.reset()
		return true, nil
	}
	var high, n int64 // the last place of this step, and how many rows it has: also those that say nothing
	if err := x.s.view.QueryRow(`select coalesce(max(pk), 0), count(*) from (select pk from entry where pk > ? order by pk limit ?)`, indexed, indexStep).Scan(&high, &n); err != nil {
		return false, err
	}
	if n == 0 {
		return false, nil
	}
	rs, err := x.s.rows(background, x.s.rowsUp, indexed, high, indexStep)
	if err != nil {
		return false, err
	}
	var changes []change
	changed := map[entryKey]bool{} // entries that were indexed before, and say something else now
	spans := map[int64][2]int64{}
	for i := range rs {
		r := &rs[i]
		block, ms := r.pk>>spanBits, r.Time.UnixMilli()
		span, ok := spans[block]
		if !ok {
			span = [2]int64{ms, ms}
		}
		spans[block] = [2]int64{min(span[0], ms), max(span[1], ms)}
		if target := x.read.Changes(r.Entry); target > 0 {
			changed[entryKey{r.room, target}] = true
			continue
		}
		if r.Erased || r.Seq < x.floor[r.room] || x.gone[entryKey{r.room, r.Seq}] {
			continue
		}
		now, err := x.document(r, high)
		if err != nil {
			return false, err
		}
		changes = append(changes, change{pk: r.pk, now: now})
	}
	for k := range changed {
		if x.gone[k] || k.seq < x.floor[k.room] {
			continue
		}
		r, err := x.s.rowAt(background, k.room, k.seq)
		if err != nil {
			return false, err
		}
		if r == nil || r.pk > indexed { // else it is indexed in this step, as it is now
			continue
		}
		c := change{pk: r.pk}
		if c.was, err = x.document(r, indexed); err == nil {
			c.now, err = x.document(r, high)
		}
		if err != nil {
			return false, err
		}
		changes = append(changes, c)
	}
	mark, err := x.mark(high)
	if err != nil {
		return false, err
	}
	err = x.transact(func(tx *sql.Tx) error {
		if err := x.put(tx, changes); err != nil {
			return err
		}
		for block, span := range spans {
			if _, err := tx.Exec(`insert into span (block, low, high) values (?, ?, ?)
				on conflict do update set low = min(low, excluded.low), high = max(high, excluded.high)`, block, span[0], span[1]); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`update state set indexed = ?, mark = ?`, high, mark)
		return err
	})
	if err != nil {
		return false, err
	}
	x.at = mark
	x.indexed.Store(high)
	return n == indexStep, nil
}
