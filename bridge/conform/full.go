package conform

import (
	"errors"
	"testing"
	"time"

	"tincan/bridge/history"
)

// testFull fills the disk under a running store, frees it, and starts on a full one.
func testFull(t *testing.T, s Subject) {
	if s.Disk == nil {
		t.Skip("there is no disk to fill here")
	}
	disk, fill := s.Disk(t)
	b := newBenchIn(t, s, disk)
	for i := range 10 {
		b.post("lobby", "ada", id(i), "before")
	}
	held := b.claim("ada", "1", "c", "s", time.Hour)
	full := func() (stored int) {
		t.Helper()
		body := make([]byte, 4<<10)
		for i := 0; ; i++ {
			a := wait(t, send(t, b, "lobby", history.Entry{ID: id("filling", time.Now().UnixNano(), i), From: "ada", Kind: "text", Body: body}))
			if errors.Is(a.err, history.ErrFull) {
				return stored
			}
			if a.err != nil || i > 20000 {
				t.Fatalf("append %d on a full disk: %+v", i, a)
			}
			stored++
		}
	}
	usable := func(stored int) {
		t.Helper()
		head, err := b.Head(b.context(), "lobby")
		if err != nil || head != uint64(10+stored) {
			t.Fatalf("head %d, %v, want %d", head, err, 10+stored)
		}
		es := b.read("lobby")
		wantDense(t, es, 1)
		if len(es) != 10+stored {
			t.Fatalf("%d entries, want %d", len(es), 10+stored)
		}
		c := b.claim("eve", "2", "c2", "x", 0) // joining goes on from memory
		b.refused(request("ada", "9", "c9", "wrong", 0), "wrong")
		b.Release(c)
	}
	healed := func() {
		t.Helper()
		began := time.Now()
		soon(t, "appends are taken up", func() bool {
			a := wait(t, send(t, b, "lobby", textEntry("ada", "healed"+began.String(), "after")))
			if a.err != nil && !errors.Is(a.err, history.ErrFull) {
				t.Fatal(a.err)
			}
			return a.err == nil
		})
		t.Logf("taken up after %v", time.Since(began))
	}
	release := fill()
	stored := full()
	usable(stored)
	if err := b.Erase(b.context(), "lobby", []uint64{2}, history.Entry{ID: "tomb", From: "ada", Kind: "delete"}); err != nil {
		t.Errorf("erasing on a full disk: %v", err)
	}
	stored++ // the tomb
	usable(stored)
	stored += full()
	release()
	healed()
	stored++
	usable(stored)

	// Stopped and started while there is no space.
	release = fill()
	stored += full()
	b.reopen()
	usable(stored)
	if h, ok := b.Lookup([2]string{"ada", "ada"}); !ok || h.Rev != held.Rev {
		t.Fatalf("the claim is %+v, %v", h, ok)
	}
	if n := full(); n > 0 {
		stored += n // what the space of the write-ahead log gave
	}
	release()
	healed()
	stored++
	usable(stored)
	b.reopen()
	usable(stored)
}
