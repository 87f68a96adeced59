package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"encoding/base32"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"tincan/bridge/history"
)

// A Draft is what somebody wants to upload.
type Draft struct {
	Owner string // who; nobody else goes on with it
	Name  string
	Type  string // media type, as the owner says; empty: not said
	Size  int64  // bytes
}

// An Upload is how far one is.
type Upload struct {
	ID string
	Draft
	Offset int64         // bytes that are on disk
	File   *history.File // when it is whole
}

// A part is an upload that is not whole yet.
type part struct {
	id    string // never changed, like draft
	draft Draft

	// Guarded by Store.mu, and changed only by whoever holds the part.
	offset  int64
	hash    []byte // the state of SHA-256 after offset bytes
	touched time.Time
	holder  *holding // nil: nobody
}

// A holding is somebody's time with a part.
type holding struct {
	stop func()        // asks to let go
	done chan struct{} // closed when the part is free
}

// A saved is what stands in parts/{id}.json.
type saved struct {
	Owner  string `json:"owner"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Offset int64  `json:"offset"`
	Hash   []byte `json:"hash"`
}

// newID makes the id of a file: 128 random bits, which nobody guesses.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// isID tells whether s can be one, so that it may be part of a path.
func isID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Begin makes an upload. An empty file is whole at once.
func (s *Store) Begin(ctx context.Context, d Draft) (Upload, error) {
	d.Name, d.Type = CleanName(d.Name), cleanType(d.Type)
	if d.Size > s.cfg.Max {
		return Upload{}, ErrTooLarge
	}
	if err := s.mayBegin(ctx, d); err != nil {
		return Upload{}, err
	}
	p := &part{id: newID(), draft: d, hash: marshal(sha256.New()), touched: time.Now()}
	s.mu.Lock()
	s.parts[p.id] = p
	s.mu.Unlock()
	if err := errors.Join(s.makeFolders(), s.save(p, 0, p.hash)); err != nil {
		s.forget(p)
		return Upload{}, spaceError(err)
	}
	return s.Upload(ctx, p.id, d.Owner)
}

// mayBegin holds a draft against the limits of its owner and of all. Where there are too many uploads, one that has not gone on for
// long makes room.
func (s *Store) mayBegin(ctx context.Context, d Draft) error {
	loose, err := s.index.FilesOf(ctx, d.Owner, partsOfOwner)
	if err != nil {
		return err
	}
	count, bytes := len(loose), d.Size
	for _, f := range loose {
		bytes += f.Size
	}
	s.mu.Lock()
	for _, p := range s.parts {
		if p.draft.Owner == d.Owner {
			count++
			bytes += p.offset
		}
	}
	crowd := len(s.parts) >= partsMost
	s.mu.Unlock()
	switch {
	case count >= partsOfOwner, bytes > bytesOfOwner*s.cfg.Max:
		return ErrTooMany
	case crowd && !s.dropIdle(time.Minute, 1):
		return ErrBusy
	}
	if err := s.share(ctx, d.Owner, d.Size); err != nil {
		return err
	}
	return s.space(ctx, d.Size)
}

// Upload tells how far an upload of an owner is. Whoever writes it is asked to let go before, so that the answer stays true; a whole
// one is put among the files if that was not possible when it became whole.
func (s *Store) Upload(ctx context.Context, id, owner string) (Upload, error) {
	p := s.part(id, owner)
	if p == nil {
		return s.whole(ctx, id, owner)
	}
	release, err := s.hold(ctx, p, func() {})
	if err != nil {
		return Upload{}, err
	}
	defer release()
	if p.offset == p.draft.Size {
		return s.finish(ctx, p)
	}
	return p.upload(), nil
}

// Look is Upload without asking anybody to let go: the upload may be farther than it says.
func (s *Store) Look(ctx context.Context, id, owner string) (Upload, error) {
	s.mu.Lock()
	if p := s.parts[id]; p != nil && p.draft.Owner == owner && p.holder != nil {
		u := p.upload()
		s.mu.Unlock()
		return u, nil
	}
	s.mu.Unlock()
	return s.Upload(ctx, id, owner)
}

// whole is an upload that is whole.
func (s *Store) whole(ctx context.Context, id, owner string) (Upload, error) {
	if !isID(id) {
		return Upload{}, ErrNotFound
	}
	f, _, err := s.index.File(ctx, id)
	switch {
	case errors.Is(err, history.ErrNoFile), err == nil && f.Owner != owner:
		return Upload{}, ErrNotFound
	case err != nil:
		return Upload{}, err
	}
	return wholeUpload(f), nil
}

func wholeUpload(f history.File) Upload {
	return Upload{ID: f.ID, Draft: Draft{f.Owner, f.Name, f.Type, f.Size}, Offset: f.Size, File: &f}
}

func (p *part) upload() Upload { return Upload{ID: p.id, Draft: p.draft, Offset: p.offset} }

// Cancel removes an upload, or a whole file that no message holds.
func (s *Store) Cancel(ctx context.Context, id, owner string) error {
	p := s.part(id, owner)
	if p == nil {
		if _, err := s.whole(ctx, id, owner); err != nil {
			return err
		}
		err := s.drop(ctx, id, false)
		if errors.Is(err, history.ErrHeld) {
			return ErrPosted
		}
		return err
	}
	release, err := s.hold(ctx, p, func() {})
	if err != nil {
		return err
	}
	defer release()
	s.removePart(p)
	return nil
}

// part finds an upload of an owner that is not whole, or nil.
func (s *Store) part(id, owner string) *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.parts[id]; p != nil && p.draft.Owner == owner {
		return p
	}
	return nil
}

// holdTime is how long a writer may take to let go.
const holdTime = 5 * time.Second

// hold takes a part for oneself: no other changes it until release. Whoever has it is asked to let go: mostly it is the request of a
// connection that is dead, which nobody has noticed. stop is called when another wants the part.
func (s *Store) hold(ctx context.Context, p *part, stop func()) (release func(), err error) {
	late := time.NewTimer(holdTime)
	defer late.Stop()
	mine := &holding{stop: stop, done: make(chan struct{})}
	for {
		s.mu.Lock()
		other := p.holder
		gone := s.parts[p.id] != p
		if other == nil && !gone {
			p.holder = mine
		}
		s.mu.Unlock()
		switch {
		case gone:
			return nil, ErrNotFound
		case other == nil:
			return func() {
				s.mu.Lock()
				p.holder, p.touched = nil, time.Now()
				s.mu.Unlock()
				close(mine.done)
			}, nil
		}
		other.stop()
		select {
		case <-other.done:
		case <-late.C:
			return nil, ErrInUse
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// save writes down that a part is on disk up to offset.
func (s *Store) save(p *part, offset int64, hash []byte) error {
	text, err := json.Marshal(saved{p.draft.Owner, p.draft.Name, p.draft.Type, p.draft.Size, offset, hash})
	if err != nil {
		return err
	}
	path := s.path("parts", p.id+".json")
	if err := writeSynced(path+".new", text); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}

func writeSynced(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Sync()
}

// loadParts takes up the uploads of the last run. What cannot be gone on with is removed.
func (s *Store) loadParts() error {
	entries, err := os.ReadDir(s.path("parts"))
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !isID(id) {
			continue
		}
		if p := s.loadPart(id); p != nil {
			s.parts[id] = p
			keep[id], keep[id+".json"] = true, true
		}
	}
	for _, e := range entries {
		if !keep[e.Name()] && e.Type().IsRegular() {
			_ = os.Remove(s.path("parts", e.Name())) // it is tried again at the next start
		}
	}
	return nil
}

// loadPart takes up one upload, or returns nil. More bytes than are known to be on disk do not count.
func (s *Store) loadPart(id string) *part {
	text, err := os.ReadFile(s.path("parts", id+".json"))
	var d saved
	if err != nil || json.Unmarshal(text, &d) != nil || d.Size < 0 || d.Offset < 0 || d.Offset > d.Size ||
		sha256.New().(encoding.BinaryUnmarshaler).UnmarshalBinary(d.Hash) != nil {
		return nil
	}
	info, err := os.Stat(s.path("parts", id))
	there := err == nil && info.Size() >= d.Offset
	if !there && d.Offset > 0 && d.Offset < d.Size { // of a whole one the bytes may be in their place already
		return nil
	}
	return &part{id: id, draft: Draft{d.Owner, d.Name, d.Type, d.Size}, offset: d.Offset, hash: d.Hash, touched: time.Now()}
}

// finishParts puts those among the files that became whole as the last run ended.
func (s *Store) finishParts(ctx context.Context) {
	for _, p := range s.listParts() {
		s.mu.Lock()
		whole := p.offset == p.draft.Size
		s.mu.Unlock()
		if !whole {
			continue
		}
		if _, err := s.Upload(ctx, p.id, p.draft.Owner); err != nil && ctx.Err() == nil {
			s.log.Warn("an upload could not be finished; it is tried again when its owner asks", "upload", p.id, "err", err)
		}
	}
}

// listParts is the parts, that which has not gone on for longest first.
func (s *Store) listParts() []*part {
	s.mu.Lock()
	defer s.mu.Unlock()
	ps := make([]*part, 0, len(s.parts))
	for _, p := range s.parts {
		ps = append(ps, p)
	}
	slices.SortFunc(ps, func(a, b *part) int { return a.touched.Compare(b.touched) })
	return ps
}

// dropIdle removes uploads that have not gone on for a while, most of them at most, and tells whether there were any.
func (s *Store) dropIdle(idle time.Duration, most int) (any bool) {
	for _, p := range s.listParts() {
		if most == 0 {
			break
		}
		s.mu.Lock()
		free := s.parts[p.id] == p && p.holder == nil && time.Since(p.touched) >= idle
		if free {
			delete(s.parts, p.id)
		}
		s.mu.Unlock()
		if free {
			s.removePart(p)
			any = true
			most--
		}
	}
	return any
}

// removePart forgets an upload and removes what has come of it.
func (s *Store) removePart(p *part) {
	s.forget(p)
	for _, name := range []string{p.id + ".json", p.id} { // without the first, the second is removed at the next start
		if err := os.Remove(s.path("parts", name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("an upload could not be removed", "upload", p.id, "err", err)
		}
	}
}

func (s *Store) forget(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts[p.id] == p {
		delete(s.parts, p.id)
	}
}

func marshal(h any) []byte {
	b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic("files: the state of SHA-256 cannot be saved: " + err.Error())
	}
	return b
}
