package files

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
)

// A shelf is a Store on a real index, with a disk of any size.
type shelf struct {
	*Store
	t     *testing.T
	dir   string
	index *history.Store
	end   func()
	free  int64 // bytes of the disk's gigabyte; guarded by mu of the Store
}

func newShelf(t *testing.T, cfg Config) *shelf {
	t.Helper()
	if cfg.Max == 0 {
		cfg.Max = 64 << 20
	}
	s := &shelf{t: t, dir: t.TempDir(), free: 1 << 30}
	log := slog.New(slog.DiscardHandler)
	var err error
	if s.index, err = history.Open(t.Context(), s.dir, history.Config{}, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.end()
		if err := s.index.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s.open(cfg)
	return s
}

// open opens the folder, as after a restart when it was open before.
func (s *shelf) open(cfg Config) {
	s.t.Helper()
	if s.end != nil {
		s.end()
	}
	store, err := Open(s.dir, cfg, s.index, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	store.disk = func(string) (int64, int64, error) {
		store.mu.Lock()
		defer store.mu.Unlock()
		return 1 << 30, s.free, nil
	}
	s.Store = store
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { store.Serve(ctx) })
	s.end = func() { cancel(); wg.Wait() }
}

func (s *shelf) begin(owner, name string, size int) Upload {
	s.t.Helper()
	u, err := s.Begin(s.t.Context(), Draft{Owner: owner, Name: name, Size: int64(size)})
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func source(content []byte) Source {
	return Source{Reader: bytes.NewReader(content), Length: int64(len(content)), Stop: func() {}}
}

// upload brings a whole file.
func (s *shelf) upload(owner, name string, content []byte) *history.File {
	s.t.Helper()
	u := s.begin(owner, name, len(content))
	if len(content) > 0 {
		var err error
		if u, err = s.Write(s.t.Context(), u.ID, owner, 0, source(content)); err != nil {
			s.t.Fatal(err)
		}
	}
	if u.File == nil {
		s.t.Fatalf("%s is not whole: %+v", name, u)
	}
	return u.File
}

// onDisk lists what lies in a part of the folder.
func (s *shelf) onDisk(pattern string) []string {
	found, err := filepath.Glob(s.path(pattern))
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func (s *shelf) wantContent(f *history.File, want []byte) {
	s.t.Helper()
	c, err := s.Content(*f)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
		s.t.Fatalf("%d bytes (%v), want %d", len(got), err, len(want))
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// What was told is there after a restart, what came later does not count, and the hash goes on without reading it again.
func TestAnUploadGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{})
	content := random(300_000)
	u := s.begin("ada", "a.bin", len(content))
	u, err := s.Write(t.Context(), u.ID, "ada", 0, source(content[:100_001]))
	if err != nil || u.Offset != 100_001 || u.File != nil {
		t.Fatalf("%+v, %v", u, err)
	}
	part := s.path("parts", u.ID)
	f, err := os.OpenFile(part, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write(make([]byte, 5000)) // as a power cut may leave it
	f.Close()
	s.open(s.cfg)
	if again, err := s.Upload(t.Context(), u.ID, "ada"); err != nil || again.Offset != u.Offset {
		t.Fatalf("%+v, %v", again, err)
	}
	if _, err := s.Write(t.Context(), u.ID, "ada", 100_000, source(content[100_000:])); !errors.Is(err, ErrOffset) {
		t.Fatalf("elsewhere: %v", err)
	}
	if _, err := s.Write(t.Context(), u.ID, "ada", u.Offset, source(content[100_000:])); !errors.Is(err, ErrTooLong) {
		t.Fatalf("more than it has: %v", err)
	}
	if _, err := s.Write(t.Context(), u.ID, "eve", u.Offset, source(content[100_001:])); !errors.Is(err, ErrNotFound) {
		t.Fatalf("somebody else: %v", err)
	}
	if u, err = s.Write(t.Context(), u.ID, "ada", u.Offset, source(content[100_001:])); err != nil || u.File == nil {
		t.Fatalf("%+v, %v", u, err)
	}
	s.wantContent(u.File, content)
	s.open(s.cfg)
	if again, err := s.Upload(t.Context(), u.ID, "ada"); err != nil || again.File == nil || again.File.SHA256 != u.File.SHA256 {
		t.Fatalf("whole, after a restart: %+v, %v", again, err)
	}
	if left := s.onDisk("parts/*"); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// Whoever stops between the index and the folder goes on at the next start.
func TestAWholeUploadIsPutInItsPlaceAtTheStart(t *testing.T) {
	t.Parallel()
	for _, indexed := range []bool{false, true} {
		s := newShelf(t, Config{})
		content := random(1000)
		u := s.begin("ada", "a.bin", len(content))
		s.end()
		p := s.part(u.ID, "ada")
		s.due = int64(len(content))
		if err := s.write(p, source(content)); err != nil {
			t.Fatal(err)
		}
		if indexed {
			f := history.File{ID: u.ID, SHA256: fmt.Sprintf("%x", sumOf(content)), Owner: "ada", Name: "a.bin", Type: Binary, Size: int64(len(content))}
			if err := s.index.PutFile(t.Context(), f, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		s.open(s.cfg)
		again, err := s.Upload(t.Context(), u.ID, "ada")
		if err != nil || again.File == nil {
			t.Fatalf("%+v, %v", again, err)
		}
		s.wantContent(again.File, content)
	}
}

// Many bring and cancel the same content at once: whoever has it can read it, and with the last one it is gone.
func TestTheSameContentIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{})
	content := random(5000)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			owner := fmt.Sprint("owner-", i)
			for range 8 {
				u, err := s.Begin(t.Context(), Draft{Owner: owner, Name: "same", Size: int64(len(content))})
				if err == nil {
					u, err = s.Write(t.Context(), u.ID, owner, 0, source(content))
				}
				if err != nil {
					t.Error(err)
					return
				}
				if c, err := s.Content(*u.File); err != nil {
					t.Error(err)
				} else {
					c.Close()
				}
				if err := s.Cancel(t.Context(), u.ID, owner); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if left := append(s.onDisk("content/*/*"), s.onDisk("parts/*")...); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	one, two := s.upload("ada", "one", content), s.upload("bob", "two", content)
	if one.SHA256 != two.SHA256 || len(s.onDisk("content/*/*")) != 1 {
		t.Errorf("%v are kept", s.onDisk("content/*/*"))
	}
	if st := s.Stats(); st.Files != 1 || st.Bytes != 5000 || st.Parts != 0 {
		t.Errorf("%+v", st)
	}
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{Max: 1000, Quota: 20_000})
	begin := func(owner string, size int64) error {
		_, err := s.Begin(t.Context(), Draft{Owner: owner, Name: "x", Size: size})
		return err
	}
	if err := begin("ada", 1001); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	s.mu.Lock()
	s.free = 1<<30/10 + 999
	s.mu.Unlock()
	if err := begin("ada", 1000); !errors.Is(err, ErrNoSpace) {
		t.Errorf("a tenth of the disk would not stay free: %v", err)
	}
	if err := begin("ada", 999); err != nil {
		t.Errorf("a tenth of the disk stays free: %v", err)
	}
	s.mu.Lock()
	s.free = 1 << 30
	s.mu.Unlock()
	for i := range 8 {
		s.upload("bob", fmt.Sprint(i), random(1000))
	}
	if err := begin("bob", 1); !errors.Is(err, ErrTooMany) {
		t.Errorf("bob has 8 times the largest that is not posted: %v", err)
	}
	for i := range 8 {
		s.upload("cy", fmt.Sprint(i), random(1000))
	}
	for i := range 3 {
		s.upload("dan", fmt.Sprint(i), random(1000))
	}
	stopped := s.begin("dan", "stopped", 1000)
	if _, err := s.Write(t.Context(), stopped.ID, "dan", 0, source(random(600))); err != nil {
		t.Fatal(err)
	}
	if err := begin("eve", 500); !errors.Is(err, ErrNoSpace) {
		t.Errorf("19,600 of 20,000 bytes are taken: %v", err)
	}
	s.mu.Lock()
	s.parts[stopped.ID].touched = time.Now().Add(-2 * time.Hour)
	s.mu.Unlock()
	if err := begin("eve", 500); err != nil {
		t.Errorf("an upload that stopped does not give way: %v", err)
	}
	if _, err := s.Upload(t.Context(), stopped.ID, "dan"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
	s.mu.Lock()
	for i := range partsOfOwner {
		s.parts[fmt.Sprint(i)] = &part{id: fmt.Sprint(i), draft: Draft{Owner: "fay"}, touched: time.Now()}
	}
	s.mu.Unlock()
	if err := begin("fay", 0); !errors.Is(err, ErrTooMany) {
		t.Errorf("one upload too many: %v", err)
	}
}

// A disk that fills up while an upload goes on ends it, and what the disk has not taken is not on it.
func TestADiskThatFillsUpEndsAnUpload(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{})
	content := random(12 << 20)
	u := s.begin("ada", "a", len(content))
	src := source(content)
	src.Reader = io.MultiReader(bytes.NewReader(content[:5<<20]), during(func() {
		s.mu.Lock()
		s.free = 1 << 20
		s.mu.Unlock()
	}), bytes.NewReader(content[5<<20:]))
	u, err := s.Write(t.Context(), u.ID, "ada", 0, src)
	if !errors.Is(err, ErrNoSpace) || u.Offset < 4<<20 || u.Offset > 12<<20 {
		t.Fatalf("%+v, %v", u, err)
	}
	s.mu.Lock()
	s.free = 1 << 30
	s.mu.Unlock()
	if u, err = s.Write(t.Context(), u.ID, "ada", u.Offset, source(content[u.Offset:])); err != nil || u.File == nil {
		t.Fatalf("with space: %+v, %v", u, err)
	}
	s.wantContent(u.File, content)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due != 0 || s.live != 0 || len(s.writes) != 0 {
		t.Errorf("%d bytes are due, %d write", s.due, s.live)
	}
}

// during does something in the middle of what is read.
type during func()

func (d during) Read([]byte) (int, error) { d(); return 0, io.EOF }

// A damaged piece leaves nothing, and the right one goes on.
func TestADamagedPieceDoesNotCount(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{})
	content := random(1000)
	u := s.begin("ada", "a", len(content))
	piece := func(b []byte, sum [20]byte) error {
		src := source(b)
		src.Hash, src.Sum = sha1.New(), sum[:]
		var err error
		u, err = s.Write(t.Context(), u.ID, "ada", u.Offset, src)
		return err
	}
	if err := piece(content[:400], sha1.Sum(content[:400])); err != nil || u.Offset != 400 {
		t.Fatalf("%+v, %v", u, err)
	}
	if err := piece(content[400:], sha1.Sum(content)); !errors.Is(err, ErrChecksum) || u.Offset != 400 {
		t.Fatalf("%+v, %v", u, err)
	}
	if err := piece(content[400:], sha1.Sum(content[400:])); err != nil || u.File == nil {
		t.Fatalf("%+v, %v", u, err)
	}
	s.wantContent(u.File, content)
}

// Who comes back while the server still waits for the connection that is dead takes the upload over.
func TestADeadConnectionGivesTheUploadBack(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{})
	content := random(10_000)
	u := s.begin("ada", "a", len(content))
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := s.Write(t.Context(), u.ID, "ada", 0, Source{Reader: r, Length: -1, Stop: func() { r.Close() }})
		ended <- err
	}()
	if _, err := w.Write(content[:3000]); err != nil {
		t.Fatal(err)
	}
	if seen, err := s.Look(t.Context(), u.ID, "ada"); err != nil || seen.File != nil {
		t.Fatalf("%+v, %v", seen, err)
	}
	if _, err := w.Write(content[3000:3500]); err != nil {
		t.Fatalf("a look ended it: %v", err)
	}
	u, err := s.Upload(t.Context(), u.ID, "ada")
	if err != nil || u.Offset != 3500 {
		t.Fatalf("%+v, %v", u, err)
	}
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the dead one ended with %v", err)
	}
	if u, err = s.Write(t.Context(), u.ID, "ada", 3500, source(content[3500:])); err != nil || u.File == nil {
		t.Fatalf("%+v, %v", u, err)
	}
	s.wantContent(u.File, content)
}

