package names

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// A Code is a stable word for what is wrong with a name or a slug.
type Code string

// Codes of an Error.
const (
	Empty     Code = "empty"     // nothing is left of it
	TooLong   Code = "too-long"  // more characters than MaxName or MaxRoom
	Character Code = "character" // a character that may not be in it, or not there
	Reserved  Code = "reserved"  // «me» or what looks like it
)

// An Error says why a text is not a name or a slug.
type Error struct {
	Code Code
	Tell string // for the member: what is wrong and what to do
}

func (e *Error) Error() string { return "names: " + e.Tell }

// A noun is what a sentence is about.
type noun struct {
	a       string // with its article
	allowed string // which characters it may have
}

var (
	aName = noun{a: "a name", allowed: "letters, digits, spaces, emoji and - _ . '"}
	aRoom = noun{a: "the name of a room", allowed: "letters, digits, - and _"}
)

func (n noun) empty() error {
	return &Error{Code: Empty, Tell: n.a + " has at least one character: write one"}
}

// tooLong says by how many characters.
func (n noun) tooLong(by, limit int) error {
	how := "1 character"
	if by > 1 {
		how = strconv.Itoa(by) + " characters"
	}
	return &Error{Code: TooLong, Tell: fmt.Sprintf("that is %s too long: %s has at most %d characters", how, n.a, limit)}
}

// badCharacter names r; a character that cannot be seen, or would change what is around it, by its number only.
func (n noun) badCharacter(r rune) error {
	return &Error{Code: Character, Tell: fmt.Sprintf("%s cannot contain %s: use %s", n.a, call(r), n.allowed)}
}

// misplaced is for a character that may be in n, but not there.
func (n noun) misplaced(r rune, how string) error {
	return &Error{Code: Character, Tell: fmt.Sprintf("%s cannot have %s %s: leave it out", n.a, call(r), how)}
}

// call gives r a word that can stand in a sentence, a log and a terminal.
func call(r rune) string {
	switch {
	case r == utf8.RuneError:
		return "bytes that are not UTF-8"
	case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
		return "a line break"
	case r == '\t':
		return "a tab"
	case unicode.Is(unicode.Zs, r):
		return "a space"
	case r == '\u200d':
		return "the invisible character U+200D, which joins letters or emoji"
	case invisible(r) || unicode.IsControl(r):
		return fmt.Sprintf("the invisible character %U", r)
	case !unicode.IsGraphic(r):
		return fmt.Sprintf("the unknown character %U", r)
	case unicode.IsMark(r):
		return fmt.Sprintf("the mark ◌%c (%U)", r, r)
	default:
		return string(r)
	}
}
