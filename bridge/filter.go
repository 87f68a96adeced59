package bridge

import (
	"strings"

	"tincan/bridge/names"
	"tincan/broker"
)

// A filter is a topic filter below or across chat/, as far as the chat cares: which rooms it joins, and where it says me.
type filter struct {
	topic string // to match by: the own name in place of me
	level int    // the level that said me; meaningful when as is not empty
	as    string
	room  string // the one room it joins; empty: none, or all
	all   bool   // it joins every room there is and will be…
	only  string // …of this name, when not empty: +/room/lobby/# opens no room, but reads that one
}

// readableLeaves are the words under a room that members may read; whoever reads one of them is in the room.
var readableLeaves = map[string]bool{"messages": true, "roster": true, "presence": true, "typing": true, "state": true, "about": true, "board": true}

// parseFilter reads a topic filter (without $share/group/) for a member. canonical gives the spelling of a name that somebody
// holds. A filter that can never bring a readable topic is refused, and so is one that spells a room or a name in another way than
// the topics are spelled, since it would silently bring nothing.
func parseFilter(s, own string, canonical func(names.Name) string) (filter, *broker.Refusal) {
	f := filter{topic: s}
	l := strings.Split(s, "/")
	if l[0] != "chat" {
		f.all, f.only = joinsAll(l)
		return f, nil
	}
	if len(l) < 3 {
		f.all, f.only = joinsAll(l) // chat/# and chat/+
		return f, nil
	}
	switch l[1] {
	case "room":
		if wild(l[2]) {
			break
		}
		slug, err := names.Room(l[2])
		if err != nil {
			return f, refuseFilter(err)
		}
		if slug != l[2] {
			return f, refuseSpelling(s, replaced(l, 2, slug))
		}
		if len(l) > 3 && !wild(l[3]) && !readableLeaves[l[3]] {
			return f, refuseUnreadable(s, topicMessages(slug))
		}
		if len(l) > 4 && (l[3] == "typing" || l[3] == "state") && !wild(l[4]) {
			if no := f.member(s, l, 4, own, canonical); no != nil {
				return f, no
			}
		}
		if roomIn(l) {
			f.room = slug
		}
		return f, nil
	case "user":
		if wild(l[2]) {
			break
		}
		if no := f.member(s, l, 2, own, canonical); no != nil {
			return f, no
		}
		if len(l) > 3 && !wild(l[3]) {
			switch userLeaves[l[3]] {
			case userPresence:
			case userInbox:
				if strings.Split(f.topic, "/")[2] != own {
					return f, refuseOthersInbox()
				}
			default:
				return f, refuseUnreadable(s, topicInbox(me))
			}
		}
		return f, nil
	}
	f.all, f.only = joinsAll(l)
	return f, nil
}

// lead makes a filter of one room that of the room where its name leads now; what comes keeps the spelling of the filter.
func (f *filter) lead(s, to string) *broker.Refusal {
	if to == f.room {
		return nil
	}
	if f.as != "" { // one level alone can be spelled in another way
		return refuseSpelling(s, replaced(strings.Split(s, "/"), 2, to))
	}
	f.topic, f.level, f.as, f.room = replaced(strings.Split(f.topic, "/"), 2, to), 2, f.room, to
	return nil
}

// member checks the level of a filter that is a name, and puts the own name in place of me.
func (f *filter) member(s string, l []string, level int, own string, canonical func(names.Name) string) *broker.Refusal {
	if l[level] == me {
		f.level, f.as, f.topic = level, me, replaced(l, level, own)
		return nil
	}
	n, err := names.Parse(l[level])
	if err != nil {
		return refuseFilter(err)
	}
	if c := canonical(n); c != l[level] {
		return refuseSpelling(s, replaced(l, level, c))
	}
	return nil
}

func wild(level string) bool { return level == "+" || level == "#" }

func replaced(levels []string, i int, by string) string {
	l := append([]string(nil), levels...)
	l[i] = by
	return strings.Join(l, "/")
}

// joinsAll tells whether a filter with a wildcard in place of chat, of room or of the room's name, or one that swallows them, brings
// something readable; and of which room, when it names one.
func joinsAll(l []string) (all bool, only string) {
	want := []string{"chat", "room"}
	for i, level := range l {
		switch {
		case level == "#":
			return true, ""
		case i < 2:
			if level != "+" && level != want[i] {
				return false, ""
			}
		case level == "+":
			return roomIn(l), ""
		default:
			slug, err := names.Room(level)
			if err != nil || slug != level || !roomIn(l) {
				return false, ""
			}
			return true, slug
		}
	}
	return false, ""
}

// roomIn tells whether the levels after the room's bring something readable: messages, roster, presence, typing/x, state/x…
func roomIn(l []string) bool {
	if len(l) < 4 {
		return len(l) == 3 && l[2] == "#"
	}
	switch leaf := l[3]; {
	case leaf == "#":
		return true
	case leaf == "+":
		return true
	case leaf == "typing" || leaf == "state":
		return len(l) > 4
	default:
		return readableLeaves[leaf] && (len(l) == 4 || len(l) == 5 && l[4] == "#")
	}
}
