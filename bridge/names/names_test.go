package names_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"tincan/bridge/names"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors.json from what the code does")

// A vector is one input and what must come of it; Error is a Code.
type vector struct {
	In        string `json:"in"`
	Canonical string `json:"canonical,omitempty"`
	Fold      string `json:"fold,omitempty"`
	Slug      string `json:"slug,omitempty"`
	Error     string `json:"error,omitempty"`
}

// vectors.json is shared with the page, whose checks while typing must agree.
type vectors struct {
	Names []vector    `json:"names"`
	Rooms []vector    `json:"rooms"`
	Alike [][2]string `json:"alike"` // one name for claims
	Other [][2]string `json:"other"` // two names
}

func TestVectors(t *testing.T) {
	const path = "testdata/vectors.json"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want vectors
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	got := vectors{Alike: want.Alike, Other: want.Other}
	for _, v := range want.Names {
		n, err := names.Parse(v.In)
		g := vector{In: v.In, Canonical: n.Canonical, Fold: n.Fold, Error: code(t, err)}
		if g != v && !*update {
			t.Errorf("Parse(%+q) = %+q, want %+q", v.In, g, v)
		}
		got.Names = append(got.Names, g)
	}
	for _, v := range want.Rooms {
		slug, err := names.Room(v.In)
		g := vector{In: v.In, Slug: slug, Error: code(t, err)}
		if g != v && !*update {
			t.Errorf("Room(%+q) = %+q, want %+q", v.In, g, v)
		}
		got.Rooms = append(got.Rooms, g)
	}
	for _, pair := range want.Alike {
		if a, b := parse(t, pair[0]), parse(t, pair[1]); !a.Same(b) || !b.Same(a) {
			t.Errorf("%q and %q are two names: %+q, %+q", pair[0], pair[1], a.Keys, b.Keys)
		}
	}
	for _, pair := range want.Other {
		if a, b := parse(t, pair[0]), parse(t, pair[1]); a.Same(b) {
			t.Errorf("%q and %q are one name: %+q, %+q", pair[0], pair[1], a.Keys, b.Keys)
		}
	}
	if *update {
		var out strings.Builder
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func parse(t *testing.T, s string) names.Name {
	t.Helper()
	n, err := names.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%+q): %v", s, err)
	}
	return n
}

// code is the Code of err, which is nil or an *Error with a sentence.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *names.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is a %T, want an *Error", err, err)
	}
	if e.Code == "" || len(e.Tell) < 20 || !utf8.ValidString(e.Tell) || strings.ContainsAny(e.Tell, "\r\n\t\u202e\u200b") {
		t.Errorf("%q: Tell = %+q: want a sentence that can be shown anywhere", e.Code, e.Tell)
	}
	return string(e.Code)
}

func TestTheSentenceNamesTheTrouble(t *testing.T) {
	for _, c := range []struct{ in, tell string }{
		{"", "a name has at least one character: write one"},
		{" \u3000 ", "a name has at least one character: write one"},
		{"a/b", "a name cannot contain /: use letters, digits, spaces, emoji and - _ . '"},
		{"a½", "a name cannot contain ½: use letters, digits, spaces, emoji and - _ . '"},
		{"a\xff", "a name cannot contain bytes that are not UTF-8: use letters, digits, spaces, emoji and - _ . '"},
		{"a\nb", "a name cannot contain a line break: use letters, digits, spaces, emoji and - _ . '"},
		{"a\x1b[2J", "a name cannot contain the invisible character U+001B: use letters, digits, spaces, emoji and - _ . '"},
		{"photo\u202egnp", "a name cannot contain the invisible character U+202E: use letters, digits, spaces, emoji and - _ . '"},
		{"a\U000e0041", "a name cannot contain the invisible character U+E0041: use letters, digits, spaces, emoji and - _ . '"},
		{"a\ue000", "a name cannot contain the unknown character U+E000: use letters, digits, spaces, emoji and - _ . '"},
		{"a\u20dd", "a name cannot contain the mark ◌\u20dd (U+20DD): use letters, digits, spaces, emoji and - _ . '"},
		{"\u0301a", "a name cannot have the mark ◌\u0301 (U+0301) without a letter before it: leave it out"},
		{"a\u0301\u0301", "a name cannot have the mark ◌\u0301 (U+0301) twice in a row: leave it out"},
		{"a\u0316\u0317\u0318\u0319\u031a", "a name cannot have so many marks on one letter: leave some out"},
		{"🇫", "a name cannot have 🇫 without a second one, which makes a flag: leave it out"},
		{"a🏽", "a name cannot have 🏽 without an emoji before it: leave it out"},
		{"-.-", "a name needs a letter, a digit or an emoji: add one"},
		{strings.Repeat("x", 33), "that is 1 character too long: a name has at most 32 characters"},
		{strings.Repeat("é", 40), "that is 8 characters too long: a name has at most 32 characters"},
		{strings.Repeat("x", 1<<20), "that is 1048544 characters too long: a name has at most 32 characters"},
		{"Me", "the name Me is reserved, since «me» stands for everyone's own name: choose another"},
	} {
		_, err := names.Parse(c.in)
		var e *names.Error
		if !errors.As(err, &e) || e.Tell != c.tell {
			t.Errorf("Parse(%.20q…)\n got %v\nwant %s", c.in, err, c.tell)
		}
	}
	_, err := names.Room("at the back")
	var e *names.Error
	if !errors.As(err, &e) || e.Tell != "the name of a room cannot contain a space: use letters, digits, - and _" {
		t.Errorf("Room: %v", err)
	}
}

