package history

import (
	"fmt"
	"strings"

	"tincan/bridge/words"
)

// A Reader knows what entries say, which history does not. Its answers are made of what is stored and of nothing else: the same entries
// give the same answers, today and after years, or Version grows and everything is read anew. Safe for concurrent use.
type Reader struct {
	Version int
	// Changes is the seq of the earlier entry whose text e changes, such as the one that an edit is of; 0: none. Such an entry is not
	// found itself.
	Changes func(e Entry) uint64
	// Text is what can be found in e, as the entries about it, in the order of the log, have changed it. Empty: nothing.
	Text func(e Entry, about []Entry) string
	// Labels are what e can be sought by besides its words: where it stands, who wrote it, what it has. Words never find them.
	Labels func(room string, e Entry, text string) []string
}

// labelMark begins a label among the terms of the index; words have no private characters. It is there three times so that all labels have
// the same beginning and cost the prefix indexes little.
const labelMark = "\ue000\ue000\ue000"

// labelTerm makes a label one term: the index takes ASCII letters, digits and whatever is not ASCII, and no difference of case.
func labelTerm(label string) string {
	var b strings.Builder
	b.WriteString(labelMark)
	for i := range len(label) {
		switch c := label[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 0x80:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "\ue001%02x", c)
		}
	}
	return b.String()
}

// document is what the index takes for an entry; empty when there is nothing to find.
func (r *Reader) document(room string, e Entry, about []Entry) string {
	text := r.Text(e, about)
	if text == "" {
		return ""
	}
	var b strings.Builder
	for i, label := range r.Labels(room, e, text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(labelTerm(label))
	}
	for _, w := range words.Split(text) {
		b.WriteByte(' ')
		b.WriteString(w.Term)
	}
	return b.String()
}
