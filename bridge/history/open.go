package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"modernc.org/sqlite"
)

// Open opens a data folder, which is made when it is missing, checks it, and starts the store. An error that a person can do
// something about is a *Trouble; then nothing in the folder has changed. Open returns early when ctx ends.
func Open(ctx context.Context, dir string, cfg Config, log *slog.Logger) (_ *Store, err error) {
	cfg = cfg.withDefaults()
	shown := dir
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	sqlite.Fdatasync(true) // as durable, in half the time; where there is none, nothing changes

	made, err := makeFolder(dir)
	if err != nil {
		return nil, folderTrouble(shown, err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		unmakeFolder(made)
		return nil, folderTrouble(shown, err)
	}
	defer func() {
		if err != nil {
			lock.undo()
			unmakeFolder(made)
		}
	}()
	if err := cutFill(dir, shown); err != nil {
		return nil, err
	}
	found, err := inspect(ctx, dir, shown)
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg:      cfg,
		dir:      dir,
		shown:    shown,
		log:      log,
		lock:     lock,
		wake:     make(chan struct{}, 1),
		loosened: make(chan struct{}, 1),
		closing:  make(chan struct{}),
		stop:     make(chan struct{}),
		ended:    make(chan struct{}),
		puts:     map[valueKey]*put{},
		rooms:    map[string]*room{},
	}
	if err := s.connect(ctx, found); err != nil {
		return nil, openTrouble(shown, err)
	}
	if err := lock.sign(); err != nil {
		log.Warn("the process id could not be noted in the lock file", "err", err)
	}
	s.serving.Go(func() { s.claims.run(s.stop) })
	if found.later {
		s.serving.Go(s.checkLater)
	}
	if s.index != nil {
		s.serving.Go(func() { s.index.run(s.stop) })
	}
	go s.writer.run()
	return s, nil
}

// makeFolder makes a folder and those above it, and returns the ones that it made, the innermost first.
func makeFolder(dir string) (made []string, err error) {
	for d := dir; ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err == nil && !info.IsDir() {
			return nil, &fs.PathError{Op: "open", Path: d, Err: errNotFolder}
		}
		if err == nil || filepath.Dir(d) == d {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return nil, err
		}
		made = append(made, d)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		unmakeFolder(made)
		return nil, err
	}
	return made, nil
}

// unmakeFolder removes the folders that makeFolder made, as long as they are empty.
func unmakeFolder(made []string) {
	for _, d := range made {
		os.Remove(d)
	}
}

var errNotFolder = errors.New("not a folder")

// The pragmas of every connection. cache_size is in KiB when negative.
var (
	writerPragmas = []string{"busy_timeout(250)", "journal_mode(wal)", "synchronous(full)", "secure_delete(1)", "foreign_keys(0)",
		"wal_autocheckpoint(2000)", "journal_size_limit(8388608)", "cache_size(-8192)", "temp_store(memory)"}
	viewPragmas = []string{"busy_timeout(5000)", "query_only(1)", "cache_size(-2048)", "temp_store(memory)"}
)

// connect opens the database that was found good, and loads what is kept in memory.
func (s *Store) connect(ctx context.Context, found finding) (err error) {
	path := s.path()
	w := &writer{store: s, now: time.Now, ended: make(chan struct{}), late: make(chan struct{}), args: make([]any, 0, wide*entryFields)}
	s.writer = w
	if w.db, err = sql.Open("sqlite", dsn(path, "", writerPragmas...)); err != nil {
		return err
	}
	w.db.SetMaxOpenConns(1)
	if w.conn, err = s.reach(ctx, w.db); err != nil {
		return errors.Join(err, w.db.Close())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := migrate(ctx, w.conn, found.version); err != nil {
		return err
	}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	c, err := load(ctx, w.conn, newest())
	if err != nil {
		return err
	}
	for _, r := range c.rooms {
		s.rooms[r.name] = r
	}
	w.trims = c.trims
	w.clean = c.meta["clean"] == 1
	w.reserved = uint64(c.meta["rev"])
	w.lived = time.Duration(c.meta["lived"]) * time.Millisecond
	s.started, s.before = time.Now(), w.lived
	// The first Rev is some way beyond the last that was set aside: grants go on from memory while the disk is full, and should
	// that run end before it could set its Revs aside, the next one must not give them again.
	s.claims = newClaims(c.claims, w.lived, w.reserved+rand.Uint64N(1<<24), s.kick)

	if s.view, err = sql.Open("sqlite", dsn(path, "", viewPragmas...)); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.view.Close())
		}
	}()
	s.view.SetMaxOpenConns(4)
	s.view.SetMaxIdleConns(4)
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{{&s.pageUp, pageUp}, {&s.pageDown, pageDown}, {&s.findByID, findByID}, {&s.referring, referring}, {&s.listed, listed}} {
		if *p.stmt, err = s.view.PrepareContext(ctx, p.text); err != nil {
			return err
		}
	}
	if err := s.rowStmts.prepare(ctx, s.view); err != nil {
		return err
	}
	if s.cfg.Read != nil {
		s.index = newIndex(s, s.cfg.Read)
		byID := map[int64]string{}
		for _, r := range c.rooms {
			byID[r.id] = r.name
		}
		for _, t := range w.trims {
			s.index.trimmed(t, byID[t.room])
		}
	}
	if err := makeReserve(s.dir); err != nil {
		w.setFull(true)
		s.log.Error("no space left on the disk of the data folder: reading works, nothing is stored; free some space, it goes on by itself",
			"folder", s.dir, "err", err)
	}
	return nil
}

// reach gets the connection that writes. It waits for another program that has locked the database, and gives the reserve up
// when the disk is so full that SQLite cannot even begin.
func (s *Store) reach(ctx context.Context, db *sql.DB) (conn *sql.Conn, err error) {
	deadline := time.Now().Add(s.cfg.LockWait)
	for {
		conn, err = db.Conn(ctx)
		if err == nil {
			if _, err = conn.ExecContext(ctx, `begin immediate; rollback`); err == nil {
				return conn, nil
			}
			conn.ExecContext(ctx, `rollback`) // there may be nothing to roll back
			conn.Close()
		}
		switch {
		case isBusy(err) && time.Now().Before(deadline):
			select {
			case <-time.After(retryLocked):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		case isFull(err) && os.Remove(filepath.Join(s.dir, reserveFile)) == nil:
		default:
			return nil, err
		}
	}
}
