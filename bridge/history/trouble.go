package history

import (
	"errors"
	"fmt"
	"path/filepath"
)

// A Trouble is why a data folder cannot be opened, in two sentences for the person who runs tincan. Nothing in the folder has
// been changed.
type Trouble struct {
	What string // what happened with which path: cannot open ./tincan-data: another tincan (process 4711) uses it
	Do   string // what helps: stop that one, or start this one with --data another-folder
	Err  error  // the cause, for the log
}

func (t *Trouble) Error() string { return t.What + "; " + t.Do }
func (t *Trouble) Unwrap() error { return t.Err }

// errForeign and ErrNewer say whose a database is.
var (
	errForeign = errors.New("history: not a database of tincan")
	ErrNewer   = errors.New("history: written by a newer tincan")
)

// NoSpace tells whether an error of writing a file says that its disk, a quota or a limit is full.
func NoSpace(err error) bool { return isFull(err) }

// Explain is err for the person who runs tincan, when it says that what is in the folder cannot be used (ErrDamaged, ErrNewer).
func (s *Store) Explain(err error) error {
	switch {
	case errors.Is(err, ErrNewer):
		return openTrouble(s.shown, err)
	case isDamage(err):
		return &Trouble{
			What: fmt.Sprintf("cannot use %s: it is damaged (%v)", filepath.Join(s.shown, databaseFile), err),
			Do:   "restore the folder from a backup, or move it away to begin with an empty one",
			Err:  err,
		}
	}
	return err
}

// folderTrouble explains what is wrong with the folder itself, named as the person named it.
func folderTrouble(dir string, err error) error {
	t := &Trouble{Err: err}
	var use *errInUse
	switch {
	case errors.As(err, &use):
		who := "another tincan"
		if use.pid != "" {
			who += " (process " + use.pid + ")"
		}
		t.What = fmt.Sprintf("cannot open the data folder %s: %s uses it", dir, who)
		t.Do = "stop that one, or start this one with --data another-folder"
	case errors.Is(err, errNotFolder):
		t.What = fmt.Sprintf("cannot open the data folder %s: it is a file, or a part of its path is one", dir)
		t.Do = "choose a folder with --data another-folder, or move that file away"
	case isReadOnly(err):
		t.What = fmt.Sprintf("cannot write to the data folder %s: it is read-only for this user (%v)", dir, cause(err))
		t.Do = "give this user the right to write there, or choose another one with --data another-folder"
	case isFull(err):
		t.What = fmt.Sprintf("cannot begin in the data folder %s: no space is left on its disk", dir)
		t.Do = "free some space, or choose a folder on another disk with --data another-folder"
	default:
		t.What = fmt.Sprintf("cannot open the data folder %s: %v", dir, cause(err))
		t.Do = "choose another folder with --data another-folder"
	}
	return t
}

// openTrouble explains what is wrong with the database in a folder.
func openTrouble(dir string, err error) error {
	file := filepath.Join(dir, databaseFile)
	t := &Trouble{Err: err}
	switch {
	case errors.Is(err, errForeign):
		t.What = fmt.Sprintf("cannot use %s: it is not a database of tincan (%v)", file, err)
		t.Do = "start with --data another-folder, or move that file away"
	case errors.Is(err, ErrNewer):
		t.What = fmt.Sprintf("cannot use %s: a newer tincan has written it", file)
		t.Do = "start that newer version, or this one with --data another-folder"
	case isDamage(err):
		t.What = fmt.Sprintf("cannot use %s: it is damaged (%v)", file, err)
		t.Do = "restore the folder from a backup, or move it away to begin with an empty one; nothing in it was changed"
	case isBusy(err):
		t.What = fmt.Sprintf("cannot open %s: another program has locked it", file)
		t.Do = "close that program (a backup, a database browser) and start again"
	case isReadOnly(err) || isReadOnlyDatabase(err):
		t.What = fmt.Sprintf("cannot write to %s: it is read-only for this user", file)
		t.Do = "give this user the right to write there, or choose another folder with --data another-folder"
	case isFull(err):
		return folderTrouble(dir, err)
	default:
		t.What = fmt.Sprintf("cannot open %s: %v", file, cause(err))
		t.Do = "see that the disk is sound and that this user may write there, or choose another folder with --data another-folder"
	}
	return t
}

// cause is the innermost error, without the path that the sentence names already.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
