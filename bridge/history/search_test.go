package history_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/words"
)

// testReader reads bodies that are their text. An edit has its target in Ref, which is not given back, so it says it: "7 new text".
var testReader = &history.Reader{
	Version: 1,
	Changes: func(e history.Entry) (seq uint64) {
		if e.Kind == "edit" {
			fmt.Sscan(string(e.Body), &seq)
		}
		return seq
	},
	Text: func(e history.Entry, about []history.Entry) string {
		if e.Kind != "text" {
			return ""
		}
		text := string(e.Body)
		for _, a := range about {
			if a.Kind == "edit" {
				_, text, _ = strings.Cut(string(a.Body), " ")
			}
		}
		return text
	},
	Labels: func(room string, e history.Entry, text string) []string {
		ls := []string{"in:" + room, "from:" + e.From}
		if strings.Contains(text, "://") {
			ls = append(ls, "has:link")
		}
		return ls
	},
}

func openSearch(t testing.TB, dir string) *history.Store {
	t.Helper()
	s, err := history.Open(limited(t), dir, history.Config{Read: testReader}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// indexed waits until the index has everything that was appended.
func indexed(t testing.TB, s *history.Store, last int64) {
	t.Helper()
	soon(t, fmt.Sprintf("the index to have %d rows", last), func() bool { return s.Indexed() >= last })
}

func phrases(t teller, texts ...string) (q words.Query) {
	for _, text := range texts {
		text, prefix := strings.CutSuffix(text, "*")
		p, ok := words.NewPhrase(text, prefix)
		if !ok {
			t.Fatalf("%q has no word", text)
		}
		q = append(q, p)
	}
	return q
}

// A teller is a test, or a check of rapid.
type teller interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// find searches, page by page, and returns "room/seq" of each hit.
func find(t teller, s history.Searcher, q history.SearchQuery) (at []string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 3
	}
	for {
		f, err := s.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Hits) > q.Limit || f.More && (f.Next <= 0 || q.Before > 0 && f.Next > q.Before) {
			t.Fatalf("%d hits, more %v, next %d, before %d", len(f.Hits), f.More, f.Next, q.Before)
		}
		for _, h := range f.Hits {
			at = append(at, fmt.Sprintf("%s/%d", h.Room, h.Entry.Seq))
		}
		if !f.More {
			return at
		}
		q.Before = f.Next
	}
}

func wantFound(t testing.TB, s history.Searcher, q history.SearchQuery, want ...string) {
	t.Helper()
	if got := find(t, s, q); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// What is found is the same before and after it is indexed, after edits, and after a kill; what is erased or trimmed is not.
func TestSearchFindsWhatIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openSearch(t, dir)
	for i, text := range []string{"The Nozzle again", "brass nozzles, café", "東京駅で会う", "see https://example.org/nozzle", "nothing"} {
		mustPost(t, s, "lobby", fmt.Sprint(i), text)
	}
	mustPost(t, s, "küche", "k", "the nozzle of the kitchen")
	ask := func(texts ...string) history.SearchQuery { return history.SearchQuery{Words: phrases(t, texts...)} }
	check := func() {
		t.Helper()
		wantFound(t, s, ask("nozzle"), "küche/1", "lobby/4", "lobby/1")
		wantFound(t, s, ask("nozz*"), "küche/1", "lobby/4", "lobby/2", "lobby/1")
		wantFound(t, s, ask("n*"), "küche/1", "lobby/5", "lobby/4", "lobby/2", "lobby/1")
		wantFound(t, s, ask("the nozzle"), "küche/1", "lobby/1")
		wantFound(t, s, ask("nozzle", "again"), "lobby/1")
		wantFound(t, s, ask("CAFE"), "lobby/2")
		wantFound(t, s, ask("京駅"), "lobby/3")
		wantFound(t, s, ask("駅"), "lobby/3")
		wantFound(t, s, ask("会"), "lobby/3")
		wantFound(t, s, ask("in"))
		q := ask("nozzle")
		q.Room = func(room string) bool { return room == "lobby" }
		wantFound(t, s, q, "lobby/4", "lobby/1")
		q.Labels = [][]string{{"in:lobby", "in:x"}, {"has:link"}}
		wantFound(t, s, q, "lobby/4")
		q.Labels = [][]string{{"from:ada"}}
		q.Not = []string{"has:link", "in:küche"}
		wantFound(t, s, q, "lobby/1")
		wantFound(t, s, history.SearchQuery{Labels: [][]string{{"has:link"}}}, "lobby/4")
		wantFound(t, s, history.SearchQuery{Limit: 2}, "küche/1", "lobby/5", "lobby/4", "lobby/3", "lobby/2", "lobby/1")
		var many []string
		for i := range 1500 {
			many = append(many, fmt.Sprintf("in:%d", i))
		}
		wantFound(t, s, history.SearchQuery{Words: phrases(t, "again"), Labels: [][]string{append(many, "in:lobby")}, Not: many}, "lobby/1")
	}
	check()
	indexed(t, s, 6)
	check()
	edit(t, s, "lobby", "e1", 1, "the spare one from drawer 12")
	edit(t, s, "lobby", "e2", 5, "a nozzle after all")
	changed := func() {
		t.Helper()
		wantFound(t, s, ask("nozzle"), "küche/1", "lobby/5", "lobby/4")
		wantFound(t, s, ask("again"))
		wantFound(t, s, ask("nothing"))
		wantFound(t, s, ask("spare", "12"), "lobby/1")
	}
	changed()
	killed := filepath.Join(t.TempDir(), "killed") // as kill -9 leaves it: the index behind
	if err := s.Freeze(func() error { return os.CopyFS(killed, os.DirFS(dir)) }); err != nil {
		t.Fatal(err)
	}
	indexed(t, s, 8)
	changed()
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	s = openSearch(t, killed)
	changed()
	indexed(t, s, 8)
	changed()
}

