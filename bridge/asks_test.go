package bridge

import (
	"fmt"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

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
	// A refusal comes there, too.
	bob.Go(mqttPub{Topic: "chat/room/lobby/history", Payload: `{"limit":9999,"request":"r8"}`, Response: "chat/user/me/inbox/h", Correlation: "c10"})
	p = bob.WantMessage("chat/user/me/inbox/h")
	if string(p.Props.Correlation) != "c10" || !strings.Contains(string(p.Payload), `"code":"bad-request"`) {
		t.Errorf("refused by %s, correlation %q", p, p.Props.Correlation)
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
