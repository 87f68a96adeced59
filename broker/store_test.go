package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheAcknowledgementWaitsForTheDisk(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	x.join("tcp", v5, stays5("lamp", 600)).sub("lamp", 1) // it acknowledges nothing
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	away := x.join("tcp", v5, stays5("away", 600))
	away.sub("away", 1)
	away.nc.Close()
	x.h.wantEnd(t, "away", CauseClosed)
	store.wantCount(t, kindSession, 2)
	for _, topic := range []string{"lamp", "away"} {
		open := store.shut()
		ada.pub(topic, "on", 1, 1)
		eventually(t, "the write", func() bool { store.mu.Lock(); defer store.mu.Unlock(); return len(store.queue) > 0 }, func() string { return "" })
		ada.ping() // no PUBACK came before
		open()
		ada.wantAck(typePuback, 1)
		if n := store.count(kindQueued); n == 0 {
			t.Error("acknowledged and not stored")
		}
	}
}

func TestTheSubackWaitsForTheDisk(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	lamp := x.join("tcp", v5, stays5("lamp", 600))
	open := store.shut()
	lamp.send(subscribeBytes(v5, "lamp", 1, 0))
	eventually(t, "the filter", func() bool { return x.b.Stats().Subscriptions == 1 }, func() string { return "" })
	ada.pub("lamp", "marker", 0, 0)
	lamp.wantMessage("lamp", "marker") // and no SUBACK before it
	open()
	lamp.want(typeSuback)
	if n := store.count(kindSession); n != 1 {
		t.Error("acknowledged and not stored")
	}
}

func TestWhatTheClientAcknowledgesIsNotWritten(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	lamp := x.join("tcp", v311, stays("lamp"))
	lamp.sub("lamp", 1)
	store.wantCount(t, kindSession, 1)
	ada := x.join("tcp", v311, hello{user: "ada", id: "a"})
	store.mu.Lock()
	before := store.writes
	store.mu.Unlock()
	quick := 0
	for range 50 {
		begun := time.Now()
		ada.pub("lamp", "on", 1, 1)
		lamp.ack(lamp.wantMessage("lamp", "on"))
		ada.wantAck(typePuback, 1)
		if time.Since(begun) < grace/2 {
			quick++
		}
	}
	store.mu.Lock()
	defer store.mu.Unlock()
	if n := store.writes - before; n > 2*(50-quick) {
		t.Errorf("%d writes for 50 messages, of which %d were acknowledged at once", n, quick)
	}
}

func TestRetainedMessagesAreRestored(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	retain := func(topic, payload string, qos byte, props []byte) {
		t.Helper()
		b := appendText(nil, topic)
		if qos > 0 {
			b = appendUint16(b, 1)
		}
		b = append(append(appendVarint(b, len(props)), props...), payload...)
		ada.send(packet(0x31|qos<<1, b))
		if qos > 0 {
			ada.wantAck(typePuback, 1)
		}
	}
	props := []byte{propPayloadFormat, 1}
	props = appendText(append(props, propContentType), "text/plain")
	props = appendText(append(props, propResponseTopic), "answers")
	props = appendText(append(props, propCorrelation), "\x00\x01")
	props = appendUser(props, []Prop{{"unit", "°C"}, {"unit", "K"}})
	retain("all", "21", 1, props)
	retain("brief", "now", 1, appendUint32([]byte{propMessageExpiry}, 1000))
	retain("over", "past", 1, appendUint32([]byte{propMessageExpiry}, 1))
	retain("taken", "back", 1, nil)
	retain("taken", "", 1, nil)
	retain("lazy", "sensor", 0, nil)
	ada.ping()
	for _, topic := range []string{"all", "brief", "over", "taken"} {
		if has := store.has(kindRetained, topic); has != (topic != "taken") {
			t.Errorf("%s is acknowledged, and stored: %v", topic, has)
		}
	}
	_ = x.b.Publish(&Message{Topic: "chat/roster", Payload: []byte("x"), Retain: true}) // the handler's own
	store.wantCount(t, kindRetained, 4)                                                 // the lazy one

	dead := store.killed(t)
	for p := range dead.at {
		dead.at[p] = dead.at[p].Add(-2 * time.Second)
	}
	y := keeping(t, dead)
	bob := y.join("tcp", v5, hello{user: "bob", id: "b"})
	bob.sub("#", 1)
	got := map[string]heard{}
	for range 3 {
		h := bob.hear()
		got[h.topic] = h
	}
	bob.ping()
	if h := got["all"]; h.payload != "21" || string(h.props) != string(props) || !h.retain {
		t.Errorf("all: %+v, want the properties % x", h, props)
	}
	if h := got["brief"]; h.payload != "now" || len(h.props) != 5 || h.props[3] != 1000>>8 || h.props[4] >= 1000&255 {
		t.Errorf("brief: %+v", h)
	}
	if h := got["lazy"]; h.payload != "sensor" {
		t.Errorf("lazy: %+v", h)
	}
	y.b.storage.flush()
	dead.wantCount(t, kindRetained, 3) // what was over is deleted
}

