package bridge

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// A changed is a message as history gives it.
type changed struct {
	posted
	Ref       string
	RefSeq    uint64
	Edited    string
	Deleted   bool
	Undo      bool
	Reactions []reaction
}

// history takes a page of the lobby.
func (g *guest) history(q string) []changed {
	g.t.Helper()
	g.Publish("chat/room/lobby/history", q)
	return decode[[]changed](g.t, g.wantInbox("history")["messages"])
}

// wantKind takes messages of the lobby until one is of a kind.
func (g *guest) wantKind(kind string) changed {
	g.t.Helper()
	for {
		m := decode[changed](g.t, g.WantMessage("chat/room/lobby/messages").Payload)
		if m.Kind == kind {
			return m
		}
	}
}

// post says something that must be taken.
func (g *guest) post(payload string) {
	g.t.Helper()
	if a := g.Publish("chat/room/lobby/say", payload); a.Code >= 0x80 {
		g.t.Fatalf("%s was refused: %#x %q", payload, a.Code, a.Props.Reason)
	}
}

func TestMessagesLive(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob := r.join("Ada"), r.join("bob")
		ada.post(`{"id":"m1","text":"helo","reply":"m0","n":1}`)
		bob.post(`{"id":"b1","text":"hi"}`)
		ada.post(`{"id":"e1","kind":"edit","ref":"m1","text":"hello"}`)
		bob.post(`{"id":"r1","kind":"react","ref":1,"text":"👍🏽"}`)
		ada.post(`{"id":"r2","kind":"react","ref":"m1","text":"👍🏽"}`)
		ada.post(`{"id":"r3","kind":"react","ref":"m1","text":"🎉"}`)
		ada.post(`{"id":"r4","kind":"react","ref":"m1","text":"🎉","undo":true}`)
		if m := bob.wantKind("edit"); m.Ref != "m1" || m.RefSeq != 1 || m.Text != "hello" || m.From != "Ada" || m.Seq != 3 {
			t.Errorf("the edit is told as %+v", m)
		}
		if m := bob.wantKind("react"); m.Ref != "m1" || m.RefSeq != 1 || m.Text != "👍🏽" || m.From != "bob" || m.Seq != 4 {
			t.Errorf("the reaction is told as %+v", m)
		}
		for range 2 {
			page := bob.history(`{"after":0}`)
			m := page[0]
			if m.Text != "hello" || m.Edited == "" || m.Reply != "m0" || string(m.Data) != `{"n":1}` || fmt.Sprint(m.Reactions) != "[{👍🏽 [bob Ada]}]" {
				t.Errorf("the page has %+v", m)
			}
			if page[1].Edited != "" || len(page[1].Reactions) != 0 || len(page) != 7 {
				t.Errorf("and %+v of %d", page[1], len(page))
			}
			r.restart()
			ada, bob = r.join("Ada"), r.join("bob")
		}
		bob.post(`{"kind":"delete","ref":"b1"}`)
		if m := ada.wantKind("delete"); m.Ref != "b1" || m.RefSeq != 2 || m.From != "bob" || m.Seq != 8 {
			t.Errorf("the deletion is told as %+v", m)
		}
		ada.post(`{"kind":"delete","ref":"m1"}`)
		page := bob.history(`{"after":0}`)
		for _, m := range page {
			if deleted := m.Seq < 8; m.Deleted != deleted || deleted && m.Text != "" || m.Seq == 1 && (m.Edited != "" || m.Reactions != nil) {
				t.Errorf("after all was deleted: %+v", m)
			}
		}
		if len(page) != 9 {
			t.Errorf("%d entries", len(page))
		}
	})
}

func TestWhoMayNotChangeAMessageIsTold(t *testing.T) {
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada, eve := r.join("Ada"), r.join("eve")
	ada.post(`{"id":"m1","text":"mine"}`)
	ada.post(`{"id":"gone","text":"gone"}`)
	ada.post(`{"kind":"delete","ref":"gone"}`)
	ada.post(`{"kind":"delete","ref":"gone"}`) // it is done already
	ada.post(`{"id":"r1","kind":"react","ref":"m1","text":"👍"}`)
	for name, c := range map[string]struct {
		by      *guest
		payload string
		code    byte
		tell    string
	}{
		"an edit by another":     {eve, `{"kind":"edit","ref":"m1","text":"hers"}`, 0x87, "only Ada may change this message"},
		"a deletion by another":  {eve, `{"kind":"delete","ref":1}`, 0x87, "only Ada may change this message"},
		"of what is not there":   {ada, `{"kind":"edit","ref":"m9","text":"x"}`, 0x99, "there is no such message"},
		"of a seq beyond":        {ada, `{"kind":"edit","ref":900,"text":"x"}`, 0x99, "there is no such message"},
		"of an elsewhere":        {ada, `{"kind":"react","ref":"0","text":"👍"}`, 0x99, "there is no such message"},
		"an edit of the deleted": {ada, `{"kind":"edit","ref":"gone","text":"x"}`, 0x99, "was deleted"},
		"a reaction to it":       {eve, `{"kind":"react","ref":"gone","text":"👍"}`, 0x99, "was deleted"},
		"an edit to nothing":     {ada, `{"kind":"edit","ref":"m1","text":""}`, 0x99, "write something"},
		"an edit of a reaction":  {ada, `{"kind":"edit","ref":"r1","text":"x"}`, 0x99, "no message but a react"},
		"a word as a reaction":   {eve, `{"kind":"react","ref":"m1","text":"ok"}`, 0x99, "emoji"},
	} {
		if a := c.by.Publish("chat/room/lobby/say", c.payload); a.Code != c.code || !strings.Contains(a.Props.Reason, c.tell) {
			t.Errorf("%s: %#x %q, want %#x …%s…", name, a.Code, a.Props.Reason, c.code, c.tell)
		}
	}
	if m := eve.history(`{"after":0,"limit":1}`)[0]; m.Text != "mine" || m.Edited != "" {
		t.Errorf("it is now %+v", m)
	}
	// Whoever has the name later is another.
	ada.Disconnect()
	eve.wantLeave("Ada")
	var other *guest
	for other == nil { // the name is free a moment after the leave is told
		if c := r.try(mqtttest.Options{Name: "Ada", ID: "b", Secret: "another"}); c.Connack.Code == 0 {
			other = &guest{Client: c, t: t, name: "Ada"}
		}
	}
	if a := other.Publish("chat/room/lobby/say", `{"kind":"delete","ref":"m1"}`); a.Code != 0x87 || !strings.Contains(a.Props.Reason, "given up and taken again") {
		t.Errorf("the next Ada: %#x %q", a.Code, a.Props.Reason)
	}
}

