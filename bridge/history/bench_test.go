package history_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"tincan/bridge/history"
)

// benchBody is a text as people write them.
var benchBody = []byte(`{"text":"the ferry is late again, so we start at half past nine; bring the long cable and two of the sensors"}`)

func benchStore(b *testing.B, dir string) *history.Store {
	b.Helper()
	s, err := history.Open(context.Background(), dir, history.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// benchEntry has the id of a UUIDv7: it grows with time.
func benchEntry(n int64, from string) history.Entry {
	return history.Entry{ID: fmt.Sprintf("0193a1b2-7c3d-7e4f-8a5b-%012d", n), From: from, Kind: "text", V: 1, Body: benchBody}
}

// BenchmarkAppend measures durable appends: each publisher waits for its receipt before it sends the next. Ten rooms.
func BenchmarkAppend(b *testing.B) {
	for _, publishers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("publishers=%d", publishers), func(b *testing.B) {
			s := benchStore(b, b.TempDir())
			defer s.Close(context.Background())
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for p := range publishers {
				wg.Go(func() {
					done := make(chan error, 1)
					answer := func(_ history.Receipt, err error) { done <- err }
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						err := s.Append(fmt.Sprintf("room-%d", p%10), benchEntry(n, fmt.Sprintf("member-%d", p)), answer)
						if err == nil {
							err = <-done
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

// BenchmarkOpen measures Open alone: of a new folder, of one with a million messages in ten rooms that was closed, and of the
// same after kill -9 (a copy of the files while the store is open). The fill takes a minute.
func BenchmarkOpen(b *testing.B) {
	b.Run("folder=new", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			s := benchStore(b, filepath.Join(b.TempDir(), fmt.Sprint(i)))
			b.StopTimer()
			s.Close(context.Background())
			b.StartTimer()
		}
	})
	dir := filepath.Join(b.TempDir(), "data")
	s := benchStore(b, dir)
	if testing.Short() {
		s.Close(context.Background())
		b.Skip("no million messages in short mode")
	}
	var wg sync.WaitGroup
	for n := range int64(1e6) {
		wg.Add(1)
		for s.Append(fmt.Sprintf("room-%d", n%10), benchEntry(n, fmt.Sprintf("member-%d", n%97)), func(history.Receipt, error) { wg.Done() }) != nil {
		}
		if n%10000 == 0 {
			wg.Wait()
		}
	}
	wg.Wait()
	killed := filepath.Join(b.TempDir(), "killed")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "tincan.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("a million messages: %d MB", info.Size()>>20)
	open := func(b *testing.B, dir string) {
		for b.Loop() {
			b.StopTimer()
			copied := filepath.Join(b.TempDir(), "copy")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			s := benchStore(b, copied)
			b.StopTimer()
			s.Close(context.Background())
			os.RemoveAll(copied)
			b.StartTimer()
		}
	}
	b.Run("folder=million", func(b *testing.B) { open(b, dir) })
	b.Run("folder=million-killed", func(b *testing.B) { open(b, killed) })
}
