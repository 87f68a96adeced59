package broker

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func expiryProp(seconds uint32) []byte { return appendUint32([]byte{propSessionExpiry}, seconds) }

func TestSessionStateSurvivesTheConnection(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		o := hello{user: "ada", id: "a", keep: true}
		if version == v5 {
			o.props = expiryProp(100)
		}
		ada := x.join(transport, version, o)
		ada.sub("in/#", 1)
		ada.nc.Close()
		x.h.wantEnd(t, "ada", CauseClosed)
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		for i := range 5 {
			bob.pub("in/box", fmt.Sprint(i), 1, 1)
			bob.want(typePuback)
			bob.pub("in/box", "QoS 0 is not kept", 0, 0)
		}
		bob.ping()
		ada = x.dial(transport, version)
		ada.send(o.bytes(version))
		if g := ada.want(typeConnack); g.body[0] != 1 {
			t.Fatal("no session present")
		}
		for i := range 5 {
			h := ada.wantMessage("in/box", fmt.Sprint(i))
			if h.dup || h.qos != 1 {
				t.Errorf("%+v", h)
			}
			if i < 2 {
				ada.send(packet(0x40, []byte{byte(h.id >> 8), byte(h.id)}))
			}
		}
		ada.ping()
		ada.nc.Close()
		eventually(t, "the second end", func() bool { return x.b.registry.absent() == 1 }, func() string { return "" })
		ada = x.join(transport, version, o)
		for i := 2; i < 5; i++ {
			if h := ada.wantMessage("in/box", fmt.Sprint(i)); !h.dup {
				t.Errorf("sent again without DUP: %+v", h) // [MQTT-3.3.1-1]
			}
		}
		bob.pub("in/box", "live", 0, 0)
		ada.wantMessage("in/box", "live")
		ada.nc.Close()
		eventually(t, "the third end", func() bool { return x.b.registry.absent() == 1 }, func() string { return "" })
		o.keep = false // clean: nothing is left
		ada = x.dial(transport, version)
		ada.send(o.bytes(version))
		if g := ada.want(typeConnack); g.body[0] != 0 {
			t.Fatal("session present after a clean start")
		}
		bob.pub("in/box", "not for a clean session", 1, 1)
		ada.ping()
	})
}

// Trap 6: a client id belongs to its name. Mallory with ada's id gets a session of its own and none of ada's messages.
func TestTrap06AnotherNameWithTheSameClientIDInheritsNothing(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		o := hello{user: "ada", id: "phone", keep: true}
		if version == v5 {
			o.props = expiryProp(100)
		}
		ada := x.join(transport, version, o)
		ada.sub("inbox/ada", 1)
		live := x.join(transport, version, hello{user: "eve", id: "laptop"})
		ada.nc.Close()
		x.h.wantEnd(t, "ada", CauseClosed)
		_ = x.b.Publish(&Message{Topic: "inbox/ada", Payload: []byte("secret"), QoS: 1})
		m := o
		m.user = "mallory"
		mallory := x.dial(transport, version)
		mallory.send(m.bytes(version))
		if g := mallory.want(typeConnack); g.body[0] != 0 {
			t.Fatal("mallory resumed ada's session")
		}
		mallory.ping()
		m = hello{user: "mallory", id: "laptop"}
		x.join(transport, version, m)
		live.ping() // eve is not taken over
		ada = x.join(transport, version, o)
		ada.wantMessage("inbox/ada", "secret")
	})
}

// Trap 10: of 50 simultaneous CONNECTs with one client id exactly one lives.
func TestTrap10SimultaneousConnectsLeaveOneAlive(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		const n = 50
		cs := make([]*client, n)
		for i := range cs {
			cs[i] = x.dial(transport, version)
		}
		var wg sync.WaitGroup
		var alive atomic.Int32
		for _, c := range cs {
			wg.Go(func() {
				_, _ = c.w.Write(hello{user: "ada", id: "one"}.bytes(version))
				_, _ = c.w.Write(subscribeBytes(version, "a", 0, 0))
			})
		}
		wg.Wait()
		eventually(t, "49 ends", func() bool { return x.b.Stats().Ended[CauseTakeover] == n-1 },
			func() string { return fmt.Sprint(x.b.Stats().Ended) })
		for _, c := range cs {
			wg.Go(func() {
				for {
					g, err := c.read()
					if err != nil {
						return
					}
					if g.kind() == typePublish {
						alive.Add(1)
						return
					}
				}
			})
		}
		eventually(t, "the survivor's subscription", func() bool {
			_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("x")})
			return alive.Load() > 0
		}, func() string { return "" })
		for _, c := range cs {
			_ = c.nc.Close()
		}
		wg.Wait()
		if n := alive.Load(); n != 1 {
			t.Errorf("%d sessions live", n)
		}
	})
}

