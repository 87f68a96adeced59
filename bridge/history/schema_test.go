package history_test

import (
	"path/filepath"
	"testing"
	"time"

	"tincan/bridge/history"
)

// A folder of the first version is brought to the newest, and everything in it stays.
func TestAnOldDatabaseIsTakenOver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openStore(t, dir, quiet())
	for _, id := range []string{"1", "2", "3"} {
		mustPost(t, s, "lobby", id, "hello "+id)
	}
	old := history.ClaimRequest{Name: "ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "1", Verifier: []byte("v"), Hold: time.Hour}
	c, err := s.Claim(limited(t), old, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Release(c)
	before := contents(t, s)
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	exec(t, filepath.Join(dir, "tincan.db"), `drop table refer; drop table listed; drop table file; drop table attached; alter table claim drop column ident; alter table claim drop column kept; pragma user_version = 1`)
	s = openStore(t, dir, quiet())
	if now := contents(t, s); now != before {
		t.Fatalf("it holds %s, and held %s", now, before)
	}
	if h, ok := s.Lookup(old.Keys); !ok || h.Name != "ada" || !h.Secret || h.Ident != "" || h.Kept {
		t.Fatalf("ada is %+v, %v", h, ok)
	}
	done := make(chan error, 1)
	edit := history.Entry{ID: "e", From: "ada", Kind: "edit", V: 1, Body: []byte("x"), Ref: 2}
	if err := s.Append("lobby", edit, func(_ history.Receipt, err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if es, err := s.Referring(limited(t), "lobby", []uint64{2}, 10); err != nil || len(es) != 1 || es[0].ID != "e" {
		t.Fatalf("%+v, %v", es, err)
	}
}
