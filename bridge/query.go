package bridge

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tincan/bridge/words"
)

// Limits of what is searched for.
const (
	maxSearch      = 1024 // bytes
	maxSearchParts = 32   // words, phrases and filters
)

// A sought is what somebody searches for, taken apart. Text that is no filter is words: there is no way to write it wrong.
type sought struct {
	words    words.Query
	from, in []string   // names, rooms (or @name): one of them
	has      []string   // labels: all of them
	times    []interval // all of them
}

// An interval is a time from low on and before high; zero: no bound.
type interval struct{ low, high time.Time }

func (i interval) has(at time.Time) bool {
	return (i.low.IsZero() || !at.Before(i.low)) && (i.high.IsZero() || at.Before(i.high))
}

// touches tells whether any time from a to b is in it.
func (i interval) touches(a, b time.Time) bool {
	return (i.low.IsZero() || !b.Before(i.low)) && (i.high.IsZero() || a.Before(i.high))
}

// parseSought reads what was typed: words, of which all must occur; "several words" that follow one another; wat* for how a word begins;
// from:name, in:room, has:link and the like, and before:, after: and on: a day, a month, a year or a time, in the asker's zone. With
// prefix the last word may go on, as while it is being typed; filters may stand after it.
func parseSought(text string, zone *time.Location, prefix bool) (s sought, parts int) {
	var said []token
	for _, t := range tokens(text) {
		if t.key != "" && s.filter(t, zone) {
			parts++
			continue
		}
		if t.key != "" {
			t.value = t.key + ":" + t.value
		}
		said = append(said, t)
	}
	for i, t := range said {
		bare, star := strings.CutSuffix(t.value, "*")
		if p, ok := words.NewPhrase(bare, star || prefix && i == len(said)-1 && !t.quoted); ok {
			s.words = append(s.words, p)
			parts++
		}
	}
	return s, parts
}

// haves are what a message may have.
var haves = map[string]string{"link": labelLink, "poll": labelPoll, "file": labelFile}

// filter takes a token as a filter; false: it is none.
func (s *sought) filter(t token, zone *time.Location) bool {
	switch t.key {
	case "from":
		s.from = append(s.from, strings.TrimPrefix(t.value, "@"))
	case "in":
		s.in = append(s.in, strings.TrimPrefix(t.value, "#"))
	case "has":
		label, ok := haves[strings.ToLower(t.value)]
		if !ok {
			return false
		}
		s.has = append(s.has, label)
	case "before", "after", "on":
		i, ok := parseTime(t.value, zone)
		switch {
		case !ok:
			return false
		case t.key == "before":
			i = interval{high: i.low}
		case t.key == "after":
			i = interval{low: i.high}
		}
		s.times = append(s.times, i)
	}
	return true
}

// parseTime reads a day, a month, a year or a time.
func parseTime(s string, zone *time.Location) (interval, bool) {
	for _, f := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{time.RFC3339, func(t time.Time) time.Time { return t.Add(time.Millisecond) }},
	} {
		if t, err := time.ParseInLocation(f.layout, s, zone); err == nil && t.Year() > 0 {
			return interval{t, f.next(t)}, true
		}
	}
	return interval{}, false
}

// A token is one part of what was typed: a word, "a phrase", or key:value.
type token struct {
	key, value string // key is one of the filters', or empty
	quoted     bool
}

var filterKeys = []string{"from", "in", "has", "before", "after", "on"}

// tokens takes a text apart. A quotation mark that is not closed goes to the end.
func tokens(text string) (ts []token) {
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return ts
		}
		var t token
		for _, key := range filterKeys {
			if n := len(key); len(text) > n+1 && text[n] == ':' && strings.EqualFold(text[:n], key) && !unicode.IsSpace(rune(text[n+1])) {
				t.key, text = key, text[n+1:]
				break
			}
		}
		if open, rest := cutQuote(text); open {
			end := strings.IndexFunc(rest, isQuote)
			if end < 0 {
				t.value, text = rest, ""
			} else {
				t.value = rest[:end]
				_, text = cutQuote(rest[end:])
			}
			t.quoted = true
		} else {
			end := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || isQuote(r) })
			if end < 0 {
				end = len(text)
			}
			t.value, text = text[:end], text[end:]
		}
		if t.value == "" && t.key != "" { // from:"" says nothing
			t.value, t.key = t.key, ""
		}
		ts = append(ts, t)
	}
}

// isQuote: keyboards differ in which marks they type.
func isQuote(r rune) bool {
	switch r {
	case '"', '“', '”', '„', '‟', '«', '»', '＂', '「', '」':
		return true
	}
	return false
}

func cutQuote(s string) (bool, string) {
	if r, n := utf8.DecodeRuneInString(s); isQuote(r) {
		return true, s[n:]
	}
	return false, s
}