// What nobody holds goes, what is too old goes whoever holds it, and what no file has goes after a kill.
func TestWhatMayGoIsRemoved(t *testing.T) {
	t.Parallel()
	s := newShelf(t, Config{})
	post := func(seq int, f *history.File) {
		done := make(chan error, 1)
		e := history.Entry{ID: fmt.Sprint(seq), From: "ada", Kind: "file", Body: []byte("{}"), Files: []string{f.ID}}
		if err := s.index.Append("lobby", e, func(_ history.Receipt, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	held, let, never := s.upload("ada", "held", []byte("held")), s.upload("ada", "let", []byte("let")), s.upload("ada", "never", []byte("never"))
	post(1, held)
	post(2, let)
	if err := s.Cancel(t.Context(), held.ID, "ada"); !errors.Is(err, ErrPosted) {
		t.Errorf("what is posted was cancelled: %v", err)
	}
	if err := s.index.Erase(t.Context(), "lobby", []uint64{2}, history.Entry{ID: "tomb", From: "ada", Kind: "delete", Ref: 2}); err != nil {
		t.Fatal(err)
	}
	s.wantGone(let)
	s.wantContent(held, []byte("held"))
	s.wantContent(never, []byte("never"))

	stray := s.contentPath(fmt.Sprintf("%x", sumOf([]byte("stray"))))
	if err := errors.Join(os.MkdirAll(filepath.Dir(stray), 0o700), os.WriteFile(stray, []byte("stray"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s.removeStrays(t.Context())
	if left := s.onDisk("content/*/*"); len(left) != 2 {
		t.Errorf("%v are left, want held and never", left)
	}
	s.open(Config{Max: s.cfg.Max, Keep: time.Nanosecond})
	s.wantGone(held)
	s.wantGone(never)
}

// wantGone waits until a file is gone from the disk.
func (s *shelf) wantGone(f *history.File) {
	s.t.Helper()
	for late := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(s.contentPath(f.SHA256)); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(late) {
			s.t.Fatalf("%s is still there", f.Name)
		}
	}
}
