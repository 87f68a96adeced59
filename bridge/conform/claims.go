package conform

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
)

func testClaims(t *testing.T, s Subject) {
	t.Run("OneOfAThousandWins", func(t *testing.T) { oneWinner(t, s) })
	t.Run("LookAlikesAreOneName", func(t *testing.T) { lookAlikes(t, s) })
	t.Run("TheSecretProves", func(t *testing.T) { secretProves(t, s) })
	t.Run("WithoutSecretTheClientIDProves", func(t *testing.T) { clientProves(t, s) })
	t.Run("TheSameClientReplaces", func(t *testing.T) { sameClient(t, s) })
	t.Run("AHoldEnds", func(t *testing.T) { holdEnds(t, s) })
	t.Run("HoldsOutliveARestart", func(t *testing.T) { holdsRestart(t, s) })
	t.Run("ReleasingTwiceIsNothing", func(t *testing.T) { releaseTwice(t, s) })
	t.Run("ACancelledClaimIsNotLeft", func(t *testing.T) { cancelledClaim(t, s) })
	t.Run("RevsAreNeverReused", func(t *testing.T) { revsNew(t, s) })
	testKeep(t, s)
}

// request asks for a name; an empty secret is none.
func request(name, session, client, secret string, hold time.Duration) history.ClaimRequest {
	r := history.ClaimRequest{Name: name, Fold: name, Keys: [2]string{name, name}, Session: session, Client: client, Hold: hold}
	if secret != "" {
		r.Verifier = []byte("verifier of " + secret)
	}
	return r
}

// proof proves by a secret.
func proof(secret string) func([]byte) bool {
	return func(v []byte) bool { return string(v) == "verifier of "+secret }
}

// claim wants the name.
func (b *bench) claim(name, session, client, secret string, hold time.Duration) history.Claim {
	b.Helper()
	c, err := b.Claim(b.context(), request(name, session, client, secret, hold), proof(secret))
	if err != nil {
		b.Fatalf("claim %s: %v", name, err)
	}
	if c.Session != session || c.Rev == 0 || !b.Valid(c) {
		b.Fatalf("claim %s: %+v, valid %v", name, c, b.Valid(c))
	}
	return c
}

// refused wants the name to be taken.
func (b *bench) refused(r history.ClaimRequest, secret string) *history.TakenError {
	b.Helper()
	c, err := b.Claim(b.context(), r, proof(secret))
	var taken *history.TakenError
	if !errors.Is(err, history.ErrTaken) || !errors.As(err, &taken) {
		b.Fatalf("claim %s: %+v, %v, want taken", r.Name, c, err)
	}
	return taken
}

func (b *bench) wantFree(name string) {
	b.Helper()
	soon(b, name+" is free", func() bool { _, ok := b.Lookup([2]string{name, name}); return !ok })
}

