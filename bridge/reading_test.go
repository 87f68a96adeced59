package bridge

import (
	"slices"
	"strings"
	"testing"

	"tincan/bridge/history"
)

// What can be found in an entry, and by what labels.
func TestWhatCanBeFound(t *testing.T) {
	t.Parallel()
	edit := history.Entry{Kind: kindEdit, Body: []byte(`{"text":"at noon","ref":"x","refseq":7}`)}
	react := history.Entry{Kind: kindReact, Body: []byte(`{"text":"🔥","ref":"x","refseq":7}`)}
	for _, c := range []struct {
		key   string
		e     history.Entry
		about []history.Entry
		text  string
		label string
	}{
		{"lobby", history.Entry{Kind: kindText, From: "Ada", Body: []byte(`{"text":"tea"}`)}, nil, "tea", "in:lobby from:ada room"},
		{"lobby", history.Entry{Kind: kindText, From: "Ada", Body: []byte(`{"text":"tea"}`)}, []history.Entry{edit, react}, "at noon", "in:lobby from:ada room"},
		{"@k1+k2", history.Entry{Kind: kindText, From: "bob", Body: []byte(`{"to":"ada","text":"see https://x"}`)}, nil, "see https://x", "in:@k1+k2 from:bob of:k1 of:k2 has:link"},
		{"lobby", history.Entry{Kind: kindPoll, From: "bob", Body: []byte(`{"text":"when?","options":["monday","friday"]}`)}, nil, "when?\nmonday\nfriday", "in:lobby from:bob room has:poll"},
		{"lobby", history.Entry{Kind: kindFile, From: "bob", Body: []byte(`{"text":"","file":{"url":"/files/1/plan.pdf","name":"plan.pdf"}}`)}, nil, "\nplan.pdf", "in:lobby from:bob room has:file"},
		{"@admin", history.Entry{Kind: kindText, From: "bob", Body: []byte(`{"text":"x"}`)}, nil, "x", "in:@admin from:bob"},
		{"lobby", edit, nil, "", ""},
		{"lobby", react, nil, "", ""},
		{"lobby", history.Entry{Kind: kindText, Erased: true}, nil, "", ""},
		{"lobby", history.Entry{Kind: kindVote, Body: []byte(`{"text":"","refseq":7,"choice":[1]}`)}, nil, "", ""},
	} {
		text := searchable(c.e, c.about)
		if text != c.text {
			t.Errorf("%s %s says %q, want %q", c.e.Kind, c.e.Body, text, c.text)
		}
		if text == "" {
			continue
		}
		got, want := labels(c.key, c.e, text), strings.Fields(c.label)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s %s has %q, want %q", c.e.Kind, c.e.Body, got, want)
		}
	}
	if changes(edit) != 7 || changes(react) != 0 {
		t.Error("an edit changes a text, a reaction none")
	}
	for text, want := range map[string]bool{"http://": false, "see https://a": true, "www.x.org": true, "a www. b": false, "http:// https://x": true} {
		if hasLink(text) != want {
			t.Errorf("%q has a link: %v", text, !want)
		}
	}
}
