package bridge

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestDiaryCountsWhatIsTooMuchToTell(t *testing.T) {
	var out bytes.Buffer
	d := diary{log: slog.New(slog.NewTextHandler(&out, nil))}
	const visits = 100
	for range visits {
		d.came("name", "ada")
		d.went("name", "ada")
	}
	if n := strings.Count(out.String(), "\n"); n != diaryLines {
		t.Errorf("%d lines, want %d:\n%s", n, diaryLines, out.String())
	}
	out.Reset()
	d.turn()
	if want := `msg="more members came and went" came=95 went=95`; !strings.Contains(out.String(), want) {
		t.Errorf("the minute ends with %q, want %s", out.String(), want)
	}
	out.Reset()
	d.came("name", "bob")
	d.turn()
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), "bob") {
		t.Errorf("the next minute tells %q", out.String())
	}
}
