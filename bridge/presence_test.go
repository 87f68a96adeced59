package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
	"tincan/broker/mqtttest"
)

func TestDeadConnectionLeavesTheRoster(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob := r.join("ada"), r.join("bob")
		ada.wantJoin("bob")
		ada.Subscribe("chat/user/+/presence")
		bob.Cut() // the socket closes without DISCONNECT
		ada.wantLeave("bob")
		for {
			p := ada.WantMessage("chat/user/bob/presence")
			if decode[presenceNote](t, p.Payload).State == offline {
				break
			}
		}
		if got := r.roster().names(); !slices.Equal(got, []string{"ada"}) {
			t.Errorf("the roster has %v", got)
		}
		r.join("bob") // and back under its name at once
		ada.wantJoin("bob")
	})
}

func TestTwoSessionsAreOneMember(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		phone := r.connect(mqtttest.Options{Name: "bob", ID: "phone", Secret: "s", User: []mqtttest.Prop{{Key: "label", Value: "phone"}, {Key: "kind", Value: "person"}}})
		phone.Subscribe("chat/room/lobby/messages")
		m := ada.wantJoin("bob")
		if r.version == 5 && (!slices.Equal(m.Sessions, []string{"phone"}) || m.Kind != person) {
			t.Errorf("joined as %+v", m)
		}
		laptop := r.connect(mqtttest.Options{Name: "bob", ID: "laptop", Secret: "s", User: []mqtttest.Prop{{Key: "label", Value: "laptop"}, {Key: "kind", Value: "person"}}})
		laptop.Subscribe("chat/room/lobby/messages")
		if r.version == 5 {
			ada.wantDelta("bob on two", func(d Delta) bool {
				return len(d.Change) == 1 && slices.Equal(d.Change[0].Sessions, []string{"laptop", "phone"})
			})
		}
		phone.Cut()
		laptop.say("still here")
		ada.wantText("still here")
		laptop.Cut()
		d := ada.wantDelta("leave of bob", func(d Delta) bool { return len(d.Leave) > 0 })
		if !slices.Equal(d.Leave, []string{"bob"}) {
			t.Errorf("left %v", d.Leave)
		}
	})
}

func TestAwayIsTheMembersNotTheSessions(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	one := r.join("bob")
	ada.wantJoin("bob")
	two := r.connect(mqtttest.Options{Name: "bob", ID: "two", Secret: "secret of bob"})
	two.Subscribe("chat/room/lobby/messages")
	one.Publish("chat/user/me/away", "1")
	two.Publish("chat/user/me/away", "1")
	ada.wantDelta("bob away", func(d Delta) bool { return len(d.Change) == 1 && d.Change[0].State == away })
	one.Publish("chat/user/me/away", "0")
	ada.wantDelta("bob back", func(d Delta) bool { return len(d.Change) == 1 && d.Change[0].State == online })
	if s := r.roster(); len(s.Members) < 2 || s.Members[1].State != online {
		t.Errorf("the roster says %+v", s)
	}
}

func TestJoiningIsReading(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	for _, c := range []struct {
		name, filter string
		joins        bool
	}{
		{"wide", "#", true},
		{"shared", "$share/g/chat/room/lobby/messages", true},
		{"rooms", "chat/room/+/messages", true},
		{"below", "chat/room/lobby/#", true},
		{"askew", "+/room/lobby/messages", true},
		{"sideways", "$share/g/chat/+/lobby/+", true},
		{"other", "chat/room/other/messages", false},
		{"status", "chat/server/status", false},
	} {
		g := r.connect(mqtttest.Options{Name: c.name, ID: c.name})
		g.Subscribe(c.filter)
		if c.joins {
			ada.wantJoin(c.name)
			g.Unsubscribe(c.filter)
			ada.wantLeave(c.name)
		}
	}
	if got := r.roster().names(); !slices.Equal(got, []string{"ada"}) {
		t.Errorf("in the lobby are %v", got)
	}
	// Who reads every room is in those that come, too.
	wide := r.connect(mqtttest.Options{Name: "wide", ID: "wide"})
	wide.Subscribe("chat/room/+/messages")
	ada.Subscribe("chat/room/new/roster", "chat/room/new/presence")
	for {
		s := decode[Snapshot](t, ada.WantMessage("chat/room/new/roster").Payload)
		if slices.Contains(s.names(), "wide") {
			break
		}
	}
}