func TestTakeoverTellsTheOldSession(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		o := hello{user: "ada", id: "a", willTopic: "will", willPayload: "ada is gone"}
		watch := x.join(transport, version, hello{user: "bob", id: "b"})
		watch.sub("will", 0)
		old := x.join(transport, version, o)
		x.join(transport, version, o)
		old.wantReason(SessionTakenOver)
		watch.wantMessage("will", "ada is gone")
		x.h.wantEnd(t, "ada", CauseTakeover)
	})
}

// A client that takes its own session over finds its state, every time: the new connection waits for the end of the old one.
func TestTakeoverFindsTheState(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		o := hello{user: "ada", id: "a", keep: true}
		if version == v5 {
			o.props = expiryProp(100)
		}
		c := x.join(transport, version, o)
		c.sub("a", 1)
		for i := range 30 {
			c = x.dial(transport, version)
			c.send(o.bytes(version))
			if g := c.want(typeConnack); g.body[0] != 1 {
				t.Fatalf("takeover %d: no session present", i)
			}
			_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("x")})
			c.wantMessage("a", "x")
		}
	})
}

// What waited for a client is not sent when it may no longer be read; and a filter that is now refused is gone.
func TestRightsAreAskedForAnewWhenAClientReturns(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		var closed atomic.Bool
		h := &host{mayRead: func(_ *Session, topic string) bool { return topic != "room/1" || !closed.Load() }}
		h.subscribe = func(_ *Session, fs []Subscription) []Decision {
			ds := make([]Decision, len(fs))
			for i := range fs {
				if fs[i].Filter == "room/1" && closed.Load() {
					ds[i].Refusal = &Refusal{Code: NotAuthorized, Tell: "closed"}
				}
			}
			return ds
		}
		x := newBench(t, Config{}, h)
		o := hello{user: "ada", id: "a", keep: true}
		if version == v5 {
			o.props = expiryProp(100)
		}
		c := x.join(transport, version, o)
		c.sub("room/1", 1)
		c.sub("room/2", 1)
		_ = x.b.Publish(&Message{Topic: "room/1", Payload: []byte("sent once"), QoS: 1})
		c.wantMessage("room/1", "sent once") // and not acknowledged
		c.nc.Close()
		x.h.wantEnd(t, "ada", CauseClosed)
		for _, topic := range []string{"room/1", "room/2"} {
			_ = x.b.Publish(&Message{Topic: topic, Payload: []byte("while away"), QoS: 1})
		}
		closed.Store(true)
		x.b.Forget("room/1")
		c = x.join(transport, version, o)
		c.wantMessage("room/2", "while away")
		closed.Store(false)
		x.b.Forget("room/1")
		_ = x.b.Publish(&Message{Topic: "room/1", Payload: []byte("no longer subscribed"), QoS: 1})
		c.ping()
	})
}

// Trap 9: what has ended leaves no subscription, and a refused or failed connect leaves nothing at all.
func TestTrap09EndedSessionsLeaveNothing(t *testing.T) {
	h := &host{connect: func(s *Session, c ConnectRequest) (Welcome, *Refusal) {
		if c.User == "eve" {
			return Welcome{}, &Refusal{Code: NotAuthorized, Tell: "no"}
		}
		return Welcome{Name: c.User}, nil
	}}
	x := newBench(t, Config{SessionExpiry: time.Second}, h)
	o := hello{user: "ada", id: "a", keep: true, props: expiryProp(1000)}
	ada := x.join("tcp", v5, o)
	for _, f := range []string{"a", "a/#", "+/#", "$share/g/a/+"} {
		ada.sub(f, 1)
	}
	ada.nc.Close()
	x.h.wantEnd(t, "ada", CauseClosed)
	if n := len(x.b.fan.candidates("a/b")); n != 1 {
		t.Errorf("the absent session is found %d times", n)
	}
	for _, user := range []string{"eve", "ada"} {
		c := x.dial("tcp", v5)
		c.send(hello{user: user, id: "x", keep: true}.bytes(v5)[:9])
		c.nc.Close()
		c = x.dial("tcp", v5)
		c.send(hello{user: "eve", id: "x"}.bytes(v5))
		c.wantClosed()
	}
	heard := func() (topics []string) {
		for _, topic := range []string{"a", "a/b", "x/y"} {
			if len(x.b.fan.candidates(topic))+len(x.b.engine.candidates(topic)) > 0 {
				topics = append(topics, topic)
			}
		}
		return topics
	}
	eventually(t, "the expiry", func() bool { return x.b.registry.absent() == 0 && heard() == nil },
		func() string { return fmt.Sprint(heard(), " still heard") })
	ada = x.join("tcp", v5, hello{user: "ada", id: "a"})
	_ = x.b.Publish(&Message{Topic: "a/b", Payload: []byte("not asked for")})
	ada.ping()
}

