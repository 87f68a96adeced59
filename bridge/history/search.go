package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tincan/bridge/words"
)

// Searcher finds entries by what they say. Safe for concurrent use.
type Searcher interface {
	// Search returns what q asks for, newest first, as it is now: with what edits made of it, without what was erased or trimmed. What was
	// committed before the call is found, whether it is in the index or not. When q.Time is over it returns what it has and how far it
	// has looked. ErrUnavailable: the store is closing.
	Search(ctx context.Context, q SearchQuery) (Found, error)
}

// A SearchQuery asks for entries that have all of this.
type SearchQuery struct {
	Words  words.Query                    // what they say
	Labels [][]string                     // of each of these, one at least
	Not    []string                       // none of these labels
	Room   func(name string) bool         // in a room for which it is true; asked once or more for each room, and must not block
	Time   func(at time.Time) bool        // not nil: written at such a time
	Span   func(low, high time.Time) bool // not nil: whether any time from low to high is such a time

	Before int64         // a place from Found; 0: from the newest on
	Limit  int           // hits at most
	For    time.Duration // how long to look at most; 0: one second
}

// Found is what was found, newest first.
type Found struct {
	Hits []Hit
	More bool  // there may be more: ask again with Before
	Next int64 // that Before
}

// A Hit is an entry that was found. Place orders the entries of all rooms.
type Hit struct {
	Room  string
	Place int64
	Entry Entry
	About []Entry // what refers to it, in the order of the log
}

const (
	searchFor    = time.Second
	searchLate   = time.Second // more, for reading what the index has named
	leastPlaces  = 16          // asked of the index at once
	scanStep     = 256         // rows read at once where there is no index
	windowPlaces = 1 << 17     // of the index that one question goes through: it can be told how far it came
	mostChanged  = 2000        // newest rows in which changes of older ones are looked for, when the question does not begin at the newest
)

// A searching is one Search on its way.
type searching struct {
	s     *Store
	q     SearchQuery
	rooms map[string]bool // what q.Room said
	found Found
	low   int64 // every place from here on has been looked at
}

// Search finds entries; see Searcher.
func (s *Store) Search(ctx context.Context, q SearchQuery) (Found, error) {
	if err := s.enter(); err != nil {
		return Found{}, err
	}
	defer s.serving.Done()
	x := s.index
	if x == nil {
		return Found{}, fmt.Errorf("%w: this store was opened without a reader", ErrUnavailable)
	}
	if q.For <= 0 {
		q.For = searchFor
	}
	if q.Limit <= 0 {
		return Found{}, nil
	}
	limited, cancel := context.WithTimeout(ctx, q.For)
	defer cancel()
	select {
	case <-x.ready:
	case <-limited.Done():
		return Found{}, ctx.Err()
	}
	var last int64
	if err := s.view.QueryRowContext(limited, `select coalesce(max(pk), 0) from entry`).Scan(&last); err != nil {
		return Found{}, s.readFault("", err)
	}
	from := last + 1
	if q.Before > 0 {
		from = min(from, q.Before)
	}
	g := &searching{s: s, q: q, rooms: map[string]bool{}, low: from}
	err := g.run(limited, x, x.view.Load(), last)
	var fault *indexError
	if errors.As(err, &fault) && limited.Err() == nil { // it is being made anew, or is damaged: it can be done without
		x.kick()
		g.low, g.found = from, Found{}
		err = g.run(limited, x, nil, last)
	}
	switch {
	case err == nil, errors.Is(err, errEnough):
	case ctx.Err() != nil:
		return Found{}, ctx.Err()
	case limited.Err() != nil: // what was found counts
		g.found.More = true
	default:
		return Found{}, s.readFault("", err)
	}
	if g.found.More = g.found.More || errors.Is(err, errEnough); g.found.More {
		g.found.Next = g.low
	}
	return g.found, nil
}

// errEnough ends a search that has found its limit, or has come to the end of its time.
var errEnough = errors.New("history: enough")

// An indexError is a fault of the index, not of the log.
type indexError struct{ err error }

func (e *indexError) Error() string { return "the index: " + e.err.Error() }
func (e *indexError) Unwrap() error { return e.err }

// run looks through what is not in the index, then through the index.
func (g *searching) run(ctx context.Context, x *index, view *sql.DB, last int64) error {
	indexed := min(x.indexed.Load(), last)
	if view == nil {
		indexed = 0
	}
	changed, err := g.scan(ctx, x, indexed, last)
	if err != nil || indexed == 0 {
		return err
	}
	older, err := g.changed(ctx, changed, indexed)
	if err != nil {
		return err
	}
	spans, err := g.spans(ctx, view, min(indexed, g.low-1))
	if err != nil {
		return &indexError{err}
	}
	match := g.match()
	for _, span := range spans {
		if match == "" {
			if err := g.readAll(ctx, x, span, &older); err != nil {
				return err
			}
			continue
		}
		for high := span[1]; high >= span[0]; {
			low := max(span[0], high-windowPlaces+1)
			if err := g.window(ctx, view, match, low, high, &older); err != nil {
				return err
			}
			high = low - 1
		}
	}
	return g.lookAbove(ctx, &older, 0)
}

