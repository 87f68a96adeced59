package bridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker/mqtttest"
)

type mqttPub = mqtttest.Pub

func TestEveryoneSeesTheSameMessagesInOrder(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob := r.join("ada"), r.join("bob")
		for i := range 30 {
			who := ada
			if i%2 == 1 {
				who = bob
			}
			who.say(fmt.Sprintf("number %d", i))
		}
		for _, g := range []*guest{ada, bob} {
			for i := range 30 {
				m := decode[posted](t, g.WantMessage("chat/room/lobby/messages").Payload)
				want := []string{"ada", "bob"}[i%2]
				if m.Seq != uint64(i+1) || m.Text != fmt.Sprintf("number %d", i) || m.From != want || m.Room != "lobby" || m.Kind != "text" || m.ID == "" {
					t.Fatalf("%s reads %+v as message %d", g.name, m, i)
				}
			}
		}
	})
}

func TestPublishesAreNormalised(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		ada.Publish("chat/room/Lobby/say", "to the same room")
		if m := ada.wantText("to the same room"); m.Room != "lobby" {
			t.Errorf("it is in %q", m.Room)
		}
	})
}

func TestARepeatIsAcknowledgedAndShownOnce(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		first := ada.Publish("chat/room/lobby/say", `{"id":"x1","text":"once"}`)
		again := ada.Publish("chat/room/lobby/say", `{"id":"x1","text":"once"}`)
		if first.Code != 0 || again.Code != 0 {
			t.Fatalf("acknowledged with %#x and %#x", first.Code, again.Code)
		}
		if r.version == 5 && (first.Props.Get("seq") != "1" || again.Props.Get("seq") != "1" || again.Props.Get("id") != "x1") {
			t.Errorf("the acks say %v and %v", first.Props.User, again.Props.User)
		}
		ada.say("marker")
		ada.wantText("once")
		if m := decode[posted](t, ada.WantMessage("chat/room/lobby/messages").Payload); m.Text != "marker" || m.Seq != 2 {
			t.Errorf("after it comes %+v, not the marker", m)
		}
	})
}

