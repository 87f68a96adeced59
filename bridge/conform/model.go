package conform

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tincan/bridge/history"
)

// testModel compares a store with plain slices and maps, over random calls and reopenings.
func testModel(t *testing.T, s Subject) {
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue { // each run opens and closes some stores
		if err := f.Value.Set("15"); err != nil {
			t.Fatal(err)
		}
		defer f.Value.Set(f.DefValue)
	}
	t.Run("TheLogIsASlice", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			m := &logModel{model: newModel(t, r, s), rooms: map[string]*modelRoom{}}
			defer m.end()
			r.Repeat(map[string]func(*rapid.T){"append": m.append, "append many": m.appendMany, "repeat": m.repeat, "erase": m.erase,
				"trim": m.trim, "page": m.page, "reopen": m.reopen, "": m.check})
		})
	})
	t.Run("ClaimsAreAMap", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			m := &claimsModel{model: newModel(t, r, s), held: map[string]*modelHolding{}, given: map[history.Claim]bool{}}
			defer m.end()
			r.Repeat(map[string]func(*rapid.T){"claim": m.claim, "release": m.release, "reopen": m.reopen, "": m.check})
		})
	})
}

// A model has a node for one run of random calls.
type model struct {
	t       *testing.T
	subject Subject
	folder  string
	Node
}

func newModel(t *testing.T, r *rapid.T, s Subject) *model {
	folder, err := os.MkdirTemp("", "conform")
	if err != nil {
		r.Fatal(err)
	}
	m := &model{t: t, subject: s, folder: folder}
	m.open(r)
	return m
}

func (m *model) open(r *rapid.T) {
	n, err := m.subject.Open(limited(m.t), filepath.Join(m.folder, "data"))
	if err != nil {
		r.Fatal(err)
	}
	m.Node = n
}

func (m *model) reopen(r *rapid.T) {
	if err := m.Close(limited(m.t)); err != nil {
		r.Fatal(err)
	}
	m.open(r)
}

func (m *model) end() {
	m.Close(limited(m.t))
	os.RemoveAll(m.folder)
}

// A logModel is the log as slices.
type logModel struct {
	*model
	rooms map[string]*modelRoom
	made  int // ids
}

// A modelRoom is one room: the entry with seq n is entries[n-1].
type modelRoom struct {
	entries []modelEntry
	first   uint64
}

type modelEntry struct {
	history.Entry
	erased bool
}

func (m *logModel) room(r *rapid.T) (string, *modelRoom) {
	name := rapid.SampledFrom([]string{"lobby", "küche", "@ada:bob"}).Draw(r, "room")
	if m.rooms[name] == nil {
		m.rooms[name] = &modelRoom{first: 1}
	}
	return name, m.rooms[name]
}

// newEntry is one that was never sent. It may refer to another, which may not be there.
func (m *logModel) newEntry(r *rapid.T, room *modelRoom) history.Entry {
	m.made++
	e := textEntry(rapid.SampledFrom([]string{"ada", "bob"}).Draw(r, "from"), id(m.made), rapid.StringN(0, 20, 400).Draw(r, "text"))
	if rapid.Bool().Draw(r, "refers") {
		e.Ref = rapid.Uint64Range(0, uint64(len(room.entries)+1)).Draw(r, "to")
	}
	return e
}

// takes tells whether what an entry refers to is there.
func (m *modelRoom) takes(e history.Entry) bool {
	return e.Ref == 0 || e.Ref >= m.first && e.Ref <= uint64(len(m.entries)) && !m.entries[e.Ref-1].erased
}

func (m *logModel) add(room *modelRoom, e history.Entry, r history.Receipt) {
	e.Seq, e.Time = r.Seq, r.Time
	room.entries = append(room.entries, modelEntry{Entry: e})
}

