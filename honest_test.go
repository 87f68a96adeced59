package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// How honest members talk: each says something every talkPause, with never more than mostUnheard on their way.
const (
	talkPause   = 25 * time.Millisecond
	mostUnheard = 32 // well below the Receive Maximum
)

// What honest members may wait to hear themselves, whatever others do. Where the machine is so busy that they wait long without
// that, the limit is so many times what they waited then.
const (
	waitP99   = 500 * time.Millisecond
	waitWorst = 3 * time.Second
	waitTimes = 5
)

// honest are members of the lobby, over both transports and in both versions, who talk and measure.
type honest []*talker

// A talker is one of them.
type talker struct {
	t    testing.TB
	name string
	c    *mqtttest.Client

	mu    sync.Mutex // guards what follows
	next  int
	sent  map[string]time.Time // when it wanted to say what it has not heard yet
	waits []time.Duration
	seq   uint64 // of the last message it heard
	gaps  []string
}

// joinHonest lets them in.
func joinHonest(t testing.TB, s *server) honest {
	t.Helper()
	var h honest
	for i, addr := range []string{s.mqtt, "ws://" + s.http + "/mqtt"} {
		for _, version := range []byte{4, 5} {
			k := &talker{t: t, name: fmt.Sprintf("honest-%d-%d", i, version), sent: map[string]time.Time{}}
			k.c = mqtttest.Dial(t, addr, mqtttest.Options{Version: version, ID: k.name, Name: k.name, Secret: "secret of " + k.name, Hear: k.hear})
			k.c.Subscribe("chat/room/lobby/messages")
			h = append(h, k)
		}
	}
	return h
}

// hear takes in what comes from the room. Everybody hears the same messages, without a gap.
func (k *talker) hear(p mqtttest.Packet) bool {
	if p.Type != mqtttest.Publish {
		return p.Type == mqtttest.Puback
	}
	now := time.Now()
	var m said
	err := json.Unmarshal(p.Payload, &m)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || k.seq != 0 && m.Seq != k.seq+1 {
		k.gaps = append(k.gaps, fmt.Sprintf("after %d came %.80s (%v)", k.seq, p.Payload, err))
	}
	k.seq = m.Seq
	if at, mine := k.sent[m.Text]; mine && m.From == k.name {
		k.waits = append(k.waits, now.Sub(at))
		delete(k.sent, m.Text)
	}
	return true
}

// say says something that was due at the given time; false: too much is still on its way.
func (k *talker) say(due time.Time) bool {
	k.mu.Lock()
	if len(k.sent) >= mostUnheard {
		k.mu.Unlock()
		return false
	}
	k.next++
	text := fmt.Sprintf("%d of %s", k.next, k.name)
	k.sent[text] = due
	k.mu.Unlock()
	_ = k.c.Send(k.c.PublishPacket(mqtttest.Pub{Topic: "chat/room/lobby/say", Payload: text, QoS: 1}, k.c.NextID())) // an end shows in settle
	return true
}

// talk says something every talkPause until over is closed. What could not be said in time counts from when it was due.
func (k *talker) talk(over <-chan struct{}) {
	tick := time.NewTicker(talkPause / 4)
	defer tick.Stop()
	for due := time.Now(); ; {
		select {
		case <-over:
			return
		case now := <-tick.C:
			for !due.After(now) && k.say(due) {
				due = due.Add(talkPause)
			}
		}
	}
}

// settle waits until everything that was said was heard, and wants that the member was not cut.
func (k *talker) settle() []time.Duration {
	k.t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		k.mu.Lock()
		unheard, waits := len(k.sent), k.waits
		if unheard == 0 {
			k.waits = nil
		}
		k.mu.Unlock()
		if k.c.Ended() {
			k.t.Fatalf("%s was cut; unread: %s", k.name, k.c.Unread())
		}
		if unheard == 0 {
			return waits
		}
		if time.Now().After(late) {
			k.t.Fatalf("%s does not hear %d of what it said", k.name, unheard)
		}
	}
}

// during lets them talk while f runs, and tells how long they waited to hear themselves.
func (h honest) during(f func()) waits {
	over := make(chan struct{})
	var talking sync.WaitGroup
	for _, k := range h {
		talking.Go(func() { k.talk(over) })
	}
	f()
	close(over)
	talking.Wait()
	var w waits
	for _, k := range h {
		w = append(w, k.settle()...)
		k.mu.Lock()
		if len(k.gaps) > 0 {
			k.t.Errorf("%s misses messages: %s", k.name, strings.Join(k.gaps, "; "))
		}
		k.mu.Unlock()
	}
	slices.Sort(w)
	return w
}

// calm measures them while nothing happens.
func (h honest) calm() waits {
	return h.during(func() { time.Sleep(600 * time.Millisecond) })
}

// waits are sorted.
type waits []time.Duration

func (w waits) p99() time.Duration   { return w[(len(w)-1)*99/100] }
func (w waits) worst() time.Duration { return w[len(w)-1] }

func (w waits) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%d × p50 %.1f p99 %.1f worst %.1f ms", len(w), ms(w[len(w)/2]), ms(w.p99()), ms(w.worst()))
}

// tooLong tells what is wrong with how long they waited, when calm is what they waited before; empty: nothing.
func (w waits) tooLong(calm waits) string {
	var b bytes.Buffer
	if most := max(waitP99, waitTimes*calm.p99()); w.p99() > most {
		fmt.Fprintf(&b, "the honest p99 is %v, more than %v; ", w.p99(), most)
	}
	if most := max(waitWorst, waitTimes*calm.worst()); w.worst() > most {
		fmt.Fprintf(&b, "the longest wait of an honest member is %v, more than %v; ", w.worst(), most)
	}
	return b.String()
}

// fewLines is how many lines the log may have about trouble of every kind, however much of it there is, within the time of a test.
const fewLines = 24

// wantSessions waits until so many sessions are connected, and nobody else is.
func wantSessions(t *testing.T, metrics string, n int) {
	t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		figures := scrape(t, metrics)
		if figures["tincan_sessions"] == n && figures["tincan_connections_pending"] == 0 {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d sessions and %d others are connected, want %d", figures["tincan_sessions"], figures["tincan_connections_pending"], n)
		}
	}
}
