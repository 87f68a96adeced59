package bridge

import (
	"encoding/json"
	"strings"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/bridge/words"
)

// readingVersion grows when searchable, or the labels, say something else of entries that are stored already: all of them are read anew
// then. A kind that nobody could post before needs no new one.
const readingVersion = 1

// Reader tells the store what entries say, so that they can be searched.
func Reader() *history.Reader {
	return &history.Reader{Version: readingVersion, Changes: changes, Text: searchable, Labels: labels}
}

// changes is the seq of the message that an entry is an edit of.
func changes(e history.Entry) uint64 {
	var b body
	if e.Kind != kindEdit || json.Unmarshal(e.Body, &b) != nil {
		return 0
	}
	return b.RefSeq
}

// searchable is what can be found in an entry, as it is now: what somebody said, what a poll asks and offers, what a file is called.
func searchable(e history.Entry, about []history.Entry) string {
	var b body
	if e.Erased || !isSaid(e.Kind) || json.Unmarshal(e.Body, &b) != nil {
		return ""
	}
	for _, a := range about {
		var edit body
		if a.Kind == kindEdit && json.Unmarshal(a.Body, &edit) == nil {
			b.Text = edit.Text
		}
	}
	parts := append([]string{b.Text}, b.Options...)
	if b.File != nil {
		parts = append(parts, b.File.Name)
	}
	return strings.Join(parts, "\n")
}

// Labels of entries: what they can be sought by besides their words.
const (
	labelRoom = "room"     // it was said in a room, not to a member
	labelLink = "has:link" // it has an address in it
	labelPoll = "has:poll" // it is one
	labelFile = "has:file" // it brings one
)

func labelIn(key string) string   { return "in:" + key }
func labelOf(ident string) string { return "of:" + ident } // one of the two whose direct message it is

// labelFrom is of a name, however it is spelled.
func labelFrom(name string) string {
	if n, err := names.Parse(name); err == nil {
		return "from:" + n.Fold
	}
	return "from:" + words.Fold(name)
}

func labels(key string, e history.Entry, text string) []string {
	ls := []string{labelIn(key), labelFrom(e.From)}
	if a, b, ok := pairOf(key); ok {
		ls = append(ls, labelOf(a), labelOf(b))
	} else if !strings.HasPrefix(key, "@") {
		ls = append(ls, labelRoom)
	}
	if hasLink(text) {
		ls = append(ls, labelLink)
	}
	switch e.Kind {
	case kindPoll:
		ls = append(ls, labelPoll)
	case kindFile:
		ls = append(ls, labelFile)
	}
	return ls
}

// pairOf is who a log of direct messages belongs to.
func pairOf(key string) (a, b string, ok bool) {
	pair, ok := strings.CutPrefix(key, "@")
	if !ok {
		return "", "", false
	}
	return strings.Cut(pair, "+")
}

// hasLink tells whether a text has an address that the page makes a link of.
func hasLink(text string) bool {
	for _, begin := range []string{"http://", "https://", "www."} {
		for rest := text; ; {
			_, after, found := strings.Cut(rest, begin)
			if !found {
				break
			}
			if after != "" && after[0] > ' ' {
				return true
			}
			rest = after
		}
	}
	return false
}