// forbidden is what topics, filters, mentions and quotes are made of.
const forbidden = "/+#$@:\"\\\x00"

func TestForbiddenCharactersAreRefusedInEveryWidth(t *testing.T) {
	for _, r := range forbidden + "／＋＃＄＠：＂＼﹟﹩﹢﹕﹫﹨" {
		for _, s := range []string{string(r), string(r) + "a", "a" + string(r), "a" + string(r) + "b"} {
			if n, err := names.Parse(s); err == nil {
				t.Errorf("Parse(%+q) = %+q, want an error", s, n.Canonical)
			}
			if slug, err := names.Room(s); err == nil {
				t.Errorf("Room(%+q) = %+q, want an error", s, slug)
			}
		}
	}
}

// Every character there is, alone and after a letter: what gets through is stable, can be seen, and is no pattern.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r >= 0x3400 && r <= 0xa3ff && r%64 != 0 || r >= 0xac00 && r <= 0xf8ff && r%64 != 0 || r >= 0x17000 && r <= 0x18fff && r%64 != 0 || r >= 0x20000 && r%1024 > 2 && r>>8 != 0xe01 {
			continue // a sample of the large, even blocks: ideographs, Hangul, private use, nothing
		}
		checkName(t, string(r))
		checkName(t, "a"+string(r))
		checkRoom(t, string(r)+"A"+string(r))
	}
}

// checkName holds the laws of Parse for s.
func checkName(t *testing.T, s string) {
	n, err := names.Parse(s)
	if err != nil {
		if n != (names.Name{}) {
			t.Fatalf("Parse(%+q) = %+q with error %v", s, n, err)
		}
		code(t, err)
		return
	}
	again, err := names.Parse(n.Canonical)
	if err != nil || again != n {
		t.Fatalf("Parse(%+q) = %+q, of which Parse makes %+q, %v", s, n, again, err)
	}
	if c := utf8.RuneCountInString(n.Canonical); c < 1 || c > names.MaxName || strings.ContainsAny(n.Canonical, forbidden) {
		t.Fatalf("Parse(%+q).Canonical = %+q", s, n.Canonical)
	}
	if n.Fold == "" || n.Keys[0] == "" || n.Keys[1] == "" {
		t.Fatalf("Parse(%+q) = %+q: a part is empty", s, n)
	}
	if f, err := names.Parse(n.Fold); err == nil && !f.Same(n) {
		t.Fatalf("%+q and its fold are two names: %+q, %+q", n.Canonical, n, f)
	}
	for _, variant := range []string{strings.ToUpper(n.Canonical), strings.ToLower(n.Canonical)} {
		if v, err := names.Parse(variant); err == nil && v.Fold == n.Fold && !v.Same(n) {
			t.Fatalf("%+q and %+q have one fold and two keys: %+q, %+q", n.Canonical, variant, n, v)
		}
	}
}

// checkRoom holds the laws of Room for s.
func checkRoom(t *testing.T, s string) {
	slug, err := names.Room(s)
	if err != nil {
		if slug != "" {
			t.Fatalf("Room(%+q) = %+q with error %v", s, slug, err)
		}
		code(t, err)
		return
	}
	if again, err := names.Room(slug); err != nil || again != slug {
		t.Fatalf("Room(%+q) = %+q, of which Room makes %+q, %v", s, slug, again, err)
	}
	if c := utf8.RuneCountInString(slug); c < 1 || c > names.MaxRoom || strings.ContainsAny(slug, forbidden+" ") {
		t.Fatalf("Room(%+q) = %+q", s, slug)
	}
}

func TestCaseMakesNoOtherName(t *testing.T) {
	for _, s := range []string{"ada", "Zoë 🦊", "straße", "ΣΊΣΥΦΟΣ", "иван", "Ǆoni", "éa", "ᏣᎳᎩ", "ŉa"} {
		n := parse(t, s)
		for _, v := range []string{strings.ToUpper(s), strings.ToLower(s), strings.ToTitle(s)} {
			if m := parse(t, v); m.Fold != n.Fold || !m.Same(n) {
				t.Errorf("%q folds to %q, %q to %q", s, n.Fold, v, m.Fold)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"Ada Okafor", "Zoë 🦊", "раураl", "👍🏽🇫🇷", "l·l", "אב׳", "ﷺ", "İ\u0307", "\u115f", "a\u200db"} {
		f.Add(s)
	}
	f.Fuzz(checkName)
}

func FuzzRoom(f *testing.F) {
	for _, s := range []string{"Lobby", "İzmir", "ΟΔΟΣ", "東京", "a\u0345\u0301", "J\u030c"} {
		f.Add(s)
	}
	f.Fuzz(checkRoom)
}
