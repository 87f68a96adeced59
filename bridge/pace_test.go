package bridge

import (
	"fmt"
	"testing"

	"tincan/broker/mqtttest"
)

func TestAFastMemberIsSlowedNotRefused(t *testing.T) {
	r := newRoom(t)
	r.cfg.MessagesPerSecond, r.cfg.MessagesBurst = 50, 10
	r.restart()
	ada, bob := r.join("ada"), r.join("bob")
	const n = 40
	ids := map[uint16]bool{}
	for i := range n {
		ids[ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: fmt.Sprint(i), QoS: 1})] = true
	}
	bob.wantText(fmt.Sprint(n - 1)) // shown at once
	for range n {
		a := ada.Want("PUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback })
		if a.Code != 0 || !ids[a.ID] {
			t.Fatalf("acknowledged %s", a)
		}
	}
	// At QoS 0 there is nothing to wait with: what is too fast is dropped, and counted.
	before := r.br.Stats().Denied.Sum()
	for range 1000 {
		ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: "flood"})
	}
	ada.Ping()
	if denied := r.br.Stats().Denied.Sum() - before; denied < 100 {
		t.Errorf("%d of 1000 were dropped", denied)
	}
}

// Acknowledgements wait for a member that is too fast; it cannot go on by coming back instead.
func TestANewConnectionIsNoNewPace(t *testing.T) {
	r := newRoom(t)
	r.cfg.MessagesPerSecond, r.cfg.MessagesBurst = 1, 10
	r.restart()
	for range 30 {
		ada := r.connect(mqtttest.Options{Name: "ada", ID: "a", Secret: "s"})
		for range 60 {
			ada.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: "flood", QoS: 1})
		}
		ada.Ping()
		ada.Cut()
	}
	r.end()
	r.start()
	if n, err := r.store.Head(t.Context(), Lobby); n > 1300 || err != nil {
		t.Errorf("%d of 1800 messages were taken, %v", n, err)
	}
}
