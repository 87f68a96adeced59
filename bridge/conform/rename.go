package conform

import (
	"errors"
	"testing"

	"tincan/bridge/history"
)

// testRename: a renamed log goes on under its new name, and an entry that was on its way under the old one is in it; of a dropped one
// nothing is left, not even on the disk.
func testRename(t *testing.T, s Subject) {
	b := newBench(t, s)
	for i := range 5 {
		b.post("attic", "ada", id(i), "secret-"+id(i)+"/")
	}
	b.post("cellar", "ada", "c", "in the cellar/")
	if err := b.Rename(b.context(), "attic", "cellar"); !errors.Is(err, history.ErrNameUsed) {
		t.Errorf("renaming to a name in use: %v", err)
	}
	if err := b.Rename(b.context(), "nowhere", "somewhere"); err != nil {
		t.Errorf("renaming what is not there: %v", err)
	}
	if err := b.Rename(b.context(), "attic", "loft"); err != nil {
		t.Fatal(err)
	}
	if r := b.post("loft", "ada", "new", "new"); r.Seq != 6 {
		t.Errorf("the next entry has seq %d", r.Seq)
	}
	if r := b.post("attic", "ada", "late", "late"); r.Seq != 7 {
		t.Errorf("an entry under the old name has seq %d", r.Seq)
	}
	has := func(room string, want int) {
		t.Helper()
		es, at, err := b.Page(b.context(), room, history.Query{Limit: 100}, 0)
		if err != nil || len(es) != want || at != uint64(want) {
			t.Errorf("%s has %d entries up to %d, want %d: %v", room, len(es), at, want, err)
		}
	}
	has("loft", 7)
	b.reopen()
	has("loft", 7)
	has("attic", 0)
	if err := b.Drop(b.context(), "loft"); err != nil {
		t.Fatal(err)
	}
	has("loft", 0)
	if found, err := b.Find(b.context(), "loft", "new"); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
	if r := b.post("loft", "ada", "fresh", "fresh"); r.Seq != 1 {
		t.Errorf("after a drop the first entry has seq %d", r.Seq)
	}
	b.reopen()
	has("loft", 1)
	has("cellar", 1)
	if rooms, err := b.Rooms(b.context()); err != nil || len(rooms) != 2 {
		t.Errorf("the rooms are %v, %v", rooms, err)
	}
	soon(t, "what was dropped to leave the disk", func() bool {
		return !holds(t, b.dir, "secret-"+id(1)+"/") && !holds(t, b.dir, "secret-"+id(4)+"/")
	})
	b.close()
	if !holds(t, b.dir, "in the cellar/") {
		t.Error("what was not dropped cannot be found on disk: this test sees nothing")
	}
}
