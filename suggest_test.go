package main

import "testing"

func TestNearestFindsSlipsAndNothingFar(t *testing.T) {
	keys := newOverlay().keys()
	for word, want := range map[string]string{
		"names.hodl":                 "names.hold",
		"Names.Hold":                 "names.hold",
		"hold":                       "names.hold",
		"limits.message_per_second":  "limits.messages_per_second",
		"limits.sessions_per_adress": "limits.sessions_per_address",
		"htp":                        "http",
		"mqqt":                       "mqtt",
		"tls":                        "",
		"zebra":                      "",
		"":                           "",
	} {
		if got := nearest(word, keys); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"hodl", "hold", 1}, {"kitten", "sitting", 3}, {"http", "http", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
