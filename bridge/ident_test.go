package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// joinLately brings a member in whose name may be free only in a moment.
func (r *testRoom) joinLately(o mqtttest.Options) *guest {
	r.t.Helper()
	for deadline := time.Now().Add(mqtttest.Patience); ; {
		c := r.try(o)
		if c.Connack.Code == 0 {
			g := &guest{Client: c, t: r.t, name: o.Name}
			g.Subscribe("chat/room/lobby/messages", "chat/user/me/inbox")
			return g
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s does not come in: %s", o.Name, c.Connack)
		}
	}
}

// Who comes back with the secret long after the name was free is who it was: it reads on, its messages are its own.
func TestTheSameSecretIsTheSamePersonNextWeek(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"id":"m1","text":"helo"}`)
	ada.Publish("chat/user/bob/say", "for bob alone")
	bob.wantInbox("message")
	ada.Publish("chat/room/lobby/state/me/mood", "good")
	ada.Publish("chat/room/lobby/read", `{"seq":1}`)
	ada.wantInbox("read")
	for round := range 2 {
		for _, g := range []*guest{ada, bob} {
			g.Disconnect()
		}
		if round == 1 {
			r.restart()
		}
		other := r.joinLately(mqtttest.Options{Name: "ada", ID: "o", Secret: "another"})
		bob = r.joinLately(mqtttest.Options{Name: "bob", ID: "b", Secret: "secret of bob"})
		if round == 0 { // the states of the one before go when another takes the name
			other.Subscribe("chat/room/lobby/state/#")
		}
		other.Publish("chat/user/bob/history", `{"after":0,"request":"other"}`)
		if h := other.wantInbox("history"); string(h["messages"]) != "[]" {
			t.Errorf("another ada reads %s", h["messages"])
		}
		if a := other.Publish("chat/room/lobby/say", `{"kind":"edit","ref":"m1","text":"hers"}`); a.Code != 0x87 {
			t.Errorf("another ada edits: %#x", a.Code)
		}
		if marks := other.Take(func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"marks"`) }); len(marks) > 0 {
			t.Errorf("another ada has read %s", marks[0].Payload)
		}
		other.Disconnect()
		ada = r.joinLately(mqtttest.Options{Name: "Ada", ID: "new", Secret: "secret of Ada"})
		if m := ada.wantInbox("marks"); string(m["rooms"]) != `{"lobby":1}` {
			t.Errorf("ada has read %s", m["rooms"])
		}
		ada.post(fmt.Sprintf(`{"kind":"edit","ref":"m1","text":"hello %d"}`, round))
		ada.Publish("chat/user/bob/history", `{"after":0,"request":"hers"}`)
		if l := decode[[]posted](t, ada.wantInbox("history")["messages"]); len(l) != 1 || l[0].Text != "for bob alone" {
			t.Errorf("ada reads %+v", l)
		}
	}
}

// A message to somebody who is not there, but holds the name, is found by whoever comes back with the secret.
func TestAMessageToAHeldNameIsItsOwners(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	bob := r.join("bob")
	bob.Disconnect()
	ada := r.join("ada")
	if a := ada.Publish("chat/user/bob/say", "while you were out"); a.Code != 0 {
		t.Fatalf("refused: %s", a)
	}
	r.restart()
	bob = r.join("bob")
	bob.Publish("chat/user/ada/history", `{"after":0}`)
	if m := bob.wantInbox("history"); !strings.Contains(string(m["messages"]), "while you were out") {
		// The name ada waits for its owner: the log is that of the two.
		t.Errorf("bob reads %s", m["messages"])
	}
}

func TestReadMarksFadeByTime(t *testing.T) {
	store := kept{}
	ms := &marks{store: store, calls: newCalls(store, nil), byIdent: map[string]*marked{}}
	ms.set("kold", "lobby", 3)
	ms.set("kold", "other", 4)
	ms.set("knew", "lobby", 5)
	ms.byIdent["kold"].at = time.Now().Add(-markKept - time.Hour)
	ms.fade()
	if len(ms.of("kold")) != 0 || ms.of("knew")["lobby"] != 5 {
		t.Errorf("old %v, new %v", ms.of("kold"), ms.of("knew"))
	}
	for i := range marksMost {
		ms.move(fmt.Sprint("k", i), "lobby", 1, time.Now())
	}
	ms.byIdent["knew"].at = time.Now().Add(-time.Hour)
	ms.fade()
	if len(ms.byIdent) != marksMost || len(ms.of("knew")) != 0 {
		t.Errorf("%d members, of the one that moved none for longest: %v", len(ms.byIdent), ms.of("knew"))
	}
	if b, _ := json.Marshal(store); string(b) != "{}" {
		t.Errorf("stored: %s", b)
	}
}

// kept is values in a map.
type kept map[string][]byte

func (k kept) Put(kind, key string, value []byte, done func(error)) error {
	if k[kind+"\x00"+key] = value; value == nil {
		delete(k, kind+"\x00"+key)
	}
	if done != nil {
		done(nil)
	}
	return nil
}

func (k kept) Each(_ context.Context, kind string, f func(key string, value []byte, age time.Duration)) error {
	for key, value := range k {
		if of, name, _ := strings.Cut(key, "\x00"); of == kind {
			f(name, value, 0)
		}
	}
	return nil
}
