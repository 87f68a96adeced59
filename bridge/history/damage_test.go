package history_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
)

// openStore opens a folder and wants it to work; the end of the test closes it.
func openStore(t *testing.T, dir string, log *slog.Logger) *history.Store {
	t.Helper()
	s, err := history.Open(limited(t), dir, history.Config{}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(limited(t)); err != nil {
			t.Error(err)
		}
	})
	return s
}

func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// post appends and waits.
func post(t testing.TB, s *history.Store, room, id, text string) (history.Receipt, error) {
	t.Helper()
	type answer struct {
		history.Receipt
		err error
	}
	c := make(chan answer, 1)
	err := s.Append(room, history.Entry{ID: id, From: "ada", Kind: "text", V: 1, Body: []byte(text)}, func(r history.Receipt, err error) { c <- answer{r, err} })
	if err != nil {
		return history.Receipt{}, err
	}
	select {
	case a := <-c:
		return a.Receipt, a.err
	case <-time.After(time.Minute):
		t.Fatal("done was not called")
		return history.Receipt{}, nil
	}
}

// mustPost wants it stored.
func mustPost(t testing.TB, s *history.Store, room, id, text string) history.Receipt {
	t.Helper()
	r, err := post(t, s, room, id, text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fingerprint is the content of every file of a folder, and which files there are.
func fingerprint(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			fmt.Fprintln(&b, path)
			return nil
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// refused wants Open to explain, with all of these words, and to leave the folder as it was.
func refused(t *testing.T, dir string, words ...string) *history.Trouble {
	t.Helper()
	before := fingerprint(t, filepath.Dir(dir))
	s, err := history.Open(limited(t), dir, history.Config{LockWait: 300 * time.Millisecond}, quiet())
	if err == nil {
		s.Close(limited(t))
		t.Fatal("it was opened")
	}
	var trouble *history.Trouble
	if !errors.As(err, &trouble) {
		t.Fatalf("%v is no Trouble", err)
	}
	for _, word := range words {
		if !strings.Contains(trouble.Error(), word) {
			t.Errorf("%q does not say %q", trouble, word)
		}
	}
	if trouble.What == "" || trouble.Do == "" || strings.Contains(trouble.Error(), "\n") {
		t.Errorf("two sentences: %q, %q", trouble.What, trouble.Do)
	}
	if after := fingerprint(t, filepath.Dir(dir)); after != before {
		t.Errorf("the folder was changed from\n%sto\n%s", before, after)
	}
	return trouble
}

// used makes a folder with a past: closed in order, and as kill -9 would have left it.
func used(t testing.TB) (closed, killed string) {
	t.Helper()
	closed, killed = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")
	s, err := history.Open(limited(t), closed, history.Config{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		mustPost(t, s, []string{"lobby", "küche", "@ada:bob"}[i%3], fmt.Sprint("first-", i), strings.Repeat("hello ", 20))
	}
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	if s, err = history.Open(limited(t), closed, history.Config{}, quiet()); err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		mustPost(t, s, []string{"lobby", "küche", "@ada:bob"}[i%3], fmt.Sprint("second-", i), strings.Repeat("world ", 20))
	}
	if _, err := s.Claim(limited(t), history.ClaimRequest{Name: "ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "1", Verifier: []byte("v"), Hold: time.Hour}, nil); err != nil {
		t.Fatal(err)
	}
	stored := make(chan error, 1)
	if err := s.Put("state", "lobby/plug", []byte("on"), func(err error) { stored <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-stored; err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(killed, os.DirFS(closed)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	return closed, killed
}

// copyOf copies a folder for one damage.
func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// contents is all that a store holds, as text.
func contents(t testing.TB, s *history.Store) string {
	t.Helper()
	var b strings.Builder
	for _, room := range []string{"lobby", "küche", "@ada:bob"} {
		after := uint64(0)
		es, at, err := s.Page(limited(t), room, history.Query{After: &after, Limit: 1000}, 0)
		fmt.Fprintln(&b, room, es, at, err)
	}
	h, ok := s.Lookup([2]string{"ada", "ada"})
	h.Connected = false
	fmt.Fprintln(&b, h, ok)
	err := s.Each(limited(t), "state", func(key string, value []byte, _ time.Duration) { fmt.Fprintln(&b, key, string(value)) })
	fmt.Fprintln(&b, err)
	return b.String()
}

// change overwrites bytes of a file.
func change(t testing.TB, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// exec runs SQL on a database as another program would, and takes the write-ahead log away.
func exec(t testing.TB, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedDatabasesAreRefusedAndLeftAlone(t *testing.T) {
	closed, killed := used(t)
	db := func(dir string) string { return filepath.Join(dir, "tincan.db") }
	number := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	for name, c := range map[string]struct {
		damage func(dir string)
		word   string
	}{
		"empty":                {func(dir string) { os.Truncate(db(dir), 0) }, "damaged"},
		"cut in its header":    {func(dir string) { os.Truncate(db(dir), 50) }, "damaged"},
		"header zeroed":        {func(dir string) { change(t, db(dir), 0, make([]byte, 100)) }, "damaged"},
		"page size impossible": {func(dir string) { change(t, db(dir), 16, []byte{3, 3}) }, "damaged"},
		"text":                 {func(dir string) { os.WriteFile(db(dir), []byte(strings.Repeat("not a database ", 100)), 0o600) }, "damaged"},
		"the file is missing beside its log": {func(dir string) {
			os.Remove(db(dir))
			os.WriteFile(db(dir)+"-wal", []byte("something"), 0o600)
		}, "missing"},
	} {
		for kind, from := range map[string]string{"closed": closed, "killed": killed} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				dir := copyOf(t, from)
				c.damage(dir)
				refused(t, dir, c.word, db(dir), "backup", "move")
			})
		}
	}
	// Where a write-ahead log has newer pages than the file, damage of the file below them is none; so these are of a closed one.
	for name, c := range map[string]struct {
		damage func(dir string)
		word   string
	}{
		"cut in half":       {func(dir string) { os.Truncate(db(dir), size(t, db(dir))/2) }, "damaged"},
		"cut by one byte":   {func(dir string) { os.Truncate(db(dir), size(t, db(dir))-1) }, "damaged"},
		"first page zeroed": {func(dir string) { change(t, db(dir), 100, make([]byte, 3996)) }, "damaged"},
		"all zeroed":        {func(dir string) { change(t, db(dir), 0, make([]byte, size(t, db(dir)))) }, "damaged"},
		"a page zeroed":     {func(dir string) { change(t, db(dir), size(t, db(dir))/4096/2*4096, make([]byte, 4096)) }, "damaged"},
		"an index missing":  {func(dir string) { exec(t, db(dir), `drop index entry_id`) }, "damaged"},
		"a table added":     {func(dir string) { exec(t, db(dir), `create table mine (x)`) }, "damaged"},
		"a message changed": {func(dir string) { exec(t, db(dir), `update entry set body = x'00' where seq = 7`) }, "damaged"},
		"a message moved":   {func(dir string) { exec(t, db(dir), `update entry set seq = 1000 where seq = 7`) }, "damaged"},
		"a claim changed":   {func(dir string) { exec(t, db(dir), `update claim set verifier = x'00'`) }, "damaged"},
		"a value changed":   {func(dir string) { exec(t, db(dir), `update value set value = x'00'`) }, "damaged"},
		"a room changed":    {func(dir string) { exec(t, db(dir), `update room set first = 5 where id = 1`) }, "damaged"},
		"no user_version":   {func(dir string) { change(t, db(dir), 60, number(0)) }, "damaged"},
		"newer":             {func(dir string) { change(t, db(dir), 60, number(history.Newest()+1)) }, "newer"},
		"much newer":        {func(dir string) { exec(t, db(dir), `pragma user_version = 1000`) }, "newer"},
		"foreign":           {func(dir string) { change(t, db(dir), 68, number(0x47504b47)) }, "not a database of tincan"},
		"another program's": {func(dir string) { os.Remove(db(dir)); exec(t, db(dir), `create table t (x); insert into t values (1)`) }, "not a database of tincan"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyOf(t, closed)
			c.damage(dir)
			refused(t, dir, c.word, db(dir))
		})
	}
}

// A newer version that is only in the write-ahead log yet is known, too, and damage of pages in the log.
func TestTheWriteAheadLogIsLookedInto(t *testing.T) {
	_, killed := used(t)
	dir := copyOf(t, killed)
	path := filepath.Join(dir, "tincan.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`pragma user_version = 1000; update entry set body = x'00' where seq = 2`); err != nil {
		t.Fatal(err)
	}
	newer := copyOf(t, dir)
	if _, err := db.Exec(fmt.Sprintf(`pragma user_version = %d`, history.Newest())); err != nil {
		t.Fatal(err)
	}
	changed := copyOf(t, dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(newer, "tincan.db")); err != nil || binary.BigEndian.Uint32(b[60:]) == 1000 || size(t, filepath.Join(newer, "tincan.db-wal")) == 0 {
		t.Fatalf("the version is not only in the log: %v", err)
	}
	refused(t, newer, "newer")
	refused(t, changed, "damaged")
}

// A flipped bit is found at the start, or it lies where nothing is: then all is as it was.
func TestAFlippedBitIsFound(t *testing.T) {
	closed, killed := used(t)
	for kind, from := range map[string]string{"closed": closed, "killed": killed} {
		s := openStore(t, copyOf(t, from), quiet())
		want := contents(t, s)
		found, tries := 0, 40
		for range tries {
			dir := copyOf(t, from)
			path := filepath.Join(dir, "tincan.db")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			at := rand.IntN(len(b))
			b[at] ^= 1 << rand.IntN(8)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			before := fingerprint(t, dir)
			s, err := history.Open(limited(t), dir, history.Config{}, quiet())
			var trouble *history.Trouble
			switch {
			case err == nil:
				if got := contents(t, s); got != want {
					t.Errorf("%s: the flip at %d was not found, and changed\n%s\nto\n%s", kind, at, want, got)
				}
				s.Close(limited(t))
			case !errors.As(err, &trouble):
				t.Errorf("%s: the flip at %d: %v", kind, at, err)
			case fingerprint(t, dir) != before:
				t.Errorf("%s: the flip at %d: the folder was changed", kind, at)
			default:
				found++
			}
		}
		t.Logf("%s: %d of %d flips found", kind, found, tries)
		if kind == "closed" && found < tries/4 {
			t.Errorf("only %d of %d flips found", found, tries)
		}
	}
}

// What a torn write leaves in the write-ahead log is no damage: it was never acknowledged.
func TestATornLogIsNoDamage(t *testing.T) {
	_, killed := used(t)
	whole := openStore(t, copyOf(t, killed), quiet())
	want, err := whole.Head(limited(t), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	log := size(t, filepath.Join(killed, "tincan.db-wal"))
	for _, cut := range []int64{1, 2000, 5000, log / 2, log - 10, log} {
		dir := copyOf(t, killed)
		if err := os.Truncate(filepath.Join(dir, "tincan.db-wal"), log-cut); err != nil {
			t.Fatal(err)
		}
		s := openStore(t, dir, quiet())
		head, err := s.Head(limited(t), "lobby")
		if err != nil || head > want || head < 50 {
			t.Errorf("cut by %d: head %d, %v", cut, head, err)
		}
		after := uint64(0)
		es, _, err := s.Page(limited(t), "lobby", history.Query{After: &after, Limit: 1000}, 0)
		if err != nil || len(es) != int(head) {
			t.Errorf("cut by %d: %d entries of %d, %v", cut, len(es), head, err)
		}
		if r := mustPost(t, s, "lobby", "after", "x"); r.Seq != head+1 {
			t.Errorf("cut by %d: the next seq is %d after %d", cut, r.Seq, head)
		}
	}
}

// A large database is checked in the background after an unclean end, and damage is told loudly; reading it says ErrDamaged.
func TestALargeDatabaseIsCheckedLater(t *testing.T) {
	defer history.SetWholeBytes(1)()
	closed, killed := used(t)
	for kind, from := range map[string]string{"closed": closed, "killed": killed} {
		for _, damaged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/damaged=%v", kind, damaged), func(t *testing.T) {
				dir := copyOf(t, from)
				if damaged { // with the log kept, as the killed one has it
					db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tincan.db"))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := db.Exec(`update entry set body = x'00' where seq = 3 and room = 1`); err != nil {
						t.Fatal(err)
					}
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
				}
				log := newLogged()
				// Behind the newest rows, which are always verified: move the change out of their reach.
				defer history.SetLastRows(10)()
				s := openStore(t, dir, slog.New(log))
				switch {
				case kind == "closed":
					if log.has("checked while tincan works") {
						t.Error("checked after a clean end")
					}
				case damaged:
					log.wait(t, "THE DATABASE IS DAMAGED")
				default:
					log.wait(t, "the database is sound")
				}
				after := uint64(0)
				es, _, err := s.Page(limited(t), "lobby", history.Query{After: &after, Limit: 1000}, 0)
				if damaged && (!errors.Is(err, history.ErrDamaged) || len(es) != 2) {
					t.Errorf("reading a damaged entry: %d entries, %v", len(es), err)
				}
				if !damaged && err != nil {
					t.Error(err)
				}
				if damaged {
					log.wait(t, "the database is damaged")
					es, _, err := s.Page(limited(t), "lobby", history.Query{Limit: 5}, 0)
					if err != nil || len(es) != 5 {
						t.Errorf("the others: %d, %v", len(es), err)
					}
				}
				mustPost(t, s, "lobby", "after", "x")
			})
		}
	}
}
