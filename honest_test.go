package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
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

// honest are members of the lobby, over both transports and in both versions, who talk and measure. They live in a process of their
// own, so that they measure the server, and not how busy the test is with being hostile.
type honest struct {
	t   testing.TB
	in  io.WriteCloser
	out *bufio.Scanner
}

// joinHonest lets them in.
func joinHonest(t testing.TB, s *server) *honest {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), honestEnv+"="+s.mqtt+" ws://"+s.http+"/mqtt")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill() // it may be gone
		_ = cmd.Wait()         // killed
	})
	h := &honest{t, in, bufio.NewScanner(out)}
	h.out.Buffer(nil, 1<<20)
	if r := h.answer(); r.Trouble != "" {
		t.Fatal(r.Trouble)
	}
	return h
}

// during lets them talk while f runs, and tells how long they waited to hear themselves. trouble is not empty when one of them was cut,
// or has not heard all that was said in the room; then they are of no use any more.
func (h *honest) during(f func()) (w waits, trouble string) {
	h.t.Helper()
	h.order("talk")
	f()
	h.order("stop")
	r := h.answer()
	slices.Sort(r.Waits)
	return r.Waits, r.Trouble
}

// calm measures them while nobody is hostile, and the machine as busy as if somebody were.
func (h *honest) calm() waits {
	h.t.Helper()
	w, trouble := h.during(func() {
		over := time.Now().Add(600 * time.Millisecond)
		var busy sync.WaitGroup
		for range runtime.NumCPU() {
			busy.Go(func() {
				for time.Now().Before(over) {
				}
			})
		}
		busy.Wait()
	})
	if trouble != "" {
		h.t.Fatal(trouble)
	}
	return w
}

func (h *honest) order(what string) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.in, what); err != nil {
		h.t.Fatalf("the honest members: %v", err)
	}
}

// A report is a line that they write. The first one says that they are there.
type report struct {
	Waits   waits
	Trouble string
}

func (h *honest) answer() report {
	h.t.Helper()
	if !h.out.Scan() {
		h.t.Fatalf("the honest members say nothing: %v", h.out.Err())
	}
	var r report
	if err := json.Unmarshal(h.out.Bytes(), &r); err != nil {
		h.t.Fatalf("%v: %s", err, h.out.Bytes())
	}
	return r
}

// waits are sorted.
type waits []time.Duration

func (w waits) p99() time.Duration {
	if len(w) == 0 {
		return 0
	}
	return w[(len(w)-1)*99/100]
}

func (w waits) worst() time.Duration {
	if len(w) == 0 {
		return 0
	}
	return w[len(w)-1]
}

// String is p99/worst in milliseconds.
func (w waits) String() string {
	return fmt.Sprintf("%d/%d", w.p99().Milliseconds(), w.worst().Milliseconds())
}

// tooLong tells what is wrong with how long they waited, when calm is what they waited before; empty: nothing.
func (w waits) tooLong(calm waits) string {
	var b strings.Builder
	if most := max(waitP99, waitTimes*calm.p99()); w.p99() > most {
		fmt.Fprintf(&b, "the honest p99 is %v, more than %v; ", w.p99(), most)
	}
	if most := max(waitWorst, waitTimes*calm.worst()); w.worst() > most {
		fmt.Fprintf(&b, "the longest wait of an honest member is %v, more than %v; ", w.worst(), most)
	}
	return b.String()
}

// honestEnv, when set, makes the test binary be the honest members: it holds the addresses by which they come.
const honestEnv = "HONEST_MEMBERS_OF"

// beHonest is that process. It ends when its input does.
func beHonest(addrs []string) {
	out := json.NewEncoder(os.Stdout)
	var all []*talker
	first := report{}
	for _, addr := range addrs {
		for _, version := range []byte{4, 5} {
			k, err := newTalker(addr, version, fmt.Sprintf("honest-%d", len(all)))
			if err != nil {
				first.Trouble = err.Error()
			}
			all = append(all, k)
		}
	}
	if out.Encode(first) != nil || first.Trouble != "" {
		return
	}
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		over := make(chan struct{})
		var talking sync.WaitGroup
		for _, k := range all {
			talking.Go(func() { k.talk(over) })
		}
		orders.Scan()
		close(over)
		talking.Wait()
		var r report
		for _, k := range all {
			w, trouble := k.settle()
			r.Waits = append(r.Waits, w...)
			r.Trouble += trouble
		}
		if out.Encode(r) != nil {
			return
		}
	}
}

// A talker is one of them.
type talker struct {
	name string
	c    *mqtttest.Client

	mu      sync.Mutex // guards what follows
	next    int
	sent    map[string]time.Time // when it wanted to say what it has not heard yet
	waits   waits
	seq     uint64 // of the last message it heard
	trouble string
}

func newTalker(addr string, version byte, name string) (*talker, error) {
	k := &talker{name: name, sent: map[string]time.Time{}}
	var err error
	k.c, err = mqtttest.Attempt(addr, mqtttest.Options{Version: version, ID: name, Name: name, Secret: "secret of " + name, Hear: k.hear})
	if err != nil {
		return nil, err
	}
	if k.c.Connack.Code != 0 {
		return nil, fmt.Errorf("%s was not let in: %s", name, k.c.Connack)
	}
	id := k.c.NextID()
	if err := k.c.Send(k.c.SubscribePacket(id, 0, "chat/room/lobby/messages")); err != nil {
		return nil, err
	}
	_, err = k.c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Suback })
	return k, err
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
		k.trouble += fmt.Sprintf("%s heard after %d %.80s (%v); ", k.name, k.seq, p.Payload, err)
	}
	k.seq = m.Seq
	if at, mine := k.sent[m.Text]; mine && m.From == k.name {
		k.waits = append(k.waits, now.Sub(at))
		delete(k.sent, m.Text)
	}
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

// settle waits until everything that was said was heard.
func (k *talker) settle() (w waits, trouble string) {
	for late := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		k.mu.Lock()
		unheard := len(k.sent)
		if unheard == 0 {
			w, k.waits = k.waits, nil
		}
		trouble = k.trouble
		k.mu.Unlock()
		switch {
		case k.c.Ended():
			return w, fmt.Sprintf("%s%s was cut: %s; ", trouble, k.name, k.c.Unread())
		case unheard == 0:
			return w, trouble
		case time.Now().After(late):
			return w, fmt.Sprintf("%s%s does not hear %d of what it said; ", trouble, k.name, unheard)
		}
	}
}

// honestMembers is how many there are.
const honestMembers = 4

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