// scan looks through the rows after indexed, and returns which older ones they change.
func (g *searching) scan(ctx context.Context, x *index, indexed, last int64) (changed map[entryKey]bool, err error) {
	changed = map[entryKey]bool{}
	high := min(last, g.low-1)
	if high < last && last-indexed <= mostChanged { // the rows from here to the newest are not sought any more, but what they change is
		for at := last; at > max(high, indexed); {
			rs, err := g.s.rows(ctx, g.s.rowsDown, max(high, indexed), at, scanStep)
			if err != nil || len(rs) == 0 {
				return changed, err
			}
			for i := range rs {
				g.noteChange(x, &rs[i], changed)
			}
			at = rs[len(rs)-1].pk - 1
		}
	}
	for high > indexed {
		rs, err := g.s.rows(ctx, g.s.rowsDown, indexed, high, scanStep)
		if err != nil {
			return changed, err
		}
		for i := range rs {
			if g.noteChange(x, &rs[i], changed) {
				continue
			}
			if err := g.look(ctx, x, &rs[i]); err != nil {
				return changed, err
			}
		}
		if len(rs) < scanStep { // or those that are missing say nothing
			rest, err := g.below(ctx, indexed, high, rs)
			if err != nil || rest <= indexed {
				break
			}
			high = rest
			continue
		}
		high = rs[len(rs)-1].pk - 1
	}
	g.low = min(g.low, indexed+1)
	return changed, nil
}

// below is where reading goes on after rows that came short: some of scanStep rows may have nothing left to read.
func (g *searching) below(ctx context.Context, low, high int64, rs []row) (int64, error) {
	var n, least int64
	err := g.s.view.QueryRowContext(ctx, `select count(*), coalesce(min(pk), 0) from (select pk from entry where pk > ? and pk <= ? order by pk desc limit ?)`, low, high, scanStep).Scan(&n, &least)
	if err != nil || n < scanStep {
		return low, err
	}
	return least - 1, nil
}

func (g *searching) noteChange(x *index, r *row, changed map[entryKey]bool) bool {
	target := x.read.Changes(r.Entry)
	if target > 0 {
		changed[entryKey{r.room, target}] = true
	}
	return target > 0
}

// changed reads the rows that were changed after they were indexed, newest first.
func (g *searching) changed(ctx context.Context, keys map[entryKey]bool, indexed int64) (older []row, err error) {
	for k := range keys {
		r, err := g.s.rowAt(ctx, k.room, k.seq)
		if err != nil {
			return nil, err
		}
		if r != nil && r.pk <= indexed && r.pk < g.low {
			older = append(older, *r)
		}
	}
	slices.SortFunc(older, func(a, b row) int { return int(b.pk - a.pk) })
	return older, nil
}

// spans are the parts of the index that may hold what was written at the times that are asked for, newest first.
func (g *searching) spans(ctx context.Context, view *sql.DB, high int64) (spans [][2]int64, err error) {
	if high < 1 {
		return nil, nil
	}
	if g.q.Span == nil {
		return [][2]int64{{1, high}}, nil
	}
	rows, err := view.QueryContext(ctx, `select block, low, high from span where block <= ? order by block desc`, high>>spanBits)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var block, low, top int64
		if err := rows.Scan(&block, &low, &top); err != nil {
			return nil, err
		}
		if !g.q.Span(time.UnixMilli(low), time.UnixMilli(top)) {
			continue
		}
		from, to := block<<spanBits, min((block+1)<<spanBits-1, high)
		if n := len(spans); n > 0 && spans[n-1][0] == to+1 {
			spans[n-1][0] = from
			continue
		}
		spans = append(spans, [2]int64{from, to})
	}
	return spans, rows.Err()
}

// match is what the index is asked; empty when nothing in it tells hits from others.
func (g *searching) match() string {
	var parts []string
	for _, p := range g.q.Words {
		part := `"` + strings.Join(p.Terms, " ") + `"` // terms have neither quotes nor spaces
		if p.Prefix {
			part += "*"
		}
		parts = append(parts, part)
	}
	for _, labels := range g.q.Labels {
		parts = append(parts, anyLabel(labels))
	}
	match := strings.Join(parts, " AND ")
	if match != "" && len(g.q.Not) > 0 {
		match = "(" + match + ") NOT " + anyLabel(g.q.Not)
	}
	return match
}