func TestASensorJoinsByItsFirstPublish(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		sensor := r.connect(mqtttest.Options{Name: "sensor", ID: "s"})
		sensor.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: "21.5"})
		ada.wantText("21.5")
		ada.wantJoin("sensor")
		sensor.Cut()
		ada.wantLeave("sensor")
	})
}

func TestAWillIsSentButJoinsNothing(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		g := r.connect(mqtttest.Options{Name: "bob", ID: "b", Will: &mqtttest.Will{Topic: "chat/room/lobby/say", Payload: "my battery died", QoS: 1}})
		g.Ping()
		g.Cut()
		m := ada.wantText("my battery died")
		if m.From != "bob" {
			t.Errorf("it is from %q", m.From)
		}
		if got := r.roster().names(); !slices.Equal(got, []string{"ada"}) {
			t.Errorf("in the lobby are %v", got)
		}
		polite := r.connect(mqtttest.Options{Name: "eve", ID: "e", Will: &mqtttest.Will{Topic: "chat/room/lobby/say", Payload: "never said"}})
		polite.Disconnect()
		ada.say("marker")
		if m := decode[posted](t, ada.WantMessage("chat/room/lobby/messages").Payload); m.Text != "marker" {
			t.Errorf("after it comes %+v", m)
		}
	})
}

func TestAWillIsHeardBeforeTheEnd(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.Subscribe("chat/user/+/presence")
	for i := range 20 {
		word := fmt.Sprintf("my last word, %d", i)
		topic, heard := "chat/room/lobby/say", "chat/room/lobby/messages"
		if i%2 == 1 {
			topic, heard = "chat/user/ada/say", "chat/user/me/inbox"
		}
		name := fmt.Sprintf("bob%d", i)
		bob := r.connect(mqtttest.Options{Name: name, ID: name, Will: &mqtttest.Will{Topic: topic, Payload: word}})
		bob.Cut()
		for decode[presenceNote](t, ada.WantMessage("chat/user/"+name+"/presence").Payload).State != offline {
		}
		if said := ada.Take(func(p mqtttest.Packet) bool { return p.Topic == heard && strings.Contains(string(p.Payload), word) }); len(said) != 1 {
			t.Fatalf("ada was told that %s is gone, and has read %v", name, said)
		}
	}
}

func TestAForgedWillIsNotLetIn(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		for _, topic := range []string{"chat/room/lobby/messages", "chat/user/ada/presence", "chat/user/ada/inbox", "chat/server/status", "$SYS/x"} {
			c := r.try(mqtttest.Options{Name: "eve", ID: "e", Will: &mqtttest.Will{Topic: topic, Payload: "{}"}})
			if c.Connack.Code == 0 {
				t.Errorf("a will on %s was taken", topic)
			}
			if r.version == 5 && (c.Connack.Code != 0x87 || c.Connack.Props.Reason == "") {
				t.Errorf("%s: %s", topic, c.Connack)
			}
			c.Cut()
		}
	})
}

func TestARestartTurnsNobodyOffline(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.wantJoin("bob")
	ada.Subscribe("chat/user/+/presence")
	ada.WantMessage("chat/user/bob/presence")
	r.end()
	ada.WantEnd()
	bob.WantEnd()
	gone := ada.Take(func(p mqtttest.Packet) bool {
		return p.Type == mqtttest.Publish && strings.HasSuffix(p.Topic, "/presence") && (strings.Contains(string(p.Payload), offline) || strings.Contains(string(p.Payload), `"leave"`))
	})
	if len(gone) > 0 {
		t.Errorf("ada was told %v", gone)
	}
	r.start()
	if got := r.roster().names(); len(got) != 0 {
		t.Errorf("ghosts in the roster: %v", got)
	}
	c := mqtttest.Dial(t, r.tcp, mqtttest.Options{})
	c.Subscribe("chat/user/+/presence")
	c.Ping()
	if ghosts := c.Take(func(p mqtttest.Packet) bool {
		return p.Type == mqtttest.Publish && !strings.Contains(p.Topic, "guest-")
	}); len(ghosts) > 0 {
		t.Errorf("presence of nobody: %v", ghosts)
	}
}

