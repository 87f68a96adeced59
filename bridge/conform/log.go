package conform

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"tincan/bridge/history"
)

func testLog(t *testing.T, s Subject) {
	t.Run("SeqIsDenseFromOne", func(t *testing.T) { seqIsDense(t, s) })
	t.Run("EachPublisherKeepsItsOrder", func(t *testing.T) { publisherOrder(t, s) })
	t.Run("OneOfManyRepeatsIsStored", func(t *testing.T) { repeatsRace(t, s) })
	t.Run("AnIDIsUsedOnce", func(t *testing.T) { idUsed(t, s) })
	t.Run("ARepeatIsKnownEver", func(t *testing.T) { repeatKnown(t, s) })
	t.Run("HeadCoversReceipts", func(t *testing.T) { headCovers(t, s) })
	t.Run("PagesAreAsAskedFor", func(t *testing.T) { pages(t, s) })
	t.Run("EntriesComeBackWhole", func(t *testing.T) { entriesWhole(t, s) })
	t.Run("RoomsAreListed", func(t *testing.T) { roomsListed(t, s) })
}

func seqIsDense(t *testing.T, s Subject) {
	b := newBench(t, s)
	const writers, each = 3, 150
	rooms := []string{"lobby", "küche", "@ada:bob"}
	var mu sync.Mutex
	seqs := map[string][]uint64{}
	var wg sync.WaitGroup
	for w := range writers {
		for _, room := range rooms {
			wg.Go(func() {
				var pending []<-chan answer
				for i := range each {
					pending = append(pending, send(t, b, room, textEntry("ada", id(w, i), "hello")))
				}
				for _, c := range pending {
					a := <-c
					if a.err != nil || a.Dup {
						t.Errorf("append: %+v", a)
					}
					mu.Lock()
					seqs[room] = append(seqs[room], a.Seq)
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	for _, room := range rooms {
		slices.Sort(seqs[room])
		for i, seq := range seqs[room] {
			if seq != uint64(i+1) {
				t.Fatalf("%s: receipt %d has seq %d", room, i, seq)
			}
		}
		es := b.read(room)
		if len(es) != writers*each {
			t.Fatalf("%s has %d entries", room, len(es))
		}
		wantDense(t, es, 1)
	}
}

// publisherOrder sends everything twice, the repeat at once behind the first, as a client does whose connection broke.
func publisherOrder(t *testing.T, s Subject) {
	b := newBench(t, s)
	const writers, each = 6, 100
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var pending []<-chan answer
			for i := range each {
				for range 2 {
					pending = append(pending, send(t, b, "lobby", textEntry(id("w", w), id(i), "x")))
				}
			}
			last := uint64(0)
			for i, c := range pending {
				a := <-c
				switch {
				case a.err != nil || a.Dup != (i%2 == 1):
					t.Errorf("append %d: %+v", i, a)
				case a.Dup && a.Seq != last, !a.Dup && a.Seq <= last:
					t.Errorf("append %d has seq %d after %d", i, a.Seq, last)
				}
				last = a.Seq
			}
		})
	}
	wg.Wait()
	if n := len(b.read("lobby")); n != writers*each {
		t.Fatalf("%d entries", n)
	}
}

func repeatsRace(t *testing.T, s Subject) {
	b := newBench(t, s)
	for round := range 30 {
		var wg sync.WaitGroup
		answers := make([]answer, 12)
		for i := range answers {
			wg.Go(func() { answers[i] = <-send(t, b, "lobby", textEntry("ada", id(round), "same")) })
		}
		wg.Wait()
		first := 0
		for _, a := range answers {
			if a.err != nil || a.Seq != uint64(round+1) || !a.Time.Equal(answers[0].Time) {
				t.Fatalf("round %d: %+v", round, a)
			}
			if !a.Dup {
				first++
			}
		}
		if first != 1 {
			t.Fatalf("round %d: %d receipts say that theirs is the entry", round, first)
		}
	}
}

func idUsed(t *testing.T, s Subject) {
	b := newBench(t, s)
	b.post("lobby", "ada", "1", "hello")
	for _, e := range []history.Entry{textEntry("ada", "1", "other"), {ID: "1", From: "ada", Kind: "notice", Body: []byte("hello")}} {
		if a := wait(t, send(t, b, "lobby", e)); !errors.Is(a.err, history.ErrIDUsed) {
			t.Fatalf("other content under the same id: %+v", a)
		}
	}
	// The same race inside one commit: the first call wins, the others are told.
	first, second, third := send(t, b, "lobby", textEntry("ada", "2", "a")), send(t, b, "lobby", textEntry("ada", "2", "b")), send(t, b, "lobby", textEntry("ada", "2", "a"))
	if a := wait(t, first); a.err != nil || a.Dup || a.Seq != 2 {
		t.Fatalf("first: %+v", a)
	}
	if a := wait(t, second); !errors.Is(a.err, history.ErrIDUsed) {
		t.Fatalf("second: %+v", a)
	}
	if a := wait(t, third); a.err != nil || !a.Dup || a.Seq != 2 {
		t.Fatalf("third: %+v", a)
	}
	// An id belongs to its sender and its room.
	b.post("lobby", "bob", "1", "hello")
	b.post("küche", "ada", "1", "hello")
	if n := len(b.read("lobby")); n != 3 {
		t.Fatalf("%d entries, want 3", n)
	}
}

func repeatKnown(t *testing.T, s Subject) {
	b := newBench(t, s)
	var receipts []history.Receipt
	for i := range 10 {
		receipts = append(receipts, b.post("lobby", "ada", id(i), "hello"))
	}
	known := func(when string) {
		t.Helper()
		for i, r := range receipts {
			a := wait(t, send(t, b, "lobby", textEntry("ada", id(i), "hello")))
			if a.err != nil || !a.Dup || a.Seq != r.Seq || !a.Time.Equal(r.Time) {
				t.Fatalf("%s: repeat of %+v: %+v", when, r, a)
			}
		}
	}
	known("at once")
	b.reopen()
	known("after reopening")
	if err := b.Erase(b.context(), "lobby", []uint64{2, 3}, history.Entry{ID: "tomb", From: "ada", Kind: "delete"}); err != nil {
		t.Fatal(err)
	}
	known("after erasing")
	if err := b.Trim(b.context(), "lobby", 100); err != nil {
		t.Fatal(err)
	}
	known("after trimming")
	b.reopen()
	known("after trimming and reopening")
	if head, _ := b.Head(b.context(), "lobby"); head != 11 {
		t.Fatalf("head %d, want 11", head)
	}
}

func headCovers(t *testing.T, s Subject) {
	b := newBench(t, s)
	ctx := b.context()
	if head, err := b.Head(ctx, "lobby"); head != 0 || err != nil {
		t.Fatalf("head of nothing: %d, %v", head, err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 100 {
				a := <-send(t, b, "lobby", textEntry("ada", id(w, i), "x"))
				if a.err != nil {
					t.Error(a.err)
					return
				}
				head, err := b.Head(ctx, "lobby")
				if err != nil || head < a.Seq {
					t.Errorf("head %d (%v) after the receipt of %d", head, err, a.Seq)
				}
				es, at, err := b.Page(ctx, "lobby", history.Query{Before: a.Seq + 1, Limit: 1}, a.Seq)
				if err != nil || at < a.Seq || len(es) != 1 || es[0].Seq != a.Seq {
					t.Errorf("page at %d: %v, %d, %v", a.Seq, es, at, err)
				}
			}
		})
	}
	wg.Wait()
}

func pages(t *testing.T, s Subject) {
	b := newBench(t, s)
	for i := range 20 {
		b.post("lobby", "ada", id(i), "0123456789")
	}
	at := func(n uint64) *uint64 { return &n }
	for _, c := range []struct {
		q           history.Query
		first, last uint64 // 0: none
	}{
		{history.Query{Limit: 5}, 16, 20},
		{history.Query{Limit: 100}, 1, 20},
		{history.Query{Before: 16, Limit: 5}, 11, 15},
		{history.Query{Before: 3, Limit: 5}, 1, 2},
		{history.Query{Before: 1, Limit: 5}, 0, 0},
		{history.Query{After: at(0), Limit: 5}, 1, 5},
		{history.Query{After: at(18), Limit: 5}, 19, 20},
		{history.Query{After: at(20), Limit: 5}, 0, 0},
		{history.Query{After: at(1000), Limit: 5}, 0, 0},
		{history.Query{After: at(5), Before: 8, Limit: 5}, 6, 7},
		{history.Query{Before: 1000, Limit: 2}, 19, 20},
		{history.Query{Limit: 0}, 0, 0},
		{history.Query{Limit: 10, MaxBytes: 35}, 18, 20},
		{history.Query{After: at(0), Limit: 10, MaxBytes: 35}, 1, 3},
		{history.Query{After: at(0), Limit: 10, MaxBytes: 1}, 1, 1},
	} {
		es, head, err := b.Page(b.context(), "lobby", c.q, 0)
		if err != nil || head != 20 {
			t.Fatalf("%+v: head %d, %v", c.q, head, err)
		}
		var first, last uint64
		if len(es) > 0 {
			first, last = es[0].Seq, es[len(es)-1].Seq
			wantDense(t, es, first)
		}
		if first != c.first || last != c.last {
			t.Errorf("%+v: from %d to %d, want %d to %d", c.q, first, last, c.first, c.last)
		}
	}
	if es, head, err := b.Page(b.context(), "nowhere", history.Query{Limit: 5}, 0); len(es) != 0 || head != 0 || err != nil {
		t.Errorf("a room that is not there: %v, %d, %v", es, head, err)
	}
	// Waiting for a seq that comes.
	page := make(chan error, 1)
	go func() {
		es, at, err := b.Page(b.context(), "lobby", history.Query{Limit: 1}, 21)
		if err == nil && (at < 21 || es[0].Seq != at) {
			err = errors.New("page came too early")
		}
		page <- err
	}()
	b.post("lobby", "ada", "21", "x")
	if err := <-page; err != nil {
		t.Error(err)
	}
}

func entriesWhole(t *testing.T, s Subject) {
	b := newBench(t, s)
	want := []history.Entry{
		{ID: "1", From: "Ada Okafor", Kind: "text", Author: 1<<63 | 7, V: 1, Body: []byte(`{"text":"hello"}`)},
		{ID: "Zoë 🦊", From: "Zoë 🦊", Kind: "file", V: 2, Body: []byte{0, 1, 255, 0}},
		{ID: "3", From: "", Kind: "", Body: nil},
		{ID: "4", From: "ada", Kind: "text", Body: make([]byte, 128<<10)},
	}
	for i := range want {
		a := wait(t, send(t, b, "lobby", want[i]))
		if a.err != nil {
			t.Fatal(a.err)
		}
		want[i].Seq, want[i].Time = a.Seq, a.Time
	}
	for range 2 {
		for i, e := range b.read("lobby") {
			w := want[i]
			if e.Seq != w.Seq || e.ID != w.ID || e.From != w.From || e.Kind != w.Kind || !e.Time.Equal(w.Time) || e.Author != w.Author ||
				e.V != w.V || string(e.Body) != string(w.Body) {
				t.Errorf("entry %d came back as %+v", i, e)
			}
			if e.Time.Location().String() != "UTC" || e.Time.Nanosecond()%1e6 != 0 {
				t.Errorf("entry %d has time %v, want UTC and milliseconds", i, e.Time)
			}
		}
		b.reopen()
	}
}

func roomsListed(t *testing.T, s Subject) {
	b := newBench(t, s)
	b.post("lobby", "ada", "1", "x")
	b.post("küche", "ada", "1", "x")
	last := b.post("küche", "ada", "2", "x")
	b.post("@ada:bob", "ada", "1", "x")
	for range 2 {
		rooms, err := b.Rooms(b.context())
		if err != nil || len(rooms) != 2 || rooms[0].Room != "küche" || rooms[1].Room != "lobby" || rooms[0].Last != 2 || !rooms[0].Time.Equal(last.Time) {
			t.Fatalf("rooms: %+v, %v", rooms, err)
		}
		b.reopen()
	}
}