func anyLabel(labels []string) string {
	terms := make([]string, len(labels))
	for i, l := range labels {
		terms[i] = `"` + labelTerm(l) + `"`
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// window looks through a part of the index.
func (g *searching) window(ctx context.Context, view *sql.DB, match string, low, high int64, older *[]row) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), searchLate) // what was found when the time is over is still read
	defer cancel()
	for {
		want := max(g.q.Limit+1-len(g.found.Hits), leastPlaces)
		pks, err := g.places(ctx, view, match, low, high, want)
		if err != nil {
			err = &indexError{err}
		}
		rs, e := g.s.rowsAtPlaces(late, pks)
		if err = either(err, e); err != nil && len(pks) == 0 {
			return err
		}
		for i := range rs {
			if err := g.lookAbove(late, older, rs[i].pk); err != nil {
				return err
			}
			if len(*older) > 0 && (*older)[0].pk == rs[i].pk {
				*older = (*older)[1:]
			}
			if err := g.look(late, g.s.index, &rs[i]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if len(pks) < want {
			break
		}
		high = pks[len(pks)-1] - 1
	}
	if err := g.lookAbove(late, older, low-1); err != nil {
		return err
	}
	g.low = min(g.low, low)
	return nil
}

// places asks the index for the newest places from high down to low. With an error come those that were found before.
func (g *searching) places(ctx context.Context, view *sql.DB, match string, low, high int64, limit int) (pks []int64, err error) {
	rows, err := view.QueryContext(ctx, `select rowid from word where word match ? and rowid between ? and ? order by rowid desc limit ?`, match, low, high, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var pk int64
		if err := rows.Scan(&pk); err != nil {
			return pks, err
		}
		pks = append(pks, pk)
	}
	return pks, rows.Err()
}

// readAll looks at every row of a part of the log, for a question that the index knows nothing of.
func (g *searching) readAll(ctx context.Context, x *index, span [2]int64, older *[]row) error {
	*older = nil // it reads them anyway
	for high := span[1]; high >= span[0]; {
		rs, err := g.s.rows(ctx, g.s.rowsDown, span[0]-1, high, scanStep)
		if err != nil {
			return err
		}
		for i := range rs {
			if x.read.Changes(rs[i].Entry) > 0 {
				continue
			}
			if err := g.look(ctx, x, &rs[i]); err != nil {
				return err
			}
		}
		if high, err = g.below(ctx, span[0]-1, high, rs); err != nil {
			return err
		}
		g.low = min(g.low, high+1)
	}
	return nil
}

// lookAbove looks at those of older whose place is after pk.
func (g *searching) lookAbove(ctx context.Context, older *[]row, pk int64) error {
	for len(*older) > 0 && (*older)[0].pk > pk {
		if err := g.look(ctx, g.s.index, &(*older)[0]); err != nil {
			return err
		}
		*older = (*older)[1:]
	}
	return nil
}

// look looks at the next older row.
func (g *searching) look(ctx context.Context, x *index, r *row) error {
	if err := g.add(ctx, x, r); err != nil {
		return err
	}
	g.low = min(g.low, r.pk)
	return nil
}

// add takes a row if it is what was asked for. errEnough: there are as many as there should be, and this is one more.
func (g *searching) add(ctx context.Context, x *index, r *row) error {
	if r.Erased || !r.first || g.q.Time != nil && !g.q.Time(r.Time) || !g.room(r.room) {
		return nil
	}
	about, err := g.s.aboutRow(ctx, r, 1<<62)
	if err != nil {
		return err
	}
	text := x.read.Text(r.Entry, about)
	if text == "" || !g.labelled(x.read.Labels(r.room, r.Entry, text)) || !g.q.Words.Match(text) {
		return nil
	}
	if len(g.found.Hits) == g.q.Limit {
		return errEnough
	}
	g.found.Hits = append(g.found.Hits, Hit{Room: r.room, Place: r.pk, Entry: r.Entry, About: about})
	return nil
}

func (g *searching) room(name string) bool {
	may, ok := g.rooms[name]
	if !ok {
		may = g.q.Room == nil || g.q.Room(name)
		g.rooms[name] = may
	}
	return may
}

func (g *searching) labelled(labels []string) bool {
	for _, some := range g.q.Labels {
		if !slices.ContainsFunc(some, func(l string) bool { return slices.Contains(labels, l) }) {
			return false
		}
	}
	return !slices.ContainsFunc(g.q.Not, func(l string) bool { return slices.Contains(labels, l) })
}
