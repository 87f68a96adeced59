package words

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTextsAreCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{" \t-!? ", ""},
		{"Hello, World", "hello world"},
		{"3d-printing at 192.168.1.20", "3d printing at 192 168 1 20"},
		{"Zürich ZU\u0308RICH zurich", "zurich zurich zurich"},
		{"Straße Æon Øre Łódź Ǿ ǽ", "strasse aeon ore lodz o ae"},
		{"İstanbul ISPARTA ısparta", "istanbul isparta isparta"},
		{"Σίσυφος ΣΙΣΥΦΟΣ", "σισυφοσ σισυφοσ"},
		{"Ёлка мой МОЙ", "елка мой мой"},
		{"ｆｕｌｌ ﬁne ½", "full fine 1 2"},
		{"हिन्दी में", "हिन्दी में"},
		{"مُدَرِّسَة مدرسه", "مدرسه مدرسه"},
		{"שָׁלוֹם שלום", "שלום שלום"},
		{"東京駅 へ", "東京 京駅 駅 へ"},
		{"iPhoneを買う", "iphone を買 買う う"},
		{"ﾃﾞｰﾀ データ", "デー ータ タ デー ータ タ"},
		{"안녕하세요", "안녕 녕하 하세 세요 요"},
		{"สวัสดี", "สว วั ัส สด ดี ี"},
		{"👍🏽 done🔥🔥", "👍 done 🔥 🔥"},
		{"co\u00adoperate zero\u200bwidth", "cooperate zero width"},
		{"a\ue000b", "a b"},
		{"bad \xff utf", "bad utf"},
	} {
		if got := Fold(c.text); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
}

func TestPhrasesAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, phrase string
		prefix       bool
		want         string // the text with what is marked in brackets; without any: not found
	}{
		{"the nozzle again", "nozzle", false, "the [nozzle] again"},
		{"brass nozzles", "nozzle", false, ""},
		{"brass nozzles", "nozzle", true, "brass [nozzles]"},
		{"brass nozzles", "ozzle", true, ""},
		{"the café, au lait", "Cafe au", false, "the [café], [au] lait"},
		{"au café", "cafe au", false, ""},
		{"go to 東京駅前 now", "京駅", false, "go to 東[京駅]前 now"},
		{"go to 東京駅前 now", "東京駅前", false, "go to [東京駅前] now"},
		{"go to 東京駅前 now", "駅", false, "go to 東京[駅]前 now"},
		{"go to 東京駅前 now", "前", false, "go to 東京駅[前] now"},
		{"go to 東京駅前 now", "東駅", false, ""},
		{"私のiPhoneを買う", "のiPhoneを", false, "私[のiPhoneを]買う"},
		{"私のiPhoneを買う", "iPhone", false, "私の[iPhone]を買う"},
		{"안녕하세요", "하세", false, "안녕[하세]요"},
		{"fire 🔥 fire", "🔥", false, "fire [🔥] fire"},
		{"Zu\u0308rich", "zür", true, "[Zu\u0308rich]"},
		{"a b a b", "a", false, "[a] b [a] b"},
	} {
		p, ok := NewPhrase(c.phrase, c.prefix)
		if !ok {
			t.Fatalf("%q has no word", c.phrase)
		}
		q := Query{p}
		got := ""
		if ranges := q.Find(c.text, 9); len(ranges) > 0 {
			at := 0
			for _, r := range ranges {
				got += c.text[at:r[0]] + "[" + c.text[r[0]:r[1]] + "]"
				at = r[1]
			}
			got += c.text[at:]
		}
		if got != c.want || q.Match(c.text) != (c.want != "") {
			t.Errorf("%q in %q: %q, want %q; matches: %v", c.phrase, c.text, got, c.want, q.Match(c.text))
		}
	}
}

// Any piece of a text is found in it where it is cut between words; in scripts without spaces anywhere.
func TestPiecesOfATextAreFoundInIt(t *testing.T) {
	t.Parallel()
	alphabet := []rune("aBéßZ9 -,.東京駅なガｶﾞ안สวัй🔥👍🏽ـشَا\u0301\u200d")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 40, -1).Draw(t, "text")
		ws := Split(text)
		if p, ok := NewPhrase(text, false); ok != (len(ws) > 0) || ok && !(Query{p}).Match(text) {
			t.Fatalf("%q is not found in itself: %v", text, p)
		}
		if len(ws) == 0 {
			return
		}
		i := rapid.IntRange(0, len(ws)-1).Draw(t, "from")
		j := rapid.IntRange(i, len(ws)-1).Draw(t, "to")
		piece := text[ws[i].Start:ws[j].End]
		p, ok := NewPhrase(piece, true)
		if !ok || !(Query{p}).Match(text) || len((Query{p}).Find(text, 9)) == 0 {
			t.Fatalf("%q is not found in %q: %q", piece, text, p.Terms)
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "Zürich 東京駅 👍🏽", "\xff\u0301", "ﷺ", "각"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, w := range Split(text) {
			if w.Start < at || w.End <= w.Start || w.End > len(text) {
				t.Fatalf("%+v in %q after %d", w, text, at)
			}
			at = w.Start
			if w.Term == "" || len(w.Term) > maxTerm+utf8.UTFMax || strings.ContainsFunc(w.Term, func(r rune) bool {
				return r < 0x80 && !unicode.IsLower(r) && !unicode.IsDigit(r) || unicode.Is(unicode.Co, r) || unicode.IsSpace(r)
			}) {
				t.Fatalf("the term %q of %q", w.Term, text)
			}
		}
		q := Query{}
		if p, ok := NewPhrase(text, true); ok {
			q = Query{p}
		}
		if !q.Match(text) {
			t.Fatalf("%q is not found in itself", text)
		}
		end := 0
		for _, r := range q.Find(text, 5) {
			if r[0] < end || r[1] <= r[0] || r[1] > len(text) {
				t.Fatalf("%v in %q", r, text)
			}
			end = r[1] + 1
		}
		if folded := Fold(text); !slices.Equal(terms(folded), terms(Fold(folded))) && !strings.ContainsFunc(folded, isUnspaced) {
			t.Fatalf("%q is cut into %q, and that into %q", text, folded, Fold(folded))
		}
	})
}

func terms(folded string) []string { return strings.Fields(folded) }

func BenchmarkSplit(b *testing.B) {
	const text = "the ferry is late again, so we start at half past nine; bring the long cable and two of the sensors"
	b.ReportAllocs()
	for b.Loop() {
		Split(text)
	}
}
