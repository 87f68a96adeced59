package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

func TestTopicsOutsideTheChatAreOrdinary(t *testing.T) {
	r := newRoom(t)
	r.cfg.TopicsOpen, r.cfg.TopicsClosed = []string{"home/#", "zigbee2mqtt/#"}, []string{"home/vault/#"}
	r.restart()
	everyone := r.join("ada")
	everyone.Subscribe("home/#", "zigbee2mqtt/+/set")
	if codes := everyone.Subscribe("home/vault/#", "home/vault/door"); codes[0] != 0x80 || codes[1] != 0x80 {
		t.Errorf("closed filters are answered %x", codes)
	}
	bob := r.join("bob")
	if a := bob.Do(mqttPub{Topic: "home/lamp", Payload: "on", QoS: 1, Retain: true}); a.Code != 0 {
		t.Errorf("open topic: %s", a)
	}
	if a := bob.Publish("home/vault/door", "open"); a.Code != 0x87 || !strings.Contains(a.Props.Reason, "topics.open") {
		t.Errorf("closed topic: %s", a)
	}
	if a := bob.Publish("elsewhere", "x"); a.Code != 0x87 {
		t.Errorf("topic that is not open: %s", a)
	}
	if p := everyone.WantMessage("home/lamp"); string(p.Payload) != "on" {
		t.Errorf("%s", p)
	}
	late := r.join("eve")
	late.Subscribe("home/lamp")
	if p := late.WantMessage("home/lamp"); !p.Retain() {
		t.Errorf("it was not retained: %s", p)
	}
}

func TestServerTopics(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada := r.join("ada")
		ada.Subscribe("chat/server/+")
		s := decode[statusNote](t, ada.WantMessage("chat/server/status").Payload)
		if s.State != online || s.Since == "" {
			t.Errorf("status %+v", s)
		}
		ada.Publish("chat/room/Werkstatt/say", "one")
		for {
			var found bool
			for _, room := range decode[[]listed](t, ada.WantMessage("chat/server/rooms").Payload) {
				found = found || room.Room == "werkstatt" && room.Last == 1
			}
			if found {
				break
			}
		}
		r.end()
		for {
			if decode[statusNote](t, ada.WantMessage("chat/server/status").Payload).State == offline {
				break
			}
		}
	})
}

func TestRoomsAreFixedWhenTheyAre(t *testing.T) {
	r := newRoom(t)
	r.cfg.FixedRooms = []string{"Class 7"}
	if _, err := New(r.cfg, r.store, nil); err == nil {
		t.Error("a room that is no room was taken")
	}
	r.cfg.FixedRooms = []string{"Class-7"}
	r.restart()
	ada := r.join("ada")
	if codes := ada.Subscribe("chat/room/class-7/messages", "chat/room/other/messages"); codes[0] != 0 || codes[1] != 0x87 {
		t.Errorf("answered %x", codes)
	}
	if a := ada.Publish("chat/room/other/say", "x"); a.Code != 0x87 {
		t.Errorf("answered %s", a)
	}
}

// A room that nobody is in and nobody wrote to is closed after a while. When it comes again its roster counts anew, and says so: those
// who read by wildcards have seen the former one.
func TestAnIdleRoomIsClosed(t *testing.T) {
	r := newRoom(t)
	ada, bob := r.join("ada"), r.join("bob")
	ada.Subscribe("chat/room/+/roster", "chat/room/+/presence")
	sweep := func() bool {
		r.b.rooms.mu.Lock()
		r.b.rooms.open["new"].touched = time.Now().Add(-2 * idleRoom)
		r.b.rooms.mu.Unlock()
		r.b.members.do(func() { r.b.rooms.sweep() })
		return r.b.rooms.find("new") == nil
	}
	var epoch string
	for _, open := range []string{"first", "again"} {
		bob.Subscribe("chat/room/new/messages")
		for here := false; !here; {
			d := decode[Delta](t, ada.WantMessage("chat/room/new/presence").Payload)
			here = slices.ContainsFunc(d.Join, func(m Member) bool { return m.Name == "bob" })
			if here && d.Epoch == epoch {
				t.Fatalf("%s: rev %d of the former epoch", open, d.Rev)
			}
			if here {
				epoch = d.Epoch
			}
		}
		if sweep() {
			t.Fatalf("%s: it was closed though bob is there", open)
		}
		bob.Unsubscribe("chat/room/new/messages")
		if !sweep() {
			t.Errorf("%s: it stays open", open)
		}
		ada.Take(func(p mqtttest.Packet) bool { return strings.HasPrefix(p.Topic, "chat/room/new/") })
	}
	bob.Publish("chat/room/new/say", "one")
	bob.Cut()
	if sweep() {
		t.Error("it was closed with what was written there")
	}
}

func TestAMemberOpensOnlySoManyRooms(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	var refused mqtttest.Packet
	for i := range roomsAMinute + 1 {
		refused = ada.Publish(fmt.Sprintf("chat/room/room-%d/say", i), "x")
	}
	if refused.Code != 0x83 || !strings.Contains(refused.Props.Reason, "wait") {
		t.Errorf("answered %s", refused)
	}
}
