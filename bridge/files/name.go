package files

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName bounds the name of a file, in bytes: what file systems take.
const maxName = 200

// CleanName makes a name that can be shown and saved: one line, no path, nothing that is invisible or turns the direction of the text,
// at most 200 bytes. Of a longer one the end stays, since it says what the file is.
func CleanName(s string) string {
	s = strings.ToValidUTF8(s, "_")
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`:*?"<>|`, r): // Windows takes none of these
			return '_'
		case r == 0x200c, r == 0x200d: // they join letters and emoji
			return r
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	s = strings.Trim(s, ". ")
	if len(s) > maxName {
		end := path.Ext(s)
		if len(end) > 32 {
			end = ""
		}
		s = cut(s[:len(s)-len(end)], maxName-len(end)) + end
	}
	if strings.Trim(s, "\u200c\u200d ") == "" {
		return "file"
	}
	return s
}

// cut is the beginning of s, at most n bytes, without half of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], " .")
}
