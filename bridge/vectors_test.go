package bridge

import (
	"encoding/json"
	"os"
	"testing"
)

// topics.json is shared with the page, which builds and parses the same topics.
type topicVectors struct {
	Read []struct { // what a client may be sent; without Of it is nothing that the page knows
		Topic, Of, Room, Name, Path string
	}
	Write []struct{ Of, To, Topic string } // what the page publishes to
}

func TestTopicsAreThoseOfThePage(t *testing.T) {
	b, err := os.ReadFile("testdata/topics.json")
	if err != nil {
		t.Fatal(err)
	}
	var v topicVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	read := map[string]kind{
		"messages": roomMessages, "roster": roomRoster, "presence": roomPresence, "board": roomBoard, "typing": roomTyping, "state": roomState,
		"member": userPresence, "inbox": userInbox, "rooms": serverRooms, "status": serverStatus, "about": roomAbout, "notice": serverNotice,
	}
	for _, c := range v.Read {
		got, err := parseTopic(c.Topic)
		if err != nil {
			t.Errorf("%s: %v", c.Topic, err)
			continue
		}
		if c.Of == "" {
			if got.kind != nothing && got.kind != ordinary {
				t.Errorf("%s is of kind %d, and nothing for the page", c.Topic, got.kind)
			}
			continue
		}
		if want := (topic{kind: read[c.Of], room: c.Room, name: c.Name, rest: c.Path}); want.kind == ordinary || got != want {
			t.Errorf("%s: %+v, want %+v", c.Topic, got, want)
		}
	}
	write := map[string]kind{
		"say": roomSay, "typing": roomTyping, "history": roomHistory, "members": roomMembers, "read": roomRead, "away": userAway,
		"direct": userSay, "directHistory": userHistory, "directRead": userRead, "account": userAccount, "admin": serverAdmin, "search": serverSearch,
	}
	for _, c := range v.Write {
		got, err := parseTopic(c.Topic)
		if err != nil || got.kind != write[c.Of] || c.To != "" && got.room != c.To && got.name != c.To || got.String() != c.Topic {
			t.Errorf("%s of %q: %+v %q, %v", c.Of, c.To, got, got.String(), err)
		}
	}
	if len(v.Read) < 20 || len(v.Write) < 8 {
		t.Errorf("%d and %d vectors", len(v.Read), len(v.Write))
	}
}
