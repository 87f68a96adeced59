package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/bridge/backup"
	"tincan/bridge/history"
)

func quiet(backup.Progress) {}

// folder makes a data folder with some messages and files.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir)
	for i := range 300 {
		post(t, s, "lobby", i)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"files/ab/cdef": "a picture", "files/Übung – 日本.txt": strings.Repeat("x", 70_000), "key.pem": "", "tincan.db-wal.old": "not ours to keep"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func openStore(t *testing.T, dir string) *history.Store {
	t.Helper()
	s, err := history.Open(t.Context(), dir, history.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func post(t *testing.T, s *history.Store, room string, n int) {
	t.Helper()
	done := make(chan error, 1)
	e := history.Entry{ID: fmt.Sprint(n), From: "ada", Kind: "text", V: 1, Body: fmt.Appendf(nil, `{"text":"message %d"}`, n)}
	if err := s.Append(room, e, func(_ history.Receipt, err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// write makes a backup in memory.
func write(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := backup.Write(t.Context(), dir, &b, filepath.Join(t.TempDir(), "copy.db"), "1.2.3", quiet); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restore(t *testing.T, b []byte, dir string) (backup.About, error) {
	t.Helper()
	return backup.Restore(t.Context(), bytes.NewReader(b), "b.tar", int64(len(b)), dir, quiet)
}

// contents are the files of a folder, but those that a backup leaves out and the database, whose pages may differ.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "tincan.") {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func texts(t *testing.T, dir string) (all []string) {
	t.Helper()
	s := openStore(t, dir)
	defer s.Close(context.Background())
	es, _, err := s.Page(t.Context(), "lobby", history.Query{Limit: 1000}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		all = append(all, fmt.Sprint(e.Seq, e.ID, e.From, e.Time, string(e.Body)))
	}
	return all
}

func TestWhatIsRestoredIsWhatWasThere(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	plain := write(t, dir)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(plain); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	want, wantFiles := texts(t, dir), contents(t, dir)
	for name, b := range map[string][]byte{"plain": plain, "by gzip": packed.Bytes()} {
		to := filepath.Join(t.TempDir(), "new", "data")
		a, err := restore(t, b, to)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a.Entries != 300 || a.Rooms != 1 || a.Tincan != "1.2.3" || a.Schema < 1 {
			t.Errorf("%s says of itself: %+v", name, a)
		}
		if got := contents(t, to); fmt.Sprint(got) != fmt.Sprint(wantFiles) {
			t.Errorf("%s: files %q, want %q", name, got, wantFiles)
		}
		there, err := os.ReadDir(to)
		if err != nil || len(there) != 3 { // the database, files, key.pem
			t.Errorf("%s: the folder holds %v, %v", name, there, err)
		}
		if got := texts(t, to); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %d messages, want %d, the same", name, len(got), len(want))
		}
	}
}

// repack writes the files of a backup anew, as change wants them: nil leaves one out.
func repack(t *testing.T, b []byte, change func(h *tar.Header, body []byte) []byte, more ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(b))
	add := func(h *tar.Header, body []byte) {
		h.Size = int64(len(body))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "manifest.json" {
			for _, m := range more {
				add(m, nil)
			}
		}
		if body = change(h, body); body != nil {
			add(h, body)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDamagedBackupIsRefusedAndTouchesNothing(t *testing.T) {
	t.Parallel()
	good := write(t, folder(t))
	same := func(h *tar.Header, body []byte) []byte { return body }
	only := func(name string, f func([]byte) []byte) []byte {
		return repack(t, good, func(h *tar.Header, body []byte) []byte {
			if h.Name == name {
				return f(body)
			}
			return body
		})
	}
	with := func(h tar.Header) []byte { h.Mode = 0o600; return repack(t, good, same, &h) }
	swap := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	gone := func([]byte) []byte { return nil }
	cut := func(parts int) []byte { return good[:len(good)*parts/8] }
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "is not a backup of tincan"},
		{"another file", []byte(strings.Repeat("hello world ", 200)), "is not a backup of tincan"},
		{"another tar", only("about.json", gone), "is not a backup of tincan"},
		{"cut in the header", good[:100], "is not a backup of tincan"},
		{"cut early", cut(1), "was cut off"},
		{"cut in the middle", cut(4), "was cut off"},
		{"cut late", cut(7), "was cut off"},
		{"without its end", only("manifest.json", gone), "was cut off"},
		{"without the database", only("tincan.db", gone), "tincan.db is missing"},
		{"without a file", only("files/ab/cdef", gone), "files/ab/cdef is missing"},
		{"a bit of the database", only("tincan.db", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }), "tincan.db is not what was written"},
		{"a bit of a file", only("files/ab/cdef", swap("picture", "pictura")), "files/ab/cdef is not what was written"},
		{"a longer file", only("key.pem", func([]byte) []byte { return []byte("more") }), "key.pem is not what was written"},
		{"its beginning", only("about.json", swap("1.2.3", "1.2.4")), "about.json is not what was written"},
		{"the manifest", only("manifest.json", swap("{", "[")), "its manifest is damaged"},
		{"a newer form", only("about.json", swap(`"backup": 1`, `"backup": 2`)), "a newer tincan (1.2.3) has made it"},
		{"a file that nobody listed", with(tar.Header{Name: "files/new", Typeflag: tar.TypeReg}), "files/new is not in its manifest"},
		{"a file twice", with(tar.Header{Name: "key.pem", Typeflag: tar.TypeReg}), "it holds key.pem twice"},
		{"a way out", with(tar.Header{Name: "../../evil", Typeflag: tar.TypeReg}), "which no backup does"},
		{"an absolute way out", with(tar.Header{Name: "/tmp/evil", Typeflag: tar.TypeReg}), "which no backup does"},
		{"a link", with(tar.Header{Name: "link", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), "which no backup does"},
		{"the lock", with(tar.Header{Name: "tincan.lock", Typeflag: tar.TypeReg}), "which no backup does"},
		{"a write-ahead log", with(tar.Header{Name: "tincan.db-wal", Typeflag: tar.TypeReg}), "which no backup does"},
	} {
		above := t.TempDir()
		_, err := restore(t, c.b, filepath.Join(above, "data"))
		var told *history.Trouble
		if !errors.As(err, &told) || !strings.Contains(told.What, c.want) || !strings.Contains(told.Do, "nothing was changed") {
			t.Errorf("%s: %v, want a sentence with %q", c.name, err, c.want)
		}
		if there, _ := os.ReadDir(above); len(there) > 0 {
			t.Errorf("%s: %v was left", c.name, there)
		}
	}
}

// A database that is damaged, in a backup that fits its manifest.
func TestBackupOfDamageIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	path := filepath.Join(dir, "tincan.db")
	db, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(db, []byte(`"message 7"`))
	db[i+2] ^= 1
	if err := os.WriteFile(path, db, 0o600); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(t.TempDir(), "copy.db")
	_, err = backup.Write(t.Context(), dir, io.Discard, work, "1.2.3", quiet)
	if !errors.Is(err, history.ErrDamaged) {
		t.Errorf("a backup of a damaged database: %v", err)
	}
	if _, err := os.Stat(work); err == nil {
		t.Error("the copy was left")
	}
}

func TestFolderWithSomethingInItIsNotRestoredTo(t *testing.T) {
	t.Parallel()
	good := write(t, folder(t))
	for name, prepare := range map[string]func(dir string) error{
		"a database": func(dir string) error { return os.WriteFile(filepath.Join(dir, "tincan.db"), []byte("mine"), 0o600) },
		"a picture":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "holiday.jpg"), []byte("mine"), 0o600) },
		"a folder":   func(dir string) error { return os.Mkdir(filepath.Join(dir, "files"), 0o700) },
	} {
		dir := t.TempDir()
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadDir(dir)
		_, err := restore(t, good, dir)
		if err == nil || !strings.Contains(err.Error(), "is not empty: it holds") {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadDir(dir); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s: the folder holds %v, and held %v", name, after, before)
		}
	}
	dir := t.TempDir()
	s := openStore(t, dir)
	defer s.Close(context.Background())
	if _, err := restore(t, good, dir); err == nil || !strings.Contains(err.Error(), "another tincan") {
		t.Errorf("a folder in use: %v", err)
	}
}

// A copy of a store that is written to all the time is what it was at one moment, and the writer does not stop for it.
func TestBackupOfAFolderInUse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir)
	defer s.Close(context.Background())
	for i := range 200 {
		post(t, s, "lobby", i)
	}
	ctx, stop := context.WithCancel(t.Context())
	during := make(chan int)
	go func() {
		n := 200
		for ; ctx.Err() == nil; n++ {
			post(t, s, "lobby", n)
		}
		during <- n
	}()
	b := write(t, dir)
	stop()
	n := <-during
	to := filepath.Join(t.TempDir(), "data")
	if _, err := restore(t, b, to); err != nil {
		t.Fatal(err)
	}
	got := texts(t, to)
	if len(got) < 200 || len(got) > n {
		t.Errorf("%d messages in the backup, %d before it and %d after it", len(got), 200, n)
	}
	for i, line := range got {
		if !strings.HasPrefix(line, fmt.Sprint(i+1, fmt.Sprint(i))) {
			t.Fatalf("line %d is %s", i+1, line)
		}
	}
}

// Whoever stops a backup or a restore leaves nothing.
func TestStoppedBackupAndRestoreLeaveNothing(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	good := write(t, dir)
	steps := map[string]bool{}
	for _, at := range []string{"copying the database", "checking the copy", "writing", "unpacking", "checking the database"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		above := t.TempDir()
		stop := func(p backup.Progress) {
			if p.Step == at {
				steps[at] = true
				cancel()
			}
		}
		var err error
		if at == "unpacking" || at == "checking the database" {
			_, err = backup.Restore(ctx, bytes.NewReader(good), "b.tar", 0, filepath.Join(above, "data"), stop)
		} else {
			_, err = backup.Write(ctx, dir, io.Discard, filepath.Join(above, "copy.db"), "1.2.3", stop)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped while %s: %v", at, err)
		}
		if there, _ := os.ReadDir(above); len(there) > 0 {
			t.Errorf("stopped while %s: %v was left", at, there)
		}
		if !steps[at] {
			t.Errorf("no step %q", at)
		}
	}
}
