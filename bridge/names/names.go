// Package names says what a member's name and a room's slug are. Its rules are pure: the same text gives the same answer
// everywhere, and nothing here knows who holds a name.
//
// A name is kept in three forms. Canonical is what everyone is shown. Fold is the same name without case: two names with equal
// Fold are spellings of one name. Keys are what a name looks like: two names of which either key is equal cannot be told apart by
// eye (paypal and раураl, Ila and lla, Mia and rnia), so only one of them may be held.
//
// Unicode is taken in the version that the Go library knows (15.0 for Go 1.26): characters that it does not know are refused, as
// later they may turn out to be invisible or to have another form.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// MaxName and MaxRoom bound the canonical form, in characters: Unicode code points, so an accent that has no composed form, and
// the skin tone of an emoji, count by themselves.
const (
	MaxName = 32
	MaxRoom = 48
)

// maxInput is how many bytes are looked at, at all: far above any honest spelling of the longest name (an accent takes up to
// 3 bytes more before it is composed), and low enough to normalise without a thought.
const maxInput = 1024

// A Name is a valid member name, made by [Parse]. Two are the same name when either of their Keys is equal. The zero value is no
// name.
type Name struct {
	Canonical string    // what everyone is shown, and what topics contain
	Fold      string    // Canonical without case
	Keys      [2]string // what it looks like, read as it is and read without case
}

// Parse makes a name of s, or says in an [*Error] what is wrong with it. The canonical form is the Nickname profile of PRECIS
// (RFC 8266): normalisation form KC (so full-width letters become ordinary ones), spaces of any kind are one U+0020 and none at
// the ends. Further:
//
//   - 1 to MaxName characters: letters, marks and decimal digits of any script, spaces, the punctuation - _ . ' · ・ ׳ ״, and
//     simple emoji. At least one of them is a letter, a digit or an emoji.
//   - A typographic apostrophe ’ becomes ', as keyboards differ in which one they type.
//   - A simple emoji is one code point, or that and a skin tone, or two regional indicators (a flag). A variation selector after
//     an emoji is dropped, as keyboards differ in sending it. Sequences with a zero-width joiner and keycaps are refused: they
//     look like their parts where a font lacks them.
//   - A mark follows a letter or a digit; at most four nonspacing marks follow one another (UTS 39 §5.4), none twice in a row.
//   - «me», which stands for one's own name in topics, and what looks like it, are reserved.
//
// Parse of a canonical form gives that form again.
func Parse(s string) (Name, error) {
	if err := checkInput(aName, s, MaxName); err != nil {
		return Name{}, err
	}
	s = strings.ReplaceAll(dropSelectors(s), "’", "'")
	// PRECIS would not say which character it minds, and would name what ½ is made of rather than ½.
	for _, r := range s {
		if !unicode.Is(unicode.Zs, r) && !allInName(norm.NFKC.String(string(r))) {
			return Name{}, aName.badCharacter(r)
		}
	}
	canonical, err := precis.Nickname.String(s)
	if err != nil {
		if strings.TrimFunc(s, unicode.IsSpace) == "" {
			return Name{}, aName.empty()
		}
		return Name{}, aName.badCharacter(refusedByPrecis(s))
	}
	if n := utf8.RuneCountInString(canonical); n > MaxName {
		return Name{}, aName.tooLong(n-MaxName, MaxName)
	}
	if err := checkMarks(aName, canonical); err != nil {
		return Name{}, err
	}
	if err := checkEmoji(canonical); err != nil {
		return Name{}, err
	}
	if !strings.ContainsFunc(canonical, func(r rune) bool { return isLetterOrDigit(r) || isEmoji(r) || isRegional(r) }) {
		return Name{}, &Error{Code: Character, Tell: "a name needs a letter, a digit or an emoji: add one"}
	}
	n := derive(canonical)
	if n.Fold == me.Fold || n.Keys[0] == me.Keys[0] || n.Keys[1] == me.Keys[1] {
		return Name{}, &Error{Code: Reserved, Tell: "the name " + canonical + " is reserved, since «me» stands for everyone's own name: choose another"}
	}
	return n, nil
}

// me is the reserved name. It is never given to anyone.
var me = derive("me")

// derive completes a name from its canonical form.
func derive(canonical string) Name {
	f := fold(canonical)
	return Name{
		Canonical: canonical,
		Fold:      f,
		// Folding first would lose that I looks like l, folding last only that 0 looks like o: so both (UTS 39 §4).
		Keys: [2]string{fold(skeleton(canonical)), fold(skeleton(f))},
	}
}

// Same tells whether a and b are one name for claims: the same, or not to be told apart.
func (n Name) Same(b Name) bool { return n.Keys[0] == b.Keys[0] || n.Keys[1] == b.Keys[1] }

func allInName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && !inName(r) })
}

// refusedByPrecis finds the character for which PRECIS refuses s, whose characters are all in the set of names: one whose place
// matters (RFC 5892 appendix A), such as a Hebrew geresh outside of Hebrew.
func refusedByPrecis(s string) rune {
	for _, r := range s {
		if _, err := precis.Nickname.String("a" + string(r)); err != nil {
			return r
		}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
