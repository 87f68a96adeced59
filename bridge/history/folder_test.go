package history_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
)

func TestAFolderThatCannotBeOneIsExplained(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(dir, []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, dir, "it is a file", "--data")
	_, err := history.Open(limited(t), filepath.Join(dir, "below"), history.Config{}, quiet())
	var trouble *history.Trouble
	if !errors.As(err, &trouble) || !strings.Contains(trouble.What, "is a file, or a part of its path is one") {
		t.Errorf("a folder below a file: %v", err)
	}
	if b, err := os.ReadFile(dir); err != nil || string(b) != "a file" {
		t.Errorf("the file is now %q, %v", b, err)
	}
}

func TestANewFolderIsMadeForThisUserAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "new #1? folder%20", "Zoë")
	s := openStore(t, dir, quiet())
	mustPost(t, s, "lobby", "1", "hello")
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"tincan.db", "tincan.lock", "tincan.reserve"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestTwoOnOneFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir, quiet())
	mustPost(t, s, "lobby", "1", "hello")
	refused(t, dir, "another tincan", fmt.Sprintf("process %d", os.Getpid()), dir, "--data")
	mustPost(t, s, "lobby", "2", "unhurt")
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	again := openStore(t, dir, quiet())
	if head, err := again.Head(limited(t), "lobby"); head != 2 || err != nil {
		t.Errorf("head %d, %v", head, err)
	}
}

// A start that was cut short before the database was whole leaves nothing that the next one stumbles over.
func TestAFirstStartThatWasCutShort(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tincan.db.new", "tincan.db.new-journal", "tincan.lock"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, dir, quiet())
	mustPost(t, s, "lobby", "1", "hello")
	if _, err := os.Stat(filepath.Join(dir, "tincan.db.new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half one is still there: %v", err)
	}
}

// other opens the database as another program does, and locks it until unlock is called.
func other(t testing.TB, dir string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tincan.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`pragma busy_timeout = 10000; begin immediate; update meta set value = value`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.Exec(`rollback`); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestADatabaseThatIsLockedAtTheStart(t *testing.T) {
	closed, _ := used(t)
	unlock := other(t, closed)
	began := time.Now()
	_, err := history.Open(limited(t), closed, history.Config{LockWait: 300 * time.Millisecond}, quiet())
	var trouble *history.Trouble
	if !errors.As(err, &trouble) || !strings.Contains(trouble.What, "another program has locked it") || time.Since(began) < 300*time.Millisecond {
		t.Fatalf("after %v: %v", time.Since(began), err)
	}
	opened := make(chan error, 1)
	go func() { // and one with more patience
		s, err := history.Open(limited(t), closed, history.Config{}, quiet())
		if err == nil {
			err = s.Close(limited(t))
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(600 * time.Millisecond):
	}
	unlock()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	// Somebody who waits can be told to stop.
	defer other(t, closed)()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := history.Open(ctx, closed, history.Config{}, quiet()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a start that was cancelled: %v", err)
	}
}
