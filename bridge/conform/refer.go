package conform

import (
	"errors"
	"slices"
	"testing"

	"tincan/bridge/history"
)

func testRefer(t *testing.T, s Subject) {
	t.Run("WhatRefersIsFound", func(t *testing.T) { referring(t, s) })
	t.Run("NothingRefersToWhatIsGone", func(t *testing.T) { targetGone(t, s) })
	t.Run("WhatRefersIsErasedToo", func(t *testing.T) { eraseReferring(t, s) })
	t.Run("OfWhatIsSoleTheNewestIsGiven", func(t *testing.T) { sole(t, s) })
	t.Run("WhatIsListedIsFound", func(t *testing.T) { listed(t, s) })
	t.Run("AnIDIsFound", func(t *testing.T) { found(t, s) })
}

// about makes an entry that refers to another.
func about(from, id string, target uint64, body string) history.Entry {
	return history.Entry{ID: id, From: from, Kind: "edit", V: 1, Body: []byte(body), Ref: target}
}

// wantIDs wants entries with these ids, in this order.
func wantIDs(t testing.TB, es []history.Entry, err error, ids ...string) {
	t.Helper()
	var got []string
	for _, e := range es {
		got = append(got, e.ID)
	}
	if err != nil || !slices.Equal(got, ids) {
		t.Fatalf("got %q (%v), want %q", got, err, ids)
	}
}

func referring(t *testing.T, s Subject) {
	b := newBench(t, s)
	for _, id := range []string{"1", "2", "3"} {
		b.post("lobby", "ada", id, "text")
		b.post("küche", "ada", id, "text")
	}
	for _, e := range []history.Entry{about("ada", "3a", 3, "x"), about("bob", "1a", 1, "y"), about("ada", "1b", 1, "z")} {
		if a := wait(t, send(t, b, "lobby", e)); a.err != nil || a.Dup {
			t.Fatalf("%s: %+v", e.ID, a)
		}
		if a := wait(t, send(t, b, "lobby", e)); a.err != nil || !a.Dup {
			t.Fatalf("%s again: %+v", e.ID, a)
		}
	}
	for range 2 {
		es, err := b.Referring(b.context(), "lobby", []uint64{1, 2, 3}, 100)
		wantIDs(t, es, err, "1a", "1b", "3a")
		if string(es[0].Body) != "y" || es[0].From != "bob" || es[0].Seq != 5 {
			t.Fatalf("it came back as %+v", es[0])
		}
		es, err = b.Referring(b.context(), "lobby", []uint64{1, 3}, 2)
		wantIDs(t, es, err, "1a", "1b")
		es, err = b.Referring(b.context(), "lobby", []uint64{2}, 100)
		wantIDs(t, es, err)
		es, err = b.Referring(b.context(), "küche", []uint64{1, 2, 3}, 100)
		wantIDs(t, es, err)
		es, err = b.Referring(b.context(), "nowhere", []uint64{1}, 100)
		wantIDs(t, es, err)
		b.reopen()
	}
}

