package broker

import (
	"fmt"
	"testing"
)

// Where there are too many sessions, who proves a name comes in, and the stranger that came last goes; strangers are not even asked
// about, and no member goes for another.
func TestAMemberComesInBeforeAStranger(t *testing.T) {
	for name, cfg := range map[string]Config{"in all": {MaxSessions: 3}, "from an address": {MaxPerAddress: 3}} {
		t.Run(name, func(t *testing.T) {
			h := &host{}
			h.connect = func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
				if c.Full && len(c.Secret) == 0 {
					t.Errorf("asked about %s, a stranger, when there was no room", c.User)
				}
				if c.Full && string(c.Secret) == "wrong" {
					return Welcome{}, &Refusal{Code: BadUserOrPassword, Tell: "not the secret"}
				}
				return Welcome{Name: c.User, Proven: len(c.Secret) > 0}, nil
			}
			x := newBench(t, cfg, h)
			first := x.join("tcp", v5, hello{user: "first", id: "1"})
			ada := x.join("ws", v5, hello{user: "ada", secret: "hers", id: "a"})
			last := x.join("tcp", v5, hello{user: "last", id: "2"})
			refused := func(o hello, says string) {
				t.Helper()
				c := x.dial("tcp", v5)
				c.send(o.bytes(v5))
				if g := c.want(typeConnack); g.body[1] < 0x80 || !contains(g.body, says) {
					t.Errorf("%s: CONNACK % x", o.user, g.body)
				}
				c.wantClosed()
			}
			refused(hello{user: "more", id: "3"}, "full")
			refused(hello{user: "eve", secret: "wrong", id: "e"}, "not the secret")

			bob := x.join("tcp", v311, hello{user: "bob", secret: "his", id: "b"})
			last.wantReason(ServerBusy)
			h.wantEnd(t, "last", CauseCrowded)
			first.ping()
			eve := x.join("tcp", v5, hello{user: "eve", secret: "hers", id: "e"})
			first.wantReason(ServerBusy)
			h.wantEnd(t, "first", CauseCrowded)
			refused(hello{user: "zoe", secret: "hers", id: "z"}, "full")
			for _, c := range []*client{ada, bob, eve} {
				c.ping()
			}
			if s := x.b.Stats(); s.Sessions != 3 || s.Ended[CauseCrowded] != 2 {
				t.Errorf("%d sessions, ended %v", s.Sessions, s.Ended)
			}
			bob.nc.Close()
			eventually(t, "room", func() bool { return x.b.Stats().Sessions == 2 }, func() string { return fmt.Sprint(x.b.Stats()) })
			x.join("ws", v311, hello{user: "stranger", id: "s"})
		})
	}
}

// A crowd whose CONNECTs the handler is slow to decide about does not grow without bound.
func TestUndecidedConnectsAreBounded(t *testing.T) {
	release := make(chan struct{})
	h := &host{connect: func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
		<-release
		return Welcome{Name: c.User, Proven: true}, nil
	}}
	x := newBench(t, Config{MaxSessions: 2, MaxPending: 3}, h)
	dial := func(user string) *client {
		c := x.dial("tcp", v5)
		c.send(hello{user: user, secret: "s", id: user}.bytes(v5))
		return c
	}
	for i := range 5 {
		dial(fmt.Sprint("u", i))
		eventually(t, "the question", func() bool {
			x.b.conns.mu.Lock()
			defer x.b.conns.mu.Unlock()
			return x.b.conns.count[deciding] == i+1
		}, func() string { return fmt.Sprint(x.b.Stats()) })
	}
	if g := dial("more").want(typeConnack); Reason(g.body[1]) != ServerBusy {
		t.Errorf("CONNACK % x", g.body)
	}
	close(release)
	eventually(t, "two of them", func() bool { s := x.b.Stats(); return s.Sessions == 2 && s.Refused["full"] == 4 },
		func() string { return fmt.Sprint(x.b.Stats()) })
}