func TestAFilterSpelledOtherwiseIsRefusedWithTheRightSpelling(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	if codes := ada.Subscribe("chat/room/Lobby/messages", "chat/user/bob/inbox", "chat/room/lobby/say", "chat/room/a b/messages", "chat/user/a@b/presence",
		"chat/room/lobby/messages"); !slices.Equal(codes, []byte{0x8f, 0x87, 0x87, 0x8f, 0x8f, 0}) {
		t.Errorf("answered %x", codes)
	}
}

func TestWhatIsSubscribedAsMeIsReadAsMe(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		sensor := r.connect(mqtttest.Options{ID: "esp-1"})
		sensor.Subscribe("chat/user/me/inbox", "chat/room/lobby/state/me/#")
		ada := r.join("ada")
		ada.Publish("chat/user/esp-1/say", "pump on")
		if p := sensor.WantMessage("chat/user/me/inbox"); !strings.Contains(string(p.Payload), "pump on") {
			t.Errorf("%s", p)
		}
		sensor.Publish("chat/room/lobby/state/me/pump", "on")
		sensor.WantMessage("chat/room/lobby/state/me/pump")
	})
}

// told keeps what members tell of a name.
type told map[string]string

func (t told) tellPresence(m *member, state string, _ time.Time, _ string) { t[m.name] = state }
func (told) mayRead(*member, string) bool                                  { return true }
func (told) openInbox(*member)                                             {}
func (told) closeInbox(*member)                                            {}

// Who had the name before may be seen out after the next one has come.
func TestTheEndOfAFormerHolderTurnsNobodyOffline(t *testing.T) {
	heard := told{}
	ms := newMembers(heard)
	go ms.run(t.Context())
	former, holder := &seat{session: &broker.Session{}}, &seat{session: &broker.Session{}}
	ms.enter(former, member{name: "ada", fold: "ada", ident: "r1"})
	ms.enter(holder, member{name: "ada", fold: "ada", ident: "r2"})
	ms.setAway(former, true)
	if ms.exit(former); heard["ada"] != online {
		t.Errorf("ada is %s", heard["ada"])
	}
	if ms.exit(holder); heard["ada"] != offline {
		t.Errorf("ada is %s", heard["ada"])
	}
}

func TestANameSpelledAnewLeavesNoPresenceBehind(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.Subscribe("chat/user/+/presence")
	for _, name := range []string{"Bob", "bob"} {
		c := r.connect(mqtttest.Options{Name: name, ID: "b"})
		for decode[presenceNote](t, ada.WantMessage("chat/user/"+name+"/presence").Payload).State != online {
		}
		r.cut(c.Client)
		for decode[presenceNote](t, ada.WantMessage("chat/user/"+name+"/presence").Payload).State != offline {
		}
	}
	late := r.join("eve")
	late.Subscribe("chat/user/+/presence")
	late.WantMessage("chat/user/bob/presence")
	late.WantMessage("chat/user/ada/presence")
	ada.say("marker")
	late.wantText("marker")
	if ghosts := late.Take(func(p mqtttest.Packet) bool { return p.Topic == "chat/user/Bob/presence" }); len(ghosts) > 0 {
		t.Errorf("a ghost: %v", ghosts)
	}
}

// An overtaking store lets another connection with the same client id take over before the first one is seated.
type overtaking struct {
	Store
	lost chan history.LostClaim
}

func (o overtaking) Lost() <-chan history.LostClaim { return o.lost }

func (o overtaking) Claim(ctx context.Context, r history.ClaimRequest, prove func([]byte) bool) (history.Claim, error) {
	c, err := o.Store.Claim(ctx, r, prove)
	if err != nil || r.Name != "late" {
		return c, err
	}
	next := r
	next.Session = "next"
	if _, err := o.Store.Claim(ctx, next, prove); err != nil {
		return c, err
	}
	o.lost <- <-o.Store.Lost()
	o.lost <- history.LostClaim{} // is taken when the one before has been dealt with
	return c, nil
}