func (m *logModel) append(r *rapid.T) {
	name, room := m.room(r)
	e := m.newEntry(r, room)
	a := wait(m.t, send(m.t, m, name, e))
	if !room.takes(e) {
		if !errors.Is(a.err, history.ErrNoTarget) {
			r.Fatalf("append that refers to %d: %+v", e.Ref, a)
		}
		return
	}
	if a.err != nil || a.Dup || a.Seq != uint64(len(room.entries)+1) {
		r.Fatalf("append as %d: %+v", len(room.entries)+1, a)
	}
	m.add(room, e, a.Receipt)
}

// appendMany mixes new entries and repeats of them in what may become one commit.
func (m *logModel) appendMany(r *rapid.T) {
	name, room := m.room(r)
	var sent []history.Entry
	var pending []<-chan answer
	lost := map[string]bool{}
	for range rapid.IntRange(2, 80).Draw(r, "entries") {
		e := m.newEntry(r, room)
		if e.Ref > uint64(len(room.entries)) {
			e.Ref = 0 // by the time it is stored there may be one
		}
		lost[e.ID] = !room.takes(e)
		if len(sent) > 0 && rapid.IntRange(0, 5).Draw(r, "repeat") == 0 {
			e = sent[rapid.IntRange(0, len(sent)-1).Draw(r, "of")]
		}
		sent = append(sent, e)
		pending = append(pending, send(m.t, m, name, e))
	}
	for i, e := range sent {
		a := wait(m.t, pending[i])
		if lost[e.ID] {
			if !errors.Is(a.err, history.ErrNoTarget) {
				r.Fatalf("append that refers to %d: %+v", e.Ref, a)
			}
			continue
		}
		if seq := room.find(e); seq != 0 {
			if a.err != nil || !a.Dup || a.Seq != seq {
				r.Fatalf("repeat of seq %d: %+v", seq, a)
			}
			continue
		}
		if a.err != nil || a.Dup || a.Seq != uint64(len(room.entries)+1) {
			r.Fatalf("append as %d: %+v", len(room.entries)+1, a)
		}
		m.add(room, e, a.Receipt)
	}
}

func (m *modelRoom) find(e history.Entry) (seq uint64) {
	for _, there := range m.entries {
		if there.From == e.From && there.ID == e.ID {
			return there.Seq
		}
	}
	return 0
}

func (m *logModel) repeat(r *rapid.T) {
	name, room := m.room(r)
	if len(room.entries) == 0 {
		r.Skip("nothing to repeat")
	}
	old := room.entries[rapid.IntRange(0, len(room.entries)-1).Draw(r, "of")]
	e := old.Entry
	other := rapid.Bool().Draw(r, "other content")
	if other {
		e.Body = append([]byte("other "), e.Body...)
	}
	a := wait(m.t, send(m.t, m, name, e))
	if other && !old.erased && old.Seq >= room.first { // of the others nothing is left to compare with
		if !errors.Is(a.err, history.ErrIDUsed) {
			r.Fatalf("other content under the id of %d: %+v", old.Seq, a)
		}
		return
	}
	if a.err != nil || !a.Dup || a.Seq != old.Seq || !a.Time.Equal(old.Time) {
		r.Fatalf("repeat of %d: %+v", old.Seq, a)
	}
}

