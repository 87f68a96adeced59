package bridge

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
	"tincan/broker/mqtttest"
)

// A toldNo is a refusal as it is told: its key, what its sentence speaks of, and the sentence. The page says those in testdata/refusals.json
// in the language of the reader.
type toldNo struct {
	Is   string
	For  string // how long it holds from now on
	With map[string]string
	Text string
}

func toldOnes(t *testing.T) (all []toldNo) {
	t.Helper()
	b, err := os.ReadFile("testdata/refusals.json")
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (c toldNo) same(o toldNo) bool {
	return c.Is == o.Is && c.Text == o.Text && maps.Equal(c.With, o.With)
}

func tellsOf(no *broker.Refusal) toldNo {
	return toldNo{Is: no.Key, With: valuesOf(no), Text: no.Tell}
}

func TestRefusalsAreThoseThatThePageKnows(t *testing.T) {
	all := toldOnes(t)
	for _, c := range all[:slices.IndexFunc(all, func(c toldNo) bool { return c.Is == "not-host" })] {
		s := &sanction{decision: decision{By: c.With["by"], Reason: c.With["because"]}}
		at := time.Now()
		if d, err := time.ParseDuration(c.For); err == nil {
			at = at.Add(d)
			s.Until = at
		}
		room, name := c.With["room"], c.With["name"]
		holder := history.Holder{Name: name}
		taken := &history.TakenError{Holder: holder}
		made := map[string][]*broker.Refusal{
			"muted": {refuseMuted(room, s)}, "banned": {refuseBannedHere(room, s), refuseBanned(s)}, "room-closed": {refuseRoomClosed(room, &s.decision)},
			"hand-out": {refuseHandOut(room)}, "server-read-only": {refuseReadOnly(&s.decision)}, "slow": {refuseSlow(room, 30, at)},
			"rooms-full": {refuseRooms(500)}, "rooms-fixed": {refuseFixedRooms(room)}, "too-fast": {refuseFast("orders")},
			"too-long": {refuseTooLong("a text of an order", 1200, 1000)}, "busy": {refuseBusy()}, "no-file": {refuseNoFile()},
			"not-yours": {refuseClosing("ada"), refuseAuthor("ada", "bob")}, "votes-full": {refuseVoters(1000)}, "changed-enough": {refuseChanged(1000)}, "reactions-full": {refuseReactions(30)},
			"board-full": {refuseFullBoard("pins", "this room has %d pinned messages: unpin one of them", mostPins), refuseFullBoard("hands", "%d hands are raised already: wait a little", mostHands)},
			"name-lost":  {refuseLost(name)}, "name-taken": {refuseTaken(name, taken, false)}, "too-many-tries": {refuseTaken(name, taken, true)},
			"wrong-secret": {refuseTaken(name, &history.TakenError{Holder: holder, Wrong: true}, false)}, "names-full": {refuseNames("release some")},
			"gone": {refuseStore(history.ErrNoTarget)}, "poll-closed": {refuseClosedPoll()}, "disk-full": {refuseStore(history.ErrFull)},
			"uncertain": {refuseStore(history.ErrUncertain)}, "unavailable": {refuseStore(os.ErrClosed)},
		}[c.Is]
		if !slices.ContainsFunc(made, func(no *broker.Refusal) bool {
			return c.same(tellsOf(no)) && (prop(no.With, "until") != "") == (c.For != "")
		}) {
			for _, no := range made {
				t.Errorf("%+v, want %+v", tellsOf(no), c)
			}
			if made == nil {
				t.Errorf("nothing makes %+v", c)
			}
		}
	}
}

// Whoever is refused is told the key and what it is about: in the PUBACK, and on the inbox where the PUBACK says nothing.
func TestRefusalsBringTheirKey(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	all := toldOnes(t)
	ada, bob := r.host("ada"), r.join("bob")
	plain := r.connect(mqtttest.Options{Name: "plain", ID: "p"})
	plain.Subscribe("chat/user/me/inbox")
	const say, history, account = "chat/room/lobby/say", "chat/room/lobby/history", "chat/user/me/account"
	ada.order(`{"do":"room","room":"attic","private":true}`)
	ada.Publish(say, `{"id":"a1","text":"mine"}`)
	ada.Publish(say, `{"id":"a2","text":"gone soon"}`)
	ada.Publish(say, `{"kind":"delete","ref":"a2"}`)
	ada.Publish(say, `{"id":"p1","kind":"poll","text":"Lunch?","options":["Rice","Soup"]}`)
	ada.Publish(say, `{"kind":"close","ref":"p1"}`)
	for _, c := range []struct {
		who            *guest
		topic, payload string
		is             string // the key; empty: it is taken
	}{
		{bob, say, `{"kind":"edit","ref":"a1","text":"yours"}`, "not-yours"},
		{bob, say, `{"kind":"react","ref":"a2","text":"👍"}`, "gone"},
		{bob, say, `{"kind":"react","ref":"no-such","text":"👍"}`, "no-message"},
		{bob, say, `{"kind":"vote","ref":"p1","choice":[0]}`, "poll-closed"},
		{bob, "chat/user/zoe/say", `hello`, "nobody"},
		{bob, "chat/room/attic/say", `hello`, "no-room"},
		{bob, "chat/room/cellar/members", ``, "no-room"},
		{bob, history, `{"search":" "}`, "no-words"},
		{bob, account, `{"do":"accept","token":"aaaaaaaaaaaaaaaaaaaa"}`, "bad-link"},
		{bob, topicAdmin, `{"do":"describe","room":"lobby","topic":"tea"}`, "not-yours"},
		{bob, topicAdmin, `{"do":"names"}`, "not-host"},
		{bob, topicAdmin, `{"do":"enter","room":"attic","code":"aaaaaaaa"}`, "wrong-code"},
		{bob, topicAdmin, `{"do":"end","session":"no-such"}`, "no-session"},
		{ada, topicAdmin, `{"do":"room","room":"lobby"}`, "room-taken"},
		{ada, topicAdmin, `{"do":"close","room":"lobby"}`, "fixed-room"},
		{ada, topicAdmin, `{"do":"unclear","room":"lobby"}`, "too-late"},
		{ada, topicAdmin, `{"do":"invite","room":"lobby","name":"bob"}`, "not-private"},
		{ada, topicAdmin, `{"do":"invite","room":"attic","name":"zoe"}`, "nobody"},
		{ada, topicAdmin, `{"do":"invite","room":"attic","name":"z@e"}`, "name-invalid"},
		{ada, topicAdmin, `{"do":"cohost","room":"attic","name":"bob"}`, "nobody"},
		{ada, topicAdmin, `{"do":"invite","room":"attic","name":"bob"}`, ""},
		{ada, topicAdmin, `{"do":"cohost","room":"attic","name":"bob"}`, ""},
		{bob, topicAdmin, `{"do":"dissolve","room":"attic"}`, "not-owner"},
		{ada, topicAdmin, `{"do":"unban","name":"zoe"}`, "no-sanction"},
		{ada, topicAdmin, `{"do":"mute","room":"lobby","name":"ada"}`, "is-host"},
		{ada, topicAdmin, `{"do":"ban","address":"home"}`, "bad-address"},
		{ada, topicAdmin, `{"do":"ban","address":"10.0.0.0/8"}`, "too-wide"},
		{ada, topicAdmin, `{"do":"ban","address":"127.0.0.1"}`, "yourself"},
		{ada, topicAdmin, `{"do":"unhost","name":"ada"}`, "last-host"},
		{ada, topicAdmin, `{"do":"unhost","name":"bob"}`, "no-host"},
		{ada, topicAdmin, `{"do":"host","name":"plain"}`, "no-secret"},
		{ada, topicAdmin, `{"do":"release","name":"bob"}`, "not-kept"},
	} {
		a := c.who.Publish(c.topic, c.payload)
		if c.is == "" {
			if a.Code >= 0x80 {
				t.Errorf("%s: PUBACK %#x %q", c.payload, a.Code, a.Props.Reason)
			}
			continue
		}
		got := toldNo{Is: a.Props.Get("reason"), With: map[string]string{}, Text: a.Props.Reason}
		for _, p := range a.Props.User {
			if p.Key != "reason" {
				got.With[p.Key] = p.Value
			}
		}
		if a.Code < 0x80 || got.Is != c.is || !slices.ContainsFunc(all, got.same) {
			t.Errorf("%s: PUBACK %#x %+v, want one of those that are %s", c.payload, a.Code, got, c.is)
		}
	}
	for _, c := range []struct{ topic, payload, is string }{
		{say, `{"kind":"edit","ref":"a1","text":"yours"}`, "not-yours"},
		{topicAdmin, `{"do":"names"}`, "not-host"},
		{"chat/user/zoe/say", `hello`, "nobody"},
	} {
		bob.Go(mqttPub{Topic: c.topic, Payload: c.payload})
		note := bob.wantInbox("error")
		got := toldNo{Is: decode[string](t, note["code"]), Text: decode[string](t, note["text"])}
		if with := note["with"]; with != nil {
			got.With = decode[map[string]string](t, with)
		}
		if got.Is != c.is || !slices.ContainsFunc(all, func(o toldNo) bool { return got.Is == o.Is && got.Text == o.Text && maps.Equal(got.With, o.With) }) {
			t.Errorf("%s: the inbox says %+v, want one of those that are %s", c.payload, got, c.is)
		}
	}
}

// Whoever is muted, or put out, is told by whom, why, and until when.
func TestASanctionSaysByWhomAndUntilWhen(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.host("ada"), r.join("bob")
	ada.order(`{"do":"mute","room":"lobby","name":"bob","for":"10m","reason":"quiet"}`)
	a := bob.Publish("chat/room/lobby/say", "hello")
	for key, want := range map[string]string{"reason": "muted", "by": "ada", "room": "lobby", "because": "quiet"} {
		if got := a.Props.Get(key); got != want {
			t.Errorf("muted: %s is %q, want %q", key, got, want)
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, a.Props.Get("until")); err != nil || time.Until(at) < 9*time.Minute {
		t.Errorf("muted until %q", a.Props.Get("until"))
	}
	ada.order(`{"do":"ban","name":"bob","reason":"enough"}`)
	end := bob.WantEnd()
	if got := end.Props.Get("reason") + " " + end.Props.Get("by") + " " + end.Props.Get("because"); got != "banned ada enough" {
		t.Errorf("the DISCONNECT says %q", got)
	}
}
