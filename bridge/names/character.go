package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many nonspacing marks may follow one another, in form NFD (UTS 39 §5.4). More is used to paint over the neighbours.
const maxMarks = 4

// punctuation is what names may have besides letters, marks, digits and emoji: what real names are written with. The katakana
// middle dot and the Hebrew geresh and gershayim are further bound by PRECIS to stand among their own script.
const punctuation = "-_.'·・׳״"

// emoji are the single code points that are shown as pictures (Emoji=Yes of UTS 51, as far as they are symbols without letters in
// them), in Unicode 15. The skin tones are not among them, nor are regional indicators: they need a neighbour.
var emoji = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x231a, 0x231b, 1}, {0x2328, 0x2328, 1}, {0x23cf, 0x23cf, 1}, {0x23e9, 0x23f3, 1}, {0x23f8, 0x23fa, 1},
		{0x2600, 0x2604, 1}, {0x260e, 0x260e, 1}, {0x2611, 0x2611, 1}, {0x2614, 0x2615, 1}, {0x2618, 0x2618, 1},
		{0x261d, 0x261d, 1}, {0x2620, 0x2620, 1}, {0x2622, 0x2623, 1}, {0x2626, 0x2626, 1}, {0x262a, 0x262a, 1},
		{0x262e, 0x262f, 1}, {0x2638, 0x263a, 1}, {0x2640, 0x2640, 1}, {0x2642, 0x2642, 1}, {0x2648, 0x2653, 1},
		{0x265f, 0x2660, 1}, {0x2663, 0x2663, 1}, {0x2665, 0x2666, 1}, {0x2668, 0x2668, 1}, {0x267b, 0x267b, 1},
		{0x267e, 0x267f, 1}, {0x2692, 0x2697, 1}, {0x2699, 0x2699, 1}, {0x269b, 0x269c, 1}, {0x26a0, 0x26a1, 1},
		{0x26a7, 0x26a7, 1}, {0x26aa, 0x26ab, 1}, {0x26b0, 0x26b1, 1}, {0x26bd, 0x26be, 1}, {0x26c4, 0x26c5, 1},
		{0x26c8, 0x26c8, 1}, {0x26ce, 0x26cf, 1}, {0x26d1, 0x26d1, 1}, {0x26d3, 0x26d4, 1}, {0x26e9, 0x26ea, 1},
		{0x26f0, 0x26f5, 1}, {0x26f7, 0x26fa, 1}, {0x26fd, 0x26fd, 1}, {0x2702, 0x2702, 1}, {0x2705, 0x2705, 1},
		{0x2708, 0x270d, 1}, {0x270f, 0x270f, 1}, {0x2712, 0x2712, 1}, {0x2714, 0x2714, 1}, {0x2716, 0x2716, 1},
		{0x271d, 0x271d, 1}, {0x2721, 0x2721, 1}, {0x2728, 0x2728, 1}, {0x2733, 0x2734, 1}, {0x2744, 0x2744, 1},
		{0x2747, 0x2747, 1}, {0x274c, 0x274c, 1}, {0x274e, 0x274e, 1}, {0x2753, 0x2755, 1}, {0x2757, 0x2757, 1},
		{0x2763, 0x2764, 1}, {0x27a1, 0x27a1, 1}, {0x27b0, 0x27b0, 1}, {0x27bf, 0x27bf, 1}, {0x2b05, 0x2b07, 1},
		{0x2b1b, 0x2b1c, 1}, {0x2b50, 0x2b50, 1}, {0x2b55, 0x2b55, 1},
	},
	R32: []unicode.Range32{
		{0x1f004, 0x1f004, 1}, {0x1f0cf, 0x1f0cf, 1}, {0x1f300, 0x1f321, 1}, {0x1f324, 0x1f393, 1}, {0x1f396, 0x1f397, 1},
		{0x1f399, 0x1f39b, 1}, {0x1f39e, 0x1f3f0, 1}, {0x1f3f3, 0x1f3f5, 1}, {0x1f3f7, 0x1f3fa, 1}, {0x1f400, 0x1f4fd, 1},
		{0x1f4ff, 0x1f53d, 1}, {0x1f549, 0x1f54e, 1}, {0x1f550, 0x1f567, 1}, {0x1f56f, 0x1f570, 1}, {0x1f573, 0x1f57a, 1},
		{0x1f587, 0x1f587, 1}, {0x1f58a, 0x1f58d, 1}, {0x1f590, 0x1f590, 1}, {0x1f595, 0x1f596, 1}, {0x1f5a4, 0x1f5a5, 1},
		{0x1f5a8, 0x1f5a8, 1}, {0x1f5b1, 0x1f5b2, 1}, {0x1f5bc, 0x1f5bc, 1}, {0x1f5c2, 0x1f5c4, 1}, {0x1f5d1, 0x1f5d3, 1},
		{0x1f5dc, 0x1f5de, 1}, {0x1f5e1, 0x1f5e1, 1}, {0x1f5e3, 0x1f5e3, 1}, {0x1f5e8, 0x1f5e8, 1}, {0x1f5ef, 0x1f5ef, 1},
		{0x1f5f3, 0x1f5f3, 1}, {0x1f5fa, 0x1f64f, 1}, {0x1f680, 0x1f6c5, 1}, {0x1f6cb, 0x1f6d2, 1}, {0x1f6d5, 0x1f6d7, 1},
		{0x1f6dc, 0x1f6e5, 1}, {0x1f6e9, 0x1f6e9, 1}, {0x1f6eb, 0x1f6ec, 1}, {0x1f6f0, 0x1f6f0, 1}, {0x1f6f3, 0x1f6fc, 1},
		{0x1f7e0, 0x1f7eb, 1}, {0x1f7f0, 0x1f7f0, 1}, {0x1f90c, 0x1f93a, 1}, {0x1f93c, 0x1f945, 1}, {0x1f947, 0x1f9ff, 1},
		{0x1fa70, 0x1fa7c, 1}, {0x1fa80, 0x1fa88, 1}, {0x1fa90, 0x1fabd, 1}, {0x1fabf, 0x1fac5, 1}, {0x1face, 0x1fadb, 1},
		{0x1fae0, 0x1fae8, 1}, {0x1faf0, 0x1faf8, 1},
	},
}

