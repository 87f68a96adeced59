package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// lastRows is how many of the newest entries are verified at every start, besides the last of each room. A test changes it.
var lastRows = 500

// A querier is a connection or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// What a database holds that the store keeps in memory.
type contents struct {
	meta   map[string]int64
	rooms  []*room
	claims []claimRow
	trims  []*trim
}

// load reads a database of a version and verifies it: the last row of every room, the newest rows, all claims. A row that does not fit
// is ErrDamaged.
func load(ctx context.Context, q querier, version int) (c contents, err error) {
	c.meta = map[string]int64{}
	if err = each(ctx, q, `select name, value from meta`, func(rows *sql.Rows) error {
		var name string
		var value int64
		err := rows.Scan(&name, &value)
		c.meta[name] = value
		return err
	}); err != nil {
		return c, err
	}
	for _, name := range []string{"clean", "lived", "rev"} {
		if v, ok := c.meta[name]; !ok || v < 0 {
			return c, fmt.Errorf("%w: meta %s", ErrDamaged, name)
		}
	}
	if c.rooms, err = loadRooms(ctx, q); err != nil {
		return c, err
	}
	var sum summer
	if err = each(ctx, q, `select `+entryColumns+` from entry e order by pk desc limit `+fmt.Sprint(lastRows), func(rows *sql.Rows) error {
		return verifyRow(rows, &sum)
	}); err != nil {
		return c, err
	}
	if c.claims, err = loadClaims(ctx, q, version); err != nil {
		return c, err
	}
	err = each(ctx, q, `select id, room, below, cleared, due from trim order by id`, func(rows *sql.Rows) error {
		var t trim
		var due int64
		err := rows.Scan(&t.id, &t.room, &t.below, &t.cleared, &due)
		t.due = time.Duration(due) * time.Millisecond
		c.trims = append(c.trims, &t)
		return err
	})
	return c, err
}

// each runs a query and hands its rows over.
func each(ctx context.Context, q querier, query string, f func(*sql.Rows) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return readError(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return readError(err)
		}
	}
	return readError(rows.Err())
}

// verifyRow verifies one row of entryColumns, unless it is trimmed and has nothing left to verify.
func verifyRow(rows *sql.Rows, sum *summer) error {
	e, room, err := scanEntry(rows, sum)
	if err != nil && !errors.Is(err, errTrimmed) {
		return fmt.Errorf("%w: room %d seq %d", err, room, e.Seq)
	}
	return nil
}

// loadRooms reads every room with its last row.
func loadRooms(ctx context.Context, q querier) ([]*room, error) {
	var rooms []*room
	byID := map[int64]*room{}
	var sum summer
	err := each(ctx, q, `select id, name, first, sum from room`, func(rows *sql.Rows) error {
		var first int64
		var want []byte
		r := &room{}
		if err := rows.Scan(&r.id, &r.name, &first, &want); err != nil {
			return err
		}
		r.first = uint64(first)
		if string(sum.room(r.id, r.name, r.first)) != string(want) {
			return fmt.Errorf("%w: room %d", ErrDamaged, r.id)
		}
		rooms = append(rooms, r)
		byID[r.id] = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	// A cross join goes through the rooms: one seek each. By itself SQLite goes through the entries, a second per million.
	err = each(ctx, q, `select `+entryColumns+` from room r cross join entry e on e.room = r.id and e.seq = (select max(seq) from entry where room = r.id)`,
		func(rows *sql.Rows) error {
			e, id, err := scanEntry(rows, &sum)
			if err != nil {
				return fmt.Errorf("%w: the last entry of room %d", err, id)
			}
			byID[id].head, byID[id].time = e.Seq, e.Time
			return nil
		})
	if err != nil {
		return nil, err
	}
	for _, r := range rooms {
		if r.head < r.first || r.first == 0 {
			return nil, fmt.Errorf("%w: room %d goes from %d to %d", ErrDamaged, r.id, r.first, r.head)
		}
	}
	return rooms, nil
}

// identSince is the version from which on a claim has the columns ident and kept.
const identSince = 3

func loadClaims(ctx context.Context, q querier, version int) ([]claimRow, error) {
	since := `ident, kept`
	if version < identSince {
		since = `'', 0`
	}
	var claims []claimRow
	var sum summer
	err := each(ctx, q, `select rev, name, fold, key0, key1, verifier, hold, coalesce(ends, -1), `+since+`, sum from claim order by rev`, func(rows *sql.Rows) error {
		var c claimRow
		var rev int64
		var want []byte
		if err := rows.Scan(&rev, &c.name, &c.fold, &c.keys[0], &c.keys[1], &c.verifier, &c.hold, &c.ends, &c.ident, &c.kept, &want); err != nil {
			return err
		}
		c.rev = uint64(rev)
		if string(sum.claim(&c)) != string(want) {
			return fmt.Errorf("%w: claim %d", ErrDamaged, rev)
		}
		claims = append(claims, c)
		return nil
	})
	return claims, err
}
