package broker

import (
	"fmt"
	"log/slog"
	"testing"
	"time"
)

func TestTroubleIsToldOnceAMinute(t *testing.T) {
	q := NewQuiet(slog.New(slog.DiscardHandler))
	now := time.Now()
	want := func(who string, want int) {
		t.Helper()
		if got := q.due("trouble", who, now); got != want {
			t.Errorf("%s: told for %d, want %d", who, got, want)
		}
	}
	want("ada", 1)
	want("ada", 0)
	want("ada", 0)
	now = now.Add(quietFor)
	want("ada", 3)
	if got := q.due("other trouble", "ada", now); got != 1 {
		t.Errorf("other trouble is told for %d", got)
	}
}

func TestTroubleUnderManyNamesIsToldAsOne(t *testing.T) {
	q := NewQuiet(slog.New(slog.DiscardHandler))
	now, lines, troubles := time.Now(), 0, 0
	const names, minutes = 1000, 3
	for range minutes {
		for i := range names {
			if n := q.due("trouble", fmt.Sprint(i), now); n > 0 {
				lines++
				troubles += n
			}
			now = now.Add(quietFor / names)
		}
	}
	if most := minutes * (mostTold + 1); lines > most {
		t.Errorf("%d lines in %d minutes, want at most %d", lines, minutes, most)
	}
	if troubles < names {
		t.Errorf("only %d of %d troubles were counted", troubles, minutes*names)
	}
	now = now.Add(quietFor)
	if n := q.due("trouble", "ada", now); n != 1 {
		t.Errorf("when the crowd has gone, ada is told for %d", n)
	}
}
