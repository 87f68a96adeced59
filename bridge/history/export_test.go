package history

import (
	"context"
	"time"
)

// SetWholeBytes changes up to which size a database is checked whole, and returns how to change it back.
func SetWholeBytes(n int64) (undo func()) {
	old := wholeBytes
	wholeBytes = n
	return func() { wholeBytes = old }
}

// SetLastRows changes how many of the newest entries are verified at every start, and returns how to change it back.
func SetLastRows(n int) (undo func()) {
	old := lastRows
	lastRows = n
	return func() { lastRows = old }
}

// SetRestInterval changes how often the rest of holds is stored by stores opened from now on, and returns how to change it back.
func SetRestInterval(d time.Duration) (undo func()) {
	old := restInterval
	restInterval = d
	return func() { restInterval = old }
}

// SetFault lets a function make commits fail; nil ends it.
func (s *Store) SetFault(f func() error) {
	if f == nil {
		s.writer.fault.Store(nil)
		return
	}
	s.writer.fault.Store(&f)
}

// Full is an error as of a full disk.
func Full(err error) error { return &noSpaceError{err} }

// FailedCommit is an error as of a COMMIT whose outcome is not known.
func FailedCommit(err error) error { return &commitError{err} }

// SetClock changes the wall clock. It must be called while nothing is appended.
func (s *Store) SetClock(now func() time.Time) { s.writer.now = now }

// ApplicationID is the mark of a database.
const ApplicationID = applicationID

// Newest is the newest version of the schema.
func Newest() int { return newest() }

// Indexed is up to which place the index goes.
func (s *Store) Indexed() int64 { return s.index.indexed.Load() }

// SetIndexGather changes how long entries are gathered before they are indexed, for stores opened from now on, and returns how to change it back.
func SetIndexGather(d time.Duration) (undo func()) {
	old := indexGather
	indexGather = d
	return func() { indexGather = old }
}

// Freeze does something while the index does nothing.
func (s *Store) Freeze(do func() error) (err error) {
	if e := s.index.do(context.Background(), func() { err = do() }); e != nil {
		return e
	}
	return err
}

// SetMostBrief changes how many places are looked at by a shorter beginning of a word, and returns how to change it back.
func SetMostBrief(n int) (undo func()) {
	old := mostBrief
	mostBrief = n
	return func() { mostBrief = old }
}