func TestAbsentSessionsAreBounded(t *testing.T) {
	x := newBench(t, Config{AbsentMessages: 10, AbsentBytes: 4 << 10, MaxAbsent: 2}, nil)
	o := hello{user: "ada", id: "a", keep: true}
	ada := x.join("tcp", v311, o)
	ada.sub("a", 1)
	ada.nc.Close()
	x.h.wantEnd(t, "ada", CauseClosed)
	for i := range 25 {
		_ = x.b.Publish(&Message{Topic: "a", Payload: []byte(fmt.Sprint(i)), QoS: 1})
	}
	if d := x.b.Stats().Dropped.Sum(); d != 15 {
		t.Errorf("%d dropped", d)
	}
	ada = x.join("tcp", v311, o)
	ada.wantMessage("a", "15") // the oldest went
	for i := range 3 {
		c := x.join("tcp", v311, hello{user: fmt.Sprint("m", i), id: "a", keep: true})
		c.nc.Close()
	}
	eventually(t, "all but two forgotten", func() bool { return x.b.registry.absent() == 2 && x.b.Stats().Sessions == 1 },
		func() string { return fmt.Sprint(x.b.Stats()) })
}

func TestSilentSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		c := x.join(transport, version, hello{user: "ada", id: "a", keepalive: 1})
		c.wantReason(KeepaliveTimeout)
		x.h.wantEnd(t, "ada", CauseKeepalive)
	})
}

func TestKeepaliveIsImposed(t *testing.T) {
	x := newBench(t, Config{}, nil)
	for asked, imposed := range map[uint16]bool{0: true, 120: true, 60: false, 5: false} {
		c := x.dial("tcp", v5)
		c.send(hello{user: "ada", id: fmt.Sprint(asked), keepalive: asked}.bytes(v5))
		props := connackProps(t, c.want(typeConnack))
		if _, ok := props[19]; ok != imposed {
			t.Errorf("keepalive %d: server keep alive %v", asked, ok)
		}
		if v, ok := props[19]; ok && v != 60 {
			t.Errorf("server keep alive %d", v)
		}
		if props[propMaximumPacket] != 256<<10 || props[propReceiveMaximum] != 64 {
			t.Errorf("limits %v", props)
		}
		if _, ok := props[propAliasMaximum]; ok {
			t.Error("topic aliases are announced")
		}
	}
}

// connackProps reads the numeric properties of a CONNACK, and checks that it has no others but user properties and strings.
func connackProps(t *testing.T, g got) map[int]uint32 {
	t.Helper()
	c := cursor{b: g.body[2:]}
	list := cursor{b: c.take(c.varint())}
	props := map[int]uint32{}
	for len(list.b) > 0 {
		switch id := list.varint(); id {
		case propSessionExpiry, propMaximumPacket:
			props[id] = list.uint32()
		case propReceiveMaximum, propAliasMaximum, 19:
			props[id] = uint32(list.uint16())
		case propUser:
			list.text()
			list.text()
		case propReasonString, 18:
			list.text()
		default:
			t.Fatalf("property %d in CONNACK", id)
		}
	}
	if f := list.end(); f != nil {
		t.Fatal(f.tell)
	}
	return props
}

func TestSessionExpiryIsCapped(t *testing.T) {
	x := newBench(t, Config{}, nil)
	c := x.dial("tcp", v5)
	c.send(hello{user: "ada", id: "a", keep: true, props: expiryProp(0xffffffff)}.bytes(v5))
	if v := connackProps(t, c.want(typeConnack))[propSessionExpiry]; v != 7*24*3600 {
		t.Errorf("session expiry %d", v)
	}
	c.send(packet(0xe0, append([]byte{0, 5}, expiryProp(0)...))) // DISCONNECT that ends the session now
	c.wantClosed()
	x.h.wantEnd(t, "ada", CauseClient)
	if x.b.registry.absent() != 0 {
		t.Error("the session was kept")
	}
}

func TestAConnectWithoutClientIDGetsOne(t *testing.T) {
	x := newBench(t, Config{}, nil)
	c := x.dial("tcp", v5)
	c.send(hello{user: "ada"}.bytes(v5))
	g := c.want(typeConnack)
	connackProps(t, g)
	if g.body[1] != 0 || !contains(g.body, "tincan-") {
		t.Errorf("% x", g.body)
	}
	c = x.dial("tcp", v311)
	c.send(hello{user: "ada", keep: true}.bytes(v311))
	if g := c.want(typeConnack); g.body[1] != 2 {
		t.Errorf("return code %d", g.body[1]) // 3.1.1 [MQTT-3.1.3-8]
	}
}
