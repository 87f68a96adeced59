package bridge

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tincan/bridge/names"
)

// Limits of what is looked at in one message: the rest of it mentions nobody.
const (
	mostMentions = 16
	everybody    = "room" // @room is everybody who reads the room
)

var (
	fenced = regexp.MustCompile("(?m)^```[\\w+-]{0,20}[ \t]*\n(?:(?s:.*?)\n)?```[ \t]*$")
	apart  = regexp.MustCompile("`[^`\n]+`|https?://[^\\s\\v\\p{Z}\\x{feff}<>\"'`]+") // code, or a link: it ends where JavaScript sees a space
)

// mentions finds who a text speaks to: behind an @ that begins a word, the longest name that is somebody's (is tells), or room, which
// is all. Code and links mention nobody.
func mentions(text string, is func(names.Name) bool) (who []names.Name, all bool) {
	if !strings.Contains(text, "@") {
		return nil, false
	}
	text = apart.ReplaceAllString(fenced.ReplaceAllString(text, "\n"), "`")
	tried := 0
	for at := 0; tried < mostMentions; tried++ {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			break
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		at += i + 1
		if inWord(before) {
			continue
		}
		n, found, length := longest(text[at:], is)
		switch {
		case !found:
			continue
		case n.Fold == everybody:
			all = true
		default:
			who = append(who, n)
		}
		at += length
	}
	return who, all
}

// longest is the longest name that a text begins with, and its length there in bytes.
func longest(text string, is func(names.Name) bool) (found names.Name, ok bool, length int) {
	var ends []int // after each word that may be the last of a name
	runes := 0
	for i, r := range text {
		if i > 0 && !inWord(r) && !unicode.IsMark(r) {
			ends = append(ends, i)
		}
		if runes++; r == '\n' || r == '@' || runes > names.MaxName {
			break
		}
		if i+utf8.RuneLen(r) >= len(text) {
			ends = append(ends, len(text))
		}
	}
	for i := len(ends) - 1; i >= 0; i-- {
		words := text[:ends[i]]
		if last, _ := utf8.DecodeLastRuneInString(words); unicode.IsSpace(last) || unicode.IsSpace(rune(words[0])) {
			continue
		}
		n, err := names.Parse(words)
		if err == nil && (n.Fold == everybody || is(n)) {
			return n, true, ends[i]
		}
	}
	return names.Name{}, false, 0
}

// inWord tells whether a character continues a word, so that no name begins behind it or ends before it.
func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }
