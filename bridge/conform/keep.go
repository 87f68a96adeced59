package conform

import (
	"errors"
	"testing"
	"time"

	"tincan/bridge/history"
)

func testKeep(t *testing.T, s Subject) {
	t.Run("AKeptNameWaitsWithoutEnd", func(t *testing.T) { keptWaits(t, s) })
	t.Run("ARegisteredNameIsKept", func(t *testing.T) { registered(t, s) })
	t.Run("AGivenUpNameIsLikeAnyOther", func(t *testing.T) { givenUp(t, s) })
}

// claimAs wants the name as somebody.
func (b *bench) claimAs(ident, name, session, secret string, hold time.Duration) history.Claim {
	b.Helper()
	r := request(name, session, session, secret, hold)
	r.Ident = ident
	c, err := b.Claim(b.context(), r, proof(secret))
	if err != nil {
		b.Fatalf("claim %s: %v", name, err)
	}
	return c
}

func (b *bench) wantHolder(name string, want history.Holder) {
	b.Helper()
	if h, ok := b.Lookup([2]string{name, name}); !ok || h != want {
		b.Fatalf("%s: %+v, %v, want %+v", name, h, ok, want)
	}
}

func keptWaits(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claimAs("first", "ada", "1", "s", 0)
	if c.Ident != "first" {
		t.Fatalf("claimed as %+v", c)
	}
	plain := b.claim("plug", "1", "c", "", 0)
	for _, rev := range []uint64{plain.Rev, 1 << 60} {
		if err := b.Keep(b.context(), rev, []byte("verifier of p")); !errors.Is(err, history.ErrNoHolding) {
			t.Errorf("kept %d: %v", rev, err)
		}
	}
	before, _ := b.Lookup([2]string{"ada", "ada"})
	if err := b.Keep(b.context(), c.Rev, []byte("verifier of p")); err != nil {
		t.Fatal(err)
	}
	after, _ := b.Lookup([2]string{"ada", "ada"})
	if before.Proof == after.Proof {
		t.Error("another secret has the same proof")
	}
	if !b.Valid(c) {
		t.Fatal("keeping a name ended its session")
	}
	if e := b.refused(request("ada", "2", "c", "s", 0), "s"); !e.Wrong || !e.Kept {
		t.Errorf("by the secret of before: %+v", e)
	}
	if d := b.claimAs("other", "ada", "2", "p", 0); d.Rev != c.Rev || d.Ident != "first" {
		t.Errorf("by the new one: %+v", d)
	} else {
		b.Release(d)
	}
	b.Release(c)
	want := history.Holder{Name: "ada", Fold: "ada", Rev: c.Rev, Ident: "first", Secret: true, Kept: true, Proof: after.Proof}
	b.wantHolder("ada", want)
	for range 2 {
		b.reopen()
		b.wantHolder("ada", want)
		b.refused(request("ada", "3", "c", "", 0), "")
		if d := b.claimAs("other", "ada", "3", "p", 0); d.Rev != c.Rev || d.Ident != "first" {
			t.Errorf("after a restart: %+v", d)
		} // connected when it is opened again
	}
	if kept := b.Kept(); len(kept) != 1 || kept[0].Name != "ada" {
		t.Errorf("kept: %+v", kept)
	}
}

func registered(t *testing.T, s Subject) {
	b := newBench(t, s)
	r := request("eve", "", "", "p", time.Hour)
	r.Ident = "eve's"
	h, err := b.Register(b.context(), r)
	if want := (history.Holder{Name: "eve", Fold: "eve", Rev: h.Rev, Ident: "eve's", Secret: true, Kept: true, Proof: h.Proof}); err != nil || h != want || h.Rev == 0 {
		t.Fatalf("registered %+v, %v", h, err)
	}
	var taken *history.TakenError
	alike := request("еvе", "", "", "q", time.Hour)
	alike.Keys = [2]string{"x", "eve"}
	if _, err := b.Register(b.context(), alike); !errors.As(err, &taken) || !taken.Alike || taken.Name != "eve" {
		t.Errorf("a look-alike was registered: %v", err)
	}
	b.reopen()
	b.wantHolder("eve", h)
	if c := b.claimAs("other", "eve", "1", "p", 0); c.Rev != h.Rev || c.Ident != "eve's" {
		t.Errorf("claimed as %+v", c)
	}
}

func givenUp(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claimAs("a", "ada", "1", "s", 0)
	if err := b.GiveUp(b.context(), c.Rev); !errors.Is(err, history.ErrNoHolding) {
		t.Errorf("gave up what was not kept: %v", err)
	}
	if err := b.Keep(b.context(), c.Rev, []byte("verifier of s")); err != nil {
		t.Fatal(err)
	}
	if err := b.GiveUp(b.context(), c.Rev); err != nil {
		t.Fatal(err)
	}
	if !b.Valid(c) {
		t.Fatal("giving a name up ended its session")
	}
	b.Release(c)
	b.wantFreed(c.Rev)
	h, err := b.Register(b.context(), request("eve", "", "", "p", time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.GiveUp(b.context(), h.Rev); err != nil { // nobody is there to wait for
		t.Fatal(err)
	}
	b.wantFreed(h.Rev)
	b.reopen()
	if h, ok := b.Lookup([2]string{"eve", "eve"}); ok {
		t.Errorf("after a restart: %+v", h)
	}
}
