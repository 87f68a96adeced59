package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tincan/bridge/words"
)

// indexFile is the database of the index in the data folder. It holds nothing that cannot be made again from the log: when it is missing,
// damaged, or of another log, it is made anew.
const indexFile = "search.db"

// indexFormat grows when the tables below, or what is put into them, change.
const indexFormat = 2

// The index: the words of every entry up to the place indexed, by place (pk of the log's table entry).
//
//	word   the words, and nothing but them: what an entry says is in the log alone. Deleting takes the same text that was inserted, and
//	       takes its words off the disk (secure-delete)
//	state  what was indexed last, mark says which entry that was; a log that has another there is another log
//	span   between which times the entries of a block of places were written
//	gone   entries that are about to be erased, or were: not in word, whatever the log says
//	floor  entries of a room before seq are trimmed: not in word
const indexSchema = `
create virtual table word using fts5 (text, content='', columnsize=0, tokenize='ascii', prefix='1 2 3 5');
insert into word (word, rank) values ('secure-delete', 1);
create table state (version text not null, indexed integer not null, mark text not null) strict;
create table span (block integer primary key, low integer not null, high integer not null) strict;
create table gone (room text not null, seq integer not null, primary key (room, seq)) strict, without rowid;
create table floor (room text primary key, seq integer not null) strict, without rowid;`

// Its connections. A commit that a power cut takes back is done again, so none waits for the disk; what must be gone is written through
// by a checkpoint.
var (
	indexPragmas     = []string{"busy_timeout(250)", "journal_mode(wal)", "synchronous(normal)", "secure_delete(1)", "journal_size_limit(8388608)", "cache_size(-4096)", "temp_store(memory)"}
	indexViewPragmas = []string{"busy_timeout(1000)", "query_only(1)", "cache_size(-2048)", "temp_store(memory)"}
)

// indexGather is how long entries are gathered before they are indexed: few large steps cost less than many small ones. A test changes it.
var indexGather = 300 * time.Millisecond

const (
	indexStep  = 500             // rows in one transaction
	indexRetry = 5 * time.Second // after a failure
	spanBits   = 12              // of a place within its block
)

// An entryKey names an entry.
type entryKey struct {
	room string
	seq  uint64
}

// An index makes entries findable, some time after they are committed: search looks through the rest itself. One goroutine, run, owns the
// connection that writes.
type index struct {
	s    *Store
	read *Reader

	wake  chan struct{} // capacity 1: the log has grown, or was trimmed
	ask   chan func()   // work for run; never closed, senders also select on ended
	ready chan struct{} // closed when run has opened the file, or has tried to
	ended chan struct{} // closed when run has ended

	indexed atomic.Int64           // every entry up to this place is in the index, if it says anything; 0: there is none
	view    atomic.Pointer[sql.DB] // for readers; nil: there is none

	anew atomic.Bool // it is to be made anew

	// Owned by run.
	db       *sql.DB
	at       string    // the mark of the place indexed
	insert   *sql.Stmt // of db, like the next
	remove   *sql.Stmt
	gone     map[entryKey]bool
	floor    map[string]uint64
	troubles repeated

	mu       sync.Mutex // guards what follows
	trims    []*trimming
	released map[int64]int64 // by trim: entries before this seq are out of the index, so that their bodies may go
	decided  []entryKey      // of gone: the log has erased them, or has not
}

// A trimming is the index's part of a trim.
type trimming struct {
	id         int64
	room       string
	from, upTo uint64
}

func newIndex(s *Store, read *Reader) *index {
	return &index{
		s: s, read: read,
		wake: make(chan struct{}, 1), ask: make(chan func()), ready: make(chan struct{}), ended: make(chan struct{}),
		gone: map[entryKey]bool{}, released: map[int64]int64{},
	}
}

func (x *index) path() string { return filepath.Join(x.s.dir, indexFile) }

