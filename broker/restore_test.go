package broker

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestWhatWasAcknowledgedReachesASessionThatSleptThroughThePowerCut(t *testing.T) {
	bothVersions(t, func(t *testing.T, version byte) {
		store := newShelved(t)
		x := keeping(t, store)
		lamp := x.join("tcp", version, stays5("lamp", 600))
		lamp.sub("lamp/#", 1)
		lamp.nc.Close()
		x.h.wantEnd(t, "lamp", CauseClosed)
		ada := x.join("tcp", version, hello{user: "ada", id: "a"})
		for i := range 20 {
			ada.pub(fmt.Sprint("lamp/", i), fmt.Sprint("set ", i), 1, uint16(i+1))
			ada.wantAck(typePuback, uint16(i+1))
		}
		y := keeping(t, store.killed(t))
		lamp = y.back(version, stays5("lamp", 600))
		for i := range 20 {
			h := lamp.wantMessage(fmt.Sprint("lamp/", i), fmt.Sprint("set ", i))
			if h.dup || h.qos != 1 {
				t.Errorf("message %d comes with dup %v, QoS %d", i, h.dup, h.qos)
			}
			lamp.ack(h)
		}
		eve := y.join("tcp", version, hello{user: "eve", id: "e"})
		eve.pub("lamp/on", "live", 1, 1)
		lamp.wantMessage("lamp/on", "live") // its filters are in force
	})
}

func TestAMessageUnderWayIsSentAgainWithItsPacketID(t *testing.T) {
	bothVersions(t, func(t *testing.T, version byte) {
		store := newShelved(t)
		x := keeping(t, store)
		lamp := x.join("tcp", version, stays5("lamp", 600))
		lamp.sub("lamp", 1)
		ada := x.join("tcp", version, hello{user: "ada", id: "a"})
		ada.pub("lamp", "one", 1, 1)
		ada.pub("lamp", "two", 1, 2)
		one, two := lamp.hear(), lamp.hear()
		lamp.ack(one)
		ada.wantAck(typePuback, 1)
		ada.wantAck(typePuback, 2) // two is stored by now
		store.wantCount(t, kindQueued, 1)
		y := keeping(t, store.killed(t))
		lamp = y.back(version, stays5("lamp", 600))
		if h := lamp.wantMessage("lamp", "two"); !h.dup || h.id != two.id {
			t.Errorf("it comes with dup %v and packet id %d, want %d", h.dup, h.id, two.id) // [MQTT-4.4.0-1]
		}
		lamp.ping()
	})
}

// A client that remembers packet ids gets a message of QoS 2 once, wherever the power was cut.
func TestQoS2IsExactOverARestart(t *testing.T) {
	for _, cut := range []string{"before PUBREC", "before PUBREL", "before PUBCOMP", "after PUBCOMP"} {
		t.Run(cut, func(t *testing.T) {
			store := newShelved(t)
			x := keeping(t, store)
			lamp := x.join("tcp", v5, stays5("lamp", 600))
			lamp.sub("lamp", 2)
			ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
			open := store.shut()
			ada.pub("lamp", "on", 2, 1)
			ada.ping()
			lamp.ping() // it is not sent before its packet id is on disk
			open()
			ada.wantAck(typePubrec, 1)
			h := lamp.wantMessage("lamp", "on")
			id := appendUint16(nil, h.id)
			if cut == "before PUBREC" {
				lamp = keeping(t, store.killed(t)).back(v5, stays5("lamp", 600))
				if again := lamp.wantMessage("lamp", "on"); again.id != h.id || !again.dup {
					t.Errorf("it comes with packet id %d and dup %v, want %d", again.id, again.dup, h.id)
				}
				return
			}
			if cut == "before PUBREL" {
				open = store.shut()
				lamp.send(packet(typePubrec<<4, id))
				lamp.ping() // no PUBREL before it is on disk
				dead := store.killed(t)
				open()
				lamp.wantAck(typePubrel, h.id)
				lamp = keeping(t, dead).back(v5, stays5("lamp", 600))
				if again := lamp.wantMessage("lamp", "on"); again.id != h.id {
					t.Errorf("it comes with packet id %d, want %d", again.id, h.id)
				}
				return
			}
			lamp.send(packet(typePubrec<<4, id))
			lamp.wantAck(typePubrel, h.id)
			if cut == "after PUBCOMP" {
				lamp.send(packet(typePubcomp<<4, id))
				store.wantCount(t, kindQueued, 0)
				lamp = keeping(t, store.killed(t)).back(v5, stays5("lamp", 600))
				lamp.ping()
				return
			}
			lamp = keeping(t, store.killed(t)).back(v5, stays5("lamp", 600))
			lamp.wantAck(typePubrel, h.id)
			lamp.send(packet(typePubcomp<<4, id))
			lamp.ping()
		})
	}
}

