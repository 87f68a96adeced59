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

// told takes what comes on the inbox until it tells of an act.
func (g *guest) told(do string) map[string]json.RawMessage {
	g.t.Helper()
	p := g.Want("told of "+do, func(p mqtttest.Packet) bool {
		return p.Type == mqtttest.Publish && strings.Contains(p.Topic, "/inbox") && strings.HasPrefix(string(p.Payload), `{"type":"act","do":"`+do+`"`)
	})
	return decode[map[string]json.RawMessage](g.t, p.Payload)
}

// hears wants a text in a room; nothing that comes before it in that room may be another.
func (g *guest) hears(room, text string) {
	g.t.Helper()
	m := decode[posted](g.t, g.WantMessage("chat/room/"+room+"/messages").Payload)
	if m.Text != text {
		g.t.Errorf("%s hears %q in %s, want %q", g.name, m.Text, room, text)
	}
}

// post says something in a room and wants it taken, or refused with a key's sentence.
func (g *guest) speak(room, text, refused string) {
	g.t.Helper()
	a := g.Publish("chat/room/"+room+"/say", text)
	switch {
	case refused == "" && a.Code >= 0x80:
		g.t.Fatalf("%s may not say %q in %s: %#x %q", g.name, text, room, a.Code, a.Props.Reason)
	case refused != "" && (a.Code < 0x80 || !strings.Contains(a.Props.Reason, refused)):
		g.t.Fatalf("%s says %q in %s: %#x %q, want …%s…", g.name, text, room, a.Code, a.Props.Reason, refused)
	}
}

func (g *guest) enter(room string, code byte) {
	g.t.Helper()
	if codes := g.Subscribe("chat/room/" + room + "/#"); codes[0] != code {
		g.t.Fatalf("%s subscribes to %s: %#x, want %#x", g.name, room, codes[0], code)
	}
}

func TestAPrivateRoomIsMadeSharedAndDissolved(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob, eve := r.join("ada"), r.join("bob"), r.join("eve")
	made := ada.order(`{"do":"room","private":true,"title":"The attic","topic":"old things"}`)
	slug := strings.Trim(string(made["room"]), `"`)
	if !strings.HasPrefix(slug, "the-attic-") || len(slug) < 16 {
		t.Fatalf("it is called %q", slug)
	}
	in := func(format string, args ...any) string { return fmt.Sprintf(format, append([]any{slug}, args...)...) }
	ada.enter(slug, 0)
	bob.enter(slug, 0x87)
	ada.wantNo(topicAdmin, in(`{"do":"invite","room":"%s","name":"nobody-here"}`), 0x90, "nobody here")
	ada.order(in(`{"do":"invite","room":"%s","name":"bob","reason":"come up"}`))
	if n := bob.told("invite"); text(n) == "" || string(n["room"]) != `"`+slug+`"` || string(n["by"]) != `"ada"` || string(n["reason"]) != `"come up"` {
		t.Errorf("bob is told %s", text(n))
	}
	if n := bob.wantInbox("rooms"); !strings.Contains(text(n), slug) {
		t.Errorf("bob's rooms are %s", text(n))
	}
	bob.enter(slug, 0)
	ada.speak(slug, "hello up here", "")
	bob.hears(slug, "hello up here")

	// Sentences say the title: the name means nothing to people.
	ada.order(in(`{"do":"mute","room":"%s","name":"bob","for":"10m","reason":"quiet"}`))
	bob.speak(slug, "x", "ada muted you in The attic, for 10 minutes: “quiet”")
	ada.order(in(`{"do":"unmute","room":"%s","name":"bob"}`))
	ada.order(in(`{"do":"handout","room":"%s","on":true}`))
	bob.speak(slug, "x", "only the hosts write in The attic now")
	ada.order(in(`{"do":"handout","room":"%s","on":false}`))

	bob.wantNo(topicAdmin, in(`{"do":"code","room":"%s"}`), 0x87, "only who runs")
	code := strings.Trim(string(ada.order(in(`{"do":"code","room":"%s"}`))["code"]), `"`)
	eve.wantNo(topicAdmin, in(`{"do":"enter","room":"%s","code":"aaaaaaaa"}`), 0x87, "opens no room")
	eve.wantNo(topicAdmin, `{"do":"enter","room":"no-such","code":"aaaaaaaa"}`, 0x87, "opens no room")
	eve.order(in(`{"do":"enter","room":"%s","code":"%s"}`, strings.ToUpper(code[:4]+"-"+code[4:])))
	eve.enter(slug, 0)

	ada.order(in(`{"do":"remove","room":"%s","name":"eve","reason":"not yours"}`))
	if n := eve.told("remove"); string(n["reason"]) != `"not yours"` {
		t.Errorf("eve is told %s", text(n))
	}
	ada.speak(slug, "without eve", "")
	bob.hears(slug, "without eve")
	eve.enter(slug, 0x87)
	ada.say("marker")
	if m := decode[posted](t, eve.WantMessage("chat/room/lobby/messages").Payload); m.Text != "marker" {
		t.Errorf("eve hears %+v", m)
	}
	if left := eve.Take(func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), "without eve") }); len(left) > 0 {
		t.Error("eve hears what was said after she was removed")
	}

	ada.order(in(`{"do":"handover","room":"%s","name":"bob"}`))
	bob.told("handover")
	ada.wantNo(topicAdmin, in(`{"do":"dissolve","room":"%s"}`), 0x87, "only the owner")
	ada.order(in(`{"do":"leave","room":"%s"}`))
	ada.enter(slug, 0x87)
	bob.order(in(`{"do":"dissolve","room":"%s"}`))
	eve.enter(slug, 0) // it is a new room now, and hers
	eve.Publish("chat/room/"+slug+"/history", "{}")
	if h := eve.wantInbox("history"); string(h["messages"]) != "[]" {
		t.Errorf("of the old one she reads %s", h["messages"])
	}
	if l := r.host("zoe").order(`{"do":"log"}`); strings.Contains(text(l), slug) {
		t.Errorf("the log tells hosts of a private room: %s", text(l))
	}
}

func TestWhoRunsARoomKeepsOrderInIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.enter("class", 0) // she opens it, so that she owns it
	bob.enter("class", 0)
	bob.wantNo(topicAdmin, `{"do":"mute","room":"class","name":"ada"}`, 0x87, "only who runs")
	bob.wantNo(topicAdmin, `{"do":"handout","room":"lobby","on":true}`, 0x87, "only who runs")
	ada.order(`{"do":"describe","room":"class","topic":"fractions"}`)
	about := func() string {
		t.Helper()
		return string(bob.WantMessage("chat/room/class/about").Payload)
	}
	for !strings.Contains(about(), `"topic":"fractions"`) {
	}

	ada.order(`{"do":"handout","room":"class","on":true}`)
	bob.speak("class", "x", "only the hosts write")
	ada.speak("class", "one", "")
	ada.order(`{"do":"handout","room":"class","on":false}`)
	bob.speak("class", "two", "")

	ada.order(`{"do":"slow","room":"class","for":"1h"}`)
	bob.speak("class", "three", "")
	bob.speak("class", "four", "once in 3600 seconds")
	ada.speak("class", "five", "")
	ada.speak("class", "six", "")
	ada.order(`{"do":"slow","room":"class","for":"0"}`)
	bob.speak("class", "seven", "")

	ada.order(`{"do":"mute","room":"class","name":"bob","for":"20m","reason":"too loud"}`)
	if n := bob.told("mute"); string(n["reason"]) != `"too loud"` || len(n["until"]) < 20 {
		t.Errorf("bob is told %s", text(n))
	}
	if a := bob.Publish("chat/room/class/say", "x"); a.Props.Get("until") == "" || !strings.Contains(a.Props.Reason, "for 20 minutes: “too loud”") {
		t.Errorf("refused with %q %v", a.Props.Reason, a.Props.User)
	}
	bob.wantNo("chat/room/class/state/me", "1", 0x87, "muted")
	r.restart()
	ada, bob = r.join("ada"), r.join("bob")
	bob.enter("class", 0)
	bob.speak("class", "x", "too loud")
	ada.order(`{"do":"unmute","room":"class","name":"bob"}`)
	bob.told("unmute")
	bob.speak("class", "eight", "")
	ada.order(`{"do":"mute","room":"class","name":"bob","for":"1s"}`)
	bob.speak("class", "x", "muted you")
	wait(t, "the mute to end", func() bool { return bob.Publish("chat/room/class/say", "nine").Code == 0 })

	ada.order(`{"do":"remove","room":"class","name":"bob","for":"1s","reason":"out"}`)
	bob.told("remove")
	ada.speak("class", "without bob", "")
	bob.enter("class", 0x87)
	wait(t, "bob to be let in again", func() bool { return bob.Subscribe("chat/room/class/messages")[0] == 0 })

	ada.order(`{"do":"ban","room":"class","name":"BOB","reason":"enough"}`)
	bob.enter("class", 0x87)
	bob.speak("class", "x", "enough")
	if n := ada.order(`{"do":"bans","room":"class"}`); !strings.Contains(text(n), `"name":"bob"`) {
		t.Errorf("the bans are %s", text(n))
	}
	ada.order(`{"do":"unban","room":"class","name":"bob"}`)
	bob.enter("class", 0)

	ada.order(`{"do":"close","room":"class","reason":"lunch"}`)
	if n := bob.told("close"); string(n["reason"]) != `"lunch"` {
		t.Errorf("bob is told %s", text(n))
	}
	bob.speak("class", "x", "closed the room class: “lunch”")
	bob.enter("class", 0x87)
	ada.enter("class", 0)
	ada.speak("class", "alone", "")
	ada.order(`{"do":"open","room":"class"}`)
	bob.speak("class", "back", "")

	host := r.host("zoe")
	l := text(host.order(`{"do":"log","room":"class"}`))
	for _, do := range []string{"describe", "handout", "slow", "mute", "unmute", "remove", "ban", "unban", "close", "open"} {
		if !strings.Contains(l, `"do":"`+do+`"`) {
			t.Errorf("the log does not tell of %s: %s", do, l)
		}
	}
}