func TestChangesOfOneMessageAreBounded(t *testing.T) {
	r := newRoom(t)
	r.cfg.MessagesPerSecond, r.cfg.MessagesBurst = 100000, 100000
	r.restart()
	ada := r.join("ada")
	ada.post(`{"id":"m1","text":"hello"}`)
	for i := range maxReactions {
		ada.post(fmt.Sprintf(`{"kind":"react","ref":"m1","text":"%c"}`, 0x1f400+i))
	}
	if a := ada.Publish("chat/room/lobby/say", `{"kind":"react","ref":"m1","text":"🎉"}`); a.Code != 0x97 || !strings.Contains(a.Props.Reason, "64 different reactions") {
		t.Errorf("one more: %#x %q", a.Code, a.Props.Reason)
	}
	ada.post(`{"kind":"react","ref":"m1","text":"🐀"}`) // is there: nothing is logged
	if page := ada.history(`{"limit":200}`); len(page) != maxReactions+1 {
		t.Errorf("%d entries", len(page))
	}
	for i := range maxChanges - maxReactions {
		ada.post(fmt.Sprintf(`{"kind":"edit","ref":"m1","text":"%d"}`, i))
	}
	if a := ada.Publish("chat/room/lobby/say", `{"kind":"edit","ref":"m1","text":"x"}`); a.Code != 0x97 || !strings.Contains(a.Props.Reason, "write a new one") {
		t.Errorf("after %d changes: %#x %q", maxChanges, a.Code, a.Props.Reason)
	}
	ada.post(`{"kind":"delete","ref":"m1"}`)
	if m := ada.history(`{"after":0,"limit":1}`)[0]; !m.Deleted {
		t.Errorf("it is %+v", m)
	}
}

func TestDirectMessagesLive(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	say := func(g *guest, to, payload string) {
		t.Helper()
		if a := g.Publish("chat/user/"+to+"/say", payload); a.Code >= 0x80 {
			t.Fatalf("%s: %#x %q", payload, a.Code, a.Props.Reason)
		}
	}
	say(ada, "bob", `{"id":"d1","text":"pst"}`)
	say(ada, "bob", `{"kind":"edit","ref":"d1","text":"psst"}`)
	say(bob, "ada", `{"kind":"react","ref":"d1","text":"👀"}`)
	say(ada, "bob", `{"kind":"delete","ref":"d1"}`)
	for _, g := range []*guest{ada, bob} {
		for seq, kind := range []string{"text", "edit", "react", "delete"} {
			m := decode[changed](t, g.wantInbox("message")["message"])
			if m.Seq != uint64(seq+1) || m.Kind != kind || kind != "text" && (m.Ref != "d1" || m.RefSeq != 1) || m.To == "" {
				t.Errorf("%s is told %+v", g.name, m)
			}
		}
	}
	bob.Publish("chat/user/ada/history", `{"after":0}`)
	for _, m := range decode[[]changed](t, bob.wantInbox("history")["messages"]) {
		if m.Deleted != (m.Seq < 4) {
			t.Errorf("the page has %+v", m)
		}
	}
}

// A repeat is answered as the first one was, with its seq.
func TestAnEditSentAgainIsOne(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.post(`{"id":"m1","text":"helo"}`)
	for range 3 {
		a := ada.Publish("chat/room/lobby/say", `{"id":"e1","kind":"edit","ref":"m1","text":"hello"}`)
		if a.Code != 0 || !strings.Contains(fmt.Sprint(a.Props.User), "2") {
			t.Fatalf("%#x %q %v", a.Code, a.Props.Reason, a.Props.User)
		}
	}
	if page := ada.history(""); len(page) != 2 {
		t.Errorf("%d entries", len(page))
	}
}

func TestReactionsAreEmoji(t *testing.T) {
	for text, want := range map[string]bool{
		"👍": true, "👍🏽": true, "❤️": true, "👨‍👩‍👧‍👦": true, "🇩🇪": true, "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": true, "1️⃣": true, "‼️": true, "✅": true, "♥": true,
		"": false, "a": false, "ok": false, "1": false, "12": false, " ": false, "👍 ": false, "\u200d": false, "🏽": false, "👍a": false, "\n": false, "<": false, strings.Repeat("👍", 17): false,
	} {
		if isReaction(text) != want {
			t.Errorf("%q: %v, want %v", text, !want, want)
		}
	}
	if b, err := json.Marshal(reaction{"👍", []string{"ada"}}); err != nil || string(b) != `{"text":"👍","from":["ada"]}` {
		t.Errorf("%s, %v", b, err)
	}
}
