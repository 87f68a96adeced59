package bridge

import (
	"strings"
	"testing"

	"tincan/broker"
	"tincan/broker/mqtttest"
)

// private makes a room for some members who are here.
func (r *testRoom) private(slug string, names ...string) {
	r.t.Helper()
	no := r.b.cards.change(slug, func(c *card) *broker.Refusal {
		c.Private, c.Members = true, nil
		for _, name := range names {
			c.Members = append(c.Members, someone{r.b.who(name), name})
		}
		if len(names) > 0 {
			c.Owner = &c.Members[0]
		}
		return nil
	}, nil)
	if no != nil {
		r.t.Fatal(no.Tell)
	}
	r.b.rooms.start(slug, 0, 1000)
}

func TestAPrivateRoomIsReadByItsMembersAlone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	eve := r.connect(mqtttest.Options{Name: "eve", ID: "eve-1", Secret: "of eve"})
	eve.Subscribe("chat/#", "+/room/+/#", "$share/g/chat/room/+/messages", "chat/user/me/inbox/#")
	r.private("attic", "ada", "bob")
	for _, g := range []*guest{ada, bob} {
		if codes := g.Subscribe("chat/room/attic/#"); codes[0] >= 0x80 {
			t.Fatalf("%s may not join: %#x", g.name, codes[0])
		}
		g.WantMessage("chat/room/attic/about")
	}
	if a := ada.Publish("chat/room/attic/say", "between us"); a.Code != 0 {
		t.Fatalf("ada may not say: %#x", a.Code)
	}
	bob.WantMessage("chat/room/attic/messages")
	bob.Publish("chat/room/attic/state/me/x", "1")
	for _, c := range []struct{ topic, payload, key string }{
		{"chat/room/attic/say", "x", "no-room"},
		{"chat/room/attic/state/me", "1", "no-room"},
		{"chat/room/attic/typing/me", "1", "no-room"},
		{"chat/room/attic/members", "{}", "no-room"},
		{"chat/room/attic/read", `{"seq":1}`, "no-room"},
	} {
		eve.Go(mqttPub{Topic: c.topic, Payload: c.payload})
		if e := eve.wantInbox("error"); string(e["code"]) != `"`+c.key+`"` {
			t.Errorf("%s: %s %s", c.topic, e["code"], e["text"])
		}
	}
	eve.Publish("chat/room/attic/history", "{}")
	h := eve.wantInbox("history")
	if string(h["messages"]) != "[]" || string(h["last"]) != "0" {
		t.Errorf("history tells eve %s, last %s", h["messages"], h["last"])
	}
	if codes := eve.Subscribe("chat/room/attic/messages"); codes[0] != 0x87 {
		t.Errorf("eve may subscribe: %#x", codes[0])
	}
	ada.say("marker")
	eve.Want("marker", func(p mqtttest.Packet) bool {
		if strings.Contains(p.Topic, "attic") || strings.Contains(string(p.Payload), "attic") && !strings.Contains(p.Topic, "inbox") {
			t.Errorf("eve was sent %s", p)
		}
		return strings.Contains(string(p.Payload), "marker")
	})

	// bob is taken out: nothing more comes, and he is not in its roster. Taken in again, he hears by the filter that he has.
	r.private("attic", "ada")
	ada.Want("bob has left", func(p mqtttest.Packet) bool {
		return p.Topic == "chat/room/attic/presence" && strings.Contains(string(p.Payload), `"leave":["bob"]`)
	})
	ada.Publish("chat/room/attic/say", "without bob")
	ada.say("marker 2")
	bob.Want("marker 2", func(p mqtttest.Packet) bool {
		if strings.Contains(string(p.Payload), "without bob") {
			t.Error("bob still hears the room")
		}
		return strings.Contains(string(p.Payload), "marker 2")
	})
	r.private("attic", "ada", "bob")
	ada.Want("bob is back", func(p mqtttest.Packet) bool {
		return p.Topic == "chat/room/attic/presence" && strings.Contains(string(p.Payload), `"join":[{"name":"bob"`)
	})
	ada.Publish("chat/room/attic/say", "with bob")
	bob.Want("with bob", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), "with bob") })

	r.restart()
	ada = r.join("ada")
	if codes := ada.Subscribe("chat/room/attic/messages"); codes[0] >= 0x80 {
		t.Errorf("after a restart ada may not join: %#x", codes[0])
	}
	eve = r.connect(mqtttest.Options{Name: "eve", ID: "eve-1", Secret: "of eve"})
	if codes := eve.Subscribe("chat/room/attic/messages"); codes[0] != 0x87 {
		t.Errorf("after a restart eve may subscribe: %#x", codes[0])
	}
}
