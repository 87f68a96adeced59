package bridge

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
	"tincan/broker/mqtttest"
)

// A class that comes at once costs each of its members a list each 200 ms and a snapshot each second, however many come.
func TestACrowdIsToldInLists(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.wantJoin("ada")
	ada.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish })
	const crowd = 300
	before, began := r.br.Stats().Sent, time.Now()
	var wg sync.WaitGroup
	for part := range 10 {
		wg.Go(func() {
			for i := part; i < crowd; i += 10 {
				r.join(fmt.Sprintf("m%03d", i))
			}
		})
	}
	wg.Wait()
	came := map[string]bool{}
	lists := 0
	for len(came) < crowd {
		d := ada.wantDelta("joins", func(d Delta) bool { return len(d.Join) > 0 })
		lists++
		for _, m := range d.Join {
			came[m.Name] = true
		}
	}
	took := time.Since(began)
	snapshots := len(ada.Take(func(p mqtttest.Packet) bool { return p.Topic == topicRoster(Lobby) }))
	mostLists, mostSnapshots := int(took/gather)+2, int(took/time.Second)+2
	if lists > mostLists || snapshots > mostSnapshots {
		t.Errorf("%d lists and %d snapshots in %v", lists, snapshots, took)
	}
	sent := r.br.Stats().Sent - before
	if most := int64(crowd+1) * int64(mostLists+mostSnapshots+2); sent > most {
		t.Errorf("%d messages were sent, more than %d", sent, most)
	}
	t.Logf("%d members came in %v: %d lists, %d snapshots, %d messages sent", crowd, took, lists, snapshots, sent)
}

func TestTheSnapshotOfALargeRoomIsPartialAndPaced(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.say("hello")
	room := r.b.rooms.find(Lobby)
	join := func(name string) {
		room.join(&seat{session: &broker.Session{}, claim: history.Claim{Name: name}, member: &member{kind: device, state: online}})
	}
	for i := range rosterCap + 100 {
		join(fmt.Sprintf("m%03d", i))
	}
	ada.wantJoin("m000")
	bob := r.join("bob")
	s := decode[Snapshot](t, bob.WantMessage(topicRoster(Lobby)).Payload)
	if !s.Partial || s.Count < rosterCap+101 || !slices.Equal(s.names(), []string{"ada"}) {
		t.Errorf("a newcomer reads %d members of %d, partial %v", len(s.Members), s.Count, s.Partial)
	}
	began := time.Now()
	for i := range 8 {
		join(fmt.Sprintf("late-%d", i))
		ada.wantJoin(fmt.Sprintf("late-%d", i))
	}
	// One may have been due for the first members, and one for the large room; after that they are rosterCap × rosterPace apart.
	if n := len(ada.Take(func(p mqtttest.Packet) bool { return p.Topic == topicRoster(Lobby) && !p.Retain() })); n > 2+int(time.Since(began)/(rosterCap*rosterPace)) {
		t.Errorf("%d snapshots of a large room were sent in a moment", n)
	}
}