// kick lets run look for work. It never blocks. A nil index has none.
func (x *index) kick() {
	if x == nil {
		return
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// run opens the index and follows the log until stop is closed.
func (x *index) run(stop <-chan struct{}) {
	defer close(x.ended)
	defer x.close()
	x.open()
	close(x.ready)
	due := time.NewTimer(0)
	defer due.Stop()
	waits := true // due will come
	for {
		select {
		case f := <-x.ask:
			f()
		case <-x.wake:
			if !waits {
				due.Reset(indexGather)
				waits = true
			}
		case <-due.C:
			waits = false
			began := time.Now()
			more, err := x.work()
			rest := max(time.Since(began), chorePause) // half of the time is for others
			if err != nil {
				more, rest = true, indexRetry
				x.trouble(err)
			}
			if more {
				due.Reset(rest)
				waits = true
			}
		case <-stop:
			return
		}
	}
}

// renew has the index made anew.
func (x *index) renew() {
	if x != nil {
		x.anew.Store(true)
		x.kick()
	}
}

// do runs f in run and waits for it. It returns false when the index has ended.
func (x *index) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case x.ask <- func() { f(); close(done) }:
		<-done
		return nil
	case <-x.ended:
		return ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work does one step of what there is to do, and says whether there is more.
func (x *index) work() (more bool, err error) {
	if x.db == nil {
		if x.open(); x.db == nil {
			return true, errNoIndex
		}
	}
	if x.anew.Swap(false) {
		x.reset()
		return true, nil
	}
	if err := x.settleDecided(); err != nil {
		return true, err
	}
	trimmed, err := x.trim()
	if err != nil || trimmed {
		return true, err
	}
	return x.follow()
}

// An indexError is a fault of the index, not of the log.
type indexError struct{ err error }

func (e *indexError) Error() string { return "the index: " + e.err.Error() }
func (e *indexError) Unwrap() error { return e.err }

// ofIndex makes an error one of the index.
func ofIndex(err error) error {
	if err == nil {
		return nil
	}
	return &indexError{err}
}

// isSpoilt tells whether an error says that the index must be made anew: not when the log cannot be read, nor while there is no space or
// another program has the file.
func isSpoilt(err error) bool {
	var fault *indexError
	return errors.As(err, &fault) && !isBusy(err) && !isFull(err) && !isQuota(err)
}

// trouble tells what is wrong, once a minute, and begins anew with an index that is damaged.
func (x *index) trouble(err error) {
	if x.say(err); isSpoilt(err) && isDamage(err) {
		x.reset()
	}
}

func (x *index) say(err error) {
	if errors.Is(err, errNoIndex) {
		return // it was told
	}
	x.troubles.say(x.s.log, slog.LevelWarn, "the index of the search does not get on: what is searched for is found, only slower", err, "file", x.path())
}

// open opens the file, or makes it anew when it is none of this log. Without one x.db is nil: it is tried again.
func (x *index) open() {
	err := x.connect()
	if err == nil {
		return
	}
	x.close()
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errOtherIndex):
	case isSpoilt(err):
		x.s.log.Warn("the index of the search is made anew", "file", x.path(), "err", err)
	default:
		x.say(err)
		return
	}
	x.reset()
}

// reset throws the index away and begins an empty one.
func (x *index) reset() {
	x.close()
	err := x.discard()
	if err == nil {
		err = x.create()
	}
	if err == nil {
		err = x.connect()
	}
	if err != nil {
		x.close()
		x.say(err)
	}
}

