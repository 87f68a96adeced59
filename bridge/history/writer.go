package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	batchLimit  = 1000                   // appends, and claims, in one transaction
	retryFull   = 2 * time.Second        // between tries while there is no space
	retryLocked = 100 * time.Millisecond // and while another program has locked the database
	saveLived   = 10 * time.Minute       // lived is stored at least so often while anything is written
	chorePause  = 5 * time.Millisecond   // between steps of work that nobody waits for
)

// restInterval is how often the rest of holds is stored while a name waits. A test changes it.
var restInterval = 10 * time.Second

// background is the context of the writer's statements: a transaction is never left in the middle because somebody has gone.
var background = context.Background()

// A writer owns the connection that writes. One goroutine, run.
type writer struct {
	store *Store
	db    *sql.DB
	conn  *sql.Conn
	ended chan struct{} // closed when run has ended
	late  chan struct{} // closed when Close waits no longer
	gone  atomic.Bool   // late is closed, or about to be

	now func() time.Time // the wall clock

	// fault, when not nil, is asked before each commit and may make it fail: for tests.
	fault atomic.Pointer[func() error]

	insertWide, insertOne, findID, findTarget, putRefer, putValue, putClaim, putMeta *sql.Stmt

	// Owned by run.
	sum      summer
	args     []any
	clean    bool          // the database says that nobody writes
	lived    time.Duration // as stored
	reserved uint64        // as stored
	unstored []*room       // got their id in the running transaction
	suspect  []*room       // touched by a commit that failed: the disk must be asked
	trims    []*trim       // what is left to do of trims, oldest first
	scrub    []func(error) // erasures that wait until the write-ahead log is empty
	scrubs   int           // tries that failed since
	held     time.Time     // the next one is not before
	full     bool          // the last try ended with no space left
	pause    time.Time     // after a failure, work that nobody waits for is not tried before
	troubles repeated
}

// hurry ends waiting for a disk that cannot be written.
func (w *writer) hurry() {
	if !w.gone.Swap(true) {
		close(w.late)
	}
}

// run commits what is queued until the store is closed and nothing is left.
func (w *writer) run() {
	defer close(w.ended)
	rest := time.NewTicker(restInterval)
	defer rest.Stop()
	again := time.NewTimer(0) // after a failure, or for chores of our own
	defer again.Stop()
	s := w.store
	for {
		select {
		case <-s.wake:
		case <-again.C:
		case <-rest.C:
			w.tick()
		case <-s.closing:
			w.finish()
			return
		}
		for w.step() {
		}
		switch {
		case time.Now().Before(w.pause):
			again.Reset(time.Until(w.pause))
		default:
			if pause := w.housekeeping(); pause > 0 {
				again.Reset(pause)
			}
		}
	}
}

// step commits one batch. It returns false when there is no work now.
func (w *writer) step() bool {
	// Those who were just answered get a turn: who publishes again at once is in this commit, not in the one after it.
	// Without, half of 16 publishers wait for the other half's commit (5,500 appends/s instead of 11,400).
	for range 4 {
		runtime.Gosched()
	}
	b := w.gather()
	if b.size() == 0 {
		return false
	}
	w.commit(b)
	return true
}

// gather takes what is queued.
func (w *writer) gather() *batch {
	s := w.store
	b := &batch{w: w, touched: map[*room]*growth{}}
	s.mu.Lock()
	n := min(len(s.appends), batchLimit)
	if w.full && len(s.chores) > 0 {
		n = 0 // deleting may use the reserve; appends wait for the next batch
	}
	b.appends = s.appends[:n:n]
	if n == len(s.appends) {
		s.appends = nil
	} else {
		s.appends = s.appends[n:]
	}
	for _, a := range b.appends {
		s.bytes -= len(a.entry.Body)
	}
	b.chores, s.chores = s.chores, nil
	only := w.full && len(b.chores) > 0
	if len(s.puts) > 0 && !only {
		b.puts = s.takePutsLocked()
	}
	s.mu.Unlock()
	if !only && !time.Now().Before(w.pause) {
		b.claims, b.reserved, b.change = s.claims.take(batchLimit)
	}
	return b
}

// commit makes b durable and answers, or answers that it is not. While the database is locked by another program it waits.
func (w *writer) commit(b *batch) error {
	var err error
	for {
		err = w.transact(b)
		if !isBusy(err) {
			break
		}
		w.store.claims.stuck()
		w.troubles.say(w.store.log, slog.LevelWarn, "another program has locked the database; nothing is acknowledged until it lets go", err)
		select {
		case <-time.After(retryLocked):
			continue
		case <-w.late:
		}
		break
	}
	err = w.outcome(b, err)
	w.answer(b, meaning(err))
	return err
}

