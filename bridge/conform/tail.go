package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"tincan/bridge/history"
)

func testTail(t *testing.T, s Subject) {
	t.Run("EveryTailIsCompleteInOrderAndOnce", func(t *testing.T) { tailsComplete(t, s) })
	t.Run("APausedTailResumes", func(t *testing.T) { tailPaused(t, s) })
	t.Run("ARoomMayComeLater", func(t *testing.T) { tailEarly(t, s) })
	t.Run("BeforeTheRetainedPartIsTooOld", func(t *testing.T) { tailTooOld(t, s) })
	t.Run("AStuckEmitHoldsLittle", func(t *testing.T) { tailStuck(t, s) })
}

// tailsComplete starts tails everywhere in a growing log, some of them slow.
func tailsComplete(t *testing.T, s Subject) {
	b := newBench(t, s)
	const total = 1500
	for i := range 100 {
		b.post("lobby", "ada", id("old", i), "x")
	}
	ctx := b.context()
	var tails sync.WaitGroup
	for n := range 12 {
		after := uint64(n * 9)
		tails.Go(func() {
			next := after + 1
			err := b.Tail(ctx, "lobby", after, func(e history.Entry) bool {
				if e.Seq != next {
					t.Errorf("tail after %d: seq %d, want %d", after, e.Seq, next)
					return false
				}
				if n%3 == 0 {
					runtime.Gosched()
				}
				next++
				return e.Seq < total
			})
			if err != nil || next != total+1 {
				t.Errorf("tail after %d ended at %d: %v", after, next, err)
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 7 {
		writers.Go(func() {
			var pending []<-chan answer
			for i := range 200 {
				pending = append(pending, send(t, b, "lobby", textEntry(id("w", w), id(i), "hello")))
			}
			for _, c := range pending {
				if a := <-c; a.err != nil {
					t.Error(a.err)
				}
			}
		})
	}
	writers.Wait()
	tails.Wait()
}

func tailPaused(t *testing.T, s Subject) {
	b := newBench(t, s)
	for i := range 50 {
		b.post("lobby", "ada", id(i), "x")
	}
	after := uint64(0)
	for after < 50 {
		stop := after + 7
		err := b.Tail(b.context(), "lobby", after, func(e history.Entry) bool {
			if e.Seq != after+1 {
				t.Fatalf("seq %d after %d", e.Seq, after)
			}
			after = e.Seq
			return after < stop && after < 50
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func tailEarly(t *testing.T, s Subject) {
	b := newBench(t, s)
	got := make(chan history.Entry, 1)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(b.context())
	go func() {
		ended <- b.Tail(ctx, "later", 0, func(e history.Entry) bool { got <- e; return true })
	}()
	b.post("later", "ada", "1", "x")
	if e := <-got; e.Seq != 1 || string(e.Body) != "x" {
		t.Fatalf("got %+v", e)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("a tail whose context ended: %v", err)
	}
	// After a seq that is not there yet: silent until then.
	go func() {
		ended <- b.Tail(b.context(), "later", 3, func(e history.Entry) bool { got <- e; return false })
	}()
	for i := range 3 {
		b.post("later", "ada", id(i+2), "x")
	}
	if e := <-got; e.Seq != 4 {
		t.Fatalf("got %+v", e)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func tailTooOld(t *testing.T, s Subject) {
	b := newBench(t, s)
	for i := range 10 {
		b.post("lobby", "ada", id(i), "x")
	}
	if err := b.Trim(b.context(), "lobby", 6); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for after := range uint64(5) {
			err := b.Tail(b.context(), "lobby", after, func(e history.Entry) bool { t.Errorf("emitted %d", e.Seq); return false })
			if !errors.Is(err, history.ErrTooOld) {
				t.Fatalf("tail after %d: %v", after, err)
			}
		}
		if err := b.Tail(b.context(), "lobby", 5, func(e history.Entry) bool { return e.Seq < 10 }); err != nil {
			t.Fatal(err)
		}
		b.reopen()
	}
}

// tailStuck appends 24 MB beside a tail whose emit does not return.
func tailStuck(t *testing.T, s Subject) {
	b := newBench(t, s)
	release := make(chan struct{})
	stuck := make(chan struct{})
	var seen atomic.Uint64
	ended := make(chan error, 1)
	go func() {
		ended <- b.Tail(b.context(), "lobby", 0, func(e history.Entry) bool {
			if e.Seq == 1 {
				close(stuck)
				<-release
			}
			if e.Seq != seen.Load()+1 {
				t.Errorf("seq %d after %d", e.Seq, seen.Load())
			}
			seen.Store(e.Seq)
			return e.Seq < 3001
		})
	}()
	b.post("lobby", "ada", "0", "x")
	<-stuck
	before := heap()
	body := make([]byte, 8<<10)
	for i := range 100 {
		var pending []<-chan answer
		for k := range 30 {
			pending = append(pending, send(t, b, "lobby", history.Entry{ID: id(i, k), From: "ada", Kind: "text", Body: body}))
		}
		for _, c := range pending {
			if a := wait(t, c); a.err != nil {
				t.Fatal(a.err)
			}
		}
	}
	if grown := int64(heap()) - int64(before); grown > 6<<20 {
		t.Errorf("a stuck tail holds %d bytes", grown)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
