package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// The names of the files in the data folder. SQLite adds -wal and -shm to the database's.
const (
	databaseFile = "tincan.db"
	lockFile     = "tincan.lock"
	reserveFile  = "tincan.reserve"
)

// Config are the store's knobs. The zero value is good.
type Config struct {
	// Queue is how many appends may wait for the writer, and how many values; beyond it callers get ErrBusy. 0: 16384.
	Queue int
	// Read says what entries say, so that they can be searched. Without it there is no Search.
	Read *Reader
	// LockWait is how long Open waits for another program that has locked the database. 0: 10 s.
	LockWait time.Duration
}

func (c Config) withDefaults() Config {
	if c.Queue <= 0 {
		c.Queue = 16384
	}
	if c.LockWait <= 0 {
		c.LockWait = 10 * time.Second
	}
	return c
}

// A Store is a data folder that is open. It is a Log, a View, Claims, Values and Files; Open makes one. Safe for concurrent use.
//
// One goroutine, the writer, owns the only connection that writes: it takes what has queued, commits it as one transaction
// (write-ahead log, synchronous=FULL), and then answers. Readers have connections of their own that cannot write.
type Store struct {
	// Static after Open.
	cfg              Config
	dir, shown       string // shown is dir as the person named it
	log              *slog.Logger
	lock             *folderLock
	view             *sql.DB
	pageUp, pageDown *sql.Stmt // of view, like the next
	findByID         *sql.Stmt
	referring        *sql.Stmt
	listed           *sql.Stmt
	rowStmts
	writer  *writer
	index   *index // nil: nothing is searched
	started time.Time
	before  time.Duration // lived when this run started
	*claims

	wake    chan struct{}  // capacity 1: there is something for the writer
	closing chan struct{}  // closed when Close begins
	stop    chan struct{}  // closed when the writer has ended: nothing is served any more
	ended   chan struct{}  // closed when Close has ended
	serving sync.WaitGroup // the writer, the claims, the background check, running Tails

	loosened chan struct{} // capacity 1: files were let go

	troubles repeated // of readers

	mu       sync.Mutex // guards what follows; short work only
	closed   bool
	appends  []*appending
	bytes    int // bodies in appends
	chores   []*chore
	puts     map[valueKey]*put
	putLine  []*put // those of puts, in order
	putBytes int
	full     bool      // the last try ended with no space left
	retry    time.Time // when full: not before

	roomsMu sync.RWMutex // guards what follows
	rooms   map[string]*room
	renamed map[string]string // what a room was called since the store was opened, to what it is called
}

var (
	_ Log    = (*Store)(nil)
	_ View   = (*Store)(nil)
	_ Claims = (*Store)(nil)
	_ Values = (*Store)(nil)
	_ Files  = (*Store)(nil)

	_ Searcher = (*Store)(nil)
)

// lived is how long the store has been open, all runs together. It never goes back and knows no date.
func (s *Store) lived() time.Duration { return s.before + time.Since(s.started) }

// kick lets the writer look for work. It never blocks.
func (s *Store) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// refuseLocked tells why nothing can be queued now.
func (s *Store) refuseLocked() error {
	if s.closed {
		return ErrUnavailable
	}
	if s.full && time.Now().Before(s.retry) {
		return ErrFull
	}
	return nil
}

// Close commits what is queued, or tells those who wait that it was not (when ctx ends before, or writing is not possible),
// writes the log back into the database file, and waits for everything that the store has started; for a Tail whose emit does
// not return, until ctx ends. It always frees the folder.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		<-s.ended
		return nil
	}
	defer close(s.ended)
	close(s.closing)
	defer context.AfterFunc(ctx, s.writer.hurry)()
	<-s.writer.ended
	close(s.stop)
	err := s.settle(ctx)
	err = errors.Join(err, s.pageUp.Close(), s.pageDown.Close(), s.findByID.Close(), s.referring.Close(), s.listed.Close(), s.rowStmts.close(), s.view.Close(), s.writer.close())
	keepReserve(s.dir)
	return errors.Join(err, s.lock.release())
}

// settleLate is what readers get to end when the writer has used up the time that Close had.
const settleLate = 500 * time.Millisecond

// settle waits for everything that runs.
func (s *Store) settle(ctx context.Context) error {
	settled := make(chan struct{})
	go func() {
		s.serving.Wait()
		close(settled)
	}()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-settled:
		return nil
	case <-time.After(settleLate):
		return fmt.Errorf("history: a reader does not let go: %w", ctx.Err())
	}
}
