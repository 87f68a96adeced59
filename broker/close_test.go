package broker

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// Trap 4: Close ends within its time under load, tells every session, sends no wills, and waits for nobody who is stuck or silent.
func TestTrap04CloseUnderLoad(t *testing.T) {
	var wills atomic.Int32
	h := &host{}
	h.publish = func(_ *Session, m *Message, ack func(Ack)) {
		if m.Will {
			wills.Add(1)
		}
		_ = h.b.Publish(m)
		ack(Ack{})
	}
	x := newBench(t, Config{}, h)
	var told, all atomic.Int32
	done := make(chan struct{})
	for i := range 40 {
		transport, version := []string{"tcp", "ws"}[i%2], []byte{v311, v5}[i/2%2]
		c := x.join(transport, version, hello{user: fmt.Sprint("m", i), id: "a", willTopic: "w", willPayload: "x", keep: i%3 == 0})
		c.send(subscribeBytes(version, "a/#", byte(i%3), 0))
		if i%10 == 9 {
			continue // does not read
		}
		if version == v5 {
			all.Add(1)
		}
		go func() {
			for n := 0; ; n++ {
				if _, err := c.w.Write(publishBytes(version, "a/b", "some words", 2, uint16(1+n%50))); err != nil {
					return
				}
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
			}
		}()
		go func() {
			for {
				g, err := c.read()
				if err != nil {
					return
				}
				if g.kind() == typeDisconnect && Reason(g.body[0]) == ServerShuttingDown && contains(g.body, "stopping") {
					told.Add(1)
				}
			}
		}()
	}
	x.dial("tcp", v5)
	x.dial("ws", v5)
	x.dial("ws", v5).send([]byte{0x10, 100})
	eventually(t, "load", func() bool { return x.b.Stats().Sent > 5000 }, func() string { return fmt.Sprint(x.b.Stats()) })
	began := time.Now()
	if err := x.b.Close(context.Background()); err != nil {
		t.Error(err)
	}
	close(done)
	if took := time.Since(began); took > closeTime+patience {
		t.Errorf("it took %v", took)
	}
	if n := wills.Load(); n > 0 {
		t.Errorf("%d wills were sent", n)
	}
	if n := x.b.Stats().Ended[CauseStopping]; n < 40 {
		t.Errorf("%d sessions were ended for it", n)
	}
	eventually(t, "the word to each session that reads", func() bool { return told.Load() == all.Load() },
		func() string { return fmt.Sprint(told.Load(), " of ", all.Load()) })
	if err := x.b.Close(context.Background()); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// A handler that does not come back cannot keep Close for ever.
func TestCloseDoesNotWaitForABusyHandler(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	h := &host{connect: func(_ *Session, c ConnectRequest) (Welcome, *Refusal) {
		close(asked)
		<-release
		return Welcome{Name: c.User}, nil
	}}
	x := newBench(t, Config{}, h)
	x.dial("tcp", v5).send(hello{user: "ada", id: "a"}.bytes(v5))
	select {
	case <-asked:
	case <-time.After(patience):
		t.Fatal("the handler was not asked")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := x.b.Close(ctx); err == nil {
		t.Error("no word of the session that did not end")
	}
	close(release)
	x.b.conns.running.Wait()
}

func TestADisconnectedSessionIsTold(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		c := x.join(transport, version, hello{user: "ada", id: "a"})
		c.sub("a", 0)
		x.h.mu.Lock()
		for s := range x.h.open {
			for range 100 {
				_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("before it")})
			}
			x.b.Disconnect(s, CauseKicked, &Refusal{Code: NotAuthorized, Tell: "removed by a host"})
		}
		x.h.mu.Unlock()
		for range 100 {
			c.wantMessage("a", "before it")
		}
		c.wantReason(NotAuthorized)
		x.h.wantEnd(t, "ada", CauseKicked)
	})
}
