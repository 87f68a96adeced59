package words

import "strings"

// A Phrase is what stands somewhere in a text: terms that follow one another.
type Phrase struct {
	Terms  []string
	Prefix bool // the last term is the beginning of a word
}

// NewPhrase is the phrase that a text makes; ok is false when there is no word in it. With prefix its last word may go on.
func NewPhrase(text string, prefix bool) (p Phrase, ok bool) {
	ws := Split(text)
	for i, w := range ws {
		end := i == len(ws)-1
		switch {
		case !end || w.pair == whole:
			p.Terms = append(p.Terms, w.Term)
		case len(ws) == 1 || ws[i-1].pair != first: // a single character begins a pair, or is the last of its run
			p.Terms = append(p.Terms, w.Term)
			prefix = true
		default: // the pairs before it say it all, and the run may go on
			prefix = false
		}
	}
	p.Prefix = prefix
	return p, len(ws) > 0
}

// match tells whether the phrase stands at ws[i].
func (p Phrase) match(ws []Word, i int) bool {
	if i+len(p.Terms) > len(ws) {
		return false
	}
	for j, term := range p.Terms {
		is := ws[i+j].Term
		if is != term && !(p.Prefix && j == len(p.Terms)-1 && strings.HasPrefix(is, term)) {
			return false
		}
	}
	return true
}

// A Query is what a text must have: every phrase. The zero Query matches every text.
type Query []Phrase

// Match tells whether a text has what is asked for.
func (q Query) Match(text string) bool {
	if len(q) == 0 {
		return true
	}
	ws := Split(text)
	for _, p := range q {
		found := false
		for i := 0; i < len(ws) && !found; i++ {
			found = p.match(ws, i)
		}
		if !found {
			return false
		}
	}
	return true
}

// Find returns where in a text the phrases stand: ranges of bytes, in order, which do not touch. At most the first most places of each.
func (q Query) Find(text string, most int) (ranges [][2]int) {
	if len(q) == 0 {
		return nil
	}
	ws := Split(text)
	ends := make([]int, len(ws)) // of what is marked of each word; 0: nothing
	for _, p := range q {
		left := most
		for i := 0; i < len(ws) && left > 0; i++ {
			if p.match(ws, i) {
				left--
				p.mark(ws, ends, i)
			}
		}
	}
	for i, end := range ends {
		if end == 0 {
			continue
		}
		if n := len(ranges); n > 0 && ws[i].Start <= ranges[n-1][1] { // pairs overlap
			ranges[n-1][1] = max(ranges[n-1][1], end)
			continue
		}
		ranges = append(ranges, [2]int{ws[i].Start, end})
	}
	return ranges
}

// mark notes how far each word counts where the phrase stands at ws[i]: whole, but of a pair that only begins with what is sought its
// first character.
func (p Phrase) mark(ws []Word, ends []int, i int) {
	for j, term := range p.Terms {
		w := ws[i+j]
		end := w.End
		if w.pair == first && term != w.Term {
			end = ws[i+j+1].Start // where the next pair begins, or the last character
		}
		ends[i+j] = max(ends[i+j], end)
	}
}
