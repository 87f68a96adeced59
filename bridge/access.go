package bridge

import (
	"strings"

	"tincan/broker"
)

// access is who may use which topic outside chat/: open and closed filters, the closed ones win.
type access struct{ open, closed []string }

// may tells whether a topic outside chat/ may be used.
func (a access) may(topic string) bool {
	for _, f := range a.closed {
		if covers(f, topic) {
			return false
		}
	}
	for _, f := range a.open {
		if covers(f, topic) {
			return true
		}
	}
	return false
}

// covers tells whether a filter of the configuration means a topic: there, # is every topic, those that begin with $ too.
func covers(filter, topic string) bool { return broker.Match("/"+filter, "/"+topic) }

// mayFilter refuses a filter that lies in a closed one as a whole; a wider one is let through, and what is closed is not delivered.
func (a access) mayFilter(filter string) *broker.Refusal {
	for _, f := range a.closed {
		// A filter's own wildcards are levels like others here: a/# covers a/+ and a/#, and + covers +, but not #.
		if covers(f, filter) && (strings.HasSuffix(f, "#") || !strings.HasSuffix(filter, "#")) {
			return refuseClosedFilter(filter)
		}
	}
	return nil
}

// MayPublish tells whether a session may publish to a topic: as the chat decides, or by topics.open and topics.closed.
func (b *Bridge) MayPublish(s *broker.Session, name string) *broker.Refusal {
	t, err := parseTopic(name)
	return b.mayPublish(s.Value.(*seat), name, t, err)
}

func (b *Bridge) mayPublish(st *seat, name string, t topic, parsed error) *broker.Refusal {
	if parsed != nil {
		return refuseName(parsed)
	}
	switch t.kind {
	case ordinary:
		if !b.access.may(name) {
			return refuseClosed(name)
		}
		return nil
	case system:
		return refuseSystem()
	case roomSay, roomHistory, roomMembers, roomRead, userSay, userHistory, userRead, serverAdmin, serverSearch:
	case roomTyping, roomState, userAway, userAccount:
		if t.name != me && !st.isCalled(t.name) {
			return refuseOther(t.name)
		}
	case roomMessages, roomRoster, roomPresence, roomAbout, roomBoard, userPresence, userInbox, serverRooms, serverStatus, serverNotice:
		return refuseServerTopic(name)
	default:
		return refuseUnknownTopic(name)
	}
	return nil
}

// MayRead tells whether a message on a topic may be sent to a session: of rooms what it may read, of others' topics their presence, of its
// own the inbox, and outside chat/ what is open.
func (b *Bridge) MayRead(s *broker.Session, name string) bool {
	st, ok := s.Value.(*seat)
	if !ok {
		return false
	}
	if strings.HasPrefix(name, "chat/") {
		t, err := parseTopic(name)
		switch {
		case err != nil:
			return false
		case t.kind == userInbox:
			return isTopicBelow(name, topicInbox(st.name())) && b.store.Valid(st.claim)
		case t.kind == nothing, t.kind == serverAdmin:
			return false
		case t.room != "":
			return b.mayReadHere(st, t.room)
		}
		return true
	}
	return strings.HasPrefix(name, "$SYS/") || b.access.may(name)
}
