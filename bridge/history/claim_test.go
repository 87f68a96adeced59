package history

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// memory is where claims are stored in these tests: rows as a database would have them.
type memory struct {
	*claims
	rows     map[uint64]claimRow
	reserved uint64
	stop     chan struct{}
	ended    chan struct{}
}

// newMemory starts claims on what an earlier run has stored.
func newMemory(rows map[uint64]claimRow, lived time.Duration, reserved uint64) *memory {
	m := &memory{rows: rows, reserved: reserved, stop: make(chan struct{}), ended: make(chan struct{})}
	var list []claimRow
	for _, row := range rows {
		list = append(list, row)
	}
	work := make(chan struct{}, 1)
	m.claims = newClaims(list, lived, reserved, func() {
		select {
		case work <- struct{}{}:
		default:
		}
	})
	go func() {
		defer close(m.ended)
		for {
			select {
			case <-work:
				m.store()
			case <-m.stop:
				return
			}
		}
	}()
	go m.claims.run(m.stop)
	return m
}

func (m *memory) store() {
	rows, reserved, change := m.take(1000)
	for _, row := range rows {
		if row.gone {
			delete(m.rows, row.rev)
		} else {
			m.rows[row.rev] = row
		}
	}
	m.reserved = reserved
	m.stored(rows, change, nil)
}

// end stops m and returns what is stored.
func (m *memory) end() (map[uint64]claimRow, uint64) {
	synctest.Wait()
	close(m.stop)
	<-m.ended
	return m.rows, m.reserved
}

func (m *memory) get(t *testing.T, name, client, secret string, hold time.Duration) Claim {
	t.Helper()
	r := ClaimRequest{Name: name, Fold: name, Keys: [2]string{name, name}, Session: fmt.Sprint(time.Now().UnixNano(), client), Client: client, Hold: hold}
	if secret != "" {
		r.Verifier = []byte(secret)
	}
	c, err := m.Claim(context.Background(), r, func(v []byte) bool { return string(v) == secret })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (m *memory) wantHeld(t *testing.T, name string, held bool) {
	t.Helper()
	synctest.Wait()
	if _, ok := m.Lookup([2]string{name, name}); ok != held {
		t.Errorf("%s is held: %v, want %v", name, ok, held)
	}
}

func TestAHoldLastsExactlyAsLongAsItShould(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(map[uint64]claimRow{}, 0, 0)
		defer m.end()
		c := m.get(t, "ada", "phone", "s", 10*time.Minute)
		time.Sleep(24 * time.Hour) // connected
		m.wantHeld(t, "ada", true)
		m.Release(c)
		time.Sleep(10*time.Minute - time.Millisecond)
		m.wantHeld(t, "ada", true)
		c = m.get(t, "ada", "phone", "s", 10*time.Minute) // back in time
		time.Sleep(time.Hour)
		m.wantHeld(t, "ada", true)
		m.Release(c)
		time.Sleep(10*time.Minute + time.Millisecond)
		m.wantHeld(t, "ada", false)
		if f := <-m.Freed(); f.Rev != c.Rev || f.Name != "ada" {
			t.Errorf("freed %+v, want %+v", f, c)
		}
	})
}

// Many holds of different lengths end each in its time, by one timer.
func TestHoldsEndInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(map[uint64]claimRow{}, 0, 0)
		defer m.end()
		revs := map[uint64]int{}
		for _, i := range []int{7, 3, 9, 1, 5, 2, 8, 4, 6} {
			c := m.get(t, fmt.Sprint("name-", i), "c", "s", time.Duration(i)*time.Minute)
			revs[c.Rev] = i
			m.Release(c)
		}
		began := time.Now()
		for i := 1; i <= 9; i++ {
			c := <-m.Freed()
			if revs[c.Rev] != i || time.Since(began).Round(time.Second) != time.Duration(i)*time.Minute {
				t.Errorf("after %v: %d, want %d", time.Since(began), revs[c.Rev], i)
			}
		}
	})
}