func TestAClearedRoomComesBackOrIsErased(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.enter("class", 0)
	bob.enter("class", 0)
	ada.speak("class", "a secret", "")
	history := func() string {
		t.Helper()
		bob.Publish("chat/room/class/history", "{}")
		return string(bob.wantInbox("history")["messages"])
	}
	ada.order(`{"do":"clear","room":"class"}`)
	if h := history(); strings.Contains(h, "a secret") || !strings.Contains(h, "cleared this room") {
		t.Errorf("after clearing: %s", h)
	}
	ada.order(`{"do":"unclear","room":"class"}`)
	if h := history(); !strings.Contains(h, "a secret") {
		t.Errorf("after taking it back: %s", h)
	}
	ada.wantNo(topicAdmin, `{"do":"unclear","room":"class"}`, 0x80, "too late")
	ada.order(`{"do":"clear","room":"class"}`)
	r.trimmed = true
	r.b.expire(t.Context(), "class", time.Now().Add(undoTime)) // as the clock will
	ada.wantNo(topicAdmin, `{"do":"unclear","room":"class"}`, 0x80, "too late")
	ada.speak("class", "on we go", "")
	es, _, err := r.store.Page(t.Context(), "class", page(100), 0)
	if err != nil || len(es) == 0 || strings.Contains(string(es[0].Body), "secret") {
		t.Errorf("the log still has %d entries, %v", len(es), err)
	}
}

func TestARenamedRoomIsFoundUnderBothNames(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	all := r.join("wide")
	all.Subscribe("chat/room/+/messages")
	ada.enter("class", 0)
	bob.enter("class", 0)
	ada.speak("class", "before", "")
	bob.hears("class", "before")
	bob.Publish("chat/room/class/state/me/t", "21")
	bob.WantMessage("chat/room/class/state/bob/t")
	bob.Publish("chat/room/class/read", `{"seq":1}`)
	ada.wantNo(topicAdmin, `{"do":"rename","room":"class","to":"lobby"}`, 0x90, "already")
	ada.order(`{"do":"rename","room":"class","to":"school"}`)
	if n := bob.told("rename"); string(n["text"]) != `"school"` {
		t.Errorf("bob is told %s", text(n))
	}
	bob.Want("his state, where he looks for it", func(p mqtttest.Packet) bool {
		return p.Topic == "chat/room/class/state/bob/t" && string(p.Payload) == "21" && !p.Retain()
	})
	bob.speak("class", "by the old name", "")
	ada.speak("school", "by the new name", "")
	for _, want := range []string{"by the old name", "by the new name"} { // bob's filter is older than the name
		m := decode[posted](t, bob.WantMessage("chat/room/class/messages").Payload)
		if m.Text != want || m.Room != "school" {
			t.Errorf("bob hears %+v, want %q", m, want)
		}
		if m := decode[posted](t, all.Want(want, func(p mqtttest.Packet) bool { return p.Topic == "chat/room/school/messages" }).Payload); m.Text != want {
			t.Errorf("by a wildcard comes %+v, want %q", m, want)
		}
	}
	zoe := r.join("zoe")
	zoe.enter("class", 0)
	zoe.WantMessage("chat/room/class/state/bob/t")
	zoe.speak("class", "new here", "")
	zoe.hears("class", "new here")
	bob.Want("zoe comes", func(p mqtttest.Packet) bool {
		return p.Topic == "chat/room/class/presence" && strings.Contains(string(p.Payload), `{"name":"zoe"`)
	})
	r.restart()
	bob = r.join("bob")
	if n := bob.wantInbox("marks"); !strings.Contains(text(n), `"school":1`) {
		t.Errorf("bob's marks are %s", text(n))
	}
	bob.enter("class", 0)
	bob.Publish("chat/room/class/history", "{}")
	if h := bob.wantInbox("history"); !strings.Contains(text(h), "before") || !strings.Contains(text(h), "new here") {
		t.Errorf("its history is %s", text(h))
	}
}