func (m *logModel) erase(r *rapid.T) {
	name, room := m.room(r)
	if len(room.entries) == 0 {
		r.Skip("nothing to erase")
	}
	seqs := rapid.SliceOfN(rapid.Uint64Range(0, uint64(len(room.entries))), 1, 3).Draw(r, "seqs")
	tomb := m.newEntry(r, room)
	err := m.Erase(limited(m.t), name, seqs, tomb)
	if !room.takes(tomb) {
		if !errors.Is(err, history.ErrNoTarget) {
			r.Fatalf("a tomb that refers to %d: %v", tomb.Ref, err)
		}
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	es, at, err := m.Page(limited(m.t), name, history.Query{Limit: 1}, 0)
	if err != nil || at != uint64(len(room.entries)+1) || len(es) != 1 {
		r.Fatalf("after erasing: %v, %d, %v", es, at, err)
	}
	m.add(room, tomb, history.Receipt{Seq: at, Time: es[0].Time})
	for _, seq := range seqs {
		if seq < room.first {
			continue
		}
		room.entries[seq-1].erased = true
		for i := range room.entries[:at-1] {
			if e := &room.entries[i]; e.Ref == seq {
				e.erased = true
			}
		}
	}
}

func (m *logModel) trim(r *rapid.T) {
	name, room := m.room(r)
	keep := rapid.Uint64Range(0, uint64(len(room.entries)+3)).Draw(r, "keep from")
	if err := m.Trim(limited(m.t), name, keep); err != nil {
		r.Fatal(err)
	}
	head := uint64(len(room.entries))
	if head == 0 {
		return
	}
	first := max(room.first, min(keep, head))
	for i := range room.entries {
		e := &room.entries[i]
		if e.Ref >= room.first && e.Ref < first && e.Seq >= first || keep > head && e.Seq == head {
			e.erased = true
		}
	}
	room.first = first
}

func (m *logModel) page(r *rapid.T) {
	name, room := m.room(r)
	head := uint64(len(room.entries))
	q := history.Query{Limit: rapid.IntRange(0, 12).Draw(r, "limit"), Before: rapid.Uint64Range(0, head+2).Draw(r, "before")}
	if rapid.Bool().Draw(r, "upwards") {
		after := rapid.Uint64Range(0, head+2).Draw(r, "after")
		q.After = &after
	}
	es, at, err := m.Page(limited(m.t), name, q, 0)
	if err != nil || at != head {
		r.Fatalf("page %+v: head %d, %v", q, at, err)
	}
	var want []modelEntry
	for _, e := range room.entries {
		if e.Seq >= room.first && (q.Before == 0 || e.Seq < q.Before) && (q.After == nil || e.Seq > *q.After) {
			want = append(want, e)
		}
	}
	if len(want) > q.Limit {
		if q.After != nil {
			want = want[:q.Limit]
		} else {
			want = want[len(want)-q.Limit:]
		}
	}
	m.same(r, es, want)
}

// check reads a whole room by page and by tail.
func (m *logModel) check(r *rapid.T) {
	for name, room := range m.rooms {
		if len(room.entries) == 0 {
			continue
		}
		want := room.entries[room.first-1:]
		after := room.first - 1
		es, _, err := m.Page(limited(m.t), name, history.Query{After: &after, Limit: len(want) + 1}, 0)
		if err != nil {
			r.Fatal(err)
		}
		m.same(r, es, want)
		var tailed []history.Entry
		err = m.Tail(limited(m.t), name, after, func(e history.Entry) bool {
			tailed = append(tailed, e)
			return len(tailed) < len(want)
		})
		if err != nil {
			r.Fatal(err)
		}
		m.same(r, tailed, want)
		var targets []uint64
		var about []modelEntry
		for _, e := range want {
			targets = append(targets, e.Seq)
			if e.Ref >= room.first && !e.erased {
				about = append(about, e)
			}
		}
		slices.SortStableFunc(about, func(a, b modelEntry) int { return cmp.Compare(a.Ref, b.Ref) })
		if es, err = m.Referring(limited(m.t), name, targets, len(want)+1); err != nil {
			r.Fatal(err)
		}
		m.same(r, es, about)
	}
}

func (m *logModel) same(r *rapid.T, es []history.Entry, want []modelEntry) {
	if len(es) != len(want) {
		r.Fatalf("%d entries, want %d", len(es), len(want))
	}
	for i, e := range es {
		w := want[i]
		body := string(w.Body)
		if w.erased {
			body = ""
		}
		if e.Seq != w.Seq || e.ID != w.ID || e.From != w.From || !e.Time.Equal(w.Time) || e.Kind != w.Kind || string(e.Body) != body || e.Erased != w.erased {
			r.Fatalf("entry %+v, want %+v", e, w)
		}
	}
}

// A claimsModel is the claims as a map by name; every name but the last has a look-alike.
type claimsModel struct {
	*model
	held  map[string]*modelHolding
	given map[history.Claim]bool // every claim ever, true while it is served
	all   []history.Claim        // the same, in order
	made  int                    // sessions
	rev   uint64                 // the greatest ever
}

type modelHolding struct {
	name, secret string
	rev          uint64
	hold         time.Duration
	clients      map[string]string // by session
}

func (m *claimsModel) claim(r *rapid.T) {
	base := rapid.SampledFrom([]string{"ada", "bob", "eve"}).Draw(r, "name")
	spelling := rapid.SampledFrom([]string{"", "'"}).Draw(r, "spelling") // the look-alike of ada is ada'
	secret := rapid.SampledFrom([]string{"", "s", "x"}).Draw(r, "secret")
	client := rapid.SampledFrom([]string{"", "phone", "laptop"}).Draw(r, "client")
	hold := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(r, "hold")
	m.made++
	req := request(base+spelling, fmt.Sprint(m.made), client, secret, hold)
	req.Keys = [2]string{base + spelling + "1", base}
	c, err := m.Claim(limited(m.t), req, proof(secret))

	h := m.held[base]
	if h != nil {
		same := "" // the session with the same client id
		for session, of := range h.clients {
			if of == client && client != "" {
				same = session
			}
		}
		if h.secret != secret || secret == "" && same == "" {
			var taken *history.TakenError
			if !errors.As(err, &taken) || taken.Name != h.name || taken.Rev != h.rev || taken.Connected != (len(h.clients) > 0) ||
				taken.Secret != (h.secret != "") || taken.Alike != (h.name != req.Name) || taken.Wrong != (h.secret != "" && secret != "") {
				r.Fatalf("claim %+v against %+v: %+v, %v", req, h, c, err)
			}
			return
		}
		if same != "" {
			delete(h.clients, same)
			m.given[history.Claim{Name: h.name, Session: same, Rev: h.rev}] = false
		}
	} else {
		h = &modelHolding{name: req.Name, secret: secret, rev: c.Rev, clients: map[string]string{}}
		if err == nil && c.Rev <= m.rev {
			r.Fatalf("rev %d after %d", c.Rev, m.rev)
		}
		m.rev = c.Rev
		m.held[base] = h
	}
	if err != nil || c.Name != h.name || c.Rev != h.rev || c.Session != req.Session {
		r.Fatalf("claim %+v: %+v, %v; want a session of %+v", req, c, err, h)
	}
	h.hold = hold
	h.clients[req.Session] = client
	m.given[c] = true
	m.all = append(m.all, c)
}

func (m *claimsModel) release(r *rapid.T) {
	if len(m.all) == 0 {
		r.Skip("nothing to release")
	}
	c := m.all[rapid.IntRange(0, len(m.all)-1).Draw(r, "which")]
	m.Release(c)
	if !m.given[c] {
		return
	}
	m.given[c] = false
	for base, h := range m.held {
		if h.rev == c.Rev {
			delete(h.clients, c.Session)
			if len(h.clients) == 0 && (h.secret == "" || h.hold == 0) {
				delete(m.held, base)
			}
		}
	}
}

func (m *claimsModel) reopen(r *rapid.T) {
	m.model.reopen(r)
	for c := range m.given {
		m.given[c] = false
	}
	for base, h := range m.held {
		clear(h.clients)
		if h.secret == "" || h.hold == 0 {
			delete(m.held, base)
		}
	}
}

func (m *claimsModel) check(r *rapid.T) {
	for c, served := range m.given {
		if m.Valid(c) != served {
			r.Fatalf("%+v: valid is %v", c, !served)
		}
	}
	for _, base := range []string{"ada", "bob", "eve"} {
		got, ok := m.Lookup([2]string{"", base})
		h := m.held[base]
		if ok != (h != nil) || ok && (got.Rev != h.rev || got.Name != h.name || got.Connected != (len(h.clients) > 0) || got.Secret != (h.secret != "")) {
			r.Fatalf("%s is held by %+v, want %+v", base, got, h)
		}
	}
}
