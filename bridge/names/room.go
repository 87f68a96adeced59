package names

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Room makes the slug of a room of s, or says in an [*Error] what is wrong with it: 1 to MaxRoom letters, marks and decimal digits
// of any script, - and _, in lower case and normalisation form C. Lower case is Unicode's full mapping, independent of a language
// (as toLowerCase of JavaScript). A mark follows a letter, as in names. Room of a slug gives that slug again.
func Room(s string) (slug string, err error) {
	if err := checkInput(aRoom, s, MaxRoom); err != nil {
		return "", err
	}
	for _, r := range s {
		if !inRoom(r) {
			return "", aRoom.badCharacter(r)
		}
	}
	slug = norm.NFC.String(cases.Lower(language.Und).String(norm.NFC.String(s)))
	if n := utf8.RuneCountInString(slug); n > MaxRoom {
		return "", aRoom.tooLong(n-MaxRoom, MaxRoom)
	}
	if err := checkMarks(aRoom, slug); err != nil {
		return "", err
	}
	return slug, nil
}

func inRoom(r rune) bool { return isLetterOrDigit(r) || isMark(r) || strings.ContainsRune("-_", r) }