func TestHostsRunTheServer(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	host, bob := r.host("zoe"), r.join("bob")
	for _, do := range []string{`{"do":"rooms"}`, `{"do":"readonly","on":true}`, `{"do":"limits"}`, `{"do":"notice","text":"x"}`, `{"do":"ban","name":"zoe"}`, `{"do":"log"}`} {
		bob.wantNo(topicAdmin, do, 0x87, "only a host")
	}
	phone := r.connect(mqtttest.Options{Name: "bob", ID: "bob-2", Secret: "secret of bob"})
	mine := text(bob.order(`{"do":"sessions"}`))
	if strings.Contains(mine, `"name":"zoe"`) || strings.Count(mine, `"session":`) != 2 || strings.Count(mine, `"this":true`) != 1 {
		t.Errorf("bob's sessions are %s", mine)
	}
	var list struct {
		Sessions []sessionNote
	}
	if err := json.Unmarshal([]byte(mine), &list); err != nil {
		t.Fatal(err)
	}
	for _, s := range list.Sessions {
		if s.Version != "5" || s.Address != "127.0.0.1" || s.BytesIn == 0 || s.BytesOut == 0 || s.Client == "" {
			t.Errorf("a session is %+v", s)
		}
		if !s.This {
			bob.order(`{"do":"end","session":"` + s.Session + `"}`)
		}
	}
	if p := phone.Want("the end", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Disconnect }); p.Code != 0x98 || !strings.Contains(p.Props.Reason, "from another") {
		t.Errorf("told %#x %q", p.Code, p.Props.Reason)
	}
	phone.WantEnd()
	if all := text(host.order(`{"do":"sessions"}`)); !strings.Contains(all, `"name":"bob"`) || !strings.Contains(all, `"name":"zoe"`) {
		t.Errorf("all sessions are %s", all)
	}
	for name, is := range map[string]string{"me": "zoe", "zoe": "zoe", "BOB": "bob"} {
		if one := text(host.order(`{"do":"sessions","name":"` + name + `"}`)); strings.Count(one, `"session":`) != 1 || !strings.Contains(one, `"name":"`+is+`"`) {
			t.Errorf("the sessions of %s are %s", name, one)
		}
	}

	bob.Subscribe("chat/server/#")
	host.order(`{"do":"notice","text":"at five we close"}`)
	bob.Want("the notice", func(p mqtttest.Packet) bool {
		return p.Topic == topicNotice && strings.Contains(string(p.Payload), "at five we close")
	})
	host.order(`{"do":"readonly","on":true,"reason":"backup"}`)
	bob.speak("lobby", "x", "backup")
	bob.wantNo("chat/user/zoe/say", "x", 0x87, "read-only")
	host.speak("lobby", "still here", "")
	host.order(`{"do":"readonly","on":false}`)
	bob.speak("lobby", "again", "")

	host.order(`{"do":"limits","on":true}`)
	bob.enter("another", 0x87)
	host.order(`{"do":"limits","files":5000,"memberfiles":4000}`)
	if l := text(host.order(`{"do":"limits","each":3}`)); !strings.Contains(l, `"each":3,"fixed":true,"files":5000,"memberfiles":4000`) || !strings.Contains(l, `"used":{"files":0,"bytes":0}`) {
		t.Errorf("the limits are %s", l)
	}
	host.wantNo(topicAdmin, `{"do":"limits","files":-1}`, 0x99, "bytes")
	bob.enter("another", 0x87)
	host.order(`{"do":"limits","on":false}`)
	bob.enter("another", 0)

	host.wantNo(topicAdmin, `{"do":"ban","name":"zoe"}`, 0x87, "host")
	host.wantNo(topicAdmin, `{"do":"ban","address":"127.0.0.1"}`, 0x87, "yourself")
	host.order(`{"do":"ban","name":"bob","reason":"enough"}`)
	if p := bob.Want("the end", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Disconnect }); p.Code != 0x98 || !strings.Contains(p.Props.Reason, "enough") {
		t.Errorf("told %#x %q", p.Code, p.Props.Reason)
	}
	bob.WantEnd()
	r.restart()
	if c := r.try(mqtttest.Options{Name: "Bob", ID: "other", Secret: "another"}); c.Connack.Code != 0x8a && c.Connack.Code != 0x86 {
		t.Errorf("bob is answered %#x", c.Connack.Code)
	}
	if c := r.try(mqtttest.Options{Name: "bob", ID: "bob-1", Secret: "secret of bob"}); c.Connack.Code != 0x8a || !strings.Contains(c.Connack.Props.Reason, "enough") {
		t.Errorf("bob is answered %#x %q", c.Connack.Code, c.Connack.Props.Reason)
	}
	host = r.join("zoe")
	host.order(`{"do":"ban","client":"evil"}`)
	if c := r.try(mqtttest.Options{Name: "mallory", ID: "evil"}); c.Connack.Code != 0x8a {
		t.Errorf("a banned client id is answered %#x", c.Connack.Code)
	}
	host.order(`{"do":"unban","name":"bob"}`)
	r.join("bob")
}