func TestAClaimLostWhileConnectingIsNoGhost(t *testing.T) {
	r := newRoom(t)
	r.wrap = func(s Store) Store { return overtaking{Store: s, lost: make(chan history.LostClaim)} }
	r.restart()
	c := r.try(mqtttest.Options{Name: "late", ID: "l"})
	if c.Connack.Code != 0x89 {
		t.Errorf("answered %s", c.Connack)
	}
	c.WantEnd()
	if m := r.b.members.find("late"); m != nil {
		t.Errorf("there is a ghost: %+v", m)
	}
}

func TestADelayedWillIsSentUnlessTheNameIsAnothers(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	will := &mqtttest.Will{Topic: "chat/room/lobby/say", Payload: "I did not come back", QoS: 1, Delay: 1}
	eve := r.connect(mqtttest.Options{Name: "eve", ID: "e", Expiry: 60, Will: will})
	r.cut(eve.Client)
	if m := ada.wantText(will.Payload); m.From != "eve" {
		t.Errorf("it is from %q", m.From)
	}
	bob := r.connect(mqtttest.Options{Name: "bob", ID: "b", Expiry: 60, Will: will})
	r.cut(bob.Client)
	r.connect(mqtttest.Options{Name: "bob", ID: "another"})
	wait(t, "the will to be refused", func() bool { return r.logs.count("no longer yours") > 0 })
	ada.say("marker")
	if m := decode[posted](t, ada.WantMessage("chat/room/lobby/messages").Payload); m.Text != "marker" {
		t.Errorf("after it comes %+v", m)
	}
}

// Everybody is told when somebody goes away and comes back: nobody can keep them busy with it.
func TestGoingAwayHasAPace(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.Subscribe("chat/user/bob/presence")
	const n = 1000
	for i := range n {
		bob.Go(mqttPub{Topic: "chat/user/me/away", Payload: []string{"1", "0"}[i%2]})
	}
	bob.wantInbox("error")
	bob.Ping()
	ada.Ping()
	told := ada.Take(func(p mqtttest.Packet) bool { return p.Topic == "chat/user/bob/presence" })
	if len(told) > n/2 {
		t.Errorf("ada was told %d times", len(told))
	}
}

// A name is held for minutes, a session waits for days: with the secret the owner gets both back.
func TestASessionWaitsLongerThanItsName(t *testing.T) {
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada := r.join("ada")
	options := mqtttest.Options{Name: "lamp", ID: "l1", Secret: "glow worm", Keep: true, Expiry: 600}
	lamp := r.connect(options)
	lamp.SubscribeOpt(1, "home/lamp", "chat/room/lobby/roster")
	ada.wantJoin("lamp")
	lamp.Cut()
	ada.wantLeave("lamp")
	ada.Publish("home/lamp", "on")
	r.restart()
	lamp = r.connect(options)
	if !lamp.Connack.Present {
		t.Fatal("the session is lost")
	}
	lamp.WantMessage("home/lamp")
}

// Whoever gets a name later, even with the same client id, does not take up the session that the one before left.
func TestASessionBelongsToTheHolderNotToTheName(t *testing.T) {
	r := newRoom(t)
	r.cfg.Hold = 0
	r.restart()
	ada := r.join("ada")
	options := mqtttest.Options{Name: "bob", ID: "b1", Secret: "one", Keep: true, Expiry: 600}
	bob := r.connect(options)
	bob.SubscribeOpt(1, "chat/room/lobby/messages", "home/bob")
	ada.wantJoin("bob")
	bob.Cut()
	ada.wantLeave("bob")
	ada.Publish("home/bob", "for the first bob")

	options.Secret = "another"
	var other *mqtttest.Client
	for other == nil { // the name is free a moment after the leave is told
		if c := r.try(options); c.Connack.Code == 0 {
			other = c
		}
	}
	if other.Connack.Present {
		t.Error("the new bob has the session of the old one")
	}
	other.Subscribe("chat/room/lobby/messages")
	ada.say("marker")
	other.WantMessage("chat/room/lobby/messages")
	if got := other.Take(func(p mqtttest.Packet) bool { return p.Topic == "home/bob" }); len(got) > 0 {
		t.Errorf("the new bob got %v", got)
	}
}