func TestAnIDForAnotherMessageIsRefused(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.Publish("chat/room/lobby/say", `{"id":"x1","text":"once"}`)
	if a := ada.Publish("chat/room/lobby/say", `{"id":"x1","text":"twice"}`); a.Code < 0x80 || !strings.Contains(a.Props.Reason, "another message") {
		t.Errorf("answered %#x %q", a.Code, a.Props.Reason)
	}
	if a := bob.Publish("chat/room/lobby/say", `{"id":"x1","text":"mine"}`); a.Code != 0 {
		t.Errorf("the same id of another member is refused: %q", a.Props.Reason)
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	bob := r.join("bob")
	for name, c := range map[string]struct {
		pub  mqttPub
		code byte
		says string
	}{
		"too long":         {mqttPub{Topic: "chat/room/lobby/say", Payload: strings.Repeat("x", 9000)}, 0x97, "9000"},
		"not UTF-8":        {mqttPub{Topic: "chat/room/lobby/say", Payload: "\xff\xfe"}, 0x99, "UTF-8"},
		"no room name":     {mqttPub{Topic: "chat/room/a b/say", Payload: "x"}, 0x90, ""},
		"forged message":   {mqttPub{Topic: "chat/room/lobby/messages", Payload: `{"seq":1,"from":"bob","text":"x"}`}, 0x87, "tincan alone"},
		"forged roster":    {mqttPub{Topic: "chat/room/lobby/roster", Payload: `{}`, Retain: true}, 0x87, "tincan alone"},
		"forged presence":  {mqttPub{Topic: "chat/room/lobby/presence", Payload: `{}`}, 0x87, "tincan alone"},
		"another's":        {mqttPub{Topic: "chat/user/bob/presence", Payload: `{"state":"offline"}`, Retain: true}, 0x87, "tincan alone"},
		"another's inbox":  {mqttPub{Topic: "chat/user/bob/inbox", Payload: `{}`}, 0x87, "tincan alone"},
		"own inbox":        {mqttPub{Topic: "chat/user/me/inbox", Payload: `{}`}, 0x87, "tincan alone"},
		"the status":       {mqttPub{Topic: "chat/server/status", Payload: `{}`, Retain: true}, 0x87, "tincan alone"},
		"another's typing": {mqttPub{Topic: "chat/room/lobby/typing/bob", Payload: "1"}, 0x87, "bob"},
		"another's state":  {mqttPub{Topic: "chat/room/lobby/state/bob", Payload: "1"}, 0x87, "bob"},
		"another's away":   {mqttPub{Topic: "chat/user/bob/away", Payload: "1"}, 0x87, "bob"},
		"$SYS":             {mqttPub{Topic: "$SYS/broker/version", Payload: "1"}, 0x87, "$"},
		"no topic":         {mqttPub{Topic: "chat/room/lobby/shout", Payload: "1"}, 0x90, "chat/room/lobby/say"},
		"nobody":           {mqttPub{Topic: "chat/user/zoe/say", Payload: "hi"}, 0x90, "zoe"},
		"oneself":          {mqttPub{Topic: "chat/user/me/say", Payload: "hi"}, 0x90, "another"},
		"bad request":      {mqttPub{Topic: "chat/room/lobby/history", Payload: "give"}, 0x99, "JSON"},
		"search":           {mqttPub{Topic: "chat/room/lobby/history", Payload: `{"search":"x"}`}, 0x99, "search"},
		"foreign response": {mqttPub{Topic: "chat/room/lobby/history", Payload: `{}`, Response: "chat/user/bob/inbox"}, 0x87, "own inbox"},
	} {
		c.pub.QoS = 1
		if a := ada.Do(c.pub); a.Code != c.code || !strings.Contains(a.Props.Reason, c.says) {
			t.Errorf("%s: %#x %q; want %#x … %s", name, a.Code, a.Props.Reason, c.code, c.says)
		}
		c.pub.QoS = 2
		if a := ada.Do(c.pub); a.Type != mqtttest.Pubrec || a.Code != c.code {
			t.Errorf("%s at QoS 2: %s", name, a)
		}
	}
	ada.say("marker")
	if m := decode[posted](t, bob.WantMessage("chat/room/lobby/messages").Payload); m.Text != "marker" {
		t.Errorf("bob read %+v", m)
	}
}

// A 3.1.1 client that publishes what is refused is not acknowledged and cut; when it sends the same again it is acknowledged, so that
// it does not do so for ever, and told on its inbox.
func TestRefusedOldClientIsCutOnce(t *testing.T) {
	r := newRoom(t)
	r.version = 4
	bad := mqttPub{Topic: "chat/room/lobby/roster", Payload: "{}", QoS: 1}
	ada := r.join("ada")
	ada.Go(bad)
	ada.WantEnd()
	if acks := ada.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback }); len(acks) > 0 {
		t.Errorf("it was acknowledged: %v", acks)
	}
	ada = r.join("ada")
	ada.Do(bad)
	if e := ada.wantInbox("error"); string(e["code"]) != `"read-only"` {
		t.Errorf("the inbox says %s", e["code"])
	}
	ada.say("still here")
}

func TestQoS0RefusalsComeOnTheInbox(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: `{"id":"big","text":"` + strings.Repeat("x", 9000) + `"}`})
		e := ada.wantInbox("error")
		if string(e["code"]) != `"too-long"` || string(e["id"]) != `"big"` || string(e["room"]) != `"lobby"` {
			t.Errorf("the inbox says %s %s %s", e["code"], e["id"], e["room"])
		}
	})
}

func TestTypingIsPassedOn(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob := r.join("ada"), r.join("bob")
		bob.Subscribe("chat/room/lobby/typing/+")
		ada.Go(mqttPub{Topic: "chat/room/lobby/typing/me", Payload: "1"})
		if p := bob.WantMessage("chat/room/lobby/typing/ada"); string(p.Payload) != "1" || p.Retain() {
			t.Errorf("bob reads %s", p)
		}
	})
}

