package bridge

import (
	"strings"
	"testing"

	"tincan/bridge/names"
	"tincan/broker"
	"tincan/broker/mqtttest"

	"pgregory.net/rapid"
)

func TestTopicsAreCanonical(t *testing.T) {
	for _, c := range []struct {
		topic string
		kind  kind
		canon string // empty: not built back
	}{
		{"chat/room/lobby/say", roomSay, "chat/room/lobby/say"},
		{"chat/room/Lobby/say", roomSay, "chat/room/lobby/say"},
		{"chat/room/ÉTÉ/messages", roomMessages, "chat/room/été/messages"},
		{"chat/room/lobby/roster", roomRoster, "chat/room/lobby/roster"},
		{"chat/room/lobby/presence", roomPresence, "chat/room/lobby/presence"},
		{"chat/room/lobby/typing/me", roomTyping, "chat/room/lobby/typing/me"},
		{"chat/room/lobby/typing/Ada", roomTyping, "chat/room/lobby/typing/Ada"},
		{"chat/room/lobby/state/me", roomState, "chat/room/lobby/state/me"},
		{"chat/room/lobby/state/me/a/b", roomState, "chat/room/lobby/state/me/a/b"},
		{"chat/room/lobby/history", roomHistory, "chat/room/lobby/history"},
		{"chat/room/lobby/members", roomMembers, "chat/room/lobby/members"},
		{"chat/room/lobby/read", roomRead, "chat/room/lobby/read"},
		{"chat/user/Ada  Okafor/say", userSay, "chat/user/Ada Okafor/say"},
		{"chat/user/me/inbox", userInbox, "chat/user/me/inbox"},
		{"chat/user/me/inbox/a/b", userInbox, "chat/user/me/inbox/a/b"},
		{"chat/user/ada/presence", userPresence, "chat/user/ada/presence"},
		{"chat/user/ada/history", userHistory, "chat/user/ada/history"},
		{"chat/user/me/away", userAway, "chat/user/me/away"},
		{"chat/user/me/account", userAccount, "chat/user/me/account"},
		{"chat/server/admin", serverAdmin, "chat/server/admin"},
		{"chat/server/search", serverSearch, "chat/server/search"},
		{"chat/server/rooms", serverRooms, "chat/server/rooms"},
		{"chat/server/status", serverStatus, "chat/server/status"},
		{"zigbee2mqtt/lamp/set", ordinary, ""},
		{"chatter/room/lobby/say", ordinary, ""},
		{"$SYS/broker/uptime", system, ""},
		{"$SYS", system, ""},
		{"$aws/things/lamp/shadow", ordinary, ""},
		{"chat", nothing, ""},
		{"chat/room", nothing, ""},
		{"chat/room/lobby", nothing, ""},
		{"chat/room/lobby/", nothing, ""},
		{"chat/room/lobby/say/", nothing, ""},
		{"chat/room/lobby/say/more", nothing, ""},
		{"chat/room/lobby/typing", nothing, ""},
		{"chat/room/lobby/typing/ada/x", nothing, ""},
		{"chat/room/lobby/state", nothing, ""},
		{"chat/room/lobby/state/ada/", nothing, ""},
		{"chat/room/lobby/secret", nothing, ""},
		{"chat/user/ada/inbox/", nothing, ""},
		{"chat/user/ada/say/x", nothing, ""},
		{"chat/server/admin/x", nothing, ""},
		{"chat/server/secrets", nothing, ""},
	} {
		got, err := parseTopic(c.topic)
		if err != nil {
			t.Errorf("%s: %v", c.topic, err)
			continue
		}
		if got.kind != c.kind || got.String() != c.canon {
			t.Errorf("%s: kind %d, %q; want kind %d, %q", c.topic, got.kind, got.String(), c.kind, c.canon)
		}
	}
	for _, bad := range []string{"chat/room/a b/say", "chat/room/" + strings.Repeat("x", 49) + "/say", "chat/user/a@b/say", "chat/room//say", "chat/user/ME/say"} {
		if got, err := parseTopic(bad); err == nil {
			t.Errorf("%s: parsed as %+v; want an error that names the fault", bad, got)
		}
	}
}

