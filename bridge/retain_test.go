package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

func TestDateIsBelievedWhenTheClockGoesEvenly(t *testing.T) {
	t.Parallel()
	var s steadiness
	begin := time.Date(1970, 1, 1, 0, 0, 7, 0, time.UTC)
	ahead := time.Duration(0)
	for _, c := range []struct {
		minute int
		jump   time.Duration // of the date, before this look
		want   bool
	}{
		{0, 0, false},
		{9, 0, false},
		{10, 0, true},
		{11, 20 * time.Second, true}, // it is put right by a little
		{12, -20 * time.Second, true},
		{13, 56 * 365 * 24 * time.Hour, false}, // the network has told the time
		{22, 0, false},
		{23, 0, true},
		{24, -48 * time.Hour, false},
		{60, 0, true},
		{600, 0, true}, // a look that comes late
	} {
		ahead += c.jump
		passed := time.Duration(c.minute) * time.Minute
		if got := s.at(begin.Add(passed+ahead), passed); got != c.want {
			t.Errorf("after %d minutes: believed %v, want %v", c.minute, got, c.want)
		}
	}
}

// A datedEntry is what the rules know of an entry.
type datedEntry struct {
	seq  uint64
	time time.Time
	size int
}

// TestRetentionIsWhatTheRulesSay holds the sweep, which reads as little as it can, against a slice that is looked through whole.
func TestRetentionIsWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	for range 6 {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 2))
		store, err := history.Open(t.Context(), t.TempDir(), history.Config{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		b := &Bridge{store: store, quiet: broker.NewQuiet(slog.New(slog.DiscardHandler)), rooms: &rooms{open: map[string]*room{}}}
		b.cards = &cards{bySlug: map[string]*card{}}
		k := keep{}
		switch rng.IntN(3) {
		case 0:
			k.Messages = 5 + rng.IntN(60)
		case 1:
			k.Days = 1 + rng.IntN(30)
		case 2:
			k.Bytes = int64(100 + rng.IntN(3000))
		}
		r := newRetention(b, k)
		now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		var log []datedEntry
		for step := range 12 {
			var es []history.Entry
			for range 1 + rng.IntN(60) {
				now = now.Add(time.Duration(rng.IntN(12)) * time.Hour)
				e := history.Entry{Seq: uint64(len(log) + 1), ID: fmt.Sprint(len(log)), From: "ada", Kind: kindText, V: 1, Time: now.Truncate(time.Millisecond),
					Body: []byte(strings.Repeat("x", rng.IntN(200)))}
				switch rng.IntN(20) {
				case 0:
					e.Time = time.Unix(int64(rng.IntN(1000)), 0).UTC() // before the clock was set
				case 1:
					e.Time = now.AddDate(rng.IntN(80)+1, 0, 0)
				}
				es = append(es, e)
				log = append(log, datedEntry{e.Seq, e.Time, len(e.Body)})
			}
			if err := store.Import(t.Context(), "lobby", es); err != nil {
				t.Fatal(err)
			}
			now = now.Add(2 * time.Hour) // the pause between two cuts is over
			dated := rng.IntN(4) > 0
			r.sweep(t.Context(), now, dated)
			got := store.Logs()[0].First
			want := naive(log, k, now)
			if k.Days > 0 && !dated {
				if got > want {
					t.Fatalf("seed %d, step %d: by a date that is not believed the log begins at %d, and may at %d", seed, step, got, want)
				}
				continue
			}
			if got != want {
				t.Fatalf("seed %d, step %d, %+v: the log of %d begins at %d, want %d", seed, step, k, len(log), got, want)
			}
		}
		if err := store.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// naive is where a log begins that keeps what it may.
func naive(log []datedEntry, k keep, now time.Time) uint64 {
	from := 0
	if k.Messages > 0 {
		from = max(from, len(log)-k.Messages)
	}
	if k.Days > 0 {
		for i, p := range log {
			if unknown := p.time.Before(birth) || p.time.After(now.Add(clockAhead)); unknown {
				continue
			}
			if !p.time.Before(now.AddDate(0, 0, -k.Days)) {
				break
			}
			from = max(from, i+1)
		}
	}
	if k.Bytes > 0 {
		size, i := int64(0), len(log)
		for i > 0 && (i == len(log) || size+int64(log[i-1].size) <= k.Bytes) {
			i--
			size += int64(log[i].size)
		}
		from = max(from, i)
	}
	return log[min(from, len(log)-1)].seq
}

// What files weigh counts as long as they are there: a deleted one takes no others along.
func TestFilesWeighInWhatIsKept(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	rt := newRetention(r.b, keep{})
	log := func(seq uint64, size int64) {
		t.Helper()
		logged := make(chan error, 1)
		e := history.Entry{ID: fmt.Sprint("f", seq), From: "ada", Kind: kindFile, V: 1, Body: encode(body{File: &fileBody{Size: size}})}
		if err := r.store.Append("den", e, func(_ history.Receipt, err error) { logged <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-logged; err != nil {
			t.Fatal(err)
		}
	}
	s := &retained{}
	want := func(from uint64) {
		t.Helper()
		for _, l := range r.store.Logs() {
			if l.Name != "den" {
				continue
			}
			if got, err := rt.light(t.Context(), l, s, 1_000_000); err != nil || got != from {
				t.Errorf("from %d, %v, want %d", got, err, from)
			}
		}
	}
	log(1, 300_000)
	log(2, 600_000)
	want(1)
	tomb := history.Entry{ID: "d", From: "ada", Kind: kindDelete, V: 1, Body: encode(body{Ref: "f2", RefSeq: 2}), Ref: 2}
	if err := r.store.Erase(t.Context(), "den", []uint64{2}, tomb); err != nil {
		t.Fatal(err)
	}
	log(4, 600_000)
	want(1)
	log(5, 500_000)
	want(5)
	log(6, 2_000_000) // more than may be alone: the newest stays
	want(6)
}
