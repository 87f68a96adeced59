package history

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A noSpaceError is a disk that was found to be full without SQLite saying so.
type noSpaceError struct{ err error }

func (e *noSpaceError) Error() string { return "no space left: " + e.err.Error() }
func (e *noSpaceError) Unwrap() error { return e.err }

// code is the extended result code of an error of SQLite, 0 for any other.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// isBusy: another connection, of another program, holds a lock.
func isBusy(err error) bool {
	c := code(err) & 0xff
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED
}

// isConstraint: a unique index refused a row.
func isConstraint(err error) bool { return code(err)&0xff == sqlite3.SQLITE_CONSTRAINT }

// isDamage: a page, the header or a checksum is not what was written.
func isDamage(err error) bool {
	c := code(err) & 0xff
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB || errors.Is(err, ErrDamaged)
}

// isNoTransaction: SQLite has rolled back by itself, as it does after some failures.
func isNoTransaction(err error) bool { return code(err) == sqlite3.SQLITE_ERROR }

// isFull: there is no space for a page, for the index of the write-ahead log, or by the quota. SQLite calls a quota a write
// error, and a failed disk, too; only trying tells them apart, so the caller tries (see writer.outcome).
func isFull(err error) bool {
	var space *noSpaceError
	return errors.As(err, &space) || code(err) == sqlite3.SQLITE_FULL || code(err) == sqlite3.SQLITE_IOERR_SHMSIZE || isNoSpace(err)
}

// isReadOnlyDatabase: SQLite may read the file and not write it.
func isReadOnlyDatabase(err error) bool { return code(err)&0xff == sqlite3.SQLITE_READONLY }

// isQuota: perhaps a full disk.
func isQuota(err error) bool { return code(err) == sqlite3.SQLITE_IOERR_WRITE }

// meaning translates what a transaction failed with into the promise of Log.
func meaning(err error) error {
	var commit *commitError
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case isDamage(err):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case errors.As(err, &commit):
		return fmt.Errorf("%w: %w", ErrUncertain, err)
	default:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}

// outcome notes how a transaction went: what may be tried next and when, and one log line a minute. It returns err, or a better one.
func (w *writer) outcome(b *batch, err error) error {
	s := w.store
	if isQuota(err) && makeReserve(s.dir) != nil {
		err = &noSpaceError{err}
	}
	if err == nil {
		if w.full && len(b.chores) > 0 {
			return nil // chores may use the reserve; whether there is space for more is not known
		}
		w.pause = time.Time{}
		if w.full {
			s.log.Info("there is space again; messages are stored")
			w.setFull(false)
		}
		return nil
	}
	w.pause = time.Now().Add(retryFull)
	s.claims.stuck()
	switch {
	case isFull(err):
		first := !w.full
		w.setFull(true)
		if first {
			w.freeSpace()
		}
		w.troubles.say(s.log, slog.LevelError, "no space left on the disk of the data folder: nothing is stored; free some space, it goes on by itself", err, "folder", s.dir)
	case isBusy(err):
	case isDamage(err):
		w.troubles.say(s.log, slog.LevelError, "the database is damaged: stop, keep a copy of the data folder, and restore a backup", err, "file", s.path())
	default:
		w.troubles.say(s.log, slog.LevelError, "the disk of the data folder does not take what is written", err, "folder", s.dir)
	}
	return err
}

// setFull lets callers know, so that they are refused at once and not after a try each.
func (w *writer) setFull(full bool) {
	w.full = full
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.full, w.store.retry = full, w.pause
}

// freeSpace gives the reserve up, so that the write-ahead log can be written back and cut, which frees more.
func (w *writer) freeSpace() {
	if err := os.Remove(filepath.Join(w.store.dir, reserveFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.store.log.Warn("the reserve could not be given up", "err", err)
	}
	w.checkpoint(true)
}

// checkpoint writes the write-ahead log back and cuts it. It returns false when a reader, or the disk, does not let it; a reader is
// waited for a moment if wanted.
func (w *writer) checkpoint(wait bool) bool {
	if !wait {
		if _, err := w.conn.ExecContext(background, `pragma busy_timeout = 0`); err != nil {
			return false
		}
		defer w.conn.ExecContext(background, `pragma busy_timeout = 250`) // as in writerPragmas
	}
	var busy, frames, done int
	err := w.conn.QueryRowContext(background, `pragma wal_checkpoint(truncate)`).Scan(&busy, &frames, &done)
	return err == nil && busy == 0
}

// readFault logs and translates an error of a reader.
func (s *Store) readFault(room string, err error) error {
	if isDamage(err) {
		s.troubles.say(s.log, slog.LevelError, "the database is damaged: stop, keep a copy of the data folder, and restore a backup", err, "file", s.path(), "room", room)
	}
	return fmt.Errorf("history: reading room %q: %w", room, readError(err))
}

// readError makes SQLite's words for damage ours.
func readError(err error) error {
	if isDamage(err) && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// path is the database file.
func (s *Store) path() string { return filepath.Join(s.dir, databaseFile) }

// A repeated tells the same trouble at most once a minute, with how often it came. Safe for concurrent use.
type repeated struct {
	mu   sync.Mutex // guards what follows
	last map[string]time.Time
	seen map[string]int
}

func (r *repeated) say(log *slog.Logger, level slog.Level, message string, err error, args ...any) {
	r.mu.Lock()
	if r.last == nil {
		r.last, r.seen = map[string]time.Time{}, map[string]int{}
	}
	r.seen[message]++
	count := r.seen[message]
	if last, ok := r.last[message]; ok && time.Since(last) < time.Minute {
		r.mu.Unlock()
		return
	}
	r.last[message], r.seen[message] = time.Now(), 0
	r.mu.Unlock()
	log.Log(background, level, message, append(args, "err", err, "count", count)...)
}
