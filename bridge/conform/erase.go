package conform

import (
	"strings"
	"testing"

	"tincan/bridge/history"
)

func testErase(t *testing.T, s Subject) {
	t.Run("ErasedBodiesAreGoneFromDisk", func(t *testing.T) { erased(t, s) })
	t.Run("WhatRefersGoesWithIt", func(t *testing.T) { erasedAbout(t, s) })
	t.Run("TrimKeepsTheHeadAndTheNumbering", func(t *testing.T) { trimmed(t, s) })
}

func erased(t *testing.T, s Subject) {
	b := newBench(t, s)
	secret := func(i int) string { return strings.Repeat(id("secret", i)+"/", 40+100*(i%9)) } // some of them on pages of their own
	for i := range 60 {
		b.post("lobby", "ada", id(i), secret(i))
		b.post("küche", "bob", id(i), "filling")
	}
	head := b.post("lobby", "ada", "head", secret(60)).Seq
	gone := map[uint64]bool{2: true, 3: true, 17: true, 40: true, head: true}
	var seqs []uint64
	for seq := range gone {
		seqs = append(seqs, seq)
	}
	tomb := history.Entry{ID: "tomb", From: "ada", Kind: "delete", Body: []byte("x")}
	for range 2 { // again, as after an unknown outcome: nothing changes
		if err := b.Erase(b.context(), "lobby", append(seqs, 1000), tomb); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		es := b.read("lobby")
		wantDense(t, es, 1)
		if len(es) != int(head)+1 || es[head].ID != "tomb" {
			t.Fatalf("%d entries, the last is %+v", len(es), es[len(es)-1])
		}
		for i, e := range es[:head] {
			if gone[e.Seq] {
				if len(e.Body) != 0 || !e.Erased || e.Kind != "text" || e.ID == "" || e.From != "ada" {
					t.Errorf("erased: %+v", e)
				}
				if holds(t, b.dir, id("secret", i)+"/") {
					t.Errorf("the body of seq %d is still on disk", e.Seq)
				}
			} else if string(e.Body) != secret(i) || e.Erased {
				t.Errorf("seq %d has lost its body", e.Seq)
			}
		}
	}
	check()
	b.reopen()
	check()
	if r := b.post("lobby", "ada", "next", "x"); r.Seq != head+2 {
		t.Fatalf("the next seq is %d", r.Seq)
	}
	if !holds(t, b.dir, id("secret", 5)+"/") {
		t.Error("what was not erased cannot be found on disk: this test sees nothing")
	}
}

// erasedAbout: what refers to an entry goes with it, also where that entry has gone already, with what it refers to itself.
func erasedAbout(t *testing.T, s Subject) {
	for name, calls := range map[string][][]uint64{"one call": {{1, 2}}, "in turn": {{1}, {2}}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, s)
			for i, ref := range []uint64{0, 1, 2, 0} {
				e := textEntry("ada", id(i), "about-"+id(ref)+"/")
				e.Ref = ref
				if a := wait(t, send(t, b, "lobby", e)); a.err != nil {
					t.Fatal(a.err)
				}
			}
			for i, seqs := range calls {
				if err := b.Erase(b.context(), "lobby", seqs, history.Entry{ID: id("tomb", i), From: "ada", Kind: "delete", Body: []byte("x")}); err != nil {
					t.Fatal(err)
				}
			}
			for _, e := range b.read("lobby")[:4] {
				if gone := e.Seq < 4; e.Erased != gone || (len(e.Body) == 0) != gone {
					t.Errorf("%+v", e)
				}
			}
			if holds(t, b.dir, "about-2/") {
				t.Error("it is still on disk")
			}
		})
	}
}

func trimmed(t *testing.T, s Subject) {
	b := newBench(t, s)
	for i := range 1200 {
		send(t, b, "lobby", textEntry("ada", id(i), "trimmed-"+id(i)+"/"))
	}
	b.post("lobby", "ada", "head", "the head/")
	if err := b.Trim(b.context(), "lobby", 600); err != nil {
		t.Fatal(err)
	}
	first := func(want uint64) {
		t.Helper()
		es, _, err := b.Page(b.context(), "lobby", history.Query{Limit: 2000}, 0)
		if err != nil || len(es) == 0 || es[0].Seq != want || es[len(es)-1].Seq != 1201 {
			t.Fatalf("%d entries, want from %d to 1201: %v", len(es), want, err)
		}
	}
	first(600)
	b.reopen()
	first(600)
	soon(t, "the bodies are gone", func() bool { return !holds(t, b.dir, "trimmed-500/") })
	if err := b.Trim(b.context(), "lobby", 1<<40); err != nil {
		t.Fatal(err)
	}
	first(1201)
	soon(t, "of the head only its place is left", func() bool { return !holds(t, b.dir, "the head/") })
	b.reopen()
	first(1201)
	if es := b.readFrom("lobby", 1200); len(es) != 1 || !es[0].Erased || es[0].ID != "head" {
		t.Fatalf("the head: %+v", es)
	}
	if r := b.post("lobby", "ada", "next", "x"); r.Seq != 1202 {
		t.Fatalf("the next seq is %d", r.Seq)
	}
	if err := b.Trim(b.context(), "nowhere", 5); err != nil {
		t.Fatal(err)
	}
}
