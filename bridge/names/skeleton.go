package names

import (
	"sort"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

//go:generate sh -c "go run ./gen \"$CONFUSABLES\" > confusables.tmp && mv confusables.tmp confusables.go"

// skeleton is what s, which is in form KC, looks like: UTS 39 §4, in form NFD, characters that are not seen dropped, the others
// replaced by the prototype of those that look alike. Beyond the standard, a dot above that is drawn over a dot (i, j) is dropped.
func skeleton(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if invisible(r) {
			continue
		}
		if to, ok := prototype(r); ok {
			b.WriteString(to)
		} else {
			b.WriteRune(r)
		}
	}
	return norm.NFD.String(dropDots(b.String()))
}

// dropDots drops a combining dot above that follows a letter that has one.
func dropDots(s string) string {
	const dot = '\u0307'
	if !strings.ContainsRune(s, dot) {
		return s
	}
	var b strings.Builder
	before := rune(-1)
	for _, r := range s {
		if r == dot && unicode.Is(unicode.Soft_Dotted, before) {
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// prototype looks r up in confusables.txt.
func prototype(r rune) (string, bool) {
	const width = 3
	n := len(confusableFrom) / width
	i := sort.Search(n, func(i int) bool { return confusable(i) >= r })
	if i == n || confusable(i) != r {
		return "", false
	}
	at := confusableAt[i*width:]
	start := int(at[0])<<8 | int(at[1])
	return confusableTo[start : start+int(at[2])], true
}

// confusable is the i-th character that has a prototype.
func confusable(i int) rune {
	c := confusableFrom[i*3:]
	return rune(c[0])<<16 | rune(c[1])<<8 | rune(c[2])
}

// fold is s without case, in form KC (Unicode §3.13, D146: folding may leave what has to be normalised and folded again).
func fold(s string) string {
	for range 2 {
		s = norm.NFKC.String(strings.Map(foldCherokee, cases.Fold().String(norm.NFD.String(s))))
	}
	return s
}

// foldCherokee folds the one script that folds to its capitals, which [cases.Fold] leaves as it is.
func foldCherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}