func FuzzTopic(f *testing.F) {
	for _, s := range []string{"chat/room/Lobby/say", "chat/user/me/inbox/a", "chat/room/x/state/ada/b/c", "$SYS/a", "a/b", "chat/user/Zoë 🦊/presence"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseTopic(s)
		if err != nil || p.kind == ordinary || p.kind == system || p.kind == nothing {
			return
		}
		again, err := parseTopic(p.String())
		if err != nil || again != p {
			t.Fatalf("%q parses as %+v, but %q as %+v, %v", s, p, p.String(), again, err)
		}
	})
}

// Who listens is seen: whatever filter brings something of a room puts its reader into the roster.
func TestNoFilterReadsARoomUnseen(t *testing.T) {
	topics := []string{"chat/room/lobby/messages", "chat/room/lobby/roster", "chat/room/lobby/presence", "chat/room/lobby/typing/ada",
		"chat/room/lobby/state/ada", "chat/room/lobby/state/ada/t", "chat/room/lobby/state/ada/lobby/t"}
	levels := []string{"chat", "room", "user", "+", "+", "#", "lobby", "Lobby", "messages", "roster", "typing", "state", "ada", me, "t"}
	self := func(n names.Name) string { return n.Canonical }
	rapid.Check(t, func(t *rapid.T) {
		filter := strings.Join(rapid.SliceOfN(rapid.SampledFrom(levels), 1, 7).Draw(t, "filter"), "/")
		if !broker.ValidFilter(filter) {
			return
		}
		f, no := parseFilter(filter, "ada", self)
		if no != nil {
			return
		}
		for _, topic := range topics {
			if broker.Match(f.topic, topic) && f.room != "lobby" && !(f.all && (f.only == "" || f.only == "lobby")) {
				t.Fatalf("%s reads %s and is in no roster: %+v", filter, topic, f)
			}
		}
	})
}

func TestOnlyWhatIsClosedAsAWholeIsRefused(t *testing.T) {
	a := access{open: []string{"#"}, closed: []string{"home/vault/#", "lab/+"}}
	for filter, refused := range map[string]bool{
		"home/vault/#": true, "home/vault": true, "home/vault/+": true, "home/vault/door": true, "lab/+": true, "lab/x": true,
		"home/#": false, "#": false, "+/vault/door": false, "lab/#": false, "lab/+/x": false,
	} {
		if no := a.mayFilter(filter); (no != nil) != refused {
			t.Errorf("%s: refused %v", filter, no != nil)
		}
	}
}

// Topics that begin with $ are ordinary ones that a client's wildcards do not match; those of the configuration mean them too.
func TestTopicsThatBeginWithDollar(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.Subscribe("#", "+/things/lamp")
	if codes := ada.Subscribe("$aws/#"); codes[0] != 0 {
		t.Fatalf("SUBACK %#x", codes[0])
	}
	if a := bob.Do(mqttPub{Topic: "$aws/things/lamp", Payload: "on", QoS: 1, Retain: true}); a.Code != 0 {
		t.Fatalf("PUBACK %#x %q", a.Code, a.Props.Reason)
	}
	ada.WantMessage("$aws/things/lamp")
	ada.Ping()
	again := ada.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish && strings.HasPrefix(p.Topic, "$aws") })
	if len(again) > 0 {
		t.Errorf("a wildcard at the beginning matched it: %v", again)
	}
	if a := bob.Do(mqttPub{Topic: "$SYS/aws", Payload: "on", QoS: 1}); a.Code != 0x87 {
		t.Errorf("$SYS: PUBACK %#x", a.Code)
	}
	for _, c := range []struct {
		a    access
		want bool
	}{
		{access{open: []string{"#"}}, true}, {access{open: []string{"$aws/#"}}, true}, {access{open: []string{"home/#"}}, false},
		{access{open: []string{"#"}, closed: []string{"$aws/#"}}, false}, {access{open: []string{"#"}, closed: []string{"#"}}, false},
	} {
		if got := c.a.may("$aws/things/lamp"); got != c.want {
			t.Errorf("open %q, closed %q: %v", c.a.open, c.a.closed, got)
		}
	}
}

