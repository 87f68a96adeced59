package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An Archive reads everything that a data folder keeps, for those who carry it elsewhere: a room page by page, with what View does not
// give back. Each read sees what is there at its moment. Safe for concurrent use.
type Archive struct {
	db    *sql.DB
	close func()
}

// OpenArchive opens a folder for reading, while tincan runs on it or not; in the second case none can start on it meanwhile. Errors that
// a person can do something about are *Trouble.
func OpenArchive(ctx context.Context, dir string) (*Archive, error) {
	shown := dir
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nothingKept(shown)
	}
	r, err := openResting(dir, shown)
	if err != nil {
		return nil, err
	}
	a := &Archive{r.db, r.close}
	if err := a.mine(ctx); err != nil {
		a.Close()
		return nil, openTrouble(shown, err)
	}
	return a, nil
}

// mine tells whether the database is one of tincan's, and of this one's version.
func (a *Archive) mine(ctx context.Context) error {
	var id, version int
	for _, p := range []struct {
		name string
		to   *int
	}{{"application_id", &id}, {"user_version", &version}} {
		if err := a.db.QueryRowContext(ctx, `select * from pragma_`+p.name).Scan(p.to); err != nil {
			return readError(err)
		}
	}
	switch {
	case id != applicationID:
		return errForeign
	case version > newest():
		return ErrNewer
	case version < newest():
		return errOlder
	}
	return sameSchema(ctx, a.db, version)
}

// errOlder: the folder was last used by an older tincan, which another kind of reading expects.
var errOlder = errors.New("history: written by an older tincan")

// Archive reads what the store keeps.
func (s *Store) Archive() *Archive { return &Archive{s.view, func() {}} }

// Close lets the folder go.
func (a *Archive) Close() { a.close() }

// A LogInfo is one log of an archive: a room, or what two members said to each other, whose name begins with "@".
type LogInfo struct {
	Name        string
	First, Last uint64 // seq of what is kept
}

// Direct tells whether a log is no room.
func (l LogInfo) Direct() bool { return strings.HasPrefix(l.Name, "@") }

// Logs lists all logs by name.
func (a *Archive) Logs(ctx context.Context) (all []LogInfo, err error) {
	err = each(ctx, a.db, `select name, first, (select max(seq) from entry where room = r.id) from room r order by name`, func(rows *sql.Rows) error {
		var l LogInfo
		var first, last int64
		err := rows.Scan(&l.Name, &first, &last)
		l.First, l.Last = uint64(first), uint64(last)
		all = append(all, l)
		return err
	})
	return all, err
}

// Entries reads at most limit entries of a log after a seq, up to another one, with Ref, Sole, List and Files; fewer when their
// bodies have more than maxBytes, but one at least. What is trimmed is left out. about tells which earlier entry an entry is about, if
// its body says so.
func (a *Archive) Entries(ctx context.Context, name string, after, upTo uint64, limit, maxBytes int, about func(Entry) uint64) (es []Entry, err error) {
	rows, err := a.db.QueryContext(ctx, `select `+entryColumns+` from room r cross join entry e on e.room = r.id
		where r.name = ? and e.seq > ? and e.seq <= ? and e.seq >= r.first order by e.seq limit ?`, name, int64(after), int64(upTo), limit)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	var sum summer
	size := 0
	for rows.Next() {
		e, _, err := scanEntry(rows, &sum)
		if errors.Is(err, errTrimmed) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("history: reading %q, seq %d: %w", name, e.Seq, readError(err))
		}
		if size += len(e.Body); size > maxBytes && len(es) > 0 {
			break
		}
		es = append(es, e)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, readError(err)
	}
	return es, a.complete(ctx, name, es, about)
}

// complete fills in what entries are about and which lists they are on.
func (a *Archive) complete(ctx context.Context, name string, es []Entry, about func(Entry) uint64) error {
	if len(es) == 0 {
		return nil
	}
	first, last := int64(es[0].Seq), int64(es[len(es)-1].Seq)
	find := func(seq uint64) *Entry {
		i, ok := slices.BinarySearchFunc(es, seq, func(e Entry, seq uint64) int { return int(int64(e.Seq) - int64(seq)) })
		if !ok {
			return &Entry{} // trimmed meanwhile
		}
		return &es[i]
	}
	var targets []uint64
	for _, e := range es {
		if !e.Erased {
			if t := about(e); t > 0 {
				targets = append(targets, t)
			}
		}
	}
	if len(targets) > 0 {
		slices.Sort(targets)
		list, err := json.Marshal(slices.Compact(targets))
		if err != nil {
			return err
		}
		err = each(ctx, a.db, `select f.target, f.seq, f.sender from room r cross join refer f on f.room = r.id
			where r.name = ? and f.target in (select value from json_each(?)) and f.seq >= ? and f.seq <= ?`, func(rows *sql.Rows) error {
			var target, seq uint64
			var sender string
			err := rows.Scan(&target, &seq, &sender)
			e := find(seq)
			e.Ref, e.Sole = target, sender != ""
			return err
		}, name, string(list), first, last)
		if err != nil {
			return err
		}
	}
	err := each(ctx, a.db, `select h.file, h.seq from room r cross join attached h on h.room = r.id where r.name = ? and h.seq >= ? and h.seq <= ? order by h.seq, h.file`, func(rows *sql.Rows) error {
		var id string
		var seq uint64
		err := rows.Scan(&id, &seq)
		e := find(seq)
		e.Files = append(e.Files, id)
		return err
	}, name, first, last)
	if err != nil {
		return err
	}
	return each(ctx, a.db, `select l.list, l.seq from room r cross join listed l on l.room = r.id where r.name = ? and l.seq >= ? and l.seq <= ?`, func(rows *sql.Rows) error {
		var list string
		var seq uint64
		err := rows.Scan(&list, &seq)
		find(seq).List = list
		return err
	}, name, first, last)
}

