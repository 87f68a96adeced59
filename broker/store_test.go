package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A shelved is a Store of the tests: a map that is written by one goroutine in the order of the calls, and may refuse.
type shelved struct {
	mu     sync.Mutex // guards what follows
	values map[place][]byte
	at     map[place]time.Time
	queue  []func()
	wake   chan struct{}
	writes int
	now    error         // what Put answers
	later  error         // what done hears
	gate   chan struct{} // not nil: nothing becomes durable before it is closed
}

func newShelved(t testing.TB) *shelved {
	s := &shelved{values: map[place][]byte{}, at: map[place]time.Time{}, wake: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
			for f := s.next(); f != nil; f = s.next() {
				f()
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
}

func (s *shelved) next() func() {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil
	}
	f := s.queue[0]
	s.queue = s.queue[1:]
	return f
}

func (s *shelved) Put(kind, key string, value []byte, done func(error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		return s.now
	}
	s.writes++
	s.queue = append(s.queue, func() {
		s.mu.Lock()
		err := s.later
		if p := (place{kind, key}); err == nil && value == nil {
			delete(s.values, p)
		} else if err == nil {
			s.values[p], s.at[p] = value, time.Now()
		}
		s.mu.Unlock()
		if done != nil {
			done(err)
		}
	})
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

func (s *shelved) Each(_ context.Context, kind string, f func(key string, value []byte, age time.Duration)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := slices.SortedFunc(maps.Keys(s.values), func(a, b place) int { return strings.Compare(a.key, b.key) })
	for _, p := range places {
		if p.kind == kind {
			f(p.key, s.values[p], time.Since(s.at[p]))
		}
	}
	return nil
}

// killed is what a disk holds when the power is cut now.
func (s *shelved) killed(t testing.TB) *shelved {
	c := newShelved(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.values, c.at = maps.Clone(s.values), maps.Clone(s.at)
	return c
}

func (s *shelved) refuse(now, later error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.later = now, later
}

// shut makes nothing durable until the returned function is called.
func (s *shelved) shut() (open func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.gate = gate
	return func() {
		s.mu.Lock()
		s.gate = nil
		s.mu.Unlock()
		close(gate)
	}
}

func (s *shelved) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for p := range s.values {
		if p.kind == kind {
			n++
		}
	}
	return n
}

func (s *shelved) wantCount(t *testing.T, kind string, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d stored of %s", n, kind), func() bool { return s.count(kind) == n }, func() string { return fmt.Sprint(s.count(kind)) })
}

// relaying is a handler that acknowledges what is kept.
func relaying() *host {
	h := &host{}
	h.publish = func(_ *Session, m *Message, ack func(Ack)) {
		h.b.Relay(m, func(err error) {
			if err != nil {
				ack(Ack{Refusal: &Refusal{Code: QuotaExceeded, Tell: err.Error(), Later: true}})
				return
			}
			ack(Ack{})
		})
	}
	return h
}

// keeping starts a broker on a store.
func keeping(t *testing.T, s *shelved) *bench { return newBench(t, Config{Store: s}, relaying()) }

func stays(id string) hello { return hello{user: id, id: id, keep: true} }

// stays5 is stays for MQTT 5.
func stays5(id string, seconds uint32) hello {
	h := stays(id)
	h.props = expiryProp(seconds)
	return h
}

// back opens a session that must have been resumed.
func (x *bench) back(version byte, o hello) *client {
	x.t.Helper()
	c := x.dial("tcp", version)
	c.name = o.user
	c.send(o.bytes(version))
	if g := c.want(typeConnack); g.body[0] != 1 || g.body[1] != 0 {
		x.t.Fatalf("%s is not resumed: CONNACK % x", o.user, g.body)
	}
	return c
}

// ack sends PUBACK for what was heard.
func (c *client) ack(h heard) {
	c.t.Helper()
	c.send(packet(typePuback<<4, appendUint16(nil, h.id)))
}

func (c *client) wantAck(kind byte, id uint16) {
	c.t.Helper()
	if g := c.want(kind); uint16(g.body[0])<<8|uint16(g.body[1]) != id {
		c.t.Fatalf("%s: wanted packet id %d in %d, got % x", c.name, id, kind, g.body)
	}
}

// bothVersions are those whose sessions can outlive the connection.
func bothVersions(t *testing.T, f func(t *testing.T, version byte)) {
	for _, version := range []byte{v311, v5} {
		t.Run(fmt.Sprint(version), func(t *testing.T) { f(t, version) })
	}
}

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
			ada.pub("lamp", "on", 2, 1)
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
				open := store.shut()
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
	if n := store.count(kindRetained); n != 3 {
		t.Errorf("%d are stored at once, want 3", n)
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
	c := y.join("tcp", v5, stays5("short", 100))
	c.ping() // nothing waited
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
		x.join("tcp", version, hello{user: "lamp", id: "lamp"}).ping()
		store.wantCount(t, kindSession, 0)
		store.wantCount(t, kindQueued, 0)
		away()
		if version == v5 {
			c := x.back(version, hello{user: "lamp", id: "lamp", keep: true}) // resumed, and to end with the connection
			c.wantMessage("lamp", "on")
			store.wantCount(t, kindSession, 0)
			store.wantCount(t, kindQueued, 0)
		}
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
	y.join("tcp", v311, second).ping()
	c = y.back(v311, first)
	c.wantMessage("lamp", "for one")
	c.wantMessage("lamp", "for ")
	c.ping()
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
