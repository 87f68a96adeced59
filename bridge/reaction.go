package bridge

import (
	"strings"
	"unicode"
)

// maxReaction is the size of a reaction in bytes: families and flags are made of many characters.
const maxReaction = 64

// isReaction tells whether a text is emoji and nothing else, so that a reaction is no message beside the log.
func isReaction(text string) bool {
	if len(text) > maxReaction {
		return false
	}
	shown := false
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.So, unicode.Me), r >= 0x2190 && unicode.Is(unicode.Sm, r), r == '‼', r == '⁉', r == '〰', r == 'ℹ':
			shown = true
		case r == '#', r == '*', '0' <= r && r <= '9': // of a keycap
			if !strings.ContainsRune(text, '\u20e3') {
				return false
			}
		case r == '\u200d', r == '\ufe0f', 0x1f3fb <= r && r <= 0x1f3ff, 0xe0020 <= r && r <= 0xe007f: // joiner, selector, skin tone, tags
		default:
			return false
		}
	}
	return shown
}
