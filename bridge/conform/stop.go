package conform

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
)

func testStop(t *testing.T, s Subject) {
	t.Run("CloseAnswersEverybody", func(t *testing.T) { closeAnswers(t, s) })
	t.Run("NothingRunsAfterClose", func(t *testing.T) { nothingRuns(t, s) })
	t.Run("AStuckEmitDoesNotHoldClose", func(t *testing.T) { closeStuck(t, s) })
	t.Run("CancelledCallsReturn", func(t *testing.T) { cancelled(t, s) })
}

// closeAnswers closes under load: each append is answered once, what was acknowledged is there, what was refused is not.
func closeAnswers(t *testing.T, s Subject) {
	b := newBench(t, s)
	var mu sync.Mutex
	acked, refused := map[string]uint64{}, map[string]bool{}
	var wg, answers sync.WaitGroup
	stop := make(chan struct{})
	for w := range 6 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := id(w, i)
				answers.Add(1)
				err := b.Append("lobby", textEntry("ada", key, "x"), func(r history.Receipt, err error) {
					defer answers.Done()
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						acked[key] = r.Seq
					} else {
						refused[key] = !errors.Is(err, history.ErrUncertain)
					}
				})
				if err != nil {
					answers.Done()
					if errors.Is(err, history.ErrUnavailable) {
						return
					}
				}
			}
		})
	}
	soon(t, "some are acknowledged", func() bool { mu.Lock(); defer mu.Unlock(); return len(acked) > 200 })
	n := b.Node
	if err := n.Close(b.context()); err != nil {
		t.Fatal(err)
	}
	close(stop)
	wg.Wait()
	answers.Wait() // done has run for all, once: else this waits, or panics
	if err := n.Append("lobby", textEntry("ada", "late", "x"), nil); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("append after Close: %v", err)
	}
	if _, _, err := n.Page(b.context(), "lobby", history.Query{Limit: 1}, 0); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("page after Close: %v", err)
	}
	if err := n.Tail(b.context(), "lobby", 0, func(history.Entry) bool { return true }); !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("tail after Close: %v", err)
	}
	if err := n.Close(b.context()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	b.open()
	es := b.read("lobby")
	wantDense(t, es, 1)
	there := map[string]uint64{}
	for _, e := range es {
		there[e.ID] = e.Seq
	}
	for key, seq := range acked {
		if there[key] != seq {
			t.Fatalf("%s was acknowledged as %d and is %d", key, seq, there[key])
		}
	}
	for key, surely := range refused {
		if surely && there[key] != 0 {
			t.Fatalf("%s was refused and is there", key)
		}
	}
}

// nothingRuns opens, uses everything, closes, and counts goroutines.
func nothingRuns(t *testing.T, s Subject) {
	warm := newBench(t, s) // what a first use starts for good
	warm.post("lobby", "ada", "1", "x")
	warm.close()
	before := runtime.NumGoroutine()
	b := newBench(t, s)
	ended := make(chan error, 20)
	for range 20 {
		go func() { ended <- b.Tail(context.Background(), "lobby", 0, func(history.Entry) bool { return true }) }()
	}
	b.post("lobby", "ada", "1", "x")
	c := b.claim("ada", "1", "c", "s", time.Hour)
	b.Release(c)
	b.close()
	for range 20 {
		if err := <-ended; !errors.Is(err, history.ErrUnavailable) {
			t.Errorf("a tail at Close: %v", err)
		}
	}
	soon(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

// closeStuck closes beside a tail whose emit does not return: the folder is free all the same.
func closeStuck(t *testing.T, s Subject) {
	b := newBench(t, s)
	b.post("lobby", "ada", "1", "x")
	release, stuck := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	n := b.Node
	go func() {
		ended <- n.Tail(context.Background(), "lobby", 0, func(history.Entry) bool { close(stuck); <-release; return true })
	}()
	<-stuck
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := n.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
	b.open()
	b.post("lobby", "ada", "2", "x")
	close(release)
	if err := <-ended; !errors.Is(err, history.ErrUnavailable) {
		t.Errorf("the stuck tail: %v", err)
	}
}

// cancelled cancels every call that can wait.
func cancelled(t *testing.T, s Subject) {
	b := newBench(t, s)
	b.post("lobby", "ada", "1", "x")
	before := runtime.NumGoroutine()
	for _, call := range []struct {
		name string
		run  func(ctx context.Context) error
	}{
		{"Tail", func(ctx context.Context) error {
			return b.Tail(ctx, "lobby", 1, func(history.Entry) bool { return true })
		}},
		{"Tail nowhere", func(ctx context.Context) error {
			return b.Tail(ctx, "nowhere", 0, func(history.Entry) bool { return true })
		}},
		{"Page", func(ctx context.Context) error {
			_, _, err := b.Page(ctx, "lobby", history.Query{Limit: 1}, 100)
			return err
		}},
		{"Page nowhere", func(ctx context.Context) error {
			_, _, err := b.Page(ctx, "nowhere", history.Query{Limit: 1}, 1)
			return err
		}},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- call.run(ctx) }()
		select {
		case err := <-ended:
			t.Errorf("%s did not wait: %v", call.name, err)
			cancel()
			continue
		case <-time.After(20 * time.Millisecond):
		}
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", call.name, err)
			}
		case <-time.After(deadline):
			t.Errorf("%s goes on after its context ended", call.name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Head(ctx, "lobby"); !errors.Is(err, context.Canceled) {
		t.Errorf("Head: %v", err)
	}
	if _, err := b.Rooms(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Rooms: %v", err)
	}
	if err := b.Each(ctx, "state", func(string, []byte, time.Duration) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("Each: %v", err)
	}
	if err := b.Trim(ctx, "lobby", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Trim: %v", err)
	}
	if err := b.Erase(ctx, "lobby", []uint64{1}, history.Entry{ID: "t"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Erase: %v", err)
	}
	soon(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}
