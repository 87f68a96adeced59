package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// shown writes a sought down.
func (s sought) shown() string {
	var l []string
	for _, p := range s.words {
		w := strings.Join(p.Terms, "+")
		if p.Prefix {
			w += "*"
		}
		l = append(l, w)
	}
	for _, f := range s.from {
		l = append(l, "from="+f)
	}
	for _, i := range s.in {
		l = append(l, "in="+i)
	}
	l = append(l, s.has...)
	for _, i := range s.times {
		f := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format("02T15:04")
		}
		l = append(l, f(i.low)+".."+f(i.high))
	}
	return strings.Join(l, " ")
}

func TestWhatIsTypedIsTakenApart(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*3600)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"  Hot   Nozzle ", "hot nozzle"},
		{`"the nozzle" again`, "the+nozzle again"},
		{`„the nozzle“ again`, "the+nozzle again"},
		{`"the nozzle`, "the+nozzle"},
		{"wat* 3d-print*", "wat* 3d+print*"},
		{"from:ada FROM:@Bob tea", "tea from=ada from=Bob"},
		{`from:"Ada Okafor" tea`, "tea from=Ada Okafor"},
		{"in:#lobby in:küche in:@bob", "in=lobby in=küche in=@bob"},
		{"has:file has:LINK", "has:file has:link"},
		{"has:teeth", "has+teeth"},
		{"from: ada", "from ada"},
		{`from:""`, "from"},
		{"http://example.org/x?y=1", "http+example+org+x+y+1"},
		{"on:2026-05-01", "30T22:00..01T22:00"},
		{"before:2026-05-01 after:2026-05", "..30T22:00 31T22:00.."},
		{"after:2026-05-01T10:30", "01T08:31.."},
		{"before:2026-05-01T10:30:00Z", "..01T10:30"},
		{"on:someday", "on+someday"},
		{"before:2026-13-45 x", "before+2026+13+45 x"},
		{`NEAR( a AND b OR NOT -c ^d {e} f:g "`, "near a and b or not c d e f+g"},
		{`a"b c"d`, "a b+c d"},
		{"- ! ()", ""},
		{"東京駅 駅", "東京+京駅 駅*"},
		{"👍", "👍"},
	} {
		s, _ := parseSought(c.text, zone, false)
		if got := s.shown(); got != c.want {
			t.Errorf("%s is %q, want %q", c.text, got, c.want)
		}
	}
	if s, _ := parseSought("the noz has:link", zone, true); s.shown() != "the noz* has:link" {
		t.Errorf("with a filter after it: %q", s.shown())
	}
	if s, _ := parseSought("the noz", zone, true); s.shown() != "the noz*" {
		t.Errorf("while it is typed: %q", s.shown())
	}
	if s, _ := parseSought(`the "noz`, zone, true); s.shown() != "the noz" {
		t.Errorf("a phrase while it is typed: %q", s.shown())
	}
}

func FuzzSought(f *testing.F) {
	for _, s := range []string{`from:"`, "before:9999-12-31", `a"b:c" in:#`, "on:0001-01-01", "\xff\"", "from:@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, parts := parseSought(text, time.UTC, true)
		if n := len(s.words) + len(s.from) + len(s.in) + len(s.times); n > parts {
			t.Fatalf("%q has %d parts, and is %s", text, parts, s.shown())
		}
		for _, p := range s.words {
			for _, term := range p.Terms {
				if term == "" || strings.ContainsAny(term, "\" \x00*") {
					t.Fatalf("%q gives the term %q", text, term)
				}
			}
		}
		for _, i := range s.times {
			if !i.low.IsZero() && !i.high.IsZero() && !i.low.Before(i.high) {
				t.Fatalf("%q gives %v", text, i)
			}
		}
	})
}

func TestPlacesGoOutSealed(t *testing.T) {
	t.Parallel()
	b := &Bridge{secrets: secrets{key: []byte("a key of this server, 32 bytes..")}}
	for _, place := range []int64{1, 77, 1 << 40} {
		s := b.sealPlace(place)
		if got, ok := b.openPlace(s); !ok || got != place || len(s) != 22 {
			t.Errorf("%d is %s, and that %d, %v", place, s, got, ok)
		}
	}
	other := &Bridge{secrets: secrets{key: []byte("another key")}}
	for _, s := range []string{"", "77", b.sealPlace(0), b.sealPlace(-1), other.sealPlace(77), fmt.Sprint(b.sealPlace(1), "A")} {
		if got, ok := b.openPlace(s); ok {
			t.Errorf("%q is taken for %d", s, got)
		}
	}
}

func TestRangesAreCountedAsPagesDo(t *testing.T) {
	t.Parallel()
	text := "é🔥 a𝒳b"
	at := strings.Index(text, "a")
	if got := utf16Ranges(text, [][2]int{{0, 2}, {at, len(text)}}); fmt.Sprint(got) != "[[0 1] [4 8]]" {
		t.Error(got)
	}
}
