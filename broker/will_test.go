package broker

import (
	"bytes"
	"testing"
	"time"
)

func contains(p []byte, s string) bool { return bytes.Contains(p, []byte(s)) }

func TestWillIsSentWhenItMust(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		bob.sub("w/#", 0)
		bob.ping() // what is retained for it has been looked up now
		end := func(id string, f func(*client)) {
			f(x.join(transport, version, hello{user: "ada", id: id, willTopic: "w/" + id, willPayload: "gone", willFlags: 32, keepalive: 60}))
		}
		end("1", func(c *client) { c.nc.Close() })
		if h := bob.wantMessage("w/1", "gone"); h.retain {
			t.Error("live, but with the retain flag")
		}
		end("2", func(c *client) { c.send([]byte{0xe0, 0}); c.wantClosed() }) // clean: none
		if version == v5 {
			end("3", func(c *client) { c.send([]byte{0xe0, 1, 4}); c.wantClosed() }) // disconnect with will message
			bob.wantMessage("w/3", "gone")
			end("4", func(c *client) { c.send([]byte{0xe0, 2, 0, 0}); c.wantClosed() }) // clean, in full
		}
		end("5", func(c *client) { c.send([]byte{0x10, 0}); c.wantClosed() }) // a protocol error
		bob.wantMessage("w/5", "gone")
		eve := x.join(transport, version, hello{user: "eve", id: "e"})
		eve.sub("w/1", 0)
		if h := eve.wantMessage("w/1", "gone"); !h.retain {
			t.Error("the retained will is not retained")
		}
	})
}

// Trap 5: a will passes the same door as a PUBLISH. Who may not publish there is refused at CONNECT, and told so.
func TestTrap05WillsAreCheckedAtConnect(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		published := make(chan *Message, 10)
		h := &host{
			mayPub: func(_ *Session, topic string) *Refusal {
				if topic == "chat/room/lobby/messages" {
					return &Refusal{Code: NotAuthorized, Tell: "messages are the bridge's own"}
				}
				return nil
			},
			publish: func(s *Session, m *Message, ack func(Ack)) { published <- m; ack(Ack{}) },
		}
		x := newBench(t, Config{}, h)
		for _, topic := range []string{"chat/room/lobby/messages", "$SYS/broker/version"} {
			c := x.dial(transport, version)
			c.send(hello{user: "eve", id: "e", willTopic: topic, willPayload: "forged"}.bytes(version))
			g := c.want(typeConnack)
			if want := map[byte]byte{v311: 5, v5: 0x87}[version]; g.body[1] != want {
				t.Errorf("%s: CONNACK %#x", topic, g.body[1])
			}
			c.wantClosed()
			x.h.wantEnd(t, "eve", CauseRefused)
		}
		c := x.join(transport, version, hello{user: "ada", id: "a", willTopic: "a", willPayload: "mine"})
		c.nc.Close()
		select {
		case m := <-published:
			if m.Topic != "a" || !m.Will || m.From.Name() != "ada" {
				t.Errorf("published %+v", m)
			}
		case <-time.After(patience):
			t.Fatal("the will did not come")
		}
		x.h.wantEnd(t, "ada", CauseClosed)
		if len(published) > 0 {
			t.Errorf("published as well: %+v", <-published)
		}
	})
}

func TestWillComesBeforeDisconnect(t *testing.T) {
	h := &host{}
	h.publish = func(s *Session, m *Message, ack func(Ack)) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.open[s] {
			h.wrong = append(h.wrong, "a will after the end was told")
		}
		h.ended = append(h.ended, "will")
		ack(Ack{})
	}
	x := newBench(t, Config{}, h)
	x.join("tcp", v311, hello{user: "ada", id: "a", willTopic: "a", willPayload: "x"}).nc.Close()
	x.h.wantEnd(t, "ada", CauseClosed)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended[0] != "will" {
		t.Error(h.ended)
	}
}

func TestWillDelay(t *testing.T) {
	x := newBench(t, Config{}, nil)
	bob := x.join("tcp", v5, hello{user: "bob", id: "b"})
	bob.sub("w/#", 0)
	delay := func(id string, seconds, expiry uint32) hello {
		return hello{user: "ada", id: id, keep: true, willTopic: "w/" + id, willPayload: "gone", props: expiryProp(expiry),
			willProps: appendUint32([]byte{propWillDelay}, seconds)}
	}
	back := delay("back", 1000, 1000)
	c := x.join("tcp", v5, back)
	c.nc.Close()
	eventually(t, "absence", func() bool { return x.b.registry.absent() == 1 }, func() string { return "" })
	x.join("tcp", v5, back) // in time: no will [MQTT-3.1.3-9]
	x.join("tcp", v5, delay("late", 1, 1000)).nc.Close()
	bob.wantMessage("w/late", "gone")
	x.join("tcp", v5, delay("expired", 1000, 1)).nc.Close() // at the session's end at the latest
	bob.wantMessage("w/expired", "gone")
	x.join("tcp", v5, delay("clean", 1000, 1000)).nc.Close()
	eventually(t, "absence", func() bool { return x.b.registry.absent() == 2 }, func() string { return "" })
	o := delay("clean", 1000, 1000)
	o.keep = false
	x.join("tcp", v5, o)
	bob.wantMessage("w/clean", "gone")
	bob.ping()
}