func TestSubscriptionsAreRestoredWithTheirOptions(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	lamp := x.join("tcp", v5, stays5("lamp", 600))
	const noLocal, asPublished = 4, 8
	lamp.send(subscribeBytes(v5, "a/+", 1|noLocal|asPublished, 7))
	lamp.want(typeSuback)
	lamp.sub("gone", 1)
	lamp.sub("$share/g/b", 1)
	lamp.send(packet(0xa2, append([]byte{0, 3, 0}, appendText(nil, "gone")...)))
	lamp.want(typeUnsuback)
	y := keeping(t, store.killed(t)) // killed while it is connected
	ada := y.join("tcp", v5, hello{user: "ada", id: "a"})
	for i, topic := range []string{"gone", "a/x", "b"} {
		ada.send(publishBytes(v5, topic, "1", 1<<1|1, uint16(i+1))) // retained
		ada.wantAck(typePuback, uint16(i+1))
	}
	lamp = y.back(v5, stays5("lamp", 600))
	if h := lamp.wantMessage("a/x", "1"); !h.retain || !slices.Equal(h.props, []byte{propSubscriptionID, 7}) {
		t.Errorf("retain %v, properties % x", h.retain, h.props)
	}
	lamp.wantMessage("b", "1")
	lamp.pub("a/x", "mine", 1, 9)
	lamp.wantAck(typePuback, 9) // and not its own message
	lamp.ping()
}

func TestExpiryGoesOnOverARestart(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	for _, name := range []string{"short", "long"} {
		c := x.join("tcp", v5, stays5(name, map[string]uint32{"short": 100, "long": 1000}[name]))
		c.sub("to/"+name, 1)
		c.nc.Close()
		x.h.wantEnd(t, name, CauseClosed)
	}
	here := x.join("tcp", v5, stays5("here", 100))
	here.sub("to/here", 1)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	ada.pub("to/short", "never", 1, 1)
	ada.wantAck(typePuback, 1)
	dead := store.killed(t)
	for p := range dead.at {
		dead.at[p] = dead.at[p].Add(-200 * time.Second)
	}
	y := keeping(t, dead)
	dead.drain()
	later := dead.killed(t)
	for p := range later.at {
		later.at[p] = later.at[p].Add(-200 * time.Second)
	}
	z := keeping(t, later)
	z.fresh(v5, stays5("here", 100)) // it began once
	y.fresh(v5, stays5("short", 100))
	y.back(v5, stays5("long", 1000))
	y.back(v5, stays5("here", 100)) // its time began with the power cut
	y.b.storage.flush()
	dead.wantCount(t, kindQueued, 0)
}

func TestACleanStartForgetsWhatIsStored(t *testing.T) {
	bothVersions(t, func(t *testing.T, version byte) {
		store := newShelved(t)
		x := keeping(t, store)
		away := func() {
			c := x.join("tcp", version, stays5("lamp", 600))
			c.sub("lamp", 1)
			c.nc.Close()
			eventually(t, "the absence", func() bool { return x.b.registry.absent() == 1 }, func() string { return "" })
			ada := x.join("tcp", version, hello{user: "ada", id: "a"})
			ada.pub("lamp", "on", 1, 1)
			ada.wantAck(typePuback, 1)
			if s, q := store.count(kindSession), store.count(kindQueued); s != 1 || q != 1 {
				t.Errorf("%d sessions and %d messages are stored", s, q)
			}
		}
		away()
		x.fresh(version, hello{user: "lamp", id: "lamp"})
		store.wantCount(t, kindSession, 0)
		store.wantCount(t, kindQueued, 0)
		away()
		if version == v5 {
			c := x.back(version, hello{user: "lamp", id: "lamp", keep: true}) // resumed, and to end with the connection
			c.wantMessage("lamp", "on")
			store.wantCount(t, kindSession, 0)
			store.wantCount(t, kindQueued, 0)
		}
		x.b.storage.mu.Lock()
		defer x.b.storage.mu.Unlock()
		if n := len(x.b.storage.unsaved); n > 0 {
			t.Errorf("%d values are not as they should be", n)
		}
	})
}

func TestASessionOfAnotherHolderIsAnother(t *testing.T) {
	store := newShelved(t)
	h := relaying()
	h.connect = func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
		return Welcome{Name: c.User, Ident: string(c.Secret), Holder: string(c.Secret)}, nil
	}
	x := newBench(t, Config{Store: store}, h)
	first := hello{user: "lamp", id: "l", secret: "one", keep: true}
	c := x.join("tcp", v311, first)
	c.sub("lamp", 1)
	c.nc.Close()
	h.wantEnd(t, "lamp", CauseClosed)
	for _, holder := range []string{"one", "two", ""} {
		x.b.Relay(&Message{Topic: "lamp", Payload: []byte("for " + holder), QoS: 1, Holder: holder}, func(error) {})
	}
	store.wantCount(t, kindQueued, 2)
	h2 := relaying()
	h2.connect = h.connect
	y := newBench(t, Config{Store: store.killed(t)}, h2)
	second := first
	second.secret = "two"
	y.fresh(v311, second)
	c = y.back(v311, first)
	c.wantMessage("lamp", "for one")
	c.wantMessage("lamp", "for ")
	c.ping()
}

func TestACleanStopKeepsSessions(t *testing.T) {
	store := newShelved(t)
	x := keeping(t, store)
	lamp := x.join("tcp", v5, stays5("lamp", 600))
	lamp.sub("lamp", 1)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	ada.pub("lamp", "on", 1, 1)
	ada.send(publishBytes(v5, "lazy", "sensor", 1, 0)) // retained at QoS 0
	lamp.wantMessage("lamp", "on")
	ada.want(typePuback)
	ada.ping()
	if err := x.b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.wantCount(t, kindRetained, 1)
	y := keeping(t, store)
	lamp = y.back(v5, stays5("lamp", 600))
	if h := lamp.wantMessage("lamp", "on"); !h.dup {
		t.Error("it was sent before")
	}
}
