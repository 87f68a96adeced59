package broker

import (
	"strings"
	"unicode/utf8"
)

// sharePrefix begins the filter of a shared subscription (MQTT 5 §4.8.2).
const sharePrefix = "$share/"

// ValidTopic tells whether topic is a topic name (§4.7): UTF-8 without U+0000, 1 to 65535 bytes, no wildcards.
func ValidTopic(topic string) bool {
	return validString(topic) && topic != "" && !strings.ContainsAny(topic, "+#")
}

// ValidFilter tells whether filter is a topic filter (§4.7.1), or the filter of a shared subscription (§4.8.2).
func ValidFilter(filter string) bool {
	if !validString(filter) {
		return false
	}
	_, filter, ok := SplitShare(filter)
	if !ok || filter == "" {
		return false
	}
	if isShare(filter) {
		return false // $SHARE, or a share of a share: what some brokers take for a shared subscription is none
	}
	for rest, more := filter, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch {
		case level == "#":
			if more {
				return false // the multi-level wildcard is the last character [MQTT-4.7.1-1]
			}
		case level == "+":
		case strings.ContainsAny(level, "+#"):
			return false // a wildcard occupies its whole level [MQTT-4.7.1-1], [MQTT-4.7.1-2]
		}
	}
	return true
}

// isShare tells whether the first level is $share, in any case.
func isShare(topic string) bool {
	first, _, _ := strings.Cut(topic, "/")
	return strings.EqualFold(first, sharePrefix[:len(sharePrefix)-1])
}

// SplitShare takes $share/group/ off a filter; group is empty when it is not shared. ok is false for a share that is none: no
// group, a wildcard in it, or no filter behind it ([MQTT-4.8.2-1], [MQTT-4.8.2-2]).
func SplitShare(filter string) (group, topic string, ok bool) {
	if filter == "$share" {
		return "", "", false
	}
	rest, shared := strings.CutPrefix(filter, sharePrefix)
	if !shared {
		return "", filter, true
	}
	group, topic, more := strings.Cut(rest, "/")
	if !more || group == "" || topic == "" || strings.ContainsAny(group, "+#") {
		return "", "", false
	}
	return group, topic, true
}

// Match tells whether the topic filter matches the topic name, both valid (§4.7). A wildcard in the first level does not match a
// topic that begins with $ [MQTT-4.7.2-1]. filter comes without $share/group/.
func Match(filter, topic string) bool {
	if topic != "" && topic[0] == '$' && filter != "" && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	for {
		f, frest, fmore := strings.Cut(filter, "/")
		t, trest, tmore := strings.Cut(topic, "/")
		if f == "#" {
			return true
		}
		if f != "+" && f != t {
			return false
		}
		switch {
		case !fmore && !tmore:
			return true
		case !tmore:
			return frest == "#" // sport/# also matches sport (§4.7.1.2)
		case !fmore:
			return false
		}
		filter, topic = frest, trest
	}
}

// exact tells whether filter is without wildcards, so that it matches one topic only.
func exact(filter string) bool { return !strings.ContainsAny(filter, "+#") }

// levels counts the levels of a topic name or filter.
func levels(topic string) int { return strings.Count(topic, "/") + 1 }

// spell replaces one level (from 0) of topic.
func spell(topic string, level int, as string) string {
	start := 0
	for ; level > 0; level-- {
		i := strings.IndexByte(topic[start:], '/')
		if i < 0 {
			return topic
		}
		start += i + 1
	}
	end := len(topic)
	if i := strings.IndexByte(topic[start:], '/'); i >= 0 {
		end = start + i
	}
	return topic[:start] + as + topic[end:]
}

// validString tells whether s may be an MQTT string: UTF-8, no U+0000, at most 65535 bytes (§1.5.4).
func validString(s string) bool {
	return len(s) <= 65535 && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