// sole: votes, of which each sender has one.
func sole(t *testing.T, s Subject) {
	b := newBench(t, s)
	b.post("lobby", "ada", "1", "poll")
	b.post("lobby", "ada", "2", "poll")
	vote := func(from, id string, target uint64) history.Entry {
		e := about(from, id, target, "the vote of "+from)
		e.Sole = true
		return e
	}
	// Many in one commit, and one of them twice: a repeat takes the place of none.
	var sent []<-chan answer
	for _, e := range []history.Entry{vote("ada", "a1", 1), vote("bob", "b1", 1), vote("ada", "a2", 1), vote("ada", "a3", 2), about("ada", "edit", 1, "x"), vote("ada", "a1", 1)} {
		sent = append(sent, send(t, b, "lobby", e))
	}
	for _, c := range sent {
		if a := wait(t, c); a.err != nil {
			t.Fatal(a.err)
		}
	}
	for range 2 {
		es, err := b.Referring(b.context(), "lobby", []uint64{1, 2}, 100)
		wantIDs(t, es, err, "b1", "a2", "edit", "a3")
		b.reopen()
	}
	if a := wait(t, send(t, b, "lobby", vote("bob", "b2", 1))); a.err != nil {
		t.Fatal(a.err)
	}
	es, err := b.Referring(b.context(), "lobby", []uint64{1}, 100)
	wantIDs(t, es, err, "a2", "edit", "b2")
	// What has no effect any more is erased with the rest.
	if err := b.Erase(b.context(), "lobby", []uint64{1}, about("ada", "tomb", 1, "")); err != nil {
		t.Fatal(err)
	}
	page, _, err := b.Page(b.context(), "lobby", history.Query{Limit: 100}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page {
		if kept := e.ID == "2" || e.ID == "a3" || e.ID == "tomb"; e.Erased == kept {
			t.Errorf("%s: erased %v", e.ID, e.Erased)
		}
	}
}

func listed(t *testing.T, s Subject) {
	b := newBench(t, s)
	for _, room := range []string{"lobby", "küche"} {
		b.post(room, "ada", "1", "text")
	}
	for _, id := range []string{"2", "3", "4", "5"} {
		e := about("ada", id, 1, id)
		e.List = "pin"
		if id == "4" {
			e.Ref, e.List = 0, "hand"
		}
		for range 2 {
			if a := wait(t, send(t, b, "lobby", e)); a.err != nil {
				t.Fatal(a.err)
			}
		}
	}
	for range 2 {
		es, err := b.Listed(b.context(), "lobby", "pin", 100)
		wantIDs(t, es, err, "2", "3", "5")
		es, err = b.Listed(b.context(), "lobby", "pin", 2)
		wantIDs(t, es, err, "3", "5")
		es, err = b.Listed(b.context(), "lobby", "hand", 100)
		wantIDs(t, es, err, "4")
		es, err = b.Listed(b.context(), "küche", "pin", 100)
		wantIDs(t, es, err)
		b.reopen()
	}
	if err := b.Erase(b.context(), "lobby", []uint64{3}, about("ada", "tomb", 3, "")); err != nil {
		t.Fatal(err)
	}
	es, err := b.Listed(b.context(), "lobby", "pin", 100)
	wantIDs(t, es, err, "2", "5")
	if err := b.Trim(b.context(), "lobby", 4); err != nil {
		t.Fatal(err)
	}
	es, err = b.Listed(b.context(), "lobby", "pin", 100)
	wantIDs(t, es, err) // it came later, but is about what is gone
	es, err = b.Listed(b.context(), "lobby", "hand", 100)
	wantIDs(t, es, err, "4")
}

func targetGone(t *testing.T, s Subject) {
	b := newBench(t, s)
	for _, id := range []string{"1", "2", "3"} {
		b.post("lobby", "ada", id, "text")
	}
	gone := func(e history.Entry) {
		t.Helper()
		// Twice at once: both are told, and what else is in their commit is stored.
		first, second, other := send(t, b, "lobby", e), send(t, b, "lobby", e), send(t, b, "lobby", textEntry("eve", e.ID, "x"))
		for _, c := range []<-chan answer{first, second} {
			if a := wait(t, c); !errors.Is(a.err, history.ErrNoTarget) {
				t.Fatalf("%s: %+v, want ErrNoTarget", e.ID, a)
			}
		}
		if a := wait(t, other); a.err != nil || a.Dup {
			t.Fatalf("beside %s: %+v", e.ID, a)
		}
	}
	gone(about("ada", "never", 100, "x"))
	if a := wait(t, send(t, b, "nowhere", about("ada", "1", 1, "x"))); !errors.Is(a.err, history.ErrNoTarget) {
		t.Fatalf("in a room that is not there: %+v", a)
	}
	early := wait(t, send(t, b, "lobby", about("ada", "early", 2, "x")))
	if early.err != nil {
		t.Fatal(early.err)
	}
	tomb := history.Entry{ID: "tomb", From: "ada", Kind: "delete", Ref: 2}
	if err := b.Erase(b.context(), "lobby", []uint64{2}, tomb); err != nil {
		t.Fatal(err)
	}
	gone(about("ada", "late", 2, "x"))
	if a := wait(t, send(t, b, "lobby", about("ada", "early", 2, "x"))); a.err != nil || !a.Dup || a.Seq != early.Seq {
		t.Fatalf("a repeat from before: %+v", a)
	}
	if err := b.Erase(b.context(), "lobby", []uint64{2}, history.Entry{ID: "tomb2", From: "ada", Kind: "delete", Ref: 2}); !errors.Is(err, history.ErrNoTarget) {
		t.Fatalf("erasing what is erased: %v, want ErrNoTarget", err)
	}
	if err := b.Erase(b.context(), "lobby", []uint64{2}, tomb); err != nil {
		t.Fatalf("the same again: %v", err)
	}
	if err := b.Trim(b.context(), "lobby", 4); err != nil {
		t.Fatal(err)
	}
	gone(about("ada", "trimmed", 3, "x"))
	wantDense(t, b.readFrom("lobby", 3), 4)
}

func eraseReferring(t *testing.T, s Subject) {
	b := newBench(t, s)
	first := b.post("lobby", "ada", "1", "first-body/").Seq
	other := b.post("lobby", "ada", "2", "other-body/").Seq
	for i, e := range []history.Entry{about("ada", "e1", first, "second-body/"), about("bob", "r1", first, "third-body/"), about("ada", "e2", other, "kept-body/")} {
		if a := wait(t, send(t, b, "lobby", e)); a.err != nil {
			t.Fatal(i, a.err)
		}
	}
	if err := b.Erase(b.context(), "lobby", []uint64{first}, history.Entry{ID: "tomb", From: "ada", Kind: "delete", Body: []byte("tomb-body/"), Ref: first}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for body, there := range map[string]bool{"first-body/": false, "second-body/": false, "third-body/": false, "other-body/": true, "kept-body/": true, "tomb-body/": true} {
			if holds(t, b.dir, body) != there {
				t.Errorf("%s is on disk: %v, want %v", body, !there, there)
			}
		}
		es := b.read("lobby")
		wantDense(t, es, 1)
		for _, e := range es {
			if erased := e.Seq == 1 || e.Seq == 3 || e.Seq == 4; erased != (e.Erased && len(e.Body) == 0) {
				t.Errorf("seq %d is %+v", e.Seq, e)
			}
		}
		es, err := b.Referring(b.context(), "lobby", []uint64{first, other}, 100)
		wantIDs(t, es, err, "tomb", "e2")
		b.reopen()
	}
}

func found(t *testing.T, s Subject) {
	b := newBench(t, s)
	b.post("lobby", "ada", "1", "hers")
	b.post("lobby", "bob", "1", "his")
	b.post("küche", "ada", "1", "elsewhere")
	b.post("lobby", "ada", "head", "x")
	for range 2 {
		es, err := b.Find(b.context(), "lobby", "1")
		wantIDs(t, es, err, "1", "1")
		if es[0].From != "bob" || string(es[1].Body) != "hers" {
			t.Fatalf("found %+v", es)
		}
		es, err = b.Find(b.context(), "lobby", "2")
		wantIDs(t, es, err)
		es, err = b.Find(b.context(), "nowhere", "1")
		wantIDs(t, es, err)
		b.reopen()
	}
	if err := b.Erase(b.context(), "lobby", []uint64{2}, history.Entry{ID: "tomb", From: "bob", Kind: "delete"}); err != nil {
		t.Fatal(err)
	}
	es, err := b.Find(b.context(), "lobby", "1")
	wantIDs(t, es, err, "1", "1")
	if !es[0].Erased || es[1].Erased {
		t.Fatalf("after erasing his: %+v", es)
	}
	if err := b.Trim(b.context(), "lobby", 3); err != nil {
		t.Fatal(err)
	}
	es, err = b.Find(b.context(), "lobby", "1")
	wantIDs(t, es, err)
}
