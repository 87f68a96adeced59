package history

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkAppend measures durable appends: each publisher waits for its receipt before it sends the next.
func BenchmarkAppend(b *testing.B) {
	for _, publishers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("publishers=%d", publishers), func(b *testing.B) {
			s, err := Open(context.Background(), b.TempDir(), Config{}, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close(context.Background())
			var next atomic.Int64
			body := make([]byte, 120)
			b.ResetTimer()
			var wg sync.WaitGroup
			for p := range publishers {
				wg.Go(func() {
					done := make(chan error, 1)
					answer := func(_ Receipt, err error) { done <- err }
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						e := Entry{ID: fmt.Sprintf("0193a1b2-7c3d-7e4f-8a5b-%012d", n), From: fmt.Sprintf("member-%d", p), Kind: "text", Body: body}
						if err := s.Append(fmt.Sprintf("room-%d", p%10), e, answer); err != nil {
							b.Error(err)
							return
						}
						if err := <-done; err != nil {
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
