// Package words cuts texts into the words that a search compares, so that the index, the rows that are not in it yet, and the marks in
// an answer all mean the same. It is pure: the same text gives the same words everywhere.
//
// A word is a run of letters, digits and marks of any script, or one emoji. Case does not count, nor do accents of Latin and Greek
// letters, the points of Hebrew and Arabic, and half or full width. Scripts that are written without spaces (Han, Kana, Thai, Lao, Khmer,
// Myanmar; Hangul too, whose words carry their particles) are cut into overlapping pairs: 東京駅 is 東京, 京駅 and the last one alone, so
// that any part of a run is found, even a single character.
package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Version grows when texts are cut in another way: what was cut before must be cut anew.
const Version = 2

// maxTerm bounds a term, in bytes; what is longer is compared by its beginning. No word of a language comes near.
const maxTerm = 96

// A Word is one term of a text, and where it stands in it.
type Word struct {
	Term       string // never empty; letters, digits, marks or an emoji: no space, punctuation or private character
	Start, End int    // bytes of the text
	pair       pair
}

// pair tells how a word of a script without spaces was cut.
type pair byte

const (
	whole pair = iota // any other word
	first             // a pair: its second character begins the next one
	last              // the last character of a run, alone
)

// Split cuts a text into its words, in order.
func Split(text string) []Word { return split(text, nil) }

func split(text string, ws []Word) []Word {
	c := cutter{text: text, words: ws}
	for i := 0; i < len(text); {
		i = c.next(i)
	}
	c.end()
	return c.words
}

// A cutter goes through a text once.
type cutter struct {
	text  string
	words []Word

	term        []byte // of the word that is being read
	start, stop int    // where it stands
	run         []char // of a script without spaces, being read
}

// A char is one folded character of a run, and where it stands.
type char struct {
	r          rune
	start, end int
}

// next takes what stands at i and returns where it ends.
func (c *cutter) next(i int) int {
	b := c.text[i]
	if b < utf8.RuneSelf && (i+1 == len(c.text) || c.text[i+1] < utf8.RuneSelf) {
		switch {
		case 'A' <= b && b <= 'Z':
			b += 'a' - 'A'
			fallthrough
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9':
			c.letter(rune(b), i, i+1)
		default:
			c.end()
		}
		return i + 1
	}
	r, size := utf8.DecodeRuneInString(c.text[i:])
	if after, _ := utf8.DecodeRuneInString(c.text[i+size:]); isStable(r) && !unicode.Is(unicode.Mn, after) {
		c.take(r, i, i+size)
		return i + size
	}
	// What can combine is normalised as a whole: a letter and its accents, however they were typed.
	if size = norm.NFKC.NextBoundaryInString(c.text[i:], true); size <= 0 {
		size = len(c.text) - i
	}
	segment := norm.NFKC.String(c.text[i : i+size])
	for _, r := range segment {
		c.take(r, i, i+size)
	}
	return i + size
}

// isStable: normalising it alone changes nothing, and most texts that are not Latin consist of such.
func isStable(r rune) bool {
	return r >= 0x0400 && r < 0x0530 || r >= 0x3041 && r < 0x3095 || r >= 0x4e00 && r < 0xa000 || r >= 0xac00 && r < 0xd7a4
}

// take takes one normalised character.
func (c *cutter) take(r rune, start, end int) {
	switch {
	case isSilent(r):
		if len(c.term) > 0 || len(c.run) > 0 {
			c.stop = end
		}
	case isUnspaced(r):
		c.endTerm()
		c.run = append(c.run, char{r, start, end})
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
		c.fold(unicode.ToLower(r), start, end)
	case isEmoji(r):
		c.end()
		c.words = append(c.words, Word{Term: string(r), Start: start, End: end})
	default:
		c.end()
	}
}

// fold takes a small letter without what does not count.
func (c *cutter) fold(r rune, start, end int) {
	if r >= 0xc0 && r < 0x400 || r >= 0x1e00 && r < 0x2000 {
		if d := norm.NFD.PropertiesString(string(r)).Decomposition(); len(d) > 0 {
			r, _ = utf8.DecodeRune(d)
		}
	}
	if s, ok := spelled[r]; ok {
		for _, r := range s {
			c.letter(r, start, end)
		}
		return
	}
	c.letter(r, start, end)
}

// spelled are letters that count as others, beside what Unicode decomposes.
var spelled = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ς': "σ", 'ё': "е",
	'أ': "ا", 'إ': "ا", 'آ': "ا", 'ٱ': "ا", 'ى': "ي", 'ی': "ي", 'ئ': "ي", 'ک': "ك", 'ؤ': "و", 'ة': "ه",
}

func (c *cutter) letter(r rune, start, end int) {
	c.endRun()
	if len(c.term) == 0 {
		c.start = start
	}
	if len(c.term) < maxTerm {
		c.term = utf8.AppendRune(c.term, r)
	}
	c.stop = end
}

// end ends the word that is being read, if there is one.
func (c *cutter) end() {
	c.endTerm()
	c.endRun()
}

func (c *cutter) endTerm() {
	if len(c.term) > 0 {
		c.words = append(c.words, Word{Term: string(c.term), Start: c.start, End: c.stop})
		c.term = c.term[:0]
	}
}

func (c *cutter) endRun() {
	for i, a := range c.run {
		if i+1 == len(c.run) {
			c.words = append(c.words, Word{string(a.r), a.start, a.end, last})
			break
		}
		b := c.run[i+1]
		c.words = append(c.words, Word{string([]rune{a.r, b.r}), a.start, b.end, first})
	}
	c.run = c.run[:0]
}

// isUnspaced: of a script that is written without spaces between words.
func isUnspaced(r rune) bool {
	return r >= 0x0e00 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		r == 'ー') && (unicode.IsLetter(r) || unicode.IsMark(r))
}

// isSilent: it is heard in no word: accents that were not composed, points, joiners, soft hyphens, variation selectors, skin tones.
func isSilent(r rune) bool {
	switch {
	case r < 0x300:
		return r == 0xad
	case r < 0x370, r >= 0x591 && r <= 0x5c7 && r != 0x5be, r >= 0x64b && r <= 0x65f, r >= 0x6d6 && r <= 0x6ed:
		return unicode.IsMark(r)
	case r == 0x640, r == 0x670, r == 0x200c, r == 0x200d, r == 0x2060, r == 0xfeff:
		return true
	case r >= 0x200e && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // directions
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff
}

func isEmoji(r rune) bool {
	return r >= 0x2190 && r != utf8.RuneError && unicode.Is(unicode.So, r)
}

// Fold is a text as it is compared: its words, with one space between them.
func Fold(text string) string {
	var b strings.Builder
	for i, w := range Split(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Term)
	}
	return b.String()
}
