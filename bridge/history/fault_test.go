package history_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
)

func newStore(t *testing.T, log *slog.Logger) *history.Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "data"), log)
}

var errDisk = errors.New("the disk says no")

// fail lets every commit fail until the function it returns is called.
func fail(s *history.Store, err error) (heal func()) {
	s.SetFault(func() error { return err })
	return func() { s.SetFault(nil) }
}

func wantRead(t *testing.T, s *history.Store, room string, ids ...string) {
	t.Helper()
	after := uint64(0)
	es, at, err := s.Page(limited(t), room, history.Query{After: &after, Limit: 1000}, 0)
	var got []string
	for _, e := range es {
		got = append(got, e.ID)
	}
	if err != nil || strings.Join(got, " ") != strings.Join(ids, " ") || at != uint64(len(ids)) {
		t.Errorf("%s holds %v up to %d (%v), want %v", room, got, at, err, ids)
	}
}

// After a commit that failed nothing is numbered, shown or counted, and the same ids can be sent again.
func TestAFailedCommitLeavesTheLogAsItWas(t *testing.T) {
	for name, c := range map[string]struct{ fault, want error }{
		"no space":        {history.Full(errDisk), history.ErrFull},
		"not possible":    {errDisk, history.ErrUnavailable},
		"unknown outcome": {history.FailedCommit(errDisk), history.ErrUncertain},
	} {
		t.Run(name, func(t *testing.T) {
			log := newLogged()
			s := newStore(t, slog.New(log))
			mustPost(t, s, "lobby", "1", "before")
			heal := fail(s, c.fault)
			for i := range 3 {
				for _, room := range []string{"lobby", "new"} {
					if r, err := post(t, s, room, "2", "during"); !errors.Is(err, c.want) || r.Seq != 0 {
						t.Fatalf("try %d: %+v, %v, want %v", i, r, err, c.want)
					}
				}
			}
			wantRead(t, s, "lobby", "1")
			wantRead(t, s, "new")
			if rooms, err := s.Rooms(limited(t)); err != nil || len(rooms) != 1 {
				t.Errorf("rooms %v, %v", rooms, err)
			}
			heal()
			soon(t, "appends are taken up", func() bool { _, err := post(t, s, "lobby", "2", "after"); return err == nil })
			mustPost(t, s, "new", "2", "after")
			wantRead(t, s, "lobby", "1", "2")
			wantRead(t, s, "new", "2")
			if n := log.count("ERROR"); n != 1 {
				t.Errorf("%d lines in the log, want one a minute", n)
			}
		})
	}
}

// A tail sees nothing of what was not committed, and everything of what was, in order.
func TestATailSeesOnlyWhatWasCommitted(t *testing.T) {
	s := newStore(t, quiet())
	var mu sync.Mutex
	var seen []string
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- s.Tail(ctx, "lobby", 0, func(e history.Entry) bool {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, e.ID)
			return e.ID != "last"
		})
	}()
	var want []string
	for i := range 20 {
		id := fmt.Sprint(i)
		if i%3 == 1 {
			heal := fail(s, history.FailedCommit(errDisk))
			if _, err := post(t, s, "lobby", id, "x"); err == nil {
				t.Fatal("it was stored")
			}
			heal()
			continue
		}
		mustPost(t, s, "lobby", id, "x")
		want = append(want, id)
	}
	mustPost(t, s, "lobby", "last", "x")
	want = append(want, "last")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if strings.Join(seen, " ") != strings.Join(want, " ") {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

func TestClaimsGoOnFromMemoryAndAreStoredLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir, quiet())
	heal := fail(s, history.Full(errDisk))
	if _, err := post(t, s, "lobby", "1", "x"); !errors.Is(err, history.ErrFull) {
		t.Fatal(err)
	}
	request := func(name string) history.ClaimRequest {
		return history.ClaimRequest{Name: name, Fold: name, Keys: [2]string{name, name}, Session: "1", Verifier: []byte("v"), Hold: time.Hour}
	}
	for i := range 100 {
		c, err := s.Claim(limited(t), request(fmt.Sprint("name-", i)), nil)
		if err != nil || !s.Valid(c) {
			t.Fatal(err)
		}
		if _, err := s.Claim(limited(t), request(fmt.Sprint("name-", i)), nil); !errors.Is(err, history.ErrTaken) {
			t.Fatalf("a second holder: %v", err)
		}
	}
	heal() // and nobody appends: it is stored all the same
	soon(t, "the claims are stored", func() bool {
		copied := copyOf(t, dir)
		other, err := history.Open(limited(t), copied, history.Config{}, quiet())
		if err != nil {
			return false // copied in the middle of a commit
		}
		defer other.Close(limited(t))
		_, ok := other.Lookup([2]string{"name-99", "name-99"})
		return ok
	})
}

