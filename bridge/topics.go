package bridge

import (
	"strings"

	"tincan/bridge/names"
)

// Protocol version 1: every topic of the chat is built and parsed in this file, and nowhere else.

// A kind says what a topic is for.
type kind int

const (
	ordinary kind = iota // outside chat/: an MQTT topic like any other
	system               // $SYS and below: the broker's own
	nothing              // below chat/, and no topic of the protocol
	roomSay
	roomMessages
	roomRoster
	roomPresence
	roomTyping
	roomState
	roomHistory
	roomMembers
	roomRead
	roomAbout
	roomBoard
	userPresence
	userSay
	userHistory
	userRead
	userInbox
	userAway
	userAccount
	serverRooms
	serverStatus
	serverAdmin
	serverSearch
	serverNotice
)

// me stands for the own name in the topics of a member.
const me = "me"

// A topic is a parsed topic name of the chat. Room and name are canonical; name may be me.
type topic struct {
	kind kind
	room string // of the room kinds
	name string // of the user kinds, typing and state
	rest string // what follows state/{name}/ or inbox/, without the slash; may be empty
}

// roomLeaves are the words that may follow chat/room/{room}/, and userLeaves those after chat/user/{name}/.
var (
	roomLeaves = map[string]kind{
		"say": roomSay, "messages": roomMessages, "roster": roomRoster, "presence": roomPresence, "typing": roomTyping,
		"state": roomState, "history": roomHistory, "members": roomMembers, "read": roomRead, "about": roomAbout, "board": roomBoard,
	}
	userLeaves = map[string]kind{
		"presence": userPresence, "say": userSay, "history": userHistory, "read": userRead, "inbox": userInbox, "away": userAway, "account": userAccount,
	}
	serverLeaves = map[string]kind{
		"rooms": serverRooms, "status": serverStatus, "admin": serverAdmin, "search": serverSearch, "notice": serverNotice,
	}
)

// parseTopic reads a topic name. The error, for a room or name that is not one, is a *names.Error.
func parseTopic(s string) (topic, error) {
	if s == "$SYS" || strings.HasPrefix(s, "$SYS/") {
		return topic{kind: system}, nil
	}
	if s != "chat" && !strings.HasPrefix(s, "chat/") {
		return topic{kind: ordinary}, nil
	}
	l := strings.Split(s, "/")
	none := topic{kind: nothing}
	if len(l) < 3 {
		return none, nil
	}
	switch l[1] {
	case "server":
		if k, ok := serverLeaves[l[2]]; ok && len(l) == 3 {
			return topic{kind: k}, nil
		}
	case "room":
		if len(l) < 4 {
			return none, nil
		}
		k, ok := roomLeaves[l[3]]
		if !ok {
			return none, nil
		}
		slug, err := names.Room(l[2])
		if err != nil {
			return none, err
		}
		t := topic{kind: k, room: slug}
		switch {
		case k == roomTyping && len(l) == 5, k == roomState && len(l) >= 5:
			if t.name, err = memberLevel(l[4]); err != nil {
				return none, err
			}
			t.rest = strings.Join(l[5:], "/")
			if len(l) > 5 && t.rest == "" {
				return none, nil // a level that is empty, right after the name
			}
			return t, nil
		case k != roomTyping && k != roomState && len(l) == 4:
			return t, nil
		}
	case "user":
		if len(l) < 4 {
			return none, nil
		}
		k, ok := userLeaves[l[3]]
		if !ok {
			return none, nil
		}
		name, err := memberLevel(l[2])
		if err != nil {
			return none, err
		}
		if k == userInbox || len(l) == 4 {
			rest := strings.Join(l[4:], "/")
			if len(l) > 4 && rest == "" {
				return none, nil
			}
			return topic{kind: k, name: name, rest: rest}, nil
		}
	}
	return none, nil
}

// memberLevel reads the level of a topic that is a member's name.
func memberLevel(s string) (string, error) {
	if s == me {
		return me, nil
	}
	n, err := names.Parse(s)
	return n.Canonical, err
}

// isRequest tells whether a publish to the topic is a request that is answered.
func (t topic) isRequest() bool {
	switch t.kind {
	case roomHistory, userHistory, roomMembers, roomRead, userRead, userAccount, serverAdmin, serverSearch:
		return true
	}
	return false
}

// String builds the topic name back; parseTopic(t.String()) is t for every topic of the chat.
func (t topic) String() string {
	switch {
	case t.kind == serverRooms:
		return topicRooms
	case t.kind == serverStatus:
		return topicStatus
	case t.kind == serverAdmin:
		return topicAdmin
	case t.kind == serverSearch:
		return topicSearch
	case t.kind == serverNotice:
		return topicNotice
	}
	if w := word(roomLeaves, t.kind); w != "" {
		s := "chat/room/" + t.room + "/" + w
		if t.name != "" {
			s += "/" + t.name
		}
		return below(s, t.rest)
	}
	if w := word(userLeaves, t.kind); w != "" {
		return below("chat/user/"+t.name+"/"+w, t.rest)
	}
	return ""
}

func word(leaves map[string]kind, k kind) string {
	for w, leaf := range leaves {
		if leaf == k {
			return w
		}
	}
	return ""
}

func below(s, rest string) string {
	if rest == "" {
		return s
	}
	return s + "/" + rest
}

// Topics of the server.
const (
	topicRooms  = "chat/server/rooms"
	topicStatus = "chat/server/status"
	topicAdmin  = "chat/server/admin"
	topicSearch = "chat/server/search"
	topicNotice = "chat/server/notice"
)

func topicMessages(room string) string     { return "chat/room/" + room + "/messages" }
func topicRoster(room string) string       { return "chat/room/" + room + "/roster" }
func topicPresence(room string) string     { return "chat/room/" + room + "/presence" }
func topicBoard(room string) string        { return "chat/room/" + room + "/board" }
func topicAbout(room string) string        { return "chat/room/" + room + "/about" }
func topicUserPresence(name string) string { return "chat/user/" + name + "/presence" }
func topicInbox(name string) string        { return "chat/user/" + name + "/inbox" }