func isEmoji(r rune) bool    { return unicode.Is(emoji, r) }
func isTone(r rune) bool     { return r >= 0x1f3fb && r <= 0x1f3ff }
func isRegional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }
func isSelector(r rune) bool { return r == 0xfe0e || r == 0xfe0f }

func isLetterOrDigit(r rune) bool {
	return (unicode.IsLetter(r) || unicode.Is(unicode.Nd, r)) && !invisible(r)
}

// isMark leaves out enclosing marks (Me): a circle or a keycap drawn around a letter hides which one it is.
func isMark(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Mc) && !invisible(r) }

// inName tells whether r may be in a name, apart from spaces.
func inName(r rune) bool {
	return isLetterOrDigit(r) || isMark(r) || isEmoji(r) || isTone(r) || isRegional(r) || strings.ContainsRune(punctuation, r)
}

// invisible tells whether r is a Default_Ignorable_Code_Point (UAX 44) or another format character. Some are letters or marks by
// their category, such as the Hangul fillers and the variation selectors.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// dropSelectors drops a variation selector that follows an emoji. Elsewhere it stays, and will be refused.
func dropSelectors(s string) string {
	if !strings.ContainsFunc(s, isSelector) {
		return s
	}
	var b strings.Builder
	var before rune
	for _, r := range s {
		if !isSelector(r) || !isEmoji(before) {
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// checkInput refuses what need not be looked at more closely.
func checkInput(n noun, s string, limit int) error {
	switch {
	case s == "":
		return n.empty()
	case !utf8.ValidString(s):
		return n.badCharacter(utf8.RuneError)
	case len(s) > maxInput:
		return n.tooLong(utf8.RuneCountInString(s)-limit, limit)
	}
	return nil
}

// checkMarks refuses a mark without a letter before it, and of the nonspacing ones too many in a row, or the same twice.
func checkMarks(n noun, s string) error {
	marks, before := 0, rune(-1)
	for _, r := range norm.NFD.String(s) {
		switch {
		case !isMark(r):
			marks = 0
		case !isMark(before) && !isLetterOrDigit(before):
			return n.misplaced(r, "without a letter before it")
		case unicode.Is(unicode.Mn, r):
			if marks++; marks > maxMarks {
				return &Error{Code: Character, Tell: n.a + " cannot have so many marks on one letter: leave some out"}
			}
			if r == before {
				return n.misplaced(r, "twice in a row")
			}
		}
		before = r
	}
	return nil
}

// checkEmoji refuses a skin tone without an emoji before it, and a regional indicator without its pair.
func checkEmoji(s string) error {
	before := rune(-1)
	regional := 0
	for _, r := range s {
		if regional%2 == 1 && !isRegional(r) {
			return aName.misplaced(before, "without a second one, which makes a flag")
		}
		if isRegional(r) {
			regional++
		} else {
			regional = 0
		}
		if isTone(r) && !isEmoji(before) {
			return aName.misplaced(r, "without an emoji before it")
		}
		before = r
	}
	if regional%2 == 1 {
		return aName.misplaced(before, "without a second one, which makes a flag")
	}
	return nil
}
