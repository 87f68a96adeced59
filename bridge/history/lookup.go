package history

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
)

// What a search asks of the index.

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

// How long beginnings of words are that the index has lists of. It finds others, but it must gather all their places for that, before it
// can tell the newest.
var prefixLengths = []int{1, 2, 3, 5}

// span looks through a part of the index.
func (g *searching) span(ctx context.Context, view *sql.DB, span [2]int64, older *[]row) error {
	match, brief := g.match(false), g.match(true)
	if match == "" {
		return g.readAll(ctx, g.s.index, span, older)
	}
	low, high := span[0], span[1]
	if brief == match {
		for high >= low {
			from := max(low, high-windowPlaces+1)
			if _, err := g.window(ctx, view, match, from, high, 0, older); err != nil {
				return err
			}
			high = from - 1
		}
		return nil
	}
	// Of what is often said the shorter beginning soon brings enough, and what is seldom said is soon gathered.
	if g.brief < mostBrief {
		var err error
		if high, err = g.window(ctx, view, brief, low, high, mostBrief-g.brief, older); err != nil || high < low {
			return err
		}
	}
	_, err := g.window(ctx, view, match, low, high, 0, older)
	return err
}

// match is what the index is asked; empty when nothing in it tells hits from others. brief: with the beginnings of words shortened to
// those that it has lists of, which finds more than what is sought.
func (g *searching) match(brief bool) string {
	var parts []string
	for _, p := range g.q.Words {
		said := strings.Join(p.Terms, " ")
		if last := p.Terms[len(p.Terms)-1]; brief && p.Prefix {
			said = said[:len(said)-len(last)] + shortened(last)
		}
		part := `"` + said + `"` // terms have neither quotes nor spaces
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

// shortened is the longest beginning of a term that the index has a list of.
func shortened(term string) string {
	n, short := 0, ""
	for i := range term { // runes
		if slices.Contains(prefixLengths, n) {
			short = term[:i]
		}
		n++
	}
	if slices.Contains(prefixLengths, n) {
		return term
	}
	return short
}

func anyLabel(labels []string) string {
	terms := make([]string, len(labels))
	for i, l := range labels {
		terms[i] = `"` + labelTerm(l) + `"`
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// window looks through what the index has for match from high down to low; most, when not 0, is how many places it looks at. It returns
// the place below which it has not looked.
func (g *searching) window(ctx context.Context, view *sql.DB, match string, low, high int64, most int, older *[]row) (int64, error) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), searchLate) // what was found when the time is over is still read
	defer cancel()
	for looked := 0; most == 0 || looked < most; {
		want := max(g.q.Limit+1-len(g.found.Hits), leastPlaces)
		pks, err := g.places(ctx, view, match, low, high, want)
		err = ofIndex(err)
		rs, e := g.s.rowsAtPlaces(late, pks)
		if err = either(err, e); err != nil && len(pks) == 0 {
			return high, err
		}
		for i := range rs {
			if err := g.lookAbove(late, older, rs[i].pk); err != nil {
				return high, err
			}
			if len(*older) > 0 && (*older)[0].pk == rs[i].pk {
				*older = (*older)[1:]
			}
			if err := g.look(late, g.s.index, &rs[i]); err != nil {
				return high, err
			}
		}
		if err != nil {
			return high, err
		}
		if len(pks) < want {
			if err := g.lookAbove(late, older, low-1); err != nil {
				return high, err
			}
			g.low = min(g.low, low)
			return low - 1, nil
		}
		high = pks[len(pks)-1] - 1
		looked += len(pks)
		if most > 0 {
			g.brief += len(pks)
		}
	}
	return high, nil
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
