package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

// A row is an entry with its place among the entries of all rooms: pk grows with each commit.
type row struct {
	pk    int64
	room  string
	first bool // of the room's entries that are kept, or after it: not trimmed
	about bool // others refer to it
	Entry
}

// What rows are read by. first tells that an entry is not trimmed, about that others refer to it.
const (
	rowColumns = entryColumns + `, e.pk, r.name, e.seq >= r.first, exists (select 1 from refer f where f.room = e.room and f.target = e.seq)`
	rowsUp     = `select ` + rowColumns + ` from entry e cross join room r on r.id = e.room where e.pk > ? and e.pk <= ? order by e.pk limit ?`
	rowsDown   = `select ` + rowColumns + ` from entry e cross join room r on r.id = e.room where e.pk > ? and e.pk <= ? order by e.pk desc limit ?`
	rowsAt     = `select ` + rowColumns + ` from json_each(?) j cross join entry e on e.pk = j.value cross join room r on r.id = e.room order by j.key`
	rowsOf     = `select ` + rowColumns + ` from room r cross join entry e on e.room = r.id where r.name = ? and e.seq >= ? and e.seq < ? order by e.seq limit ?`
	rowsAbout  = `select ` + rowColumns + ` from room r cross join refer g on g.room = r.id cross join entry e on e.room = r.id and e.seq = g.seq
		where r.name = ? and g.target = ? and g.sender = '' and e.erased = 0 order by g.seq limit ?`
)

// rowStmts are the statements of a view that read rows.
type rowStmts struct{ rowsUp, rowsDown, rowsAt, rowsOf, rowsAbout *sql.Stmt }

func (p *rowStmts) prepare(ctx context.Context, view *sql.DB) (err error) {
	for _, s := range []struct {
		stmt **sql.Stmt
		text string
	}{{&p.rowsUp, rowsUp}, {&p.rowsDown, rowsDown}, {&p.rowsAt, rowsAt}, {&p.rowsOf, rowsOf}, {&p.rowsAbout, rowsAbout}} {
		if *s.stmt, err = view.PrepareContext(ctx, s.text); err != nil {
			return err
		}
	}
	return nil
}

func (p *rowStmts) close() (err error) {
	for _, stmt := range []*sql.Stmt{p.rowsUp, p.rowsDown, p.rowsAt, p.rowsOf, p.rowsAbout} {
		err = errors.Join(err, stmt.Close())
	}
	return err
}

// mostAbout is how many entries about one are read: those of which each sender has one alone, such as votes, change no text.
const mostAbout = 1000

// rows runs one of these. Entries that are damaged or have nothing left are left out; the former are logged.
func (s *Store) rows(ctx context.Context, stmt *sql.Stmt, args ...any) (rs []row, err error) {
	found, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var sum summer
	for found.Next() {
		var r row
		r.Entry, _, err = scanEntry(found, &sum, &r.pk, &r.room, &r.first, &r.about)
		switch {
		case err == nil:
			rs = append(rs, r)
		case errors.Is(err, errTrimmed):
		case errors.Is(err, ErrDamaged):
			s.readFault(r.room, err)
		default:
			return rs, err
		}
	}
	return rs, found.Err()
}

// rowsAtPlaces reads the rows at some places, in the order of those.
func (s *Store) rowsAtPlaces(ctx context.Context, pks []int64) ([]row, error) {
	list, err := json.Marshal(pks)
	if err != nil {
		return nil, err
	}
	return s.rows(ctx, s.rowsAt, string(list))
}

// rowAt reads one row of a room; nil when there is none that says anything.
func (s *Store) rowAt(ctx context.Context, room string, seq uint64) (*row, error) {
	rs, err := s.rows(ctx, s.rowsOf, room, int64(seq), int64(seq)+1, 1)
	if err != nil || len(rs) == 0 || rs[0].Erased {
		return nil, err
	}
	return &rs[0], nil
}

// aboutRow reads what refers to a row, up to a place.
func (s *Store) aboutRow(ctx context.Context, r *row, upTo int64) (about []Entry, err error) {
	if !r.about {
		return nil, nil
	}
	rs, err := s.rows(ctx, s.rowsAbout, r.room, int64(r.Seq), mostAbout)
	for i := range rs {
		if rs[i].pk <= upTo {
			about = append(about, rs[i].Entry)
		}
	}
	return about, err
}
