package history_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"tincan/bridge/history"
)

// attach posts an entry that holds files.
func attach(t *testing.T, s *history.Store, room, id string, files ...string) (history.Receipt, error) {
	t.Helper()
	type answer struct {
		history.Receipt
		err error
	}
	done := make(chan answer, 1)
	e := history.Entry{ID: id, From: "ada", Kind: "file", V: 1, Body: []byte(id), Files: files}
	if err := s.Append(room, e, func(r history.Receipt, err error) { done <- answer{r, err} }); err != nil {
		t.Fatal(err)
	}
	a := <-done
	return a.Receipt, a.err
}

// loose lists the ids of the files that may go.
func loose(t *testing.T, s *history.Store) (ids string) {
	t.Helper()
	fs, err := s.LooseFiles(limited(t), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		ids += f.ID
	}
	return ids
}

// A file stays as long as the last entry that holds it, whatever makes the entry go, over a restart.
func TestAFileStaysWhileAnEntryHoldsIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir, quiet())
	for _, id := range []string{"a", "b", "c", "d"} {
		if err := s.PutFile(limited(t), history.File{ID: id, SHA256: "same", Owner: "ada", Name: id + ".txt", Type: "text/plain", Size: 7}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := attach(t, s, "lobby", "1", "a", "nothing"); !errors.Is(err, history.ErrNoFile) {
		t.Fatalf("an entry holds what is not there: %v", err)
	}
	if rooms, err := s.Rooms(limited(t)); err != nil || len(rooms) != 0 {
		t.Fatalf("what was refused made the room %+v, %v", rooms, err)
	}
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, quiet())
	first, err := attach(t, s, "lobby", "2", "a", "b")
	if err != nil || first.Seq != 1 {
		t.Fatalf("%+v, %v: what was refused left a gap", first, err)
	}
	if again, err := attach(t, s, "lobby", "2", "a", "b"); err != nil || !again.Dup || again.Seq != 1 {
		t.Fatalf("the same again: %+v, %v", again, err)
	}
	for _, room := range []string{"kitchen", "@ada+bob"} {
		if _, err := attach(t, s, room, "3", "b"); err != nil {
			t.Fatal(err)
		}
	}
	if f, rooms, err := s.File(limited(t), "b"); err != nil || f.Name != "b.txt" || f.Size != 7 || len(rooms) != 3 || rooms[0] != "@ada+bob" {
		t.Fatalf("%+v in %q, %v", f, rooms, err)
	}
	if count, bytes, err := s.FileBytes(limited(t)); err != nil || count != 1 || bytes != 7 {
		t.Fatalf("%d contents of %d bytes, %v: want 1 of 7", count, bytes, err)
	}
	if got := loose(t, s); got != "" {
		t.Fatalf("%q may go while it is held or new", got)
	}
	if fs, err := s.FilesOf(limited(t), "ada", 10); err != nil || len(fs) != 2 {
		t.Fatalf("ada has %+v that no entry holds, %v: want c and d", fs, err)
	}

	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, quiet())
	tomb := history.Entry{ID: "tomb", From: "ada", Kind: "delete", Ref: 1}
	if err := s.Erase(limited(t), "lobby", []uint64{1}, tomb); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Loosened():
	case <-limited(t).Done():
		t.Fatal("nobody was told that the last hold of a has gone")
	}
	if got := loose(t, s); got != "a" {
		t.Fatalf("%q may go, want a", got)
	}
	if _, err := s.DropFile(limited(t), "b", false); !errors.Is(err, history.ErrHeld) {
		t.Fatalf("b was dropped though it is held: %v", err)
	}
	if orphan, err := s.DropFile(limited(t), "a", false); err != nil || orphan {
		t.Fatalf("drop a: %v, %v: b has its content", orphan, err)
	}
	if _, err := attach(t, s, "kitchen", "4", "c"); err != nil {
		t.Fatal(err)
	}
	mustPost(t, s, "kitchen", "5", "last")
	if err := s.Trim(limited(t), "kitchen", 3); err != nil {
		t.Fatal(err)
	}
	if got := loose(t, s); got != "c" {
		t.Fatalf("%q may go, want c: b is held by the two of them", got)
	}
	if _, err := attach(t, s, "den", "6", "d"); err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(limited(t), "den"); err != nil {
		t.Fatal(err)
	}
	if _, rooms, err := s.File(limited(t), "d"); err != nil || len(rooms) != 0 || loose(t, s) == "c" {
		t.Fatalf("of a room that was dropped: d is in %q, %v; %q may go", rooms, err, loose(t, s))
	}
	for i, id := range []string{"c", "d", "b"} {
		orphan, err := s.DropFile(limited(t), id, true)
		if err != nil || orphan != (i == 2) {
			t.Fatalf("drop %s: %v, %v", id, orphan, err)
		}
	}
	if _, _, err := s.File(limited(t), "b"); !errors.Is(err, history.ErrNoFile) {
		t.Fatalf("b after all: %v", err)
	}
	if has, err := s.HasContent(limited(t), "same"); err != nil || has {
		t.Fatalf("its content: %v, %v", has, err)
	}
}

func TestFilesAreListedByAge(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "data"), quiet())
	for _, id := range []string{"a", "b"} {
		if err := s.PutFile(limited(t), history.File{ID: id, SHA256: id, Owner: "ada"}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := loose(t, s); got != "ab" {
		t.Errorf("%q may go, want both: they were not to be spared", got)
	}
	if fs, err := s.OldFiles(limited(t), 0, 1); err != nil || len(fs) != 1 || fs[0].ID != "a" {
		t.Errorf("the oldest: %+v, %v", fs, err)
	}
	if fs, err := s.OldFiles(limited(t), time.Hour, 9); err != nil || len(fs) != 0 {
		t.Errorf("older than an hour: %+v, %v", fs, err)
	}
}
