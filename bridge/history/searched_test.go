package history_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"

	"pgregory.net/rapid"
)

// What a plain look at every message would find, a search finds: through edits, erasures, trims, restarts and kills, with the index
// anywhere between its beginning and its end.
func TestSearchAgainstAModel(t *testing.T) {
	defer history.SetIndexGather(time.Millisecond)()
	defer history.SetMostBrief(3)()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each opens and closes some stores
		defer f.Value.Set(f.Value.String())
		f.Value.Set("8")
	}
	vocabulary := []string{"nozzle", "nozzles", "Tea", "tée", "東京駅", "京", "駅", "x", "://", "12"}
	type entry struct {
		room, text string
		seq, from  int
		gone       bool
	}
	rapid.Check(t, func(t *rapid.T) {
		base, err := os.MkdirTemp("", "search")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(base)
		dir := filepath.Join(base, "0")
		open := func() *history.Store {
			s, err := history.Open(context.Background(), dir, history.Config{Read: testReader}, quiet())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		defer func() { s.Close(context.Background()) }()
		var log []*entry // in the order of their commits
		seqs, rows := map[string]int{}, int64(0)
		text := func() string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 4).Draw(t, "text"), rapid.SampledFrom([]string{" ", ""}).Draw(t, "between"))
		}
		appendEntry := func(e *entry, he history.Entry) {
			seqs[e.room]++
			rows++
			e.seq = seqs[e.room]
			he.ID, he.From, he.V = fmt.Sprint(rows), fmt.Sprint("m", e.from), 1
			done := make(chan error, 1)
			if err := s.Append(e.room, he, func(_ history.Receipt, err error) { done <- err }); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		some := func() *entry {
			var there []*entry
			for _, e := range log {
				if !e.gone {
					there = append(there, e)
				}
			}
			if len(there) == 0 {
				t.Skip("nothing there")
			}
			return rapid.SampledFrom(there).Draw(t, "one")
		}
		room := rapid.SampledFrom([]string{"lobby", "küche", "@a+b"})
		t.Repeat(map[string]func(*rapid.T){
			"post": func(*rapid.T) {
				e := &entry{room: room.Draw(t, "room"), text: text(), from: rapid.IntRange(0, 2).Draw(t, "from")}
				appendEntry(e, history.Entry{Kind: "text", Body: []byte(e.text)})
				log = append(log, e)
			},
			"edit": func(*rapid.T) {
				e := some()
				e.text = text()
				appendEntry(&entry{room: e.room}, history.Entry{Kind: "edit", Body: fmt.Appendf(nil, "%d %s", e.seq, e.text), Ref: uint64(e.seq)})
			},
			"erase": func(*rapid.T) {
				e := some()
				e.gone = true
				seqs[e.room]++
				rows++
				if err := s.Erase(context.Background(), e.room, []uint64{uint64(e.seq)}, history.Entry{ID: fmt.Sprint(rows), From: "m0", Kind: "delete", V: 1, Body: []byte("x"), Ref: uint64(e.seq)}); err != nil {
					t.Fatal(err)
				}
			},
			"trim": func(*rapid.T) {
				r := room.Draw(t, "room")
				keep := rapid.IntRange(0, seqs[r]).Draw(t, "keep")
				if err := s.Trim(context.Background(), r, uint64(keep)); err != nil {
					t.Fatal(err)
				}
				for _, e := range log {
					e.gone = e.gone || e.room == r && e.seq < keep
				}
			},
			"wait": func(*rapid.T) {
				for s.Indexed() < rows {
					time.Sleep(100 * time.Microsecond)
				}
			},
			"restart": func(*rapid.T) {
				if err := s.Close(context.Background()); err != nil {
					t.Fatal(err)
				}
				s = open()
			},
			"kill": func(*rapid.T) {
				killed := filepath.Join(base, fmt.Sprint(rand.Uint64()))
				if err := s.Freeze(func() error { return os.CopyFS(killed, os.DirFS(dir)) }); err != nil {
					t.Fatal(err)
				}
				s.Close(context.Background())
				dir = killed
				s = open()
			},
			"": func(*rapid.T) {
				sought := rapid.SampledFrom(append(vocabulary[:8:8], "noz*", "nozz*", "nozzle*", "t*", "tea nozzle", "京駅", "東京駅x")).Draw(t, "sought")
				rooms := rapid.SliceOfDistinct(room, func(s string) string { return s }).Draw(t, "rooms")
				from := rapid.IntRange(0, 3).Draw(t, "from")
				q := history.SearchQuery{Words: phrases(t, sought), Limit: rapid.IntRange(1, 5).Draw(t, "limit"), Room: func(r string) bool { return slices.Contains(rooms, r) }}
				if from < 3 {
					q.Labels = [][]string{{fmt.Sprint("from:m", from)}}
				}
				var want []string
				for _, e := range slices.Backward(log) {
					if !e.gone && slices.Contains(rooms, e.room) && (from == 3 || from == e.from) && q.Words.Match(e.text) {
						want = append(want, fmt.Sprintf("%s/%d", e.room, e.seq))
					}
				}
				if got := find(t, s, q); !slices.Equal(got, want) {
					t.Fatalf("%q in %v of %d with the index at %d of %d: found %v, want %v", sought, rooms, from, s.Indexed(), rows, got, want)
				}
			},
		})
	})
}
