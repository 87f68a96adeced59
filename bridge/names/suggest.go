package names

import (
	"strconv"
	"strings"
	"unicode"
)

// How many suggestions are made, and how many numbers and then random letters are tried for them.
const (
	maxSuggestions = 2
	maxNumbers     = 12
	maxRandom      = 6
)

// Suggest makes up to two names that are near n and for which free is true, in the order of liking: ada-2, ada-3; if many of
// those are taken, ada-kxt and such. free is asked at most 18 times.
func Suggest(n Name, free func(Name) bool) []string {
	return suggest(nil, n.Canonical, free)
}

// Mend makes up to two names for which free is true of a text that is not a name: it leaves out what may not be in one, cuts what is
// too long, and gives what is reserved a number. There may be none. free is asked at most 19 times.
func Mend(s string, free func(Name) bool) []string {
	s = strings.ToValidUTF8(s[:min(len(s), maxInput)], "")
	s = strings.Map(func(r rune) rune {
		switch {
		case inName(r) || r == '’':
			return r
		case unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r): // it often stands between words
			return ' '
		}
		return -1
	}, s)
	s = cut(strings.Join(strings.Fields(s), " "), MaxName)
	if s == "" {
		return nil
	}
	n, err := Parse(s)
	if err != nil {
		return suggest(nil, s, free)
	}
	if !free(n) {
		return Suggest(n, free)
	}
	return suggest([]string{n.Canonical}, n.Canonical, free)
}

// suggest adds to found what it can make of base with a number or letters. A number that base ends in is counted on from.
func suggest(found []string, base string, free func(Name) bool) []string {
	from := 2
	if at := strings.LastIndexByte(base, '-'); at > 0 {
		if i, err := strconv.Atoi(base[at+1:]); err == nil && i > 0 && i < 1000 && base[at+1] != '0' {
			base, from = base[:at], i+1
		}
	}
	try := func(suffix string) {
		n, err := Parse(cut(base, MaxName-len(suffix)) + suffix)
		if err == nil && free(n) {
			found = append(found, n.Canonical)
		}
	}
	for i := from; i < from+maxNumbers && len(found) < maxSuggestions; i++ {
		try("-" + strconv.Itoa(i))
	}
	for i := 0; i < maxRandom && len(found) < maxSuggestions; i++ {
		try("-" + randomLetters(3))
	}
	return found
}

// cut leaves the first n characters of s and no space at the end, and does not tear marks, skin tones and flags from what they
// belong to.
func cut(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	for n > 0 && (isMark(rs[n]) || isTone(rs[n]) || isRegional(rs[n])) {
		n--
	}
	return strings.TrimRight(string(rs[:n]), " ")
}
