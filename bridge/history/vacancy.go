package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Names in a folder that is being filled.
const (
	asideFolder = "tincan.restoring" // everything is put there first
	movingFile  = "moving.json"      // in it: the names that are being moved into their place
)

// A Vacancy is a data folder without anything in it, held for one who is about to fill it: no tincan starts there meanwhile. What is
// put aside becomes the folder's content by Fill, all of it or nothing: the database moves last, and without it nothing starts on a
// folder that was half filled when the power went.
type Vacancy struct {
	dir, shown string
	lock       *folderLock
	made       []string
	filled     bool
}

// Vacate makes a folder or finds it empty, and holds it. What a fill that was cut short has left in it is removed. Errors are *Trouble.
func Vacate(dir string) (_ *Vacancy, err error) {
	v := &Vacancy{shown: dir}
	if v.dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if v.made, err = makeFolder(v.dir); err != nil {
		return nil, folderTrouble(dir, err)
	}
	if v.lock, err = lockFolder(v.dir); err != nil {
		unmakeFolder(v.made)
		return nil, folderTrouble(dir, err)
	}
	defer func() {
		if err != nil {
			v.leave()
		}
	}()
	if err := v.lock.sign(); err != nil {
		return nil, folderTrouble(dir, err)
	}
	if err := v.clear(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(v.Aside(), 0o700); err != nil {
		return nil, folderTrouble(dir, err)
	}
	return v, nil
}

// clear removes what an earlier fill has left, and wants that nothing else is there.
func (v *Vacancy) clear() error {
	var ours []string
	there, err := os.ReadDir(v.dir)
	if err != nil {
		return folderTrouble(v.shown, err)
	}
	_, err = os.Stat(filepath.Join(v.dir, databaseFile))
	if text, e := os.ReadFile(filepath.Join(v.Aside(), movingFile)); e == nil && errors.Is(err, fs.ErrNotExist) {
		if json.Unmarshal(text, &ours) != nil {
			ours = nil // it was cut while it was written: nothing had been moved
		}
	}
	for _, e := range there {
		name := e.Name()
		known := name == lockFile || name == reserveFile || name == asideFolder || name == "lost+found" // of a disk of its own
		if !known && !slices.Contains(ours, name) {
			return &Trouble{
				What: fmt.Sprintf("%s is not empty: it holds %s", v.shown, name),
				Do:   "move that folder away, or choose another one with --data another-folder; nothing was changed",
			}
		}
	}
	for _, e := range there {
		if slices.Contains(ours, e.Name()) && e.Name() != lockFile {
			if err := os.RemoveAll(filepath.Join(v.dir, e.Name())); err != nil {
				return folderTrouble(v.shown, err)
			}
		}
	}
	if err := os.RemoveAll(v.Aside()); err != nil {
		return folderTrouble(v.shown, err)
	}
	return nil
}

// Aside is the folder, in the vacant one, where things are put first.
func (v *Vacancy) Aside() string { return filepath.Join(v.dir, asideFolder) }

// Database is where the database is put first.
func (v *Vacancy) Database() string { return filepath.Join(v.Aside(), databaseFile) }

// Fill makes what was put aside the content of the folder. It must be durable already.
func (v *Vacancy) Fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	there, err := os.ReadDir(v.Aside())
	if err != nil {
		return err
	}
	var names []string
	for _, e := range there {
		if e.Name() != databaseFile {
			names = append(names, e.Name())
		}
	}
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	if err := adopt(v.dir, v.Aside()); err != nil {
		return err
	}
	moving := filepath.Join(v.Aside(), movingFile)
	if err := os.WriteFile(moving, list, 0o600); err != nil {
		return err
	}
	if err := errors.Join(syncFile(moving), syncFolder(v.Aside()), syncFolder(v.dir)); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(v.Aside(), name), filepath.Join(v.dir, name)); err != nil {
			return err
		}
	}
	if err := syncFolder(v.dir); err != nil {
		return err
	}
	if err := os.Rename(v.Database(), filepath.Join(v.dir, databaseFile)); err != nil {
		return err
	}
	v.filled = true
	return syncFolder(v.dir)
}

// Leave lets the folder go. When it was not filled, it is as it was before.
func (v *Vacancy) Leave() error {
	if !v.filled {
		v.clear() // what could not be moved by Fill goes, too; what is left says so itself at the next try
	}
	err := os.RemoveAll(v.Aside())
	v.leave()
	return err
}

func (v *Vacancy) leave() {
	v.lock.undo()
	if !v.filled {
		unmakeFolder(v.made)
	}
}

// cutFill is what keeps a folder from being opened whose fill was cut short; one that was whole but for its end is tidied up.
func cutFill(dir, shown string) error {
	aside := filepath.Join(dir, asideFolder)
	if _, err := os.Stat(aside); err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err == nil {
		return os.RemoveAll(aside)
	}
	return &Trouble{
		What: fmt.Sprintf("cannot open the data folder %s: a restore ended there before it was done", shown),
		Do:   fmt.Sprintf("run tincan restore again, or remove %s to begin with an empty folder", filepath.Join(shown, asideFolder)),
	}
}
