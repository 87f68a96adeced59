// Package files keeps what members upload: content by its SHA-256, once, and uploads that are not whole yet. What a file is, who
// uploaded it and which messages hold it stands in the index of bridge/history; here are the bytes, in a folder of the data folder:
//
//	content/ab/ab12…   whole files by their SHA-256, hexadecimal
//	parts/{id}         what has come of an upload, parts/{id}.json what it is and how far it is on disk
//
// A file is on disk before it is in the index, and in the index before it is told. It knows neither HTTP nor MQTT nor what a room is.
package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tincan/bridge/history"
)

// Limits of what is not whole, or not posted.
const (
	idleTime     = 24 * time.Hour // how long an upload that does not go on is kept, and a whole one that is not posted
	partsMost    = 1000           // uploads that are not whole, in all
	partsOfOwner = 100            // of one owner, with the whole ones that are not posted
	bytesOfOwner = 8              // times Config.Max, of the same
	writesMost   = 64             // uploads that go on at the same time
	writesOwner  = 16             // of one owner
)

// What keeps an upload from going on, for errors.Is.
var (
	ErrNotFound = errors.New("files: no such upload")
	ErrTooLarge = errors.New("files: too large")
	ErrTooLong  = errors.New("files: more bytes than the upload has")
	ErrNoSpace  = errors.New("files: no space left")
	ErrQuota    = errors.New("files: all files have what hosts let them")
	ErrShare    = errors.New("files: the owner has what hosts let it")
	ErrTooMany  = errors.New("files: too many uploads of one owner")
	ErrBusy     = errors.New("files: too many uploads at once")
	ErrOffset   = errors.New("files: not where the upload ends")
	ErrInUse    = errors.New("files: somebody else is writing this upload")
	ErrChecksum = errors.New("files: the checksum does not fit")
	ErrPosted   = errors.New("files: a message holds this file")
)

// Config are the limits of a Store.
type Config struct {
	Max   int64         // bytes of one file
	Quota int64         // bytes of all; 0: what leaves a tenth of the disk free, which goes in any case
	Keep  time.Duration // how long a file stays, whoever holds it; 0: for ever
	// Limits are what hosts decide now: bytes of all files, and of those of one owner; 0: no further limit. nil: they decide nothing.
	Limits func() (all, each int64)
}

// A Store is the folder of the files. Make it with [Open], and let [Store.Serve] run. Safe for concurrent use.
type Store struct {
	cfg   Config
	dir   string
	index history.Files
	log   *slog.Logger
	turn  chan struct{} // capacity 1: who has put something in may let content come or go
	known chan struct{} // closed when the size of all content is known
	disk  func(dir string) (total, free int64, err error)

	mu     sync.Mutex // guards what follows; map work only
	parts  map[string]*part
	writes map[string]int // running ones by owner
	live   int            // running ones
	due    int64          // bytes that running ones have still to bring
	size   int64          // bytes of all content
	count  int            // different contents
	stats  Stats
}

// Stats are counts of what happened since the start, and of what there is.
type Stats struct {
	Files        int   // different contents
	Bytes        int64 // of them
	Parts        int   // uploads that are not whole
	PartBytes    int64 // of them
	Uploads      int64 // that became whole
	UploadBytes  int64 // that came in
	Downloads    int64
	SentBytes    int64
	RefusedSpace int64 // uploads refused for want of space
}

// Open opens the folder of the files below the data folder, which must be the caller's alone, and takes up the uploads in it.
func Open(data string, cfg Config, index history.Files, log *slog.Logger) (*Store, error) {
	s := &Store{
		cfg: cfg, dir: filepath.Join(data, "files"), index: index, log: log,
		turn: make(chan struct{}, 1), known: make(chan struct{}), disk: diskSpace,
		parts: map[string]*part{}, writes: map[string]int{},
	}
	if err := s.makeFolders(); err != nil && !isNoSpace(err) { // on a full disk reading works, and they are made when there is space
		return nil, fmt.Errorf("files: %w", err)
	}
	if err := s.loadParts(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("files: read %s: %w", s.path("parts"), err)
	}
	return s, nil
}

func (s *Store) makeFolders() error {
	return errors.Join(os.MkdirAll(s.path("parts"), 0o700), os.MkdirAll(s.path("content"), 0o700))
}

// Serve measures what there is, and removes what may go, until ctx ends.
func (s *Store) Serve(ctx context.Context) {
	if !s.measure(ctx) {
		return
	}
	s.finishParts(ctx)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	stray := time.NewTimer(time.Minute)
	defer stray.Stop()
	for {
		s.sweep(ctx)
		select {
		case <-tick.C:
		case <-stray.C:
			s.removeStrays(ctx)
		case <-s.index.Loosened():
		case <-ctx.Done():
			return
		}
	}
}

// measure asks the index for the size of all content, again until it answers or ctx ends.
func (s *Store) measure(ctx context.Context) bool {
	for {
		count, size, err := s.index.FileBytes(ctx)
		if err == nil {
			s.mu.Lock()
			s.count, s.size = s.count+count, s.size+size
			s.mu.Unlock()
			close(s.known)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.log.Warn("the files could not be measured; it is tried again", "err", err)
		select {
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
			return false
		}
	}
}

// Max is how large one file may be, in bytes.
func (s *Store) Max() int64 { return s.cfg.Max }

// Limits are what hosts decide now; see Config.
func (s *Store) Limits() (all, each int64) {
	if s.cfg.Limits == nil {
		return 0, 0
	}
	return s.cfg.Limits()
}

// Stats tells what the store holds and did.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.stats
	t.Files, t.Bytes, t.Parts = s.count, s.size, len(s.parts)
	for _, p := range s.parts {
		t.PartBytes += p.offset
	}
	return t
}

// Sent counts a download, of which so many bytes were sent.
func (s *Store) Sent(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Downloads++
	s.stats.SentBytes += bytes
}

func (s *Store) path(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}
