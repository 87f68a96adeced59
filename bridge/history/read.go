package history

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Head is the last seq of a room; see Log.
func (s *Store) Head(ctx context.Context, name string) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r := s.room(name)
	if r == nil {
		return 0, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head, nil
}

// Page reads entries; see View. When one of them is damaged it returns those before it, with ErrDamaged.
func (s *Store) Page(ctx context.Context, name string, q Query, wait uint64) ([]Entry, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if err := s.enter(); err != nil {
		return nil, 0, err
	}
	defer s.serving.Done()
	r := s.room(name)
	if wait > 0 && (r == nil || !r.has(wait)) {
		r = s.makeTail(name)
		defer s.dropTail(r)
		if err := r.await(ctx, s.stop, wait); err != nil {
			return nil, 0, err
		}
	}
	if r == nil {
		return nil, 0, nil
	}
	r.mu.Lock()
	at := r.head
	r.mu.Unlock()
	es, err := s.page(ctx, r, q)
	return es, at, err
}

func (r *room) has(seq uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head >= seq
}

// The columns of an entry, as scanEntry reads them.
const entryColumns = `e.room, e.seq, e.sender, e.id, e.kind, e.time, e.claim, e.v, e.erased, e.sum, e.body`

const (
	pageUp   = `select ` + entryColumns + ` from room r cross join entry e on e.room = r.id where r.name = ? and e.seq > ? and e.seq <= ? order by e.seq limit ?`
	pageDown = `select ` + entryColumns + ` from room r cross join entry e on e.room = r.id where r.name = ? and e.seq > ? and e.seq <= ? order by e.seq desc limit ?`
)

// page reads what q selects of the durable entries of r. What is trimmed meanwhile is left out.
func (s *Store) page(ctx context.Context, r *room, q Query) ([]Entry, error) {
	for {
		r.mu.Lock()
		first, head := r.first, r.head
		r.mu.Unlock()
		es, err := s.read(ctx, r.name, q, first, head)
		if err == nil {
			return es, nil
		}
		r.mu.Lock()
		trimmed := r.first != first
		r.mu.Unlock()
		if !trimmed {
			return es, s.readFault(r.name, err)
		}
	}
}

// read reads what q selects of the entries from first to head, which are all there, oldest first. With an error come those that
// were good before it.
func (s *Store) read(ctx context.Context, room string, q Query, first, head uint64) (es []Entry, err error) {
	stmt, low, high := s.pageDown, first-1, head
	if q.After != nil {
		stmt, low = s.pageUp, max(low, *q.After)
	}
	if q.Before > 0 {
		high = min(high, q.Before-1)
	}
	if low >= high || q.Limit <= 0 {
		return nil, nil
	}
	rows, err := stmt.QueryContext(ctx, room, int64(low), int64(high), q.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if q.After == nil {
		defer func() { slices.Reverse(es) }()
	}
	var sum summer
	size := 0
	for rows.Next() {
		e, _, err := scanEntry(rows, &sum)
		want := low + 1 + uint64(len(es))
		if q.After == nil {
			want = high - uint64(len(es))
		}
		if err == nil && e.Seq != want {
			err = ErrDamaged
		}
		if err != nil {
			return es, fmt.Errorf("seq %d: %w", want, err)
		}
		size += len(e.Body)
		if q.MaxBytes > 0 && size > q.MaxBytes && len(es) > 0 {
			return es, nil
		}
		es = append(es, e)
	}
	if err := rows.Err(); err != nil {
		return es, err
	}
	if n := uint64(len(es)); n < min(high-low, uint64(q.Limit)) {
		return es, fmt.Errorf("%d of %d entries after %d are missing: %w", high-low-n, high-low, low, ErrDamaged)
	}
	return es, nil
}

// errTrimmed: the row is of an entry that was trimmed; only its ids are left.
var errTrimmed = fmt.Errorf("%w: a trimmed entry", ErrDamaged)

// scanEntry reads one row of entryColumns, and of more columns after those, and verifies its checksum. An erased entry comes without Body.
func scanEntry(rows *sql.Rows, sum *summer, more ...any) (e Entry, room int64, err error) {
	var seq, ms, claim int64
	var want, body sql.RawBytes
	columns := append([]any{&room, &seq, &e.From, &e.ID, &e.Kind, &ms, &claim, &e.V, &e.Erased, &want, &body}, more...)
	if err := rows.Scan(columns...); err != nil {
		return e, room, err
	}
	e.Seq, e.Author, e.Time = uint64(seq), uint64(claim), time.UnixMilli(ms).UTC()
	if !e.Erased {
		e.Body = append(make([]byte, 0, len(body)), body...)
	}
	if len(want) == 0 && body == nil {
		return e, room, errTrimmed
	}
	if string(sum.entry(room, &e, e.Erased)) != string(want) {
		return e, room, ErrDamaged
	}
	return e, room, nil
}

// Rooms lists the rooms; see View.
func (s *Store) Rooms(ctx context.Context) ([]RoomInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.roomsMu.RLock()
	rooms := slices.Collect(maps.Values(s.rooms))
	s.roomsMu.RUnlock()
	var infos []RoomInfo
	for _, r := range rooms {
		r.mu.Lock()
		if r.head > 0 && !strings.HasPrefix(r.name, "@") {
			infos = append(infos, RoomInfo{Room: r.name, Last: r.head, Time: r.time})
		}
		r.mu.Unlock()
	}
	slices.SortFunc(infos, func(a, b RoomInfo) int { return strings.Compare(a.Room, b.Room) })
	return infos, nil
}

// Logs lists all logs; see View.
func (s *Store) Logs() []LogInfo {
	s.roomsMu.RLock()
	rooms := slices.Collect(maps.Values(s.rooms))
	s.roomsMu.RUnlock()
	all := make([]LogInfo, 0, len(rooms))
	for _, r := range rooms {
		r.mu.Lock()
		if r.head > 0 {
			all = append(all, LogInfo{r.name, r.first, r.head})
		}
		r.mu.Unlock()
	}
	return all
}