func TestAttendanceIsKept(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.enter("class", 0)
	bob.enter("class", 0)
	bob.wantNo(topicAdmin, `{"do":"attendance","room":"class"}`, 0x87, "only who runs")
	wait(t, "both to be there", func() bool {
		return strings.Count(text(ada.order(`{"do":"attendance","room":"class"}`)), `"kind":"device"`) == 2
	})
	bob.Unsubscribe("chat/room/class/#")
	wait(t, "bob to have gone", func() bool {
		return strings.Count(text(ada.order(`{"do":"attendance","room":"class"}`)), `"to":"2`) == 1
	})
	r.restart()
	ada = r.join("ada")
	n := ada.order(`{"do":"attendance","room":"class"}`)
	if strings.Count(text(n), `"to":"2`) != 2 || !strings.Contains(string(n["csv"]), `room,name,kind,from,to\nclass,ada,device,2`) {
		t.Errorf("after a restart: %s", text(n))
	}
	ada.wantNo(topicAdmin, `{"do":"attendance","room":"class","day":"2026-13-01"}`, 0x99, "day")
}

// Whoever was in a room when tincan was killed is told to have been there until its last sign of life; and what is not to be kept is gone.
func TestAttendanceEndsWithTheLastSignOfLife(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.Local)
	at := noon
	settle := func() {
		t.Helper()
		stored := make(chan error, 1)
		if err := r.store.Put("barrier", "x", []byte("x"), func(err error) { stored <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-stored; err != nil { // and what was put before it
			t.Fatal(err)
		}
	}
	begin := func(days int) *rollcall {
		t.Helper()
		settle()
		rc := newRollcall(r.store, r.b.quiet, days)
		rc.now = func() time.Time { return at }
		if err := rc.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		return rc
	}
	want := func(rc *rollcall, day time.Time, spans ...spell) {
		t.Helper()
		settle()
		rows, err := rc.on(t.Context(), "class", day.Format(dayFormat))
		if err != nil || len(rows) != min(1, len(spans)) || len(rows) == 1 && !slices.Equal(rows[0].Spans, spans) {
			t.Errorf("on %s: %+v, %v, want %v", day.Format(dayFormat), rows, err, spans)
		}
	}
	rc := begin(400)
	rc.came("class", "kbob", "bob", person)
	at = noon.Add(10 * time.Minute)
	rc.live()
	at = noon.Add(10*time.Minute + 20*time.Second)
	rc.came("class", "kbob", "bob", person)
	at = noon.Add(time.Hour) // killed between
	rc = begin(400)
	first := spell{noon.UnixMilli(), noon.Add(10 * time.Minute).UnixMilli()}
	want(rc, noon, first)
	rc.came("class", "kbob", "bob", person)
	second := spell{at.UnixMilli(), at.UnixMilli()} // killed before a sign of life
	at = noon.AddDate(0, 0, 1)
	rc = begin(400)
	want(rc, noon, first, second)
	rc.forget(t.Context())
	at = noon.AddDate(0, 0, 3)
	rc = begin(400)
	want(rc, noon, first, second)
	rc = begin(3)
	rc.forget(t.Context())
	want(begin(3), noon)
	rc = begin(0)
	rc.came("class", "kbob", "bob", person)
	want(rc, at)
}

func page(limit int) history.Query { return history.Query{Limit: limit} }
