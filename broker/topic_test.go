package broker

import (
	"strings"
	"testing"
	"time"
)

func TestTopicFilters(t *testing.T) {
	for filter, valid := range map[string]bool{
		"a": true, "a/b": true, "/": true, "/a": true, "a/": true, "a//b": true, "+": true, "#": true, "a/#": true, "+/+": true,
		"/+": true, "+/#": true, "$SYS/#": true, "a b/ü/🦊": true, "$share/g/a": true, "$share/g/#": true, "$share/g/a/+": true, "$share/g//": true,
		"": false, "a#": false, "a+": false, "+a/b": false, "#/a": false, "a/#/b": false, "##": false, "a/b#": false, "a/+b": false,
		"$share": false, "$share/": false, "$share/g": false, "$share/g/": false, "$share//a": false, "$share/+/a": false,
		"$share/#/a": false, "$share/g/a#": false, "$SHARE/g/a": false, "$Share/g/a": false, "$share/g/$share/h/a": false,
		"a\x00b": false, "\xff": false, strings.Repeat("a", 65536): false, "\xed\xa0\x80": false,
	} {
		if ValidFilter(filter) != valid {
			t.Errorf("ValidFilter(%.40q) = %v", filter, !valid)
		}
	}
	for topic, valid := range map[string]bool{
		"a": true, "/": true, "a/b c": true, "$SYS/x": true, "": false, "a/+": false, "#": false, "a#": false, "a\x00": false, "\xc3": false,
	} {
		if ValidTopic(topic) != valid {
			t.Errorf("ValidTopic(%q) = %v", topic, !valid)
		}
	}
}

// matches is from §4.7 of the standard, and what brokers have got wrong.
var matches = []struct {
	filter, topic string
	match         bool
}{
	{"sport/tennis/player1/#", "sport/tennis/player1", true},
	{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
	{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
	{"sport/#", "sport", true},
	{"sport/tennis/+", "sport/tennis/player1", true},
	{"sport/tennis/+", "sport/tennis/player1/ranking", false},
	{"sport/+", "sport", false},
	{"sport/+", "sport/", true},
	{"+/+", "/finance", true},
	{"/+", "/finance", true},
	{"+", "/finance", false},
	{"#", "a/b/c", true},
	{"#", "$SYS/a", false},
	{"+/a", "$SYS/a", false},
	{"$SYS/#", "$SYS/a", true},
	{"$SYS/+", "$SYS/a", true},
	{"a", "A", false},
	{"a", "/a", false},
	{"a/", "a", false},
	{"+/#", "a", true},
	{"+/+/#", "a/b", true},
	{"+/+/#", "a", false},
	{"a//b", "a//b", true},
	{"a/+/b", "a//b", true},
	{"a/b", "a/b/c", false},
	{"a/b/c", "a/b", false},
}

func TestMatch(t *testing.T) {
	for _, m := range matches {
		if Match(m.filter, m.topic) != m.match {
			t.Errorf("Match(%q, %q) = %v", m.filter, m.topic, !m.match)
		}
	}
}

// The index of mochi only finds candidates; it must find every filter that matches.
func TestIndexFindsWhatMatches(t *testing.T) {
	e := newEngine()
	f := newFan(&Broker{engine: e})
	st := &state{}
	for _, m := range matches {
		f.join(st, m.filter)
	}
	for _, m := range matches {
		found := false
		for _, key := range e.candidates(m.topic) {
			found = found || key == m.filter
		}
		if m.match && !found {
			t.Errorf("%s is not found for %s", m.filter, m.topic)
		}
	}
	for _, m := range matches {
		f.leave(st, m.filter)
	}
	for _, m := range matches {
		if left := e.candidates(m.topic); len(left) > 0 {
			t.Errorf("%v are left for %s", left, m.topic)
		}
	}
	if len(f.members) > 0 {
		t.Errorf("left: %v", f.members)
	}
}

func TestRetainedFiltersMatchLikeLiveOnes(t *testing.T) {
	s := &shelf{maxCount: 100, maxBytes: 1 << 20}
	for _, m := range matches {
		s.put(&Message{Topic: m.topic, Payload: []byte("x")}, time.Now())
	}
	for _, m := range matches {
		found := false
		for _, topic := range s.topics(m.filter) {
			found = found || topic == m.topic
		}
		if found != m.match {
			t.Errorf("retained %s for %s: %v", m.topic, m.filter, found)
		}
	}
}

func TestSpell(t *testing.T) {
	for _, c := range []struct {
		topic string
		level int
		as    string
		want  string
	}{
		{"chat/user/ada/inbox", 2, "me", "chat/user/me/inbox"},
		{"chat/user/ada", 2, "me", "chat/user/me"},
		{"chat", 0, "x", "x"},
		{"chat/a", 5, "x", "chat/a"},
	} {
		if got := spell(c.topic, c.level, c.as); got != c.want {
			t.Errorf("spell(%q, %d, %q) = %q", c.topic, c.level, c.as, got)
		}
	}
}

// What is a topic matches itself as a filter, and wildcards in place of its levels; and the three ways of matching agree.
func FuzzFilter(f *testing.F) {
	for _, m := range matches {
		f.Add(m.filter, m.topic)
	}
	f.Add("$share/g/a/#", "a")
	f.Fuzz(func(t *testing.T, filter, topic string) {
		if !ValidTopic(topic) {
			return
		}
		if topic[0] != '$' && (!Match("#", topic) || !ValidFilter(topic)) {
			t.Errorf("%q is not matched by # or no filter", topic)
		}
		if !Match(topic, topic) {
			t.Errorf("%q does not match itself", topic)
		}
		if !ValidFilter(filter) {
			return
		}
		group, rest, ok := SplitShare(filter)
		if !ok || group == "" && rest != filter || group != "" && "$share/"+group+"/"+rest != filter {
			t.Fatalf("SplitShare(%q) = %q, %q, %v", filter, group, rest, ok)
		}
		match := Match(rest, topic)
		s := &shelf{maxCount: 1, maxBytes: 1 << 20}
		s.put(&Message{Topic: topic, Payload: []byte("x")}, time.Now())
		if (len(s.topics(rest)) == 1) != match {
			t.Errorf("retained: %q for %q, live %v", topic, rest, match)
		}
		if levels(rest) > 32 || levels(topic) > 32 {
			return
		}
		e := newEngine()
		for _, p := range indexPlaces(rest) {
			e.add("k", p)
		}
		if match && len(e.candidates(topic)) != 1 {
			t.Errorf("the index does not find %q for %q", rest, topic)
		}
	})
}