func TestFiltersJoinWhatTheyRead(t *testing.T) {
	holder := func(n names.Name) string {
		if n.Fold == "bob" {
			return "Bob"
		}
		return n.Canonical
	}
	const none, all = "-", "*"
	for _, c := range []struct{ filter, topic, joins, as string }{
		{"chat/room/lobby/messages", "", "lobby", ""},
		{"chat/room/lobby/#", "", "lobby", ""},
		{"chat/room/lobby/+", "", "lobby", ""},
		{"chat/room/lobby/typing/+", "", "lobby", ""},
		{"chat/room/lobby/state/#", "", "lobby", ""},
		{"chat/room/lobby/state/me", "chat/room/lobby/state/ada", "lobby", me},
		{"chat/room/lobby/state/me/#", "chat/room/lobby/state/ada/#", "lobby", me},
		{"chat/room/lobby/state/Bob/t", "", "lobby", ""},
		{"chat/room/lobby/messages/x", "", none, ""},
		{"chat/room/lobby", "", none, ""},
		{"chat/room/+/messages", "", all, ""},
		{"chat/room/+/say", "", none, ""},
		{"chat/room/+", "", none, ""},
		{"chat/room/#", "", all, ""},
		{"chat/#", "", all, ""},
		{"chat/+/lobby/messages", "", "lobby, if there", ""},
		{"+/room/lobby/#", "", "lobby, if there", ""},
		{"+/+/lobby/+", "", "lobby, if there", ""},
		{"+/+/Lobby/+", "", none, ""},
		{"+/+/lobby/say", "", none, ""},
		{"chat/+/+/messages", "", all, ""},
		{"+/+/+/roster", "", all, ""},
		{"#", "", all, ""},
		{"+/room/#", "", all, ""},
		{"+/user/#", "", none, ""},
		{"chat/user/+/presence", "", none, ""},
		{"chat/user/me/inbox", "chat/user/ada/inbox", none, me},
		{"chat/user/me/#", "chat/user/ada/#", none, me},
		{"chat/user/Bob/presence", "", none, ""},
		{"chat/server/+", "", none, ""},
		{"sensors/#", "", none, ""},
	} {
		f, no := parseFilter(c.filter, "ada", holder)
		if no != nil {
			t.Errorf("%s: refused: %s", c.filter, no.Tell)
			continue
		}
		joined := none
		if f.all && f.only != "" {
			joined = f.only + ", if there"
		} else if f.all {
			joined = all
		} else if f.room != "" {
			joined = f.room
		}
		want := c.topic
		if want == "" {
			want = c.filter
		}
		if joined != c.joins || f.topic != want || f.as != c.as {
			t.Errorf("%s: joins %s, matches %s, as %q; want %s, %s, %q", c.filter, joined, f.topic, f.as, c.joins, want, c.as)
		}
	}
	for filter, says := range map[string]string{
		"chat/room/Lobby/messages":    "chat/room/lobby/messages",
		"chat/user/bob/presence":      "chat/user/Bob/presence",
		"chat/room/lobby/state/BOB":   "chat/room/lobby/state/Bob",
		"chat/user/Bob/inbox":         "chat/user/me/inbox",
		"chat/user/Bob/inbox/#":       "chat/user/me/inbox",
		"chat/room/lobby/say":         "chat/room/lobby/messages",
		"chat/room/lobby/history":     "chat/room/lobby/messages",
		"chat/user/Bob/say":           "chat/user/me/inbox",
		"chat/room/a b/messages":      "",
		"chat/user/a\u202eb/presence": "",
	} {
		f, no := parseFilter(filter, "ada", holder)
		if no == nil {
			t.Errorf("%s: let through as %+v", filter, f)
		} else if !strings.Contains(no.Tell, says) {
			t.Errorf("%s: %q does not name %s", filter, no.Tell, says)
		}
	}
}

func TestClosingEverythingOutsideLeavesTheChatOpen(t *testing.T) {
	r := newRoom(t)
	r.cfg.TopicsOpen, r.cfg.TopicsClosed = nil, []string{"#"}
	r.restart()
	ada := r.join("ada")
	ada.say("hello")
	ada.wantText("hello")
	if codes := ada.Subscribe("home/lamp", "#"); codes[0] != 0x80 || codes[1] != 0x80 {
		t.Errorf("answered %x", codes)
	}
}
