package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tincan/bridge/history"
)

// Write writes a backup of a data folder to a file or a pipe. copyTo is a file that is made for the time of it: the copy of the
// database, which takes as much space again. version is tincan's. Errors that a person can do something about are *history.Trouble; of
// a w that does not take what is written, its own; of the copy, ErrCopy.
func Write(ctx context.Context, dir string, w io.Writer, copyTo, version string, tell Tell) (a About, err error) {
	defer func() { err = errors.Join(err, removeCopy(copyTo)) }()
	a = About{Format: Format, Tincan: version, Time: time.Now().UTC().Format(time.RFC3339)}
	f, err := os.OpenFile(copyTo, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // for nobody else's eyes
	if err != nil {
		return a, err
	}
	if err := f.Close(); err != nil {
		return a, err
	}
	c, err := history.Copy(ctx, dir, copyTo, func(done, all int64) {
		if all == 0 {
			tell(Progress{Step: "checking the copy"})
		} else {
			tell(Progress{Step: "copying the database", Done: done, All: all})
		}
	})
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	a.Schema, a.Rooms, a.Entries = c.Schema, c.Rooms, c.Entries
	files, all, err := list(dir)
	if err != nil {
		return a, err
	}
	t := &writing{ctx: ctx, tar: tar.NewWriter(w), tell: tell}
	if err := t.small(aboutName, a); err != nil {
		return a, err
	}
	info, err := os.Stat(copyTo)
	if err != nil {
		return a, err
	}
	t.all = all + info.Size()
	if err := t.file(databaseName, copyTo); err != nil {
		return a, err
	}
	for _, name := range files {
		err := t.file(name, filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, errGone) {
			return a, err
		}
	}
	if err := t.small(manifestName, manifest{t.items}); err != nil {
		return a, err
	}
	return a, t.tar.Close()
}

// ErrCopy: the copy of the database could not be made.
var ErrCopy = errors.New("backup: no copy of the database")

func removeCopy(path string) error {
	for _, suffix := range []string{"-journal", "-wal", "-shm"} {
		os.Remove(path + suffix)
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// list names the files of a data folder that go along, and adds up their sizes.
func list(dir string) (names []string, size int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == "." {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case !goesAlong(name):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case d.Type().IsRegular():
			if info, err := d.Info(); err == nil {
				names, size = append(names, name), size+info.Size()
			}
		}
		return nil
	})
	return names, size, err
}

// A writing is a backup that is being written.
type writing struct {
	ctx       context.Context
	tar       *tar.Writer
	items     []item
	tell      Tell
	done, all int64
}

// errGone: a file was removed before it was its turn.
var errGone = errors.New("backup: removed meanwhile")

// small writes a value as a file.
func (t *writing) small(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := t.header(name, int64(len(text)), time.Now()); err != nil {
		return err
	}
	_, err = t.tar.Write(text)
	h := sha256.New()
	h.Write(text)
	t.items = append(t.items, newItem(name, int64(len(text)), h))
	return err
}

func (t *writing) header(name string, size int64, changed time.Time) error {
	return t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: changed.Truncate(time.Second)})
}

// file writes a file of the disk, as much of it as there is when it begins.
func (t *writing) file(name, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.header(name, info.Size(), info.ModTime()); err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(t.tar, h, t), io.LimitReader(f, info.Size()))
	if err != nil {
		return err
	}
	if n < info.Size() {
		return fmt.Errorf("%s became shorter while it was copied", path)
	}
	t.items = append(t.items, newItem(name, n, h))
	return nil
}

// Write counts what is written, and ends the copying when nobody waits any more.
func (t *writing) Write(p []byte) (int, error) {
	t.done += int64(len(p))
	t.tell(Progress{Step: "writing", Done: t.done, All: t.all})
	return len(p), t.ctx.Err()
}
