package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tincan/bridge/history"
)

// maxManifest bounds the two files of a backup that are read into memory.
const maxManifest = 256 << 20

// Restore makes a data folder of a backup, which may be compressed with gzip. The folder must be missing or empty. Everything is
// unpacked aside and checked before anything in the folder is there: the manifest against the files, the database page by page. size, of
// from, is for tell; 0 when it is not known. shown is how the person calls the backup. Errors are *history.Trouble, or of reading.
func Restore(ctx context.Context, from io.Reader, shown string, size int64, dir string, tell Tell) (a About, err error) {
	r := &reading{ctx: ctx, shown: shown, from: from, all: size, tell: tell, items: map[string]item{}}
	if err := r.begin(); err != nil {
		return a, err
	}
	v, err := history.Vacate(dir)
	if err != nil {
		return r.about, err
	}
	defer func() { err = errors.Join(err, v.Leave()) }()
	if err := r.unpack(v.Aside()); err != nil {
		return r.about, err
	}
	tell(Progress{Step: "checking the database"})
	_, err = history.Check(ctx, v.Database())
	switch {
	case ctx.Err() != nil:
		return r.about, ctx.Err()
	case errors.Is(err, history.ErrNewer):
		return r.about, newer(shown, r.about, err)
	case err != nil:
		return r.about, damaged(shown, fmt.Sprintf("its database is damaged (%v)", err), err)
	}
	if err = v.Fill(ctx); err != nil && ctx.Err() == nil {
		err = r.unwritable(err)
	}
	return r.about, err
}

// newer is what is told of a backup that a later tincan has made.
func newer(shown string, a About, err error) error {
	return &history.Trouble{
		What: fmt.Sprintf("cannot use the backup %s: a newer tincan (%s) has made it", shown, a.Tincan),
		Do:   "restore it with that version; nothing was changed",
		Err:  err,
	}
}

// A reading is a backup that is being read.
type reading struct {
	ctx       context.Context
	shown     string
	from      io.Reader
	tar       *tar.Reader
	about     About
	items     map[string]item // what was unpacked
	tell      Tell
	done, all int64
}

// Read passes on what the backup holds, counts it, and ends when nobody waits any more.
func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.from.Read(p)
	r.done += int64(n)
	r.tell(Progress{Step: "unpacking", Done: r.done, All: r.all})
	return n, err
}

// begin reads what the backup says of itself.
func (r *reading) begin() error {
	b := bufio.NewReaderSize(r, 1<<20)
	var plain io.Reader = b
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if plain, err = gzip.NewReader(b); err != nil {
			return damaged(r.shown, "it is damaged at its beginning", err)
		}
	}
	r.tar = tar.NewReader(plain)
	h, err := r.tar.Next()
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case isRead(err):
		return r.unreadable(err)
	case err != nil || h.Name != aboutName:
		return damaged(r.shown, "it is not a backup of tincan", err)
	}
	text, err := r.small(h)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.about); err != nil || r.about.Format < 1 {
		return damaged(r.shown, "it is not a backup of tincan", err)
	}
	if r.about.Format > Format {
		return newer(r.shown, r.about, nil)
	}
	return nil
}

// isRead: the file itself could not be read, which says nothing about what is in it.
func isRead(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p)
}

func (r *reading) unreadable(err error) error {
	return &history.Trouble{What: fmt.Sprintf("cannot read the backup %s: %v", r.shown, err), Do: "see that the disk is sound; nothing was changed", Err: err}
}

// fault is what is told of an error of reading the tar.
func (r *reading) fault(err error) error {
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case isRead(err):
		return r.unreadable(err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, errCut):
		return damaged(r.shown, "it ends too early: it was cut off", errCut)
	}
	return damaged(r.shown, fmt.Sprintf("it is damaged (%v)", err), err)
}

// small reads a file of the backup into memory, and notes it.
func (r *reading) small(h *tar.Header) ([]byte, error) {
	if h.Typeflag != tar.TypeReg || h.Size > maxManifest {
		return nil, damaged(r.shown, fmt.Sprintf("it is damaged: %s is no such file", h.Name), nil)
	}
	text, err := io.ReadAll(r.tar)
	if err != nil {
		return nil, r.fault(err)
	}
	sum := sha256.New()
	sum.Write(text)
	r.items[h.Name] = newItem(h.Name, h.Size, sum)
	return text, nil
}