// A restart gives connected names their full hold, held ones the rest, and those without a secret nothing.
func TestHoldsGoOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(map[uint64]claimRow{}, 5*time.Hour, 0) // lived counts from anywhere
		connected := m.get(t, "connected", "c", "s", 10*time.Minute)
		held := m.get(t, "held", "c", "s", 10*time.Minute)
		plain := m.get(t, "plain", "c", "", 10*time.Minute)
		brief := m.get(t, "brief", "c", "s", time.Minute)
		m.Release(held)
		time.Sleep(4 * time.Minute)
		m.Release(brief)
		rows, reserved := m.end()

		time.Sleep(100 * time.Hour) // switched off: not counted
		lived := 5*time.Hour + 4*time.Minute
		m = newMemory(rows, lived, reserved)
		if c := <-m.Freed(); c.Rev != plain.Rev {
			t.Errorf("freed %+v, want %+v", c, plain)
		}
		for _, c := range []Claim{connected, held, plain, brief} {
			if m.Valid(c) {
				t.Errorf("%+v is valid after a restart", c)
			}
		}
		time.Sleep(59 * time.Second)
		m.wantHeld(t, "brief", true)
		time.Sleep(2 * time.Second)
		m.wantHeld(t, "brief", false)
		time.Sleep(6*time.Minute - 62*time.Second)
		m.wantHeld(t, "held", true)
		time.Sleep(2 * time.Second)
		m.wantHeld(t, "held", false)
		rows, reserved = m.end()

		// The hold that began at the start goes on after one more.
		m = newMemory(rows, lived+6*time.Minute, reserved)
		defer m.end()
		time.Sleep(4*time.Minute - 2*time.Second)
		m.wantHeld(t, "connected", true)
		time.Sleep(4 * time.Second)
		m.wantHeld(t, "connected", false)
		if c := m.get(t, "connected", "c", "s", 0); c.Rev <= brief.Rev {
			t.Errorf("rev %d after %d", c.Rev, brief.Rev)
		}
	})
}

// Joining waits for the disk, but not for long.
func TestAClaimDoesNotWaitForADiskThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClaims(nil, 0, 0, func() {}) // nobody stores
		asked := 0
		ask := func() (time.Duration, error) {
			began := time.Now()
			asked++
			name := fmt.Sprint("name-", asked)
			_, err := c.Claim(t.Context(), ClaimRequest{Name: name, Fold: name, Keys: [2]string{name, name}, Session: "1"}, nil)
			return time.Since(began), err
		}
		if took, err := ask(); err != nil || took != storeWait {
			t.Errorf("silent: %v, %v", took, err)
		}
		rows, _, change := c.take(10)
		c.stored(rows, change, ErrFull)
		if took, err := ask(); err != nil || took != 0 {
			t.Errorf("known to be full: %v, %v", took, err)
		}
		rows, _, change = c.take(10)
		if len(rows) != 2 {
			t.Errorf("%d rows to be stored, want both", len(rows))
		}
		c.stored(rows, change, nil)
		if took, err := ask(); err != nil || took != storeWait {
			t.Errorf("silent again: %v, %v", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), storeWait/2)
		defer cancel()
		if _, err := c.Claim(ctx, ClaimRequest{Name: "x", Fold: "x", Keys: [2]string{"x", "x"}, Session: "1"}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled while waiting: %v", err)
		}
		if h, ok := c.Lookup([2]string{"x", "x"}); ok {
			t.Errorf("a cancelled claim left %+v", h)
		}
	})
}

// A slow proof is asked outside the lock, and what changed meanwhile is seen.
func TestAProofIsAskedOutsideTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(map[uint64]claimRow{}, 0, 0)
		defer m.end()
		old := m.get(t, "ada", "phone", "s", 0)
		c, err := m.Claim(t.Context(), ClaimRequest{Name: "ada", Fold: "ada", Keys: [2]string{"ada", "ada"}, Session: "2", Verifier: []byte("x"), Hold: 0},
			func(v []byte) bool {
				m.Release(old) // the name becomes free while its secret is being compared
				if m.Valid(old) {
					t.Error("released and valid")
				}
				return false
			})
		if err != nil || c.Rev == old.Rev || !m.Valid(c) {
			t.Errorf("%+v, %v: the name was free in the end", c, err)
		}
	})
}
