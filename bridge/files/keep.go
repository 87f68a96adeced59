package files

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tincan/bridge/history"
)

// sweepStep is how many files are removed before the index is asked for more.
const sweepStep = 100

// finish puts a whole upload among the files: into the index first, then in its place. Whoever stops between finds both at the next
// start, and goes on. The caller holds the part.
func (s *Store) finish(ctx context.Context, p *part) (Upload, error) {
	sum := sha256.New()
	if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.hash); err != nil {
		return p.upload(), err
	}
	f := history.File{
		ID: p.id, SHA256: hex.EncodeToString(sum.Sum(nil)), Owner: p.draft.Owner, Name: p.draft.Name, Type: p.draft.Type, Size: p.draft.Size,
	}
	from, to := s.path("parts", p.id), s.contentPath(f.SHA256)
	if err := s.take(ctx); err != nil {
		return p.upload(), err
	}
	defer s.give()
	look := from
	if _, err := os.Stat(to); err == nil {
		look = to
	} else if p.draft.Size == 0 {
		if err := writeSynced(from, nil); err != nil {
			return p.upload(), spaceError(err)
		}
	}
	m, err := inspect(look, f.Name, f.Type)
	if errors.Is(err, fs.ErrNotExist) { // neither here nor there: another has removed it
		s.removePart(p)
		return Upload{}, ErrNotFound
	}
	if err != nil {
		return p.upload(), err
	}
	f.Type, f.Width, f.Height = m.Type, m.Width, m.Height
	if err := s.index.PutFile(ctx, f, idleTime); err != nil {
		if errors.Is(err, history.ErrFull) {
			err = ErrNoSpace
		}
		return p.upload(), err
	}
	if look == from {
		if err := s.moveIn(from, to); err != nil {
			return p.upload(), spaceError(err)
		}
	}
	s.mu.Lock()
	if look == from {
		s.count++
		s.size += f.Size
	}
	s.stats.Uploads++
	s.mu.Unlock()
	s.removePart(p)
	return wholeUpload(f), nil
}

// moveIn moves content that is on disk to its place, and sees that it is there after a power cut.
func (s *Store) moveIn(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(to)), syncFolder(s.path("content")))
}

// File finds a file, and the rooms in which messages hold it; history.ErrNoFile.
func (s *Store) File(ctx context.Context, id string) (history.File, []string, error) {
	if !isID(id) {
		return history.File{}, nil, history.ErrNoFile
	}
	return s.index.File(ctx, id)
}

// Content opens what is in a file. The caller closes it; it may be read on when the file is removed meanwhile.
func (s *Store) Content(f history.File) (*os.File, error) { return os.Open(s.contentPath(f.SHA256)) }

func (s *Store) contentPath(sha256 string) string { return s.path("content", sha256[:2], sha256) }

// drop removes a file, and its content when no other has the same.
func (s *Store) drop(ctx context.Context, id string, held bool) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	f, _, err := s.index.File(ctx, id)
	if err != nil {
		return err
	}
	orphan, err := s.index.DropFile(ctx, id, held)
	if err != nil || !orphan {
		return err
	}
	return s.removeContent(f.SHA256, f.Size)
}

// removeContent removes what no file has. The caller has the turn.
func (s *Store) removeContent(sha256 string, size int64) error {
	err := os.Remove(s.contentPath(sha256))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		s.mu.Lock()
		s.count--
		s.size -= size
		s.mu.Unlock()
	}
	return err
}

// sweep removes what may go: uploads that do not go on, files that no message holds, old files; and when others fill the disk, what
// is not whole, so that there is space for what is said.
func (s *Store) sweep(ctx context.Context) {
	s.dropIdle(idleTime, partsMost)
	if total, free, err := s.disk(s.dir); err == nil && free < total/20 {
		if s.dropIdle(time.Minute, 1) {
			s.log.Warn("the disk is nearly full: an upload that did not go on was removed", "folder", s.dir)
		}
	}
	s.dropListed(ctx, false, func() ([]history.File, error) { return s.index.LooseFiles(ctx, sweepStep) })
	if s.cfg.Keep > 0 {
		s.dropListed(ctx, true, func() ([]history.File, error) { return s.index.OldFiles(ctx, s.cfg.Keep, sweepStep) })
	}
}

// dropListed removes files as long as list has some.
func (s *Store) dropListed(ctx context.Context, held bool, list func() ([]history.File, error)) {
	for ctx.Err() == nil {
		fs, err := list()
		dropped := 0
		for _, f := range fs {
			if err = s.drop(ctx, f.ID, held); err == nil {
				dropped++
			} else if !errors.Is(err, history.ErrHeld) && !errors.Is(err, history.ErrNoFile) {
				break
			}
			err = nil // another was faster
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("files that may go could not be removed; it is tried again", "err", err)
		}
		if err != nil || dropped == 0 {
			return
		}
	}
}

// strayPace is the pause between two contents that are looked up, so that nobody notices.
const strayPace = time.Millisecond

// removeStrays removes content that no file has: a kill at the wrong moment leaves some.
func (s *Store) removeStrays(ctx context.Context) {
	folders, err := os.ReadDir(s.path("content"))
	if err != nil {
		s.log.Warn("the folder of the files could not be read", "err", err)
		return
	}
	for _, d := range folders {
		entries, err := os.ReadDir(s.path("content", d.Name()))
		if err != nil {
			continue // it is no folder of ours
		}
		for _, e := range entries {
			select {
			case <-time.After(strayPace):
			case <-ctx.Done():
				return
			}
			switch name := e.Name(); {
			case len(name) == 2*sha256.Size:
				s.removeStray(ctx, name)
			case strings.HasSuffix(name, ".part"): // an import was killed while it wrote it; none runs now
				_ = os.Remove(s.path("content", d.Name(), name)) // else at the next start
			}
		}
	}
}

func (s *Store) removeStray(ctx context.Context, sha256 string) {
	if s.take(ctx) != nil {
		return
	}
	defer s.give()
	if has, err := s.index.HasContent(ctx, sha256); err != nil || has {
		return
	}
	if err := os.Remove(s.contentPath(sha256)); err != nil {
		s.log.Warn("content that belongs to no file could not be removed", "sha256", sha256, "err", err)
	}
}

// take waits for the turn to let content come or go; give passes it on. It is held for a commit and a rename, never while bytes come.
func (s *Store) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) give() { <-s.turn }