func TestTheOldestGoesWhenTooMuchWaits(t *testing.T) {
	store := newShelved(t)
	x := newBench(t, Config{Store: store, AbsentMessages: 10}, relaying())
	c := x.join("tcp", v311, stays("lamp"))
	c.sub("lamp", 1)
	c.nc.Close()
	x.h.wantEnd(t, "lamp", CauseClosed)
	ada := x.join("tcp", v311, hello{user: "ada", id: "a"})
	for i := range 25 {
		ada.pub("lamp", fmt.Sprint(i), 1, uint16(i+1))
		ada.wantAck(typePuback, uint16(i+1))
	}
	if n := x.b.Stats().Dropped[DropAway]; n != 15 {
		t.Errorf("%d are counted as dropped", n)
	}
	store.wantCount(t, kindQueued, 10)
	y := newBench(t, Config{Store: store.killed(t), AbsentMessages: 5}, relaying()) // less is allowed by now
	c = y.back(v311, stays("lamp"))
	for i := 20; i < 25; i++ {
		c.wantMessage("lamp", fmt.Sprint(i))
	}
	c.ping()
}

var errTest = errors.New("the disk is full")

func TestAStoreThatRefuses(t *testing.T) {
	for name, refuse := range map[string][2]error{"at once": {errTest, nil}, "later": {nil, errTest}} {
		t.Run(name, func(t *testing.T) {
			store := newShelved(t)
			x := keeping(t, store)
			lamp := x.join("tcp", v5, stays5("lamp", 600))
			lamp.sub("lamp", 1)
			lamp.nc.Close()
			x.h.wantEnd(t, "lamp", CauseClosed)
			door := x.join("tcp", v5, stays5("door", 600))
			door.sub("door", 2)
			ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
			store.refuse(refuse[0], refuse[1])
			refused := func(packet []byte, kind byte) {
				t.Helper()
				ada.send(packet)
				if g := ada.want(kind); len(g.body) < 3 || Reason(g.body[2]) != QuotaExceeded || !strings.Contains(string(g.body), errTest.Error()) {
					t.Errorf("answered % x", g.body)
				}
			}
			refused(publishBytes(v5, "lamp", "lost", 1<<1, 1), typePuback)
			refused(publishBytes(v5, "door", "lost", 2<<1, 2), typePubrec)
			refused(publishBytes(v5, "kept", "value", 1<<1|1, 3), typePuback)
			door.sub("door/more", 1) // joining goes on
			ada.pub("door/more", "on", 0, 0)
			door.wantMessage("door/more", "on")
			if n := x.b.Stats().Dropped[DropUnkept]; n != 2 {
				t.Errorf("%d are counted as not kept", n)
			}

			// With space everything is as it should be.
			store.refuse(nil, nil)
			ada.pub("lamp", "comes", 1, 4)
			ada.wantAck(typePuback, 4)
			x.b.storage.flush()
			ada.pub("lamp", "and this", 1, 5)
			ada.wantAck(typePuback, 5) // the store is written in order
			y := keeping(t, store.killed(t))
			lamp = y.back(v5, stays5("lamp", 600))
			lamp.wantMessage("lamp", "comes")
			lamp.wantMessage("lamp", "and this")
			door = y.back(v5, stays5("door", 600))
			ada = y.join("tcp", v5, hello{user: "ada", id: "a"})
			ada.pub("door/more", "on", 0, 0)
			door.wantMessage("door/more", "on")
			ada.sub("kept", 0)
			ada.wantMessage("kept", "value")
		})
	}
}

func TestAStoreThatCannotBeRead(t *testing.T) {
	s := sessionRecord{ident: identity{"ada", "a"}}
	good := map[place][]byte{
		{kindSession, s.ident.key()}:        encodeRecord(&s),
		{kindRetained, "a"}:                 encodeStored(&stored{m: &Message{Topic: "a", Payload: []byte("1")}, retain: true}),
		{kindQueued, s.ident.key() + "/01"}: encodeStored(&stored{m: &Message{Topic: "a", Payload: []byte("1")}, qos: 1}),
	}
	for p, value := range good {
		for want, spoil := range map[error]func([]byte) []byte{
			ErrStoreNewer:   func(b []byte) []byte { b[0] = 2; return b },
			ErrStoreDamaged: func(b []byte) []byte { return b[:5] },
		} {
			store := newShelved(t)
			store.values = maps.Clone(good)
			store.values[p] = spoil(slices.Clone(value))
			b, err := New(Config{Store: store}, relaying(), slog.New(slog.DiscardHandler))
			if !errors.Is(err, want) {
				t.Errorf("%v: %v, want %v", p, err, want)
			}
			if b != nil {
				_ = b.Close(t.Context())
			}
		}
	}
}