func edit(t testing.TB, s *history.Store, room, id string, seq uint64, text string) {
	t.Helper()
	done := make(chan error, 1)
	e := history.Entry{ID: id, From: "ada", Kind: "edit", V: 1, Body: fmt.Appendf(nil, "%d %s", seq, text), Ref: seq}
	if err := s.Append(room, e, func(_ history.Receipt, err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// No word of what was erased or trimmed is left in any file, whether it was indexed or not, and what was edited away neither.
func TestErasedWordsLeaveTheDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := openSearch(t, dir)
	word := func(i int) string { return fmt.Sprintf("%04dxylophone%04d", i*7919%10000, i) } // neighbours in the index are far from each other
	var stored sync.WaitGroup
	for i := range 900 {
		stored.Add(1)
		e := history.Entry{ID: fmt.Sprint(i), From: "ada", Kind: "text", V: 1, Body: []byte("we say " + word(i) + " here")}
		if err := s.Append("lobby", e, func(history.Receipt, error) { stored.Done() }); err != nil {
			t.Fatal(err)
		}
	}
	stored.Wait()
	edit(t, s, "lobby", "e", 701, "now "+word(9001))
	indexed(t, s, 901)
	left := func(i int) bool {
		w := word(i)[5:] // the index keeps what words have in common once
		return holdsBytes(t, dir, w)
	}
	for _, i := range []int{100, 500, 700, 899, 9001} {
		if i != 700 && !left(i) {
			t.Fatalf("the test does not see the word %s", word(i))
		}
	}
	mustPost(t, s, "lobby", "tail", "not indexed "+word(9002))
	tomb := history.Entry{ID: "tomb", From: "ada", Kind: "delete", Body: []byte("x")}
	if err := s.Erase(limited(t), "lobby", []uint64{501, 701, 902}, tomb); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{500, 700, 9001, 9002} {
		if left(i) {
			t.Errorf("%s was erased, and is on the disk", word(i))
		}
		wantFound(t, s, history.SearchQuery{Words: phrases(t, word(i))})
	}
	if err := s.Trim(limited(t), "lobby", 400); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, history.SearchQuery{Words: phrases(t, word(100))})
	soon(t, "trimmed words to go", func() bool { return !left(100) && !left(5) })
	wantFound(t, s, history.SearchQuery{Words: phrases(t, word(450))}, "lobby/451")
	// One that is not erased in the end is found again.
	if err := s.Erase(limited(t), "lobby", []uint64{601}, history.Entry{ID: "t2", From: "ada", Kind: "delete", Ref: 501, Body: []byte("y")}); err == nil {
		t.Fatal("a tomb of what is gone was taken")
	}
	soon(t, "it is found again", func() bool {
		return slices.Equal(find(t, s, history.SearchQuery{Words: phrases(t, word(600))}), []string{"lobby/601"})
	})
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	s = openSearch(t, dir)
	wantFound(t, s, history.SearchQuery{Words: phrases(t, word(600))}, "lobby/601")
	wantFound(t, s, history.SearchQuery{Words: phrases(t, word(500))})
}

func holdsBytes(t testing.TB, dir, what string) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(what)) {
			return true
		}
	}
	return false
}