func oneWinner(t *testing.T, s Subject) {
	b := newBench(t, s)
	for round := range 3 {
		secret := []string{"", "s", ""}[round]
		var mu sync.Mutex
		var winners []history.Claim
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range 1000 {
			wg.Go(func() {
				<-start
				own := ""
				if secret != "" {
					own = id(secret, i) // everyone has another one
				}
				c, err := b.Claim(b.context(), request("ada", id(round, i), id("client", i), own, time.Hour), proof(own))
				switch {
				case err == nil:
					mu.Lock()
					winners = append(winners, c)
					mu.Unlock()
				case !errors.Is(err, history.ErrTaken):
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
		if len(winners) != 1 || !b.Valid(winners[0]) {
			t.Fatalf("round %d: winners %+v", round, winners)
		}
		b.Release(winners[0])
		if secret == "" {
			b.wantFree("ada")
		} else {
			break
		}
	}
}

func lookAlikes(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claim("paypal", "1", "c1", "s", time.Hour)
	alike := request("раураl", "2", "c2", "other", time.Hour)
	alike.Keys = [2]string{"x", "paypal"} // one key is enough
	e := b.refused(alike, "other")
	if !e.Alike || !e.Wrong || e.Name != "paypal" || e.Rev != c.Rev || !e.Connected || !e.Secret {
		t.Errorf("refused as %+v", e)
	}
	other := request("PayPal", "2", "c2", "", 0)
	other.Fold, other.Keys = "paypal", [2]string{"paypaI", "paypaI"} // the same name in another spelling
	if e := b.refused(other, ""); e.Alike || e.Wrong {
		t.Errorf("refused as %+v", e)
	}
	other.Verifier = []byte("verifier of s")
	joined, err := b.Claim(b.context(), other, proof("s"))
	if err != nil || joined.Name != "paypal" || joined.Rev != c.Rev {
		t.Errorf("joined as %+v, %v", joined, err)
	}
	for _, keys := range [][2]string{{"paypal", "paypal"}, {"paypal", "y"}, {"y", "paypal"}} {
		if h, ok := b.Lookup(keys); !ok || h.Name != "paypal" || h.Fold != "paypal" || !h.Connected || !h.Secret || h.Rev != c.Rev {
			t.Errorf("lookup %v: %+v, %v", keys, h, ok)
		}
	}
	if h, ok := b.Lookup([2]string{"y", "y"}); ok {
		t.Errorf("lookup of a free name: %+v", h)
	}
}

func secretProves(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claim("ada", "1", "phone", "s", time.Hour)
	if e := b.refused(request("ada", "2", "laptop", "wrong", 0), "wrong"); !e.Wrong || e.Alike {
		t.Errorf("wrong secret: %+v", e)
	}
	if e := b.refused(request("ada", "2", "phone", "", 0), ""); e.Wrong {
		t.Errorf("no secret, with the client id of the holder: %+v", e)
	}
	d := b.claim("ada", "2", "laptop", "s", time.Hour)
	if d.Rev != c.Rev || !b.Valid(c) {
		t.Fatalf("the second session has rev %d, the first %d and is valid: %v", d.Rev, c.Rev, b.Valid(c))
	}
	b.Release(c)
	if b.Valid(c) || !b.Valid(d) {
		t.Fatal("releasing one session")
	}
	b.Release(d)
	if h, ok := b.Lookup([2]string{"ada", "ada"}); !ok || h.Connected || h.Rev != c.Rev {
		t.Fatalf("a held name: %+v, %v", h, ok)
	}
	if e := b.refused(request("ada", "3", "phone", "wrong", 0), "wrong"); !e.Wrong || e.Connected {
		t.Errorf("a held name, wrong secret: %+v", e)
	}
	if e := b.refused(request("ada", "3", "phone", "", 0), ""); e.Connected {
		t.Errorf("a held name, no secret: %+v", e)
	}
	if e := b.claim("ada", "4", "phone", "s", time.Hour); e.Rev != c.Rev {
		t.Errorf("back with rev %d, was %d", e.Rev, c.Rev)
	}
}

func clientProves(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claim("plug", "1", "esp", "", time.Hour)
	b.refused(request("plug", "2", "other", "", 0), "")
	b.refused(request("plug", "2", "", "", 0), "")
	if e := b.refused(request("plug", "2", "esp", "s", time.Hour), "s"); e.Wrong || e.Secret {
		t.Errorf("with a secret, name held without: %+v", e)
	}
	d := b.claim("plug", "2", "esp", "", time.Hour)
	if d.Rev != c.Rev || b.Valid(c) {
		t.Fatalf("taken over with rev %d, was %d; the old one is valid: %v", d.Rev, c.Rev, b.Valid(c))
	}
	b.wantLost(c, "2")
	b.Release(c) // late, of a session that is lost
	if !b.Valid(d) {
		t.Fatal("releasing the lost session ended the new one")
	}
	b.Release(d)
	b.wantFree("plug") // without a secret nothing is held
	b.wantFreed(c.Rev)
}

func (b *bench) wantLost(c history.Claim, by string) {
	b.Helper()
	select {
	case l := <-b.Lost():
		if l.Claim != c || l.By != by {
			b.Fatalf("lost %+v, want %+v by %s", l, c, by)
		}
	case <-time.After(deadline):
		b.Fatal("no claim was lost")
	}
}

func (b *bench) wantFreed(rev uint64) {
	b.Helper()
	select {
	case c := <-b.Freed():
		if c.Rev != rev {
			b.Fatalf("freed %+v, want rev %d", c, rev)
		}
	case <-time.After(deadline):
		b.Fatal("no name became free")
	}
}

func sameClient(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claim("ada", "1", "phone", "s", time.Hour)
	laptop := b.claim("ada", "2", "laptop", "s", time.Hour)
	again := b.claim("ada", "3", "phone", "s", time.Hour)
	b.wantLost(c, "3")
	if b.Valid(c) || !b.Valid(laptop) || !b.Valid(again) {
		t.Fatal("who is valid after a takeover")
	}
	// The same client id under another name is another session.
	b.claim("bob", "4", "phone", "s", time.Hour)
	if !b.Valid(again) {
		t.Fatal("another name's session took this one over")
	}
}

func holdEnds(t *testing.T, s Subject) {
	b := newBench(t, s)
	const hold = 300 * time.Millisecond
	c := b.claim("ada", "1", "phone", "s", hold)
	time.Sleep(400 * time.Millisecond) // connected, longer than the hold: not a wait for something, but the thing tested
	if !b.Valid(c) {
		t.Fatal("a connected claim ended")
	}
	released := time.Now()
	b.Release(c)
	early, err := b.Claim(b.context(), request("ada", "2", "other", "x", 0), proof("x"))
	if took := time.Since(released); err == nil && took < hold || err != nil && !errors.Is(err, history.ErrTaken) {
		t.Fatalf("somebody else asked for it, and after %v: %v", took, err)
	}
	b.wantFreed(c.Rev)
	if took := time.Since(released); took < hold {
		t.Fatalf("free after %v", took)
	}
	if err == nil { // a busy computer came too late to be refused
		b.Release(early)
		b.wantFreed(early.Rev)
	}
	if d := b.claim("ada", "2", "other", "x", time.Hour); d.Rev == c.Rev {
		t.Fatal("a new holding has the old rev")
	}
	now := b.claim("bob", "1", "phone", "s", 0)
	b.Release(now)
	b.wantFreed(now.Rev) // a hold of nothing ends at once
}

func holdsRestart(t *testing.T, s Subject) {
	b := newBench(t, s)
	connected := b.claim("ada", "1", "c", "s", time.Hour)
	short := b.claim("shorty", "1", "c", "s", 500*time.Millisecond)
	held := b.claim("bob", "1", "c", "s", time.Hour)
	brief := b.claim("brief", "1", "c", "s", 2*time.Second)
	plain := b.claim("plug", "1", "c", "", time.Hour)
	b.Release(held)
	b.Release(brief)
	b.reopen()
	_, waits := b.Lookup([2]string{"brief", "brief"}) // else a busy computer has freed it before, with nobody to hear it
	for _, c := range []history.Claim{connected, held} {
		h, ok := b.Lookup([2]string{c.Name, c.Name})
		if !ok || h.Rev != c.Rev || h.Connected || !h.Secret || b.Valid(c) {
			t.Fatalf("%s after a restart: %+v, %v", c.Name, h, ok)
		}
		b.refused(request(c.Name, "2", "c", "wrong", 0), "wrong")
	}
	freed := map[uint64]bool{}
	// One had no secret to wait for, another was connected and has its full hold, the third was held and has the rest.
	for !freed[plain.Rev] || !freed[short.Rev] || !freed[brief.Rev] && waits {
		select {
		case c := <-b.Freed():
			freed[c.Rev] = true
		case <-time.After(deadline):
			t.Fatalf("freed only %v", freed)
		}
	}
	delete(freed, brief.Rev)
	if len(freed) != 2 {
		t.Fatalf("freed %v, too, want %d and %d", freed, plain.Rev, short.Rev)
	}
	if c := b.claim("ada", "3", "c", "s", time.Hour); c.Rev != connected.Rev {
		t.Fatalf("back with rev %d, was %d", c.Rev, connected.Rev)
	}
	b.reopen() // and once more, now with one that came back
	if h, ok := b.Lookup([2]string{"ada", "ada"}); !ok || h.Rev != connected.Rev {
		t.Fatalf("%+v, %v", h, ok)
	}
	if _, ok := b.Lookup([2]string{"brief", "brief"}); ok {
		t.Fatal("a name that was freed is held again")
	}
}

func releaseTwice(t *testing.T, s Subject) {
	b := newBench(t, s)
	c := b.claim("ada", "1", "c", "", 0)
	b.Release(c)
	b.Release(c)
	d := b.claim("ada", "1", "c", "", 0) // even the same session name: the rev tells them apart
	b.Release(c)
	if !b.Valid(d) || b.Valid(c) {
		t.Fatal("an old release ended a new claim")
	}
	b.Release(history.Claim{Name: "nobody", Session: "x", Rev: 1 << 60})
}

func cancelledClaim(t *testing.T, s Subject) {
	b := newBench(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if c, err := b.Claim(ctx, request("ada", "1", "c", "", 0), nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("%+v, %v", c, err)
	}
	// Cancelled anywhere on the way: either granted, or nothing is left of it.
	for i := range 50 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*40*time.Microsecond)
		c, err := b.Claim(ctx, request("bob", id(i), "", "", 0), nil)
		cancel()
		if err == nil {
			b.Release(c)
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("try %d: %v", i, err)
		}
		if h, ok := b.Lookup([2]string{"bob", "bob"}); ok {
			t.Fatalf("try %d (%v) left %+v", i, err, h)
		}
	}
}

func revsNew(t *testing.T, s Subject) {
	b := newBench(t, s)
	last := uint64(0)
	for round := range 4 {
		for i := range 20 {
			c := b.claim(id("name", i), id(round), "c", "", 0)
			if c.Rev <= last {
				t.Fatalf("rev %d after %d", c.Rev, last)
			}
			last = c.Rev
			b.Release(c)
		}
		b.reopen()
	}
}
