package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tincan/bridge/export"
	"tincan/bridge/history"
)

func tellNobody(int64, int64) {}

func openStore(t testing.TB, dir string) *history.Store {
	t.Helper()
	s, err := history.Open(t.Context(), dir, history.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// add appends an entry and wants it stored.
func add(t testing.TB, s *history.Store, room string, e history.Entry) uint64 {
	t.Helper()
	type answer struct {
		history.Receipt
		error
	}
	done := make(chan answer, 1)
	if err := s.Append(room, e, func(r history.Receipt, err error) { done <- answer{r, err} }); err != nil {
		t.Fatal(err)
	}
	a := <-done
	if a.error != nil {
		t.Fatal(a.error)
	}
	return a.Seq
}

func put(t testing.TB, s *history.Store, kind, key, value string) {
	t.Helper()
	done := make(chan error, 1)
	if err := s.Put(kind, key, []byte(value), func(err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// lines exports all logs of a store, at one and the same time.
func lines(t testing.TB, s *history.Store) string {
	t.Helper()
	a := s.Archive()
	open, private, direct, err := export.Rooms(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, r := range append(append(open, private...), direct...) {
		if err := export.One(t.Context(), a, r, &b, "jsonl", export.Options{Version: "1.2.3", Now: time.Unix(1e9, 0)}, tellNobody); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func noContent(history.File, string) (bool, error) { return false, nil }

// randomLog fills a store with what a log may hold, and more than the chat writes today.
func randomLog(t testing.TB, s *history.Store, rng *rand.Rand) {
	words := []string{"", "hello", "two\nlines", `a "quote" \ and </script>`, "日本 👍 שלום", "\u2028 \u202e \x00 \ufffd", strings.Repeat("long ", 500)}
	rooms := []string{"lobby", "küche", "@kaa+kbb", "secret"}
	put(t, s, "card", "secret", `{"private":true,"members":[{"ident":"k1","name":"ada"}]}`)
	heads := map[string]uint64{}
	for i := range 300 {
		room := rooms[rng.IntN(len(rooms))]
		e := history.Entry{ID: fmt.Sprintf("id %d \"%s", i, words[rng.IntN(3)]), From: []string{"ada", "zoë 🦊", "7"}[rng.IntN(3)], Kind: "text", V: 1 + rng.IntN(2),
			Author: rng.Uint64() >> rng.IntN(64)}
		body, err := json.Marshal(map[string]any{"text": words[rng.IntN(len(words))], "to": "bob", "data": map[string]any{"log": 1, "n": 1e300}})
		if err != nil {
			t.Fatal(err)
		}
		e.Body = body
		if head := heads[room]; head > 0 && rng.IntN(2) == 0 {
			e.Ref, e.Kind, e.Sole = 1+rng.Uint64N(head), []string{"edit", "react", "vote"}[rng.IntN(3)], rng.IntN(3) == 0
			e.Body = fmt.Appendf(nil, `{"text":"x","refseq":%d}`, e.Ref)
		}
		if rng.IntN(10) == 0 {
			e.List = "pins"
		}
		if e.Ref == 0 && rng.IntN(8) == 0 { // bodies that are no objects on one line
			e.Body = []byte([]string{"", "{}", "{ }", `{"a":1} `, "[1]", "null", "{\"a\":\n1}", "\xff\xfe", `{"a":1}}`, "{"}[rng.IntN(10)])
		}
		done := make(chan error, 1)
		if err := s.Append(room, e, func(r history.Receipt, err error) {
			if err == nil {
				heads[room] = r.Seq
			}
			done <- err
		}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil && !errors.Is(err, history.ErrNoTarget) {
			t.Fatal(err)
		}
		if rng.IntN(25) == 0 && heads[room] > 0 {
			tomb := history.Entry{ID: fmt.Sprint("tomb ", i), From: "ada", Kind: "delete", V: 1, Body: []byte(`{"text":""}`)}
			if err := s.Erase(t.Context(), room, []uint64{1 + rng.Uint64N(heads[room])}, tomb); err != nil {
				t.Fatal(err)
			}
			heads[room]++
		}
	}
	if rng.IntN(2) == 0 {
		if err := s.Trim(t.Context(), "lobby", heads["lobby"]/2); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsImportedIsWhatWasExported(t *testing.T) {
	t.Parallel()
	for range 4 {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 1))
		from := openStore(t, t.TempDir())
		randomLog(t, from, rng)
		want := lines(t, from)

		// The import is cut somewhere, and begun again.
		dir := t.TempDir()
		to := openStore(t, dir)
		cut := rng.IntN(len(want))
		if _, err := export.Import(t.Context(), io.MultiReader(strings.NewReader(want[:cut]), broken{}), to, noContent, tellNobody); !errors.Is(err, errBroken) {
			t.Fatalf("seed %d: an import that was cut: %v", seed, err)
		}
		if err := to.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		to = openStore(t, dir)
		for range 2 { // twice is as once
			n, err := export.Check(t.Context(), strings.NewReader(want), to, tellNobody)
			if err == nil {
				n, err = export.Import(t.Context(), strings.NewReader(want), to, noContent, tellNobody)
			}
			if err != nil || n < 200 {
				t.Fatalf("seed %d: %d entries, %v", seed, n, err)
			}
		}
		if got := lines(t, to); got != want {
			t.Fatalf("seed %d: %s", seed, firstDifference(got, want))
		}
		// It goes on where it ended, and what refers is found.
		head, err := from.Head(t.Context(), "lobby")
		if err != nil {
			t.Fatal(err)
		}
		if seq := add(t, to, "lobby", history.Entry{ID: "new", From: "ada", Kind: "text", V: 1, Body: []byte(`{"text":"on"}`)}); seq != head+1 {
			t.Errorf("seed %d: after %d comes %d", seed, head, seq)
		}
		var all []uint64
		for seq := uint64(1); seq <= head; seq++ {
			all = append(all, seq)
		}
		was, err1 := from.Referring(t.Context(), "lobby", all, 10_000)
		is, err2 := to.Referring(t.Context(), "lobby", all, 10_000)
		if err1 != nil || err2 != nil || fmt.Sprint(was) != fmt.Sprint(is) {
			t.Errorf("seed %d: %d entries refer to others, and %d did; %v, %v", seed, len(is), len(was), err1, err2)
		}
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is\n%s\nand was\n%s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, and there were %d", len(g), len(w))
}

func TestLinesThatDoNotFitAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	from := openStore(t, t.TempDir())
	for i := range 5 {
		add(t, from, "lobby", history.Entry{ID: fmt.Sprint(i), From: "ada", Kind: "text", V: 1, Body: fmt.Appendf(nil, `{"text":"%d"}`, i)})
	}
	good := lines(t, from)
	line := strings.SplitAfter(good, "\n")
	other := openStore(t, t.TempDir())
	add(t, other, "lobby", history.Entry{ID: "mine", From: "eve", Kind: "text", V: 1, Body: []byte(`{"text":"here"}`)})
	empty := openStore(t, t.TempDir())
	for _, c := range []struct {
		name, text, want string
		into             *history.Store
	}{
		{"nothing", "", "there is nothing in it", empty},
		{"another file", "hello\n", "line 1: this is not a line of tincan export", empty},
		{"without its beginning", strings.Join(line[1:], ""), "the first line of an export is missing", empty},
		{"cut between lines", strings.Join(line[:4], ""), "should go on to 5: the file was cut", empty},
		{"cut in a line", good[:len(good)-20], "this is not a line of tincan export", empty},
		{"without a line", strings.Join(append(line[:3:3], line[4:]...), ""), "seq 3 of lobby is missing", empty},
		{"a line twice", strings.Join(append(line[:3:3], line[2:]...), ""), "seq 2 of lobby is out of place", empty},
		{"newer", strings.Replace(good, `"export":1`, `"export":2`, 1), "a newer tincan (1.2.3) has written this", empty},
		{"no room", strings.ReplaceAll(good, `"lobby"`, `"a/b"`), `"a/b" is not a room`, empty},
		{"where others have spoken", good, "what is there in lobby is not what was exported", other},
	} {
		before := lines(t, c.into)
		_, err := export.Check(t.Context(), strings.NewReader(c.text), c.into, tellNobody)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if after := lines(t, c.into); after != before {
			t.Errorf("%s: the store holds other things:\n%s", c.name, after)
		}
	}
}
