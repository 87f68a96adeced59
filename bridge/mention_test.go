package bridge

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"tincan/bridge/names"
)

// mentions.json is shared with the page, which shows who is spoken to.
func TestMentionsAreThoseOfThePage(t *testing.T) {
	var v struct {
		Names []string
		Cases []struct {
			Text string
			Who  []string
			Room bool
		}
	}
	b, err := os.ReadFile("testdata/mentions.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	byFold := map[string]string{}
	for _, name := range v.Names {
		n, err := names.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		byFold[n.Fold] = name
	}
	is := func(n names.Name) bool { return byFold[n.Fold] != "" }
	for _, c := range v.Cases {
		found, all := mentions(c.Text, is)
		who := []string{}
		for _, n := range found {
			who = append(who, byFold[n.Fold])
		}
		slices.Sort(who)
		if !slices.Equal(who, c.Who) || all != c.Room {
			t.Errorf("%q mentions %q (all: %v), want %q (%v)", c.Text, who, all, c.Who, c.Room)
		}
	}
}

// Whatever is written, looking for names ends, and costs no more than so many looks.
func FuzzMentions(f *testing.F) {
	for _, s := range []string{"@", "@@@@", "@a b c d e f g h", "`@", "```\n@a", "@\xff", strings.Repeat("@a ", 100), "@é\u0301 x", "@🦊🦊"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		looks := 0
		who, _ := mentions(text, func(n names.Name) bool { looks++; return len(n.Fold)%2 == 0 })
		if len(who) > mostMentions || looks > mostMentions*(names.MaxName+1) {
			t.Fatalf("%d found in %d looks", len(who), looks)
		}
	})
}
