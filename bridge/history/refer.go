package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
)

// findMost is how many entries Find returns.
const findMost = 16

// stored tells whether a room is in the database.
func (w *writer) stored(name string) bool {
	r := w.store.room(name)
	return r != nil && r.id != 0
}

// target tells whether an entry is there that another may refer to.
func (w *writer) target(r *room, seq uint64) (bool, error) {
	if seq < r.first { // only the writer changes it
		return false, nil
	}
	var one int
	err := w.findTarget.QueryRowContext(background, r.id, int64(seq)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// refer notes what the new ones of appends refer to, and the lists that they are on.
func (b *batch) refer(appends []*appending) error {
	for _, a := range appends {
		e := &a.entry
		if e.Ref == 0 && e.List == "" || a.err != nil || a.receipt.Dup {
			continue
		}
		room, seq := b.w.rooms(a.room).id, int64(a.receipt.Seq)
		if e.List != "" {
			if _, err := b.w.conn.ExecContext(background, `insert into listed (room, list, seq) values (?, ?, ?)`, room, e.List, seq); err != nil {
				return err
			}
		}
		if e.Ref == 0 {
			continue
		}
		sender := ""
		if e.Sole {
			sender = e.From
			if _, err := b.w.conn.ExecContext(background, `update refer set past = 1 where room = ? and target = ? and sender = ? and sender <> '' and past = 0`,
				room, int64(e.Ref), sender); err != nil {
				return err
			}
		}
		if _, err := b.w.putRefer.ExecContext(background, room, int64(e.Ref), seq, sender); err != nil {
			return err
		}
	}
	return nil
}

// referring lists what refers to an entry, without the tomb.
func (w *writer) referring(r *room, target, tomb uint64) (seqs []uint64, err error) {
	rows, err := w.conn.QueryContext(background, `select seq from refer where room = ? and target = ? and seq <> ?`, r.id, int64(target), int64(tomb))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		seqs = append(seqs, uint64(seq))
	}
	return seqs, rows.Err()
}

// What View's questions about references read.
const (
	findByID  = `select ` + entryColumns + ` from room r cross join entry e on e.room = r.id where r.name = ? and e.id = ? and e.seq >= ? order by e.seq desc limit ?`
	referring = `select ` + entryColumns + ` from room r cross join refer f on f.room = r.id cross join entry e on e.room = r.id and e.seq = f.seq
		where r.name = ? and f.target in (select value from json_each(?)) and f.past = 0 and e.seq >= ? and e.erased = 0 order by f.target, f.seq limit ?`
	listed = `select ` + entryColumns + ` from room r cross join listed l on l.room = r.id cross join entry e on e.room = r.id and e.seq = l.seq
		where r.name = ? and l.list = ? and e.seq >= ? and e.erased = 0 order by l.seq desc limit ?`
)

// Find returns the entries with an id; see View.
func (s *Store) Find(ctx context.Context, room, id string) ([]Entry, error) {
	return s.collect(ctx, room, s.findByID, id, findMost)
}

// Referring returns what refers to some entries; see View.
func (s *Store) Referring(ctx context.Context, room string, targets []uint64, limit int) ([]Entry, error) {
	list, err := json.Marshal(targets)
	if err != nil {
		return nil, err
	}
	return s.collect(ctx, room, s.referring, string(list), limit)
}

// Listed returns the newest entries on a list; see View.
func (s *Store) Listed(ctx context.Context, room, list string, limit int) ([]Entry, error) {
	es, err := s.collect(ctx, room, s.listed, list, limit)
	slices.Reverse(es)
	return es, err
}

// collect runs a question about a room whose last parameters are what is sought, the first seq that is kept, and a limit.
func (s *Store) collect(ctx context.Context, name string, stmt *sql.Stmt, sought string, limit int) (es []Entry, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.serving.Done()
	r := s.room(name)
	if r == nil {
		return nil, nil
	}
	r.mu.Lock()
	first := r.first
	r.mu.Unlock()
	rows, err := stmt.QueryContext(ctx, r.name, sought, int64(first), limit)
	if err != nil {
		return nil, s.readFault(name, err)
	}
	defer rows.Close()
	var sum summer
	for rows.Next() {
		e, _, err := scanEntry(rows, &sum)
		if errors.Is(err, errTrimmed) {
			continue // meanwhile
		}
		if err != nil {
			return es, s.readFault(name, err)
		}
		es = append(es, e)
	}
	if err := rows.Err(); err != nil {
		return es, s.readFault(name, err)
	}
	return es, nil
}
