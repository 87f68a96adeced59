package bridge

import (
	"encoding/json"
	"fmt"
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
		"too long":         {mqttPub{Topic: "chat/room/lobby/say", Payload: strings.Repeat("x", 9000)}, 0x99, "9000"},
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
		"bad search":       {mqttPub{Topic: "chat/room/lobby/history", Payload: `{"search":7}`}, 0x99, "search"},
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