func TestDirectMessagesReachBothAndNobodyElse(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob, eve := r.join("Ada Okafor"), r.join("bob"), r.join("eve")
		eve.Subscribe("#", "chat/#", "chat/user/+/inbox", "$share/spies/chat/user/+/inbox/#", "$share/spies/#")
		if a := ada.Publish("chat/user/BOB/say", `{"id":"d1","text":"psst"}`); a.Code != 0 {
			t.Fatalf("refused: %s", a)
		}
		for _, g := range []*guest{ada, bob} {
			m := decode[posted](t, g.wantInbox("message")["message"])
			if m.From != "Ada Okafor" || m.To != "bob" || m.Text != "psst" || m.ID != "d1" || m.Seq != 1 || m.Room != "" {
				t.Errorf("%s got %+v", g.name, m)
			}
		}
		ada.Publish("chat/user/bob/say", `{"id":"d1","text":"psst"}`) // a repeat
		bob.Publish("chat/user/ada okafor/say", "yes?")
		if m := decode[posted](t, bob.wantInbox("message")["message"]); m.Text != "yes?" || m.Seq != 2 {
			t.Errorf("after the first comes %+v", m)
		}
		bob.Publish("chat/user/Ada Okafor/history", `{"after":0}`)
		h := bob.wantInbox("history")
		if string(h["with"]) != `"Ada Okafor"` || string(h["last"]) != "2" || len(decode[[]posted](t, h["messages"])) != 2 {
			t.Errorf("history says %s", text(h))
		}
		ada.say("marker")
		eve.wantText("marker")
		if leaked := eve.Take(func(p mqtttest.Packet) bool {
			return strings.Contains(string(p.Payload), "psst") || strings.Contains(string(p.Payload), "yes?")
		}); len(leaked) > 0 {
			t.Errorf("eve read %v", leaked)
		}
	})
}

// Whoever takes a name later does not read what the one before was told.
func TestDirectMessagesBelongToTheHolderNotToTheName(t *testing.T) {
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada, bob := r.join("ada"), r.join("bob")
	ada.Publish("chat/user/bob/say", "for bob alone")
	bob.wantInbox("message")
	bob.Disconnect()
	ada.wantLeave("bob")
	var other *guest
	for other == nil { // the name is free a moment after the leave is told
		if c := r.try(mqtttest.Options{Name: "bob", ID: "b2", Secret: "another"}); c.Connack.Code == 0 {
			other = &guest{Client: c, t: t, name: "bob"}
		}
	}
	other.Subscribe("chat/user/me/inbox")
	other.Publish("chat/user/ada/history", `{"after":0}`)
	if h := other.wantInbox("history"); string(h["messages"]) != "[]" {
		t.Errorf("the new bob reads %s", h["messages"])
	}
}

func TestHistoryIsAskedPageByPage(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob := r.join("ada"), r.join("bob")
		for i := range 120 {
			ada.say(fmt.Sprint(i + 1))
		}
		ask := func(q string) (seqs []uint64, more bool, last uint64) {
			t.Helper()
			bob.Publish("chat/room/lobby/history", q)
			h := bob.wantInbox("history")
			for _, m := range decode[[]posted](t, h["messages"]) {
				if m.Text != fmt.Sprint(m.Seq) || m.Room != "lobby" {
					t.Fatalf("%s brings %+v", q, m)
				}
				seqs = append(seqs, m.Seq)
			}
			return seqs, string(h["more"]) == "true", decode[uint64](t, h["last"])
		}
		for _, c := range []struct {
			q           string
			first, last uint64
			more        bool
		}{
			{``, 71, 120, true},
			{`{"limit":120}`, 1, 120, false},
			{`{"limit":1}`, 120, 120, true},
			{`{"before":71,"limit":50}`, 21, 70, true},
			{`{"before":21}`, 1, 20, false},
			{`{"after":0,"limit":100}`, 1, 100, true},
			{`{"after":100}`, 101, 120, false},
			{`{"after":10,"before":15}`, 11, 14, false},
			{`{"after":10,"before":15,"limit":2}`, 11, 12, true},
			{`{"after":120}`, 0, 0, false},
			{`{"before":1}`, 0, 0, false},
		} {
			seqs, more, last := ask(c.q)
			var first, end uint64
			if len(seqs) > 0 {
				first, end = seqs[0], seqs[len(seqs)-1]
			}
			if first != c.first || end != c.last || (first > 0 && end-first+1 != uint64(len(seqs))) || more != c.more || last != 120 {
				t.Errorf("%s: %d to %d, more %v, last %d; want %d to %d, more %v", c.q, first, end, more, last, c.first, c.last, c.more)
			}
		}
	})
}