// An index that is missing, broken, of another log or of an older copy is made anew, and everything is found meanwhile.
func TestABrokenIndexIsMadeAnew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(dir, "search.db")
	s := openSearch(t, dir)
	for i := range 40 {
		mustPost(t, s, "lobby", fmt.Sprint(i), fmt.Sprintf("message number%d", i))
	}
	indexed(t, s, 40)
	older := filepath.Join(t.TempDir(), "older")
	if err := s.Freeze(func() error { return os.CopyFS(older, os.DirFS(dir)) }); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		mustPost(t, s, "lobby", fmt.Sprint("more", i), "and one more")
	}
	indexed(t, s, 50)
	reopen := func() {
		t.Helper()
		if err := s.Close(limited(t)); err != nil {
			t.Fatal(err)
		}
		s = openSearch(t, dir)
	}
	check := func() {
		t.Helper()
		wantFound(t, s, history.SearchQuery{Words: phrases(t, "number7")}, "lobby/8")
		indexed(t, s, 40)
		wantFound(t, s, history.SearchQuery{Words: phrases(t, "number7")}, "lobby/8")
	}
	for _, spoil := range []func() error{
		func() error { return os.Remove(file) },
		func() error { return os.WriteFile(file, []byte("no database"), 0o600) },
		func() error { return os.WriteFile(file, nil, 0o600) },
		func() error { exec(t, file, `drop table word`); return nil },
		func() error { exec(t, file, `update state set version = '0.0.0'`); return nil },
		func() error {
			exec(t, file, `update word_data set block = zeroblob(length(block)) where id > 10`)
			return nil
		},
	} {
		if err := s.Close(limited(t)); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		s = openSearch(t, dir)
		check()
	}
	// The log is brought back from an older copy, the index is not: it has rows that are others by now.
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tincan.db", "tincan.db-wal", "tincan.db-shm"} {
		b, err := os.ReadFile(filepath.Join(older, name))
		if os.IsNotExist(err) {
			os.Remove(filepath.Join(dir, name))
		} else if err = os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = openSearch(t, dir)
	for i := range 15 {
		mustPost(t, s, "lobby", fmt.Sprint("other", i), fmt.Sprintf("another number%d", 100+i))
	}
	check()
	wantFound(t, s, history.SearchQuery{Words: phrases(t, "number103")}, "lobby/44")
	indexed(t, s, 55)
	wantFound(t, s, history.SearchQuery{Words: phrases(t, "number103")}, "lobby/44")
	reopen()
	check()
}

// Days are found whatever the clock did.
func TestSearchByTimeWithAClockThatJumps(t *testing.T) {
	s := openSearch(t, filepath.Join(t.TempDir(), "data"))
	day := func(n int) time.Time { return time.Date(2026, 5, n, 12, 0, 0, 0, time.UTC) }
	for i, n := range []int{3, 1, 2, 9, 2, 4} {
		s.SetClock(func() time.Time { return day(n) })
		mustPost(t, s, "lobby", fmt.Sprint(i), "tea")
	}
	on := func(from, to int) history.SearchQuery {
		low, high := day(from).Add(-12*time.Hour), day(to).Add(12*time.Hour)
		return history.SearchQuery{
			Words: phrases(t, "tea"),
			Time:  func(at time.Time) bool { return !at.Before(low) && at.Before(high) },
			Span:  func(a, b time.Time) bool { return a.Before(high) && !b.Before(low) },
		}
	}
	check := func() {
		t.Helper()
		wantFound(t, s, on(2, 2), "lobby/5", "lobby/3")
		wantFound(t, s, on(5, 8))
		wantFound(t, s, on(4, 20), "lobby/6", "lobby/4")
		q := on(1, 1)
		q.Words = nil
		wantFound(t, s, q, "lobby/2")
	}
	check()
	indexed(t, s, 6)
	check()
}