// Referring returns what refers to some entries, as View does.
func (a *Archive) Referring(ctx context.Context, name string, targets []uint64, limit int) (es []Entry, err error) {
	list, err := json.Marshal(targets)
	if err != nil {
		return nil, err
	}
	var sum summer
	err = each(ctx, a.db, referring, func(rows *sql.Rows) error {
		e, _, err := scanEntry(rows, &sum)
		if errors.Is(err, errTrimmed) {
			return nil
		}
		es = append(es, e)
		return err
	}, name, string(list), 0, limit)
	return es, err
}

// Holds lists the ids of the files that a log's entries hold.
func (a *Archive) Holds(ctx context.Context, name string) (ids []string, err error) {
	err = each(ctx, a.db, `select distinct h.file from room r cross join attached h on h.room = r.id where r.name = ? order by h.file`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, name)
	return ids, err
}

// File finds a file by its id, or returns ErrNoFile.
func (a *Archive) File(ctx context.Context, id string) (f File, err error) {
	found := false
	var sum summer
	err = each(ctx, a.db, `select `+fileColumns+` from file f where f.id = ?`, func(rows *sql.Rows) error {
		found = true
		f, err = scanFile(rows, &sum, 0)
		return err
	}, id)
	if err == nil && !found {
		err = ErrNoFile
	}
	return f, err
}

// Each calls f for every value of a kind, in key order.
func (a *Archive) Each(ctx context.Context, kind string, f func(key string, value []byte)) error {
	return each(ctx, a.db, `select key, value from value where kind = ? order by key`, func(rows *sql.Rows) error {
		var key string
		var value []byte
		err := rows.Scan(&key, &value)
		f(key, value)
		return err
	}, kind)
}

// Import appends entries to a log as they were in another folder: with their Seq, Time, Author and Erased, without a gap after what
// is there. A log that is empty begins where they do. What is there already must be the same. It returns when they are durable, or with
// ErrClash; then those before the one that it names are.
func (s *Store) Import(ctx context.Context, name string, es []Entry) error {
	if name == "" || len(es) == 0 {
		return errors.New("history: nothing to import")
	}
	return s.errand(ctx, func(b *batch) (answer, fault error) {
		r, err := b.open(name)
		if err != nil {
			return nil, err
		}
		if begin := es[0].Seq; r.next == 0 && begin > 1 {
			if _, err := b.w.conn.ExecContext(background, `update room set first = ?, sum = ? where id = ?`,
				int64(begin), b.w.sum.room(r.id, name, begin), r.id); err != nil {
				return nil, err
			}
			r.next = begin - 1
			b.after = append(b.after, func() {
				r.mu.Lock()
				r.first = begin
				r.mu.Unlock()
			})
		}
		for i := range es {
			if answer, err = b.bring(r, &es[i]); answer != nil || err != nil {
				break
			}
		}
		return answer, err
	})
}

// ErrClash: an entry that is imported does not go with what is there.
var ErrClash = errors.New("history: another entry is there")

// bring stores one entry with the place and the time that it has.
func (b *batch) bring(r *room, e *Entry) (answer, fault error) {
	if e.Seq <= r.next {
		was, erased, err := b.w.find(r.id, e.Seq)
		switch {
		case err != nil:
			return nil, err
		case was == nil && e.Seq < r.first: // trimmed here
			return nil, nil
		case was == nil, was.ID != e.ID, was.From != e.From, was.Kind != e.Kind, !was.Time.Equal(e.Time), erased != e.Erased:
			return fmt.Errorf("%w: seq %d", ErrClash, e.Seq), nil
		}
		return nil, b.hold(r, e) // its files may have been missing before
	}
	if e.Seq != r.next+1 {
		return fmt.Errorf("%w: seq %d comes after %d", ErrClash, e.Seq, r.next), nil
	}
	erased := 0
	if e.Erased {
		erased = 1
	}
	if e.Body == nil {
		e.Body = []byte{}
	}
	res, err := b.w.insertOne.ExecContext(background, r.id, int64(e.Seq), e.From, e.ID, e.Kind, e.Time.UnixMilli(), int64(e.Author), e.V,
		erased, b.w.sum.entry(r.id, e, e.Erased), e.Body)
	if err != nil {
		return nil, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return nil, err
	} else if n == 0 {
		return fmt.Errorf("%w: the id of seq %d was used before", ErrClash, e.Seq), nil
	}
	r.next = e.Seq
	b.touched[r].entries = append(b.touched[r].entries, *e)
	if err := b.hold(r, e); err != nil {
		return nil, err
	}
	return nil, b.refer([]*appending{{room: r.name, entry: *e, receipt: Receipt{Seq: e.Seq, Time: e.Time}}})
}

// hold attaches the files that an entry in a room holds, those that are there.
func (b *batch) hold(r *room, e *Entry) error {
	held := *e
	held.Files = nil
	for _, id := range e.Files {
		has, err := b.hasFiles(&Entry{Files: []string{id}})
		if err != nil {
			return err
		}
		if has {
			held.Files = append(held.Files, id)
		}
	}
	return b.attach([]*appending{{room: r.name, entry: held, receipt: Receipt{Seq: e.Seq, Time: e.Time}}})
}

// Own makes sure that no holding of a name gets a Rev up to this one, which an imported entry bears as its Author.
func (s *Store) Own(ctx context.Context, rev uint64) error {
	return s.errand(ctx, func(b *batch) (answer, fault error) {
		if rev < b.w.reserved {
			return nil, nil
		}
		b.w.reserved = rev + 1
		return nil, b.w.meta("rev", int64(b.w.reserved))
	})
}
