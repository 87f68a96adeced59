package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"hash"
	"io"
	"os"
	"sync"
	"time"
)

const (
	chunk     = 128 << 10 // bytes that are read at once
	syncBytes = 4 << 20   // after so many bytes, or so long, what has come is written through to the disk
	syncTime  = time.Second
	aheadMost = 64 << 20 // bytes that come while the disk is slower
)

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// A Source is where the bytes of an upload come from.
type Source struct {
	io.Reader
	Length int64  // bytes that will come; -1: not known
	Stop   func() // ends a Read that waits; called when somebody else wants to go on with the upload

	// A checksum of all that is read; nil: none. If it does not fit, or Read fails before the end, nothing of it counts.
	Hash hash.Hash
	Sum  []byte
}

// Write goes on with an upload at an offset, which must be where it ends, until src ends or the file is whole. What has come when src
// fails stays, and is on disk when Write returns; with a nil error so is all. It returns how far the upload is also with an error.
func (s *Store) Write(ctx context.Context, id, owner string, at int64, src Source) (Upload, error) {
	p := s.part(id, owner)
	if p == nil {
		u, err := s.whole(ctx, id, owner)
		if err == nil && at != u.Size {
			err = ErrOffset
		}
		return u, err
	}
	release, err := s.hold(ctx, p, src.Stop)
	if err != nil {
		return Upload{}, err
	}
	defer release()
	if at != p.offset {
		return p.upload(), ErrOffset
	}
	if src.Length > p.draft.Size-at {
		return p.upload(), ErrTooLong
	}
	if at < p.draft.Size {
		done, err := s.reserve(ctx, p)
		if err != nil {
			return p.upload(), err
		}
		defer done()
		if err := s.write(p, src); err != nil {
			return p.upload(), err
		}
	}
	if p.offset < p.draft.Size {
		return p.upload(), nil
	}
	return s.finish(ctx, p)
}

// reserve takes one of the places of those that write, and the space for what is missing.
func (s *Store) reserve(ctx context.Context, p *part) (done func(), err error) {
	rest := p.draft.Size - p.offset
	if err := s.share(ctx, p.draft.Owner, 0); err != nil { // it is among what was begun
		return nil, err
	}
	if err := s.space(ctx, rest); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live >= writesMost || s.writes[p.draft.Owner] >= writesOwner {
		return nil, ErrBusy
	}
	s.live++
	s.writes[p.draft.Owner]++
	s.due += rest
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.live--
		if s.writes[p.draft.Owner]--; s.writes[p.draft.Owner] == 0 {
			delete(s.writes, p.draft.Owner)
		}
		s.due -= p.draft.Size - p.offset
	}, nil
}

// A writing is the run of one Write over the file of its part.
type writing struct {
	s    *Store
	p    *part
	f    *os.File
	sum  hash.Hash  // SHA-256 of the whole file, as far as at
	at   int64      // where the file ends
	seen int64      // as far as which space was looked for
	last time.Time  // of the last sync
	done int64      // as far as which the last sync was meant
	sync chan error // the sync that runs; nil: none
}

// write copies src to the end of a part.
func (s *Store) write(p *part, src Source) (err error) {
	f, err := os.OpenFile(s.path("parts", p.id), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return spaceError(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := &writing{s: s, p: p, f: f, sum: sha256.New(), at: p.offset, seen: p.offset, done: p.offset, last: time.Now()}
	if err := w.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.hash); err != nil {
		return err
	}
	if err := f.Truncate(w.at); err != nil { // what came after the last sync before a kill
		return spaceError(err)
	}
	if _, err := f.Seek(w.at, io.SeekStart); err != nil {
		return err
	}
	err = w.copy(src)
	if src.Hash != nil && (err != nil || !bytes.Equal(src.Hash.Sum(nil), src.Sum)) {
		if err == nil {
			err = ErrChecksum
		}
		return errors.Join(err, f.Truncate(p.offset))
	}
	if ferr := w.finish(); ferr != nil {
		return errors.Join(err, ferr, f.Truncate(p.offset))
	}
	return err
}

// copy takes what comes. It returns nil when src has ended or the file is whole.
func (w *writing) copy(src Source) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	size := w.p.draft.Size
	for w.at < size {
		n, rerr := src.Read(buf[:min(chunk, size-w.at)])
		if n > 0 {
			m, err := w.f.Write(buf[:n])
			w.at += int64(m)
			w.sum.Write(buf[:m])
			if src.Hash != nil {
				src.Hash.Write(buf[:m])
			}
			if err != nil {
				return spaceError(err)
			}
			if err := w.note(src.Hash == nil); err != nil {
				return err
			}
		}
		if rerr == io.EOF {
			return nil
		}
		if rerr != nil {
			return rerr
		}
	}
	return nil
}

// note looks, when some bytes have come, whether there is space to go on, and begins to write through what has come.
func (w *writing) note(may bool) error {
	if w.at-w.seen >= syncBytes {
		w.seen = w.at
		if err := w.s.stillSpace(w.p.draft.Size - w.at); err != nil {
			return err
		}
	}
	busy := w.sync != nil && len(w.sync) == 0 // the disk has what came before to do
	if !may || w.at-w.done < syncBytes && time.Since(w.last) < syncTime || busy && w.at-w.done < aheadMost {
		return nil
	}
	if err := w.wait(); err != nil {
		return err
	}
	w.done, w.last = w.at, time.Now()
	at, state := w.at, marshal(w.sum)
	running := make(chan error, 1)
	w.sync = running
	go func() { running <- w.save(at, state) }() // wait waits for it
	return nil
}

// save writes the file through to the disk, and then that it is there as far as at.
func (w *writing) save(at int64, state []byte) error {
	if err := w.f.Sync(); err != nil {
		return spaceError(err)
	}
	if err := w.s.save(w.p, at, state); err != nil {
		return spaceError(err)
	}
	w.s.advance(w.p, at, state)
	return nil
}

// wait waits for the sync that runs.
func (w *writing) wait() error {
	if w.sync == nil {
		return nil
	}
	err := <-w.sync
	w.sync = nil
	return err
}

// finish writes all through that has come.
func (w *writing) finish() error {
	if err := w.wait(); err != nil || w.at == w.p.offset {
		return err
	}
	return w.save(w.at, marshal(w.sum))
}

// advance notes how far a part is on disk.
func (s *Store) advance(p *part, at int64, state []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due -= at - p.offset
	s.stats.UploadBytes += at - p.offset
	p.offset, p.hash, p.touched = at, state, time.Now()
}