func TestHistoryAnswersOnTheResponseTopic(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.say("hello")
	bob.Do(mqttPub{Topic: "chat/room/lobby/history", Payload: `{"request":"r7"}`, QoS: 1, Response: "chat/user/me/inbox/h", Correlation: "c9"})
	p := bob.WantMessage("chat/user/me/inbox/h")
	if string(p.Props.Correlation) != "c9" || !strings.Contains(string(p.Payload), `"request":"r7"`) {
		t.Errorf("answered %s, correlation %q", p, p.Props.Correlation)
	}
	// Another session of the same member did not ask, and is not told.
	other := r.connect(mqtttest.Options{Name: "bob", ID: "bob-2", Secret: "secret of bob"})
	other.Subscribe("chat/user/me/inbox/#", "chat/room/lobby/messages")
	bob.Publish("chat/room/lobby/history", "")
	bob.wantInbox("history")
	ada.say("marker")
	other.wantText("marker")
	if got := other.Take(func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"history"`) }); len(got) > 0 {
		t.Errorf("the other session was told %v", got)
	}
}

func TestALongHistoryAnswerIsCut(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	for range 30 {
		ada.say(strings.Repeat("x", 8000))
	}
	ada.Publish("chat/room/lobby/history", `{"after":0,"limit":200}`)
	var seen uint64
	for more := true; more; {
		h := ada.wantInbox("history")
		ms := decode[[]posted](t, h["messages"])
		if len(h["messages"]) > historyBytes || len(ms) == 0 || ms[0].Seq != seen+1 {
			t.Fatalf("%d bytes, from %d after %d", len(h["messages"]), ms[0].Seq, seen)
		}
		seen = ms[len(ms)-1].Seq
		if more = string(h["more"]) == "true"; more {
			ada.Publish("chat/room/lobby/history", fmt.Sprintf(`{"after":%d,"limit":200}`, seen))
		}
	}
	if seen != 30 {
		t.Errorf("it ends at %d", seen)
	}
}

func TestReadMarksFollowTheMember(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		for i := range 5 {
			ada.say(fmt.Sprint(i))
		}
		phone := r.connect(mqtttest.Options{Name: "ada", ID: "ada-2", Secret: "secret of ada"})
		phone.Subscribe("chat/user/me/inbox")
		ada.Publish("chat/room/lobby/read", `{"seq":3}`)
		if m := phone.wantInbox("read"); string(m["seq"]) != "3" || string(m["room"]) != `"lobby"` {
			t.Errorf("the phone hears %s", text(m))
		}
		ada.Publish("chat/room/lobby/read", `{"seq":2}`)
		if m := phone.wantInbox("read"); string(m["seq"]) != "3" {
			t.Errorf("it went back: %s", text(m))
		}
		ada.Publish("chat/room/lobby/read", `{"seq":99}`)
		if m := phone.wantInbox("read"); string(m["seq"]) != "5" {
			t.Errorf("it went beyond the end: %s", text(m))
		}
		r.restart()
		late := r.connect(mqtttest.Options{Name: "ada", ID: "ada-3", Secret: "secret of ada"})
		late.Subscribe("chat/user/me/inbox")
		if m := late.wantInbox("marks"); string(m["rooms"]) != `{"lobby":5}` {
			t.Errorf("after a restart the marks are %s", m["rooms"])
		}
	})
}

func TestStateIsKeptOverARestart(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		r2 := *r
		sensor := r2.connect(mqtttest.Options{ID: "greenhouse-esp32"})
		sensor.Publish("chat/room/lobby/state/me/soil", "28")
		sensor.Go(mqttPub{Topic: "chat/room/lobby/state/me", Payload: `{"temperature":21.5}`})
		if j := ada.wantJoin("greenhouse-esp32"); r.addr == r.tcp && j.Kind != device {
			t.Errorf("it joined as %+v", j)
		}
		want := func(g *guest) {
			t.Helper()
			if p := g.WantMessage("chat/room/lobby/state/greenhouse-esp32/soil"); string(p.Payload) != "28" || !p.Retain() {
				t.Errorf("%s", p)
			}
			if p := g.WantMessage("chat/room/lobby/state/greenhouse-esp32"); string(p.Payload) != `{"temperature":21.5}` {
				t.Errorf("%s", p)
			}
		}
		sensor.Ping()
		ada.Subscribe("chat/room/lobby/state/#")
		want(ada)
		r.restart()
		bob := r.join("bob")
		bob.Subscribe("chat/room/lobby/state/#")
		want(bob)
		// Another one under the same name does not inherit it.
		thief := r.connect(mqtttest.Options{Name: "greenhouse-esp32", ID: "not-the-same"})
		thief.Subscribe("chat/room/lobby/state/#", "chat/room/lobby/messages")
		bob.say("marker")
		thief.wantText("marker")
		if got := thief.Take(func(p mqtttest.Packet) bool { return strings.Contains(p.Topic, "/state/") && len(p.Payload) > 0 }); len(got) > 0 {
			t.Errorf("it was left with %v", got)
		}
	})
}

func TestAnEmptyStateDeletes(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.Publish("chat/room/lobby/state/me", "1")
	ada.Publish("chat/room/lobby/state/me", "")
	bob := r.join("bob")
	bob.Subscribe("chat/room/lobby/state/#")
	ada.say("marker")
	bob.wantText("marker")
	if got := bob.Take(func(p mqtttest.Packet) bool { return strings.Contains(p.Topic, "/state/") }); len(got) > 0 {
		t.Errorf("bob reads %v", got)
	}
}

func TestStateOfOneMemberIsBounded(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	var refused mqtttest.Packet
	for i := range stateEach + 1 {
		refused = ada.Publish(fmt.Sprintf("chat/room/lobby/state/me/%d", i), "1")
		if i < stateEach && refused.Code != 0 {
			t.Fatalf("value %d: %s", i, refused)
		}
	}
	if refused.Code != 0x97 || !strings.Contains(refused.Props.Reason, "delete") {
		t.Errorf("one too many: %s", refused)
	}
	if a := ada.Publish("chat/room/lobby/state/me/0", "2"); a.Code != 0 {
		t.Errorf("a value that is there already may change: %s", a)
	}
}

func TestTopicsOutsideTheChatAreOrdinary(t *testing.T) {
	r := newRoom(t)
	r.cfg.TopicsOpen, r.cfg.TopicsClosed = []string{"home/#", "zigbee2mqtt/#"}, []string{"home/vault/#"}
	r.restart()
	everyone := r.join("ada")
	everyone.Subscribe("home/#", "zigbee2mqtt/+/set")
	if codes := everyone.Subscribe("home/vault/#", "home/vault/door"); codes[0] != 0x87 || codes[1] != 0x87 {
		t.Errorf("closed filters are answered %x", codes)
	}
	bob := r.join("bob")
	if a := bob.Do(mqttPub{Topic: "home/lamp", Payload: "on", QoS: 1, Retain: true}); a.Code != 0 {
		t.Errorf("open topic: %s", a)
	}
	if a := bob.Publish("home/vault/door", "open"); a.Code != 0x87 || !strings.Contains(a.Props.Reason, "topics.open") {
		t.Errorf("closed topic: %s", a)
	}
	if a := bob.Publish("elsewhere", "x"); a.Code != 0x87 {
		t.Errorf("topic that is not open: %s", a)
	}
	if p := everyone.WantMessage("home/lamp"); string(p.Payload) != "on" {
		t.Errorf("%s", p)
	}
	late := r.join("eve")
	late.Subscribe("home/lamp")
	if p := late.WantMessage("home/lamp"); !p.Retain() {
		t.Errorf("it was not retained: %s", p)
	}
}

func TestServerTopics(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		ada.Subscribe("chat/server/+")
		s := decode[statusNote](t, ada.WantMessage("chat/server/status").Payload)
		if s.State != online || s.Since == "" {
			t.Errorf("status %+v", s)
		}
		ada.Publish("chat/room/Werkstatt/say", "one")
		for {
			var found bool
			for _, room := range decode[[]listed](t, ada.WantMessage("chat/server/rooms").Payload) {
				found = found || room.Room == "werkstatt" && room.Last == 1
			}
			if found {
				break
			}
		}
		r.end()
		for {
			if decode[statusNote](t, ada.WantMessage("chat/server/status").Payload).State == offline {
				break
			}
		}
	})
}

func TestRoomsAreFixedWhenTheyAre(t *testing.T) {
	r := newRoom(t)
	r.cfg.FixedRooms = []string{"Class 7"}
	if _, err := New(r.cfg, r.store, nil); err == nil {
		t.Error("a room that is no room was taken")
	}
	r.cfg.FixedRooms = []string{"Class-7"}
	r.restart()
	ada := r.join("ada")
	if codes := ada.Subscribe("chat/room/class-7/messages", "chat/room/other/messages"); codes[0] != 0 || codes[1] != 0x87 {
		t.Errorf("answered %x", codes)
	}
	if a := ada.Publish("chat/room/other/say", "x"); a.Code != 0x87 {
		t.Errorf("answered %s", a)
	}
}

// A room that nobody is in and nobody wrote to is closed after a while. When it comes again its roster counts anew, and says so: those
// who read by wildcards have seen the former one.
func TestAnIdleRoomIsClosed(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.Subscribe("chat/room/+/roster", "chat/room/+/presence")
	sweep := func() bool {
		r.b.rooms.mu.Lock()
		r.b.rooms.open["new"].touched = time.Now().Add(-2 * idleRoom)
		r.b.rooms.mu.Unlock()
		r.b.members.do(r.b.rooms.sweep)
		return r.b.rooms.find("new") == nil
	}
	var epoch string
	for _, open := range []string{"first", "again"} {
		bob.Subscribe("chat/room/new/messages")
		for here := false; !here; {
			d := decode[Delta](t, ada.WantMessage("chat/room/new/presence").Payload)
			here = slices.ContainsFunc(d.Join, func(m Member) bool { return m.Name == "bob" })
			if here && d.Epoch == epoch {
				t.Fatalf("%s: rev %d of the former epoch", open, d.Rev)
			}
			if here {
				epoch = d.Epoch
			}
		}
		if sweep() {
			t.Fatalf("%s: it was closed though bob is there", open)
		}
		bob.Unsubscribe("chat/room/new/messages")
		if !sweep() {
			t.Errorf("%s: it stays open", open)
		}
		ada.Take(func(p mqtttest.Packet) bool { return strings.HasPrefix(p.Topic, "chat/room/new/") })
	}
	bob.Publish("chat/room/new/say", "one")
	bob.Cut()
	if sweep() {
		t.Error("it was closed with what was written there")
	}
}

func TestAMemberOpensOnlySoManyRooms(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	var refused mqtttest.Packet
	for i := range roomsAMinute + 1 {
		refused = ada.Publish(fmt.Sprintf("chat/room/room-%d/say", i), "x")
	}
	if refused.Code != 0x97 || !strings.Contains(refused.Props.Reason, "wait") {
		t.Errorf("answered %s", refused)
	}
}

func TestAFastMemberIsSlowedNotRefused(t *testing.T) {
	r := newRoom(t)
	r.cfg.MessagesPerSecond, r.cfg.MessagesBurst = 50, 10
	r.restart()
	ada, bob := r.join("ada"), r.join("bob")
	const n = 40
	ids := map[uint16]bool{}
	for i := range n {
		ids[ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: fmt.Sprint(i), QoS: 1})] = true
	}
	bob.wantText(fmt.Sprint(n - 1)) // shown at once
	for range n {
		a := ada.Want("PUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback })
		if a.Code != 0 || !ids[a.ID] {
			t.Fatalf("acknowledged %s", a)
		}
	}
	// At QoS 0 there is nothing to wait with: what is too fast is dropped, and counted.
	before := r.br.Stats().Denied
	for range 200 {
		ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: "flood"})
	}
	ada.Ping()
	if denied := r.br.Stats().Denied - before; denied < 100 {
		t.Errorf("%d of 200 were dropped", denied)
	}
}

func TestMembersOfARoomArePaged(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	for _, n := range []string{"bob", "eve", "zoe"} {
		r.join(n)
		ada.wantJoin(n)
	}
	ada.Publish("chat/room/lobby/members", `{"limit":3}`)
	a := ada.wantInbox("members")
	if ms := decode[[]Member](t, a["members"]); len(ms) != 3 || ms[0].Name != "ada" || string(a["more"]) != "true" {
		t.Errorf("first page %s", text(a))
	}
	ada.Publish("chat/room/lobby/members", `{"after":"eve"}`)
	a = ada.wantInbox("members")
	if ms := decode[[]Member](t, a["members"]); len(ms) != 1 || ms[0].Name != "zoe" || string(a["more"]) != "false" {
		t.Errorf("second page %s", text(a))
	}
}

// Acknowledgements wait for a member that is too fast; it cannot go on by coming back instead.
func TestANewConnectionIsNoNewPace(t *testing.T) {
	r := newRoom(t)
	r.cfg.MessagesPerSecond, r.cfg.MessagesBurst = 1, 10
	r.restart()
	for range 30 {
		ada := r.connect(mqtttest.Options{Name: "ada", ID: "a", Secret: "s"})
		for range 60 {
			ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: "flood", QoS: 1})
		}
		ada.Ping()
		ada.Cut()
	}
	r.end()
	r.start()
	if n, err := r.store.Head(t.Context(), Lobby); n > 1300 || err != nil {
		t.Errorf("%d of 1800 messages were taken, %v", n, err)
	}
}

// A slow store answers appends of direct messages only when it is let.
type slow struct {
	Store
	let chan struct{}
}

func (s slow) Append(room string, e history.Entry, done func(history.Receipt, error)) error {
	return s.Store.Append(room, e, func(r history.Receipt, err error) {
		if room[0] != '@' {
			done(r, err)
			return
		}
		go func() {
			<-s.let
			done(r, err)
		}()
	})
}

func TestADirectMessageUnderWayDoesNotReachTheNextHolder(t *testing.T) {
	r := newRoom(t)
	let := make(chan struct{})
	r.wrap = func(s Store) Store { return slow{s, let} }
	r.restart()
	ada := r.join("ada")
	bob := r.connect(mqtttest.Options{Name: "bob", ID: "b1"})
	ada.Go(mqttPub{Topic: "chat/user/bob/say", Payload: "for the first", QoS: 1})
	ada.Ping()
	r.cut(bob.Client)
	next := r.connect(mqtttest.Options{Name: "bob", ID: "b2"})
	next.Subscribe("chat/user/me/inbox")
	close(let)
	ada.wantInbox("message")
	ada.Publish("chat/user/bob/say", "for the second")
	if m := decode[posted](t, next.wantInbox("message")["message"]); m.Text != "for the second" {
		t.Errorf("the next bob reads %q", m.Text)
	}
}

// A hesitating store holds a value back before it is queued, until a newer one has passed it or cannot.
type hesitating struct {
	Store
	passed chan struct{}
}

func (h hesitating) Put(kind, key string, value []byte, done func(error)) error {
	var s storedState
	if kind == valueOfState && json.Unmarshal(value, &s) == nil {
		switch string(s.Payload) {
		case "old":
			select {
			case <-h.passed:
			case <-time.After(300 * time.Millisecond):
			}
		case "new":
			defer close(h.passed)
		}
	}
	return h.Store.Put(kind, key, value, done)
}

// A value at QoS 0 is stored a while later, a value at QoS 1 at once: the newer one has to be the last on the disk.
func TestAnAcknowledgedStateIsNotOverwrittenByAnOlderOne(t *testing.T) {
	r := newRoom(t)
	r.wrap = func(s Store) Store { return hesitating{s, make(chan struct{})} }
	r.restart()
	ada := r.join("ada")
	ada.Go(mqttPub{Topic: "chat/room/lobby/state/me", Payload: "old"})
	ada.Ping()
	const topic = "chat/room/lobby/state/ada"
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		r.b.states.saveState(topic, nil)
	}()
	wait(t, "the flush", func() bool {
		r.b.states.mu.Lock()
		defer r.b.states.mu.Unlock()
		return !r.b.states.unsaved[topic]
	})
	ada.Publish("chat/room/lobby/state/me", "new")
	<-flushed
	r.wrap = nil
	r.restart()
	bob := r.join("bob")
	bob.Subscribe(topic)
	if p := bob.WantMessage(topic); string(p.Payload) != "new" {
		t.Errorf("after a restart it is %q", p.Payload)
	}
}
