package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tincan/broker"
	"tincan/broker/mqtttest"
)

// board looks at the board of the lobby as somebody sees it who comes now: the messages that are pinned, by whom, and whose hands are up.
func (r *testRoom) board() string {
	r.t.Helper()
	c := mqtttest.Dial(r.t, r.tcp, mqtttest.Options{Version: 5})
	defer c.Disconnect()
	c.Subscribe("chat/room/lobby/board")
	note := decode[boardNote](r.t, c.WantMessage("chat/room/lobby/board").Payload)
	s := ""
	for _, p := range note.Pins {
		s += fmt.Sprintf("%d by %s, ", p.Seq, p.By)
	}
	for _, h := range note.Hands {
		s += h.Name + " "
	}
	return s
}

func TestWhatIsPinnedIsTheRoomsAndStays(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("Ada"), r.join("bob")
	for i := 1; i <= 3; i++ {
		ada.post(fmt.Sprintf(`{"id":"m%d","text":"message %d"}`, i, i))
	}
	ada.post(`{"id":"p1","kind":"poll","text":"?","options":["a","b"]}`)
	if got := r.board(); got != "" {
		t.Errorf("before anything was pinned: %q", got)
	}
	bob.post(`{"kind":"pin","ref":"m2"}`)
	if m := ada.wantKind(kindPin); m.Ref != "m2" || m.RefSeq != 2 || m.From != "bob" {
		t.Errorf("the pin is told as %+v", m)
	}
	ada.post(`{"kind":"pin","ref":2}`) // it is: nothing is logged
	ada.post(`{"kind":"pin","ref":"m1"}`)
	ada.post(`{"kind":"pin","ref":"p1"}`)
	ada.post(`{"kind":"pin","ref":"m3"}`)
	bob.post(`{"kind":"pin","ref":"m3","undo":true}`)
	ada.post(`{"kind":"edit","ref":"m1","text":"message one"}`)
	bob.refused(`{"kind":"pin","ref":5}`, "no message but a pin")
	for range 2 {
		if got := r.board(); got != "2 by bob, 1 by Ada, 4 by Ada, " {
			t.Errorf("the board is %q", got)
		}
		bob.Publish("chat/room/lobby/history", `{"pinned":true}`)
		a := bob.wantInbox("history")
		page := decode[[]changed](t, a["messages"])
		if len(page) != 3 || page[0].Text != "message one" || page[1].Seq != 2 || page[2].Kind != kindPoll || string(a["more"]) != "false" {
			t.Errorf("pinned are %+v", page)
		}
		r.restart()
		ada, bob = r.join("Ada"), r.join("bob")
	}
	ada.post(`{"kind":"delete","ref":"m2"}`)
	for range 2 {
		if got := r.board(); got != "1 by Ada, 4 by Ada, " {
			t.Errorf("after one was deleted: %q", got)
		}
		r.restart()
		ada, bob = r.join("Ada"), r.join("bob")
	}
	if a := bob.Publish("chat/user/Ada/say", `{"kind":"pin","ref":1}`); a.Code < 0x80 {
		t.Error("pinned between two")
	}
	for i := range mostPins - 2 {
		ada.post(fmt.Sprintf(`{"id":"x%d","text":"x"}`, i))
		ada.post(fmt.Sprintf(`{"kind":"pin","ref":"x%d"}`, i))
	}
	wait(t, "all pins", func() bool { return strings.Count(r.board(), " by ") == mostPins })
	bob.refused(`{"kind":"pin","ref":3}`, "this room has 50 pinned messages")
}

func TestHandsAreRaisedInOrder(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("Ada"), r.join("bob")
	pump := r.connect(mqtttest.Options{Version: 4, Name: "pump"})
	heard := func(who string) { // and so is on the board
		t.Helper()
		if m := ada.wantKind(kindHand); m.From != who {
			t.Fatalf("%+v, want one of %s", m, who)
		}
	}
	pump.post(`{"kind":"hand"}`)
	heard("pump")
	bob.post(`{"kind":"hand"}`)
	heard("bob")
	wait(t, "bob on the board", func() bool { return r.board() == "pump bob " })
	pump.post(`{"kind":"hand"}`) // raised already: nothing is logged
	ada.post(`{"kind":"hand"}`)
	heard("Ada")
	wait(t, "all on the board", func() bool { return r.board() == "pump bob Ada " })
	r.restart()
	ada, bob = r.join("Ada"), r.join("bob")
	if got := r.board(); got != "pump bob Ada " {
		t.Errorf("the board is %q", got)
	}
	bob.refused(`{"kind":"hand","who":"Ada"}`, "raises the own hand alone")
	bob.refused(`{"kind":"hand","who":"*"}`, "raises the own hand alone")
	bob.refused(`{"kind":"hand","undo":true,"who":"a/b"}`, "/")
	ada.post(`{"kind":"hand","undo":true,"who":"PUMP"}`) // called on
	heard("Ada")
	bob.post(`{"kind":"hand","undo":true}`)
	heard("bob")
	bob.post(`{"kind":"hand","undo":true}`)
	wait(t, "only Ada on the board", func() bool { return r.board() == "Ada " })
	ada.post(`{"kind":"hand","undo":true,"who":"*"}`)
	wait(t, "nobody on the board", func() bool { return r.board() == "" })
	if page := ada.history(""); len(page) != 6 {
		t.Errorf("%d entries", len(page))
	}
}

// In a room that is somebody's, only who runs it pins and calls on others.
func TestWhoRunsTheRoomTendsItsBoard(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("Ada"), r.join("bob")
	say := func(g *guest, payload string) byte { return g.Publish("chat/room/class/say", payload).Code }
	say(bob, "hi")
	me := someone{r.b.members.find("ada").ident, "Ada"}
	if no := r.b.cards.change("class", func(c *card) *broker.Refusal { c.Owner = &me; return nil }, nil); no != nil {
		t.Fatal(no)
	}
	for payload, code := range map[string]byte{
		`{"kind":"pin","ref":1}`:                     0x87,
		`{"kind":"hand"}`:                            0,
		`{"kind":"hand","undo":true,"who":"bob"}`:    0,
		`{"kind":"hand","undo":true,"who":"Ada"}`:    0x87,
		`{"kind":"hand","undo":true,"who":"nobody"}`: 0x87,
		`{"kind":"hand","undo":true,"who":"*"}`:      0x87,
	} {
		if got := say(bob, payload); got != code {
			t.Errorf("%s by bob: %#x", payload, got)
		}
	}
	say(bob, `{"id":"p","kind":"poll","text":"?","options":["a","b"]}`)
	for _, payload := range []string{`{"kind":"pin","ref":1}`, `{"kind":"hand","undo":true,"who":"*"}`, `{"kind":"close","ref":"p"}`} {
		if got := say(ada, payload); got != 0 {
			t.Errorf("%s by Ada: %#x", payload, got)
		}
	}
}

func TestHandsFade(t *testing.T) {
	now := time.Now()
	bd := newBoard()
	bd.hands = []hand{{Name: "old", at: now.Add(-handStays - time.Second)}, {Name: "new", at: now.Add(-handStays + time.Second)}}
	if bd.fade(now); len(bd.hands) != 1 || bd.hands[0].Name != "new" {
		t.Errorf("%+v", bd.hands)
	}
}
