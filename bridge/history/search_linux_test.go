package history_test

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tincan/bridge/history"
)

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// searchWord is the nth word of a language of 30,000.
func searchWord(n uint64) string {
	var t strings.Builder
	for w := n * 2654435761 % 1000003; w > 0; w /= 20 {
		t.WriteString("banoceduflighkam"[w%8*2 : w%8*2+2])
	}
	return t.String()
}

// searchTexts makes messages of 3 to 18 words from 30,000, common ones more often (Zipf 1.1); one in ten is Chinese.
func searchTexts() func(n int) string {
	random := rand.New(rand.NewSource(1))
	common := rand.NewZipf(random, 1.1, 3, 30000)
	return func(n int) string {
		var t strings.Builder
		for range 3 + random.Intn(16) {
			w := common.Uint64()
			if n%10 == 0 {
				t.WriteRune(rune(0x4e00 + w*2654435761%1000003%3000))
				continue
			}
			t.WriteString(searchWord(w))
			t.WriteByte(' ')
		}
		if n == 500_000 {
			t.WriteString(" xylophone")
		}
		return t.String()
	}
}

// fillSearch appends messages of ten rooms as fast as they are taken.
func fillSearch(b *testing.B, s *history.Store, from, to int) {
	text := searchTexts()
	var stored sync.WaitGroup
	for n := from; n < to; n++ {
		stored.Add(1)
		e := benchEntry(int64(n), fmt.Sprintf("member-%d", n%97))
		e.Body = []byte(text(n))
		for s.Append(fmt.Sprintf("room-%d", n%10), e, func(history.Receipt, error) { stored.Done() }) != nil {
			time.Sleep(time.Millisecond)
		}
	}
	stored.Wait()
}

// BenchmarkSearch measures the processor time of the 50 newest hits of a million messages: warm, and cold, which is the first question
// after the folder was opened. The fill takes some minutes; with TINCAN_BENCH_DIR it is kept there for the next time.
func BenchmarkSearch(b *testing.B) {
	if testing.Short() {
		b.Skip("no million messages in short mode")
	}
	const all = 1_000_000
	dir := filepath.Join(b.TempDir(), "data")
	if kept := os.Getenv("TINCAN_BENCH_DIR"); kept != "" {
		dir = kept
	}
	open := func() *history.Store {
		s, err := history.Open(context.Background(), dir, history.Config{Read: testReader}, quiet())
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Freeze(func() error { return nil }); err != nil { // the index is open
			b.Fatal(err)
		}
		return s
	}
	s := open()
	rooms, err := s.Rooms(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	if len(rooms) == 0 {
		fillSearch(b, s, 0, all)
	}
	began, used, from := time.Now(), cpu(b), s.Indexed()
	for s.Indexed() < all {
		time.Sleep(10 * time.Millisecond)
	}
	if n := all - from; n > 1000 {
		b.Logf("%d rows indexed in %v, %v of the processor for each", n, time.Since(began).Round(time.Second), (cpu(b)-used)/time.Duration(n))
	}
	defer func() { s.Close(context.Background()) }()
	public := func(room string) bool { return room != "room-3" }
	for _, c := range []struct {
		name string
		q    history.SearchQuery
	}{
		{"common", history.SearchQuery{Words: phrases(b, searchWord(1))}},
		{"two", history.SearchQuery{Words: phrases(b, searchWord(1), searchWord(2)[:4]+"*")}},
		{"rare", history.SearchQuery{Words: phrases(b, "xylophone")}},
		{"prefix", history.SearchQuery{Words: phrases(b, "xyl*")}},
		{"letter", history.SearchQuery{Words: phrases(b, "b*")}},
		{"pair", history.SearchQuery{Words: phrases(b, string([]rune{0x4e00, 0x4e00}))}},
		{"room", history.SearchQuery{Words: phrases(b, searchWord(1)), Labels: [][]string{{"in:room-7"}}}},
		{"from", history.SearchQuery{Labels: [][]string{{"from:member-13"}}}},
		{"hidden", history.SearchQuery{Words: phrases(b, searchWord(1)), Not: []string{"in:room-3"}, Room: public}},
		{"nothing", history.SearchQuery{Words: phrases(b, searchWord(1), "xylophone", "unheard")}},
	} {
		c.q.Limit = 50
		search := func(b *testing.B) int {
			f, err := s.Search(context.Background(), c.q)
			if err != nil {
				b.Fatal(err)
			}
			return len(f.Hits)
		}
		b.Run("query="+c.name+"/warm", func(b *testing.B) {
			search(b)
			used := cpu(b)
			hits := 0
			for range b.N {
				hits = search(b)
			}
			b.ReportMetric(float64((cpu(b)-used).Microseconds())/float64(b.N)/1000, "cpu-ms/op")
			b.ReportMetric(float64(hits), "hits")
		})
		b.Run("query="+c.name+"/cold", func(b *testing.B) {
			var used time.Duration
			for range b.N {
				b.StopTimer()
				if err := s.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
				s = open()
				b.StartTimer()
				before := cpu(b)
				search(b)
				used += cpu(b) - before
			}
			b.ReportMetric(float64(used.Microseconds())/float64(b.N)/1000, "cpu-ms/op")
		})
	}
}

// BenchmarkAppendIndexed measures what the index adds to appends: the same messages without it and with it.
func BenchmarkAppendIndexed(b *testing.B) {
	const n = 50_000
	for _, read := range []*history.Reader{nil, testReader} {
		b.Run(fmt.Sprintf("index=%v", read != nil), func(b *testing.B) {
			for range b.N {
				s, err := history.Open(context.Background(), filepath.Join(b.TempDir(), "data"), history.Config{Read: read}, quiet())
				if err != nil {
					b.Fatal(err)
				}
				began, used := time.Now(), cpu(b)
				fillSearch(b, s, 0, n)
				b.ReportMetric(n/time.Since(began).Seconds(), "appends/s")
				b.ReportMetric(float64((cpu(b)-used).Microseconds())/n, "cpu-µs/append")
				if read != nil {
					for s.Indexed() < n {
						time.Sleep(time.Millisecond)
					}
					b.ReportMetric(float64((cpu(b)-used).Microseconds())/n, "cpu-µs/all")
				}
				s.Close(context.Background())
			}
		})
	}
}