// discard removes the files.
func (x *index) discard() (err error) {
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if e := os.Remove(x.path() + suffix); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func (x *index) version() string {
	return fmt.Sprintf("%d.%d.%d", indexFormat, words.Version, x.read.Version)
}

// create makes an empty index.
func (x *index) create() error {
	db, err := sql.Open("sqlite", dsn(x.path(), "", indexPragmas...))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(indexSchema+`insert into state values (?, 0, '')`, x.version())
	if err == nil {
		err = os.Chmod(x.path(), 0o600)
	}
	return err
}

// errNoIndex: it could not be opened or made.
var errNoIndex = errors.New("history: there is no index")

// errOtherIndex: what is there was made by another tincan, or from another log.
var errOtherIndex = errors.New("history: an index of something else")

// connect opens the file that is there.
func (x *index) connect() error {
	if _, err := os.Stat(x.path()); err != nil {
		return err
	}
	var err error
	if x.db, err = sql.Open("sqlite", dsn(x.path(), "", indexPragmas...)); err != nil {
		return err
	}
	x.db.SetMaxOpenConns(1)
	var version, mark string
	var indexed int64
	if err := x.db.QueryRow(`select version, indexed, mark from state`).Scan(&version, &indexed, &mark); err != nil {
		return ofIndex(err)
	}
	is, err := x.mark(indexed)
	if err != nil {
		return err
	}
	if version != x.version() || mark != is {
		return errOtherIndex
	}
	var left []entryKey // of a run that was cut short: whether they were erased, the log knows
	if err := each(background, x.db, `select room, seq from gone`, func(rows *sql.Rows) error {
		var room string
		var seq int64
		err := rows.Scan(&room, &seq)
		if k := (entryKey{room, uint64(seq)}); !x.gone[k] {
			left = append(left, k)
		}
		return err
	}); err != nil {
		return ofIndex(err)
	}
	if err := x.transact(func(tx *sql.Tx) error { return storeGone(tx, slices.Collect(maps.Keys(x.gone))) }); err != nil {
		return err
	}
	x.floor = map[string]uint64{}
	if err := each(background, x.db, `select room, seq from floor`, func(rows *sql.Rows) error {
		var room string
		var seq int64
		err := rows.Scan(&room, &seq)
		x.floor[room] = uint64(seq)
		return err
	}); err != nil {
		return ofIndex(err)
	}
	if x.insert, err = x.db.Prepare(`insert into word (rowid, text) values (?, ?)`); err != nil {
		return ofIndex(err)
	}
	if x.remove, err = x.db.Prepare(`insert into word (word, rowid, text) values ('delete', ?, ?)`); err != nil {
		return ofIndex(err)
	}
	view, err := sql.Open("sqlite", dsn(x.path(), "", indexViewPragmas...))
	if err != nil {
		return err
	}
	view.SetMaxOpenConns(3)
	view.SetMaxIdleConns(2)
	x.view.Store(view)
	x.at = mark
	x.indexed.Store(indexed)
	for _, k := range left {
		x.gone[k] = true
	}
	return x.settle(left)
}

// mark tells which entry is at a place; empty when there is none, as at 0.
func (x *index) mark(pk int64) (string, error) {
	var room, seq, ms int64
	var from, id string
	err := x.s.view.QueryRow(`select room, seq, sender, id, time from entry where pk = ?`, pk).Scan(&room, &seq, &from, &id, &ms)
	if errors.Is(err, sql.ErrNoRows) {
		if pk != 0 {
			return "none", nil
		}
		return "", nil
	}
	return fmt.Sprintf("%d %d %d %s %s", room, seq, ms, from, id), err
}

// close lets the file go. Whoever searches meanwhile is told that there is no index.
func (x *index) close() {
	x.indexed.Store(0)
	if view := x.view.Swap(nil); view != nil {
		view.Close()
	}
	if x.db == nil {
		return
	}
	for _, stmt := range []*sql.Stmt{x.insert, x.remove} {
		if stmt != nil {
			stmt.Close()
		}
	}
	if err := x.db.Close(); err != nil {
		x.troubles.say(x.s.log, slog.LevelWarn, "the index of the search could not be closed in order", err, "file", x.path())
	}
	x.db, x.insert, x.remove = nil, nil, nil
}

// transact runs do as one transaction. The words come to the disk with it.
func (x *index) transact(do func(tx *sql.Tx) error) error {
	tx, err := x.db.Begin()
	if err != nil {
		return ofIndex(err)
	}
	if err := do(tx); err != nil {
		return ofIndex(errors.Join(err, tx.Rollback()))
	}
	return ofIndex(tx.Commit())
}

// document is what the index has, or would have, of a row, as the entries up to a place have changed it.
func (x *index) document(r *row, upTo int64) (string, error) {
	if r.Erased {
		return "", nil
	}
	about, err := x.s.aboutRow(background, r, upTo)
	if err != nil {
		return "", err
	}
	return x.read.document(r.room, r.Entry, about), nil
}
