package bridge

import (
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

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

// A direct message waits for the session of a member that is away, over a restart, and not for that of another one with the same name.
func TestADirectMessageWaitsForItsHolder(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	first := mqtttest.Options{Version: 4, Name: "bob", ID: "b1", Keep: true}
	second := first
	second.ID = "b2"
	for _, o := range []mqtttest.Options{first, second} {
		bob := r.connect(o)
		bob.SubscribeOpt(1, "chat/user/me/inbox")
		r.cut(bob.Client)
	}
	bob := r.connect(second)
	if a := ada.Publish("chat/user/bob/say", "for the second"); a.Code != 0 {
		t.Fatalf("refused: %s", a)
	}
	bob.wantInbox("message")
	r.cut(bob.Client)

	held := mqtttest.Options{Version: 4, Name: "eve", ID: "e1", Secret: "hers", Keep: true}
	eve := r.connect(held)
	eve.SubscribeOpt(1, "chat/user/me/inbox")
	r.cut(eve.Client)
	if a := ada.Publish("chat/user/eve/say", "while you sleep"); a.Code != 0 {
		t.Fatalf("refused: %s", a)
	}
	r.restart()
	if m := decode[posted](t, r.connect(held).wantInbox("message")["message"]); m.Text != "while you sleep" {
		t.Errorf("eve reads %q", m.Text)
	}
	bob = r.connect(first)
	bob.Ping()
	if got := bob.Take(func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), "for the second") }); len(got) > 0 {
		t.Errorf("the first bob reads %v", got)
	}
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