// A commitError is a COMMIT that failed: the transaction may or may not be on disk.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// transact runs b as one transaction. When it fails, memory is as before and the disk is as before, but for a *commitError.
func (w *writer) transact(b *batch) (err error) {
	if err := w.recall(); err != nil {
		return err
	}
	if w.full && len(b.chores) == 0 {
		if err := makeReserve(w.store.dir); err != nil { // appends must not eat what deleting needs
			return &noSpaceError{err}
		}
	}
	clear(b.touched)
	b.after = b.after[:0]
	b.at = time.UnixMilli(w.now().UnixMilli()).UTC()
	for _, a := range b.appends {
		a.receipt, a.err = Receipt{}, nil
	}
	if _, err := w.conn.ExecContext(background, `begin immediate`); err != nil {
		return err
	}
	lived, clean, reserved := w.lived, w.clean, w.reserved
	defer func() {
		if err == nil {
			return
		}
		if _, e := w.conn.ExecContext(background, `rollback`); e != nil && !isNoTransaction(e) {
			w.store.log.Error("a transaction could not be rolled back", "err", e)
		}
		w.lived, w.clean, w.reserved = lived, clean, reserved
		for _, r := range w.unstored {
			r.id = 0
		}
		w.unstored = nil
	}()
	if err := w.storeMeta(b); err != nil {
		return err
	}
	if err := b.apply(); err != nil {
		return err
	}
	if f := w.fault.Load(); f != nil {
		if err := (*f)(); err != nil {
			return err
		}
	}
	if _, err := w.conn.ExecContext(background, `commit`); err != nil {
		for r := range b.touched {
			w.suspect = append(w.suspect, r)
		}
		return &commitError{err}
	}
	w.unstored = nil
	return nil
}

// storeMeta stores the small numbers that have changed.
func (w *writer) storeMeta(b *batch) error {
	if w.clean {
		if err := w.meta("clean", 0); err != nil {
			return err
		}
		w.clean = false
	}
	now := w.store.lived()
	if now-w.lived >= saveLived || len(b.claims) > 0 {
		if err := w.meta("lived", now.Milliseconds()); err != nil {
			return err
		}
		w.lived = now
	}
	if b.reserved > w.reserved {
		if err := w.meta("rev", int64(b.reserved)); err != nil {
			return err
		}
		w.reserved = b.reserved
	}
	return nil
}

func (w *writer) meta(name string, value int64) error {
	_, err := w.putMeta.ExecContext(background, value, name)
	return err
}

// recall asks the disk about rooms whose last commit failed.
func (w *writer) recall() error {
	for len(w.suspect) > 0 {
		r := w.suspect[len(w.suspect)-1]
		var id, head, ms int64
		err := w.conn.QueryRowContext(background, `select r.id, e.seq, e.time from room r join entry e on e.room = r.id where r.name = ? order by e.seq desc limit 1`, r.name).Scan(&id, &head, &ms)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		r.id = id
		r.forget()
		if wake := r.grow(uint64(head), time.UnixMilli(ms).UTC(), nil); wake != nil {
			close(wake)
		}
		w.suspect = w.suspect[:len(w.suspect)-1]
	}
	return nil
}

// answer lets memory learn what was committed, tells those who wait, and wakes the tails.
func (w *writer) answer(b *batch, err error) {
	var wake []chan struct{}
	if err == nil {
		for r, g := range b.touched {
			if len(g.entries) > 0 {
				if c := r.grow(r.next, b.at, g.entries); c != nil {
					wake = append(wake, c)
				}
			}
		}
		for _, f := range b.after {
			f()
		}
		if len(b.touched) > 0 {
			w.store.index.kick()
		}
	}
	for _, a := range b.appends {
		switch {
		case a.done == nil:
		case err != nil:
			a.done(Receipt{}, err)
		default:
			a.done(a.receipt, a.err)
		}
	}
	for _, c := range b.chores {
		if c.err = either(err, c.err); c.done != nil {
			c.done(c.err)
		}
	}
	for _, p := range b.puts {
		for _, done := range p.dones {
			done(err)
		}
	}
	if b.claims != nil {
		w.store.claims.stored(b.claims, b.change, err)
	}
	for _, c := range wake {
		close(c)
	}
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// tick stores the rest of holds.
func (w *writer) tick() {
	if w.store.claims.holding() {
		w.own(func(b *batch) error {
			w.lived = w.store.lived()
			return w.meta("lived", w.lived.Milliseconds())
		})
	}
}

// own commits work that nobody waits for.
func (w *writer) own(do func(*batch) error) error {
	b := &batch{w: w, touched: map[*room]*growth{}}
	b.chores = []*chore{{do: func(b *batch) (error, error) { return nil, do(b) }}}
	return w.commit(b)
}

// finish commits what is left, marks the end as clean, and answers everybody.
func (w *writer) finish() {
	for w.step() {
	}
	for _, done := range w.scrub {
		done(fmt.Errorf("%w: closing; the bodies go with the last checkpoint", ErrUncertain))
	}
	err := w.own(func(*batch) error {
		w.lived = w.store.lived()
		if err := w.meta("lived", w.lived.Milliseconds()); err != nil {
			return err
		}
		return w.meta("clean", 1)
	})
	if err != nil {
		w.store.log.Warn("the data folder could not be closed in order; it will be checked at the next start", "err", err)
	}
	for b := w.gather(); b.size() > 0; b = w.gather() { // nothing comes any more: what failed is told
		w.answer(b, fmt.Errorf("%w: closing", ErrUnavailable))
	}
}

// close closes the connection; as it is the last one, SQLite then writes the write-ahead log back.
func (w *writer) close() error {
	var err error
	for _, stmt := range []*sql.Stmt{w.insertWide, w.insertOne, w.findID, w.findTarget, w.putRefer, w.putValue, w.putClaim, w.putMeta} {
		if stmt != nil { // database/sql forgets those of a single connection, and SQLite does not close while one is left
			err = errors.Join(err, stmt.Close())
		}
	}
	return errors.Join(err, w.conn.Close(), w.db.Close())
}

// rooms returns a room, made if need be.
func (w *writer) rooms(name string) *room { return w.store.makeRoom(name) }
