package history_test

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// The ids of trimmed entries stay known for a week that the store was open, and then their rows go.
func TestTrimmedIDsAreKnownForAWeek(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	count := func() (n int) {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tincan.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow(`select count(*) from entry`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const day = 24 * 60 * 60 * 1000
	age := func(days int) {
		t.Helper()
		s := openStore(t, dir, quiet())
		if err := s.Close(limited(t)); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tincan.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(`update meta set value = value + ? where name = 'lived'`, days*day); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, dir, quiet())
	for _, id := range []string{"1", "2", "3", "4"} {
		mustPost(t, s, "lobby", id, "x")
		mustPost(t, s, "küche", id, "x")
	}
	if err := s.Trim(limited(t), "lobby", 3); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	age(6)
	s = openStore(t, dir, quiet())
	if r, err := post(t, s, "lobby", "1", "x"); err != nil || !r.Dup || r.Seq != 1 {
		t.Errorf("after six days: %+v, %v", r, err)
	}
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 8 {
		t.Errorf("after six days: %d rows", n)
	}
	age(2)
	s = openStore(t, dir, quiet())
	soon(t, "the rows are gone", func() bool { return count() == 6 })
	if r, err := post(t, s, "lobby", "3", "x"); err != nil || !r.Dup || r.Seq != 3 {
		t.Errorf("what is kept: %+v, %v", r, err)
	}
	if r := mustPost(t, s, "lobby", "1", "x"); r.Dup || r.Seq != 5 {
		t.Errorf("after eight days: %+v", r)
	}
	wantRooms, err := s.Rooms(limited(t))
	if err != nil || len(wantRooms) != 2 || wantRooms[1].Last != 5 {
		t.Errorf("%+v, %v", wantRooms, err)
	}
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	openStore(t, dir, quiet()) // and the whole is sound
}
