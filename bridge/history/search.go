package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
	About bool // others refer to it
}

const (
	searchFor    = time.Second
	searchLate   = time.Second // more, for reading what the index has named
	leastPlaces  = 16          // asked of the index at once
	scanStep     = 256         // rows read at once where there is no index
	windowPlaces = 1 << 18     // of the index that one question goes through: it can be told how far it came
	mostChanged  = 2000        // newest rows in which changes of older ones are looked for, when the question does not begin at the newest
)

// mostBrief is how many places are looked at by a shorter beginning of a word, before the whole one is asked for. A test changes it.
var mostBrief = 400

// A searching is one Search on its way.
type searching struct {
	s     *Store
	q     SearchQuery
	rooms map[string]bool // what q.Room said
	found Found
	low   int64 // every place from here on has been looked at
	brief int   // places that were looked at by a shorter beginning of a word
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
		return ofIndex(err)
	}
	for _, span := range spans {
		if err := g.span(ctx, view, span, &older); err != nil {
			return err
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
	g.found.Hits = append(g.found.Hits, Hit{Room: r.room, Place: r.pk, Entry: r.Entry, About: r.about})
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