// unpack writes all files to a folder and holds them against the manifest.
func (r *reading) unpack(to string) error {
	folders := map[string]bool{to: true}
	for {
		h, err := r.tar.Next()
		if err != nil {
			return r.fault(err) // at the end of the tar, too: there was no manifest
		}
		if h.Name == manifestName {
			text, err := r.small(h)
			if err != nil {
				return err
			}
			if err := r.compare(text); err != nil {
				return err
			}
			break
		}
		if h.Typeflag != tar.TypeReg || !validName(h.Name) {
			return damaged(r.shown, fmt.Sprintf("it holds %q, which no backup does", h.Name), nil)
		}
		if _, twice := r.items[h.Name]; twice {
			return damaged(r.shown, fmt.Sprintf("it is damaged: it holds %s twice", h.Name), nil)
		}
		path := filepath.Join(to, filepath.FromSlash(h.Name))
		for dir := filepath.Dir(path); !folders[dir]; dir = filepath.Dir(dir) {
			folders[dir] = true
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return r.unwritable(err)
		}
		if err := r.file(path, h); err != nil {
			return err
		}
	}
	for dir := range folders {
		if err := history.SyncFolder(dir); err != nil {
			return r.unwritable(err)
		}
	}
	return nil
}

// file writes one file of the backup through to the disk.
func (r *reading) file(path string, h *tar.Header) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return r.unwritable(err)
	}
	sum := sha256.New()
	w := &noting{w: f}
	_, err = io.Copy(io.MultiWriter(w, sum), r.tar)
	if err == nil {
		w.err = f.Sync()
	}
	if e := f.Close(); w.err == nil {
		w.err = e
	}
	if w.err != nil {
		return r.unwritable(w.err)
	}
	if err != nil {
		return r.fault(err)
	}
	r.items[h.Name] = newItem(h.Name, h.Size, sum)
	return os.Chtimes(path, time.Time{}, h.ModTime)
}

// A noting remembers that writing failed, to tell it from reading.
type noting struct {
	w   io.Writer
	err error
}

func (n *noting) Write(p []byte) (int, error) {
	m, err := n.w.Write(p)
	if err != nil {
		n.err = err
	}
	return m, err
}

func (r *reading) unwritable(err error) error {
	t := &history.Trouble{What: fmt.Sprintf("cannot write what the backup holds: %v", err), Do: "choose another folder with --data another-folder; nothing was changed", Err: err}
	if history.NoSpace(err) {
		t.What = "no space is left on the disk of the data folder"
		t.Do = "free some space, or choose a folder on another disk with --data another-folder; nothing was changed"
	}
	return t
}

// compare holds what was unpacked against the manifest.
func (r *reading) compare(text []byte) error {
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return damaged(r.shown, "its manifest is damaged", err)
	}
	delete(r.items, manifestName)
	for _, want := range m.Files {
		got, ok := r.items[want.Name]
		switch {
		case !ok:
			return damaged(r.shown, fmt.Sprintf("it is damaged: %s is missing in it", want.Name), nil)
		case got != want:
			return damaged(r.shown, fmt.Sprintf("it is damaged: %s is not what was written (its SHA-256 is another one)", want.Name), nil)
		}
		delete(r.items, want.Name)
	}
	if len(r.items) > 0 {
		return damaged(r.shown, fmt.Sprintf("it is damaged: %s is not in its manifest", slices.Min(slices.Collect(maps.Keys(r.items)))), nil)
	}
	if _, ok := m.find(databaseName); !ok {
		return damaged(r.shown, "it holds no database", nil)
	}
	return nil
}

func (m *manifest) find(name string) (item, bool) {
	i := slices.IndexFunc(m.Files, func(it item) bool { return it.Name == name })
	if i < 0 {
		return item{}, false
	}
	return m.Files[i], true
}