func TestALockWhileRunning(t *testing.T) {
	log := newLogged()
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir, slog.New(log))
	mustPost(t, s, "lobby", "1", "before")
	unlock := other(t, dir)
	answers := make(chan error, 10)
	for i := range 10 {
		err := s.Append("lobby", history.Entry{ID: fmt.Sprint("during-", i), From: "ada", Kind: "text"}, func(_ history.Receipt, err error) { answers <- err })
		if err != nil {
			t.Fatal(err)
		}
	}
	log.wait(t, "another program has locked the database")
	wantRead(t, s, "lobby", "1")
	if c, err := s.Claim(limited(t), history.ClaimRequest{Name: "ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "1"}, nil); err != nil || !s.Valid(c) {
		t.Errorf("joining while it is locked: %v", err)
	}
	select {
	case err := <-answers:
		t.Fatalf("answered while it was locked: %v", err)
	default:
	}
	unlock()
	for range 10 {
		select {
		case err := <-answers:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("not taken up")
		}
	}
	if head, err := s.Head(limited(t), "lobby"); head != 11 || err != nil {
		t.Errorf("head %d, %v", head, err)
	}
	// Closing does not wait for ever for somebody else's lock: those who wait are told.
	unlock = other(t, dir)
	defer unlock()
	if err := s.Append("lobby", history.Entry{ID: "late", From: "ada"}, func(_ history.Receipt, err error) { answers <- err }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := <-answers; !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("told %v", err)
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	s, err := history.Open(limited(t), filepath.Join(t.TempDir(), "data"), history.Config{Queue: 50}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(limited(t))
	block := make(chan struct{})
	s.SetFault(func() error { <-block; return nil })
	var answered sync.WaitGroup
	full := func(add func(i int) error) {
		t.Helper()
		for i := 0; ; i++ {
			answered.Add(1)
			if err := add(i); err != nil {
				answered.Done()
				if !errors.Is(err, history.ErrBusy) || i < 50 {
					t.Errorf("after %d: %v", i, err)
				}
				return
			}
			if i > 10000 {
				t.Fatal("no bound")
			}
		}
	}
	full(func(i int) error {
		return s.Append("lobby", history.Entry{ID: fmt.Sprint(i), From: "ada"}, func(_ history.Receipt, err error) {
			if err != nil {
				t.Error(err)
			}
			answered.Done()
		})
	})
	full(func(i int) error { return s.Put("state", fmt.Sprint(i), []byte("x"), func(error) { answered.Done() }) })
	close(block)
	answered.Wait()
}

// The wall clock may jump: the order, the ids, the holds and the ages do not follow it.
func TestTheWallClockMayJump(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := history.Claim{}
	for i, years := range []int{0, 100, -56, 20, -20, 0} {
		s := openStore(t, dir, quiet())
		at := time.Now().AddDate(years, 0, 0)
		s.SetClock(func() time.Time { return at })
		r := mustPost(t, s, "lobby", fmt.Sprint(i), "x")
		if r.Seq != uint64(i+1) || !r.Time.Equal(at.UTC().Truncate(time.Millisecond)) {
			t.Errorf("%d years: %+v, want the time %v", years, r, at)
		}
		if again, err := post(t, s, "lobby", "0", "x"); err != nil || !again.Dup || again.Seq != 1 {
			t.Errorf("%d years: the first is no repeat: %+v, %v", years, again, err)
		}
		held, err := s.Claim(limited(t), history.ClaimRequest{Name: "ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "1", Verifier: []byte("v"),
			Hold: time.Hour}, func([]byte) bool { return true })
		if err != nil || i > 0 && held.Rev != c.Rev {
			t.Errorf("%d years: %+v, %v, before %+v", years, held, err, c)
		}
		c = held
		s.Release(c)
		stored := make(chan error, 1)
		if i == 0 {
			if err := s.Put("state", "plug", []byte("on"), func(err error) { stored <- err }); err != nil || <-stored != nil {
				t.Fatal(err)
			}
		}
		if err := s.Each(limited(t), "state", func(_ string, _ []byte, age time.Duration) {
			if age < 0 || age > time.Minute {
				t.Errorf("%d years: the value is %v old", years, age)
			}
		}); err != nil {
			t.Fatal(err)
		}
		wantRead(t, s, "lobby", []string{"0", "1", "2", "3", "4", "5"}[:i+1]...)
		if err := s.Close(limited(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// While a name waits, how much of its hold is over is on disk, so that a kill does not begin it anew; else nothing is written.
func TestTheRestOfAHoldIsStored(t *testing.T) {
	defer history.SetRestInterval(20 * time.Millisecond)()
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir, quiet())
	lived := func() (ms int64) {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tincan.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow(`select value from meta where name = 'lived'`).Scan(&ms); err != nil {
			t.Fatal(err)
		}
		return ms
	}
	c, err := s.Claim(limited(t), history.ClaimRequest{Name: "ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "1", Verifier: []byte("v"), Hold: time.Hour}, nil)
	if err != nil {
		t.Fatal(err)
	}
	connected := lived()
	time.Sleep(100 * time.Millisecond) // five intervals in which nothing waits: not a wait for something, but the thing tested
	if now := lived(); now != connected {
		t.Errorf("written from %d to %d ms while no name waits", connected, now)
	}
	s.Release(c)
	soon(t, "the rest is stored, and again", func() bool { return lived() > connected+300 })
}
