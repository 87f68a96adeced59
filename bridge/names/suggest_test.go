package names_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"tincan/bridge/names"
)

func all(names.Name) bool  { return true }
func none(names.Name) bool { return false }

func TestSuggest(t *testing.T) {
	long := strings.Repeat("ab", 16)
	taken := func(gone ...string) func(names.Name) bool {
		return func(n names.Name) bool {
			return !slices.ContainsFunc(gone, func(g string) bool { return parse(t, g).Same(n) })
		}
	}
	for _, c := range []struct {
		in   string
		free func(names.Name) bool
		want []string
	}{
		{"ada", all, []string{"ada-2", "ada-3"}},
		{"Ada Okafor", taken("ada okafor-2"), []string{"Ada Okafor-3", "Ada Okafor-4"}},
		{"ada-2", all, []string{"ada-3", "ada-4"}},
		{"7-9", taken("7-1o", "7-ll"), []string{"7-12", "7-13"}}, // they look like 7-10 and 7-11
		{"-2", all, []string{"-2-2", "-2-3"}},
		{long, all, []string{long[:30] + "-2", long[:30] + "-3"}},
		{strings.Repeat("x", 29) + "👍🏽y", all, []string{strings.Repeat("x", 29) + "-2", strings.Repeat("x", 29) + "-3"}},
		{"ada", none, nil},
	} {
		if got := names.Suggest(parse(t, c.in), c.free); !slices.Equal(got, c.want) {
			t.Errorf("Suggest(%q) = %q, want %q", c.in, got, c.want)
		}
	}

	asked := 0
	got := names.Suggest(parse(t, "ada"), func(n names.Name) bool {
		asked++
		return !regexp.MustCompile(`\d`).MatchString(n.Canonical)
	})
	if len(got) != 2 || !regexp.MustCompile(`^ada-[a-z]{3}$`).MatchString(got[0]) || asked > 18 {
		t.Errorf("without free numbers: %q after %d questions", got, asked)
	}
}

func TestMend(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"ada/okafor", []string{"ada okafor", "ada okafor-2"}},
		{"علی\u200cرضا", []string{"علیرضا", "علیرضا-2"}},
		{"#ada!", []string{"ada", "ada-2"}},
		{"me", []string{"me-2", "me-3"}},
		{strings.Repeat("z", 400), []string{strings.Repeat("z", 32), strings.Repeat("z", 30) + "-2"}},
		{"\xff\xfe", nil},
		{"###", nil},
		{"", nil},
	} {
		if got := names.Mend(c.in, all); !slices.Equal(got, c.want) {
			t.Errorf("Mend(%.20q) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := names.Mend("a/b", none); got != nil {
		t.Errorf("Mend with nothing free = %q", got)
	}
}

func TestGuest(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		g := names.Guest()
		if p := parse(t, g.Canonical); p != g {
			t.Fatalf("Guest() = %q, which parses to %q", g, p)
		}
		if !regexp.MustCompile(`^guest-[bcdfghkprstvxyz]{4}$`).MatchString(g.Canonical) {
			t.Fatalf("Guest() = %q", g.Canonical)
		}
		seen[g.Canonical] = true
	}
	if len(seen) < 150 {
		t.Errorf("200 guests have %d names", len(seen))
	}
}
