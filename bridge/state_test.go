package bridge

import (
	"fmt"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

func TestStateIsKeptOverARestart(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		r2 := *r
		sensor := r2.connect(mqtttest.Options{ID: "greenhouse-esp32"})
		sensor.Publish("chat/room/lobby/state/me/soil", "28")
		sensor.Go(mqttPub{Topic: "chat/room/lobby/state/me", Payload: `{"temperature":21.5}`})
		if j := ada.wantJoin("greenhouse-esp32"); r.addr == r.tcp && j.Kind != device {
			t.Errorf("it joined as %+v", j)
		}
		want := func(g *guest) {
			t.Helper()
			if p := g.WantMessage("chat/room/lobby/state/greenhouse-esp32/soil"); string(p.Payload) != "28" || !p.Retain() {
				t.Errorf("%s", p)
			}
			if p := g.WantMessage("chat/room/lobby/state/greenhouse-esp32"); string(p.Payload) != `{"temperature":21.5}` {
				t.Errorf("%s", p)
			}
		}
		sensor.Ping()
		ada.Subscribe("chat/room/lobby/state/#")
		want(ada)
		r.restart()
		bob := r.join("bob")
		bob.Subscribe("chat/room/lobby/state/#")
		want(bob)
		// Another one under the same name does not inherit it.
		thief := r.connect(mqtttest.Options{Name: "greenhouse-esp32", ID: "not-the-same"})
		thief.Subscribe("chat/room/lobby/state/#", "chat/room/lobby/messages")
		bob.say("marker")
		thief.wantText("marker")
		if got := thief.Take(func(p mqtttest.Packet) bool { return strings.Contains(p.Topic, "/state/") && len(p.Payload) > 0 }); len(got) > 0 {
			t.Errorf("it was left with %v", got)
		}
	})
}

func TestAnEmptyStateDeletes(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.Publish("chat/room/lobby/state/me", "1")
	ada.Publish("chat/room/lobby/state/me", "")
	bob := r.join("bob")
	bob.Subscribe("chat/room/lobby/state/#")
	ada.say("marker")
	bob.wantText("marker")
	if got := bob.Take(func(p mqtttest.Packet) bool { return strings.Contains(p.Topic, "/state/") }); len(got) > 0 {
		t.Errorf("bob reads %v", got)
	}
}

func TestStateOfOneMemberIsBounded(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	var refused mqtttest.Packet
	for i := range stateEach + 1 {
		refused = ada.Publish(fmt.Sprintf("chat/room/lobby/state/me/%d", i), "1")
		if i < stateEach && refused.Code != 0 {
			t.Fatalf("value %d: %s", i, refused)
		}
	}
	if refused.Code != 0x97 || !strings.Contains(refused.Props.Reason, "delete") {
		t.Errorf("one too many: %s", refused)
	}
	if a := ada.Publish("chat/room/lobby/state/me/0", "2"); a.Code != 0 {
		t.Errorf("a value that is there already may change: %s", a)
	}
}

// A value at QoS 0 is stored a while later, a value at QoS 1 at once: the newer one has to be the last on the disk.
func TestAnAcknowledgedStateIsNotOverwrittenByAnOlderOne(t *testing.T) {
	r := newRoom(t)
	r.wrap = func(s Store) Store { return hesitating{s, make(chan struct{})} }
	r.restart()
	ada := r.join("ada")
	ada.Go(mqttPub{Topic: "chat/room/lobby/state/me", Payload: "old"})
	ada.Ping()
	const topic = "chat/room/lobby/state/ada"
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		r.b.states.saveState(topic, nil)
	}()
	wait(t, "the flush", func() bool {
		r.b.states.mu.Lock()
		defer r.b.states.mu.Unlock()
		return !r.b.states.unsaved[topic]
	})
	ada.Publish("chat/room/lobby/state/me", "new")
	<-flushed
	r.wrap = nil
	r.restart()
	bob := r.join("bob")
	bob.Subscribe(topic)
	if p := bob.WantMessage(topic); string(p.Payload) != "new" {
		t.Errorf("after a restart it is %q", p.Payload)
	}
}
