package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tincan/broker/mqtttest"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// TestKilledServerKeepsWhatItAcknowledged kills the server again and again while members publish, and starts it on the same
// folder. In the end the log holds each acknowledged message once, in the order of its publisher, numbered without a gap; nobody has
// seen anything else than what it holds; and no member is a ghost.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	const lives, publishers, room = 12, 4, "chat/room/lobby"
	data := t.TempDir()
	ps := make([]*publisher, publishers)
	for i := range ps {
		ps[i] = &publisher{name: fmt.Sprintf("sensor-%d", i), secret: fmt.Sprintf("secret %d", i), acked: make(map[int]bool)}
	}
	seen := make(map[uint64]said)
	for life := range lives {
		s := startServer(t, data, "--set", "limits.messages_per_second=0")
		watcher := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "watcher", Secret: "w"})
		watcher.Subscribe(room+"/messages", room+"/roster", "chat/user/+/presence")
		wantAlone(t, watcher, room)

		var acks atomic.Int64
		var wg sync.WaitGroup
		for _, p := range ps {
			wg.Go(func() { p.live(t, s, &acks) })
		}
		enough := 100 + rand.Int64N(400)
		for late := time.After(patience); acks.Load() < enough; {
			select {
			case <-s.ended:
				t.Fatal("the server ended by itself")
			case <-late:
				t.Fatalf("life %d: %d acknowledgements in %v, want %d", life, acks.Load(), patience, enough)
			case <-time.After(time.Millisecond):
			}
		}
		s.kill()
		wg.Wait()
		watcher.WantEnd()
		for _, p := range watcher.Take(func(p mqtttest.Packet) bool { return p.Topic == room+"/messages" }) {
			var m said
			if err := json.Unmarshal(p.Payload, &m); err != nil {
				t.Fatalf("%v: %s", err, p.Payload)
			}
			if before, twice := seen[m.Seq]; twice && before != m {
				t.Errorf("number %d was seen as %+v and as %+v", m.Seq, before, m)
			}
			seen[m.Seq] = m
		}
	}

	s := startServer(t, data)
	log := messagesOf(t, s, "lobby")
	last := make(map[string]int) // by publisher: the number of its latest message
	stored := make(map[string]bool)
	for i, m := range log {
		if m.Seq != uint64(i+1) {
			t.Fatalf("entry %d of the log has the number %d", i+1, m.Seq)
		}
		if key := m.From + " " + m.ID; stored[key] {
			t.Errorf("%s is there twice", key)
		} else {
			stored[key] = true
		}
		var n int
		if _, err := fmt.Sscanf(m.Text, "message %d", &n); err != nil || m.ID != fmt.Sprintf("%s-%d", m.From, n) {
			t.Errorf("number %d is %+v", m.Seq, m)
		}
		if n <= last[m.From] {
			t.Errorf("number %d: message %d of %s comes after its message %d", m.Seq, n, m.From, last[m.From])
		}
		last[m.From] = n
		if m2, ok := seen[m.Seq]; ok && m2 != m {
			t.Errorf("number %d was seen as %+v and is %+v", m.Seq, m2, m)
		}
		delete(seen, m.Seq)
	}
	for seq, m := range seen {
		t.Errorf("number %d was seen but not kept: %+v", seq, m)
	}
	total := 0
	for _, p := range ps {
		for n := range p.acked {
			total++
			if !stored[fmt.Sprintf("%s %s-%d", p.name, p.name, n)] {
				t.Errorf("message %d of %s was acknowledged and is lost", n, p.name)
			}
		}
	}
	t.Logf("%d lives, %d messages acknowledged, %d kept", lives, total, len(log))
}

// wantAlone wants that nobody else is in the room of a server that has just started, nor online anywhere.
func wantAlone(t *testing.T, watcher *mqtttest.Client, room string) {
	t.Helper()
	p := watcher.Want("a roster with the watcher", func(p mqtttest.Packet) bool {
		return p.Topic == room+"/roster" && strings.Contains(string(p.Payload), `"watcher"`)
	})
	var roster struct{ Members []struct{ Name string } }
	if err := json.Unmarshal(p.Payload, &roster); err != nil {
		t.Fatalf("%v: %s", err, p.Payload)
	}
	if len(roster.Members) != 1 {
		t.Errorf("ghosts in the roster: %s", p.Payload)
	}
	watcher.Ping()
	for _, p := range watcher.Take(func(p mqtttest.Packet) bool { return strings.HasSuffix(p.Topic, "/presence") }) {
		if strings.HasPrefix(p.Topic, "chat/user/") && p.Topic != "chat/user/watcher/presence" && strings.Contains(string(p.Payload), `"online"`) {
			t.Errorf("a ghost: %s %s", p.Topic, p.Payload)
		}
	}
}

// A publisher is a device with Eclipse Paho (MQTT 3.1.1) that counts its messages and sends again what was not acknowledged.
type publisher struct {
	name, secret string
	next         int          // number of the next new message, less one
	pending      []int        // sent and not acknowledged, in order
	acked        map[int]bool // numbers
}

// live publishes to one server until that is gone.
func (p *publisher) live(t *testing.T, s *server, acks *atomic.Int64) {
	o := paho.NewClientOptions().AddBroker("tcp://" + s.mqtt).SetClientID(p.name).SetUsername(p.name).SetPassword(p.secret).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetOrderMatters(false)
	c := paho.NewClient(o)
	defer c.Disconnect(0)
	if token := c.Connect(); !token.WaitTimeout(patience) || token.Error() != nil {
		select {
		case <-s.ended: // killed before it could answer
		default:
			t.Errorf("%s was not let in again: %v", p.name, token.Error())
		}
		return
	}
	for {
		for len(p.pending) < 16 {
			p.next++
			p.pending = append(p.pending, p.next)
		}
		var tokens []paho.Token
		for _, n := range p.pending {
			m := fmt.Sprintf(`{"id":"%s-%d","text":"message %d"}`, p.name, n, n)
			tokens = append(tokens, c.Publish("chat/room/lobby/say", 1, false, m))
		}
		var left []int
		for i, token := range tokens {
			select {
			case <-token.Done():
			case <-s.ended:
			}
			select {
			case <-token.Done():
				if token.Error() == nil {
					p.acked[p.pending[i]] = true
					acks.Add(1)
					continue
				}
			default:
			}
			left = append(left, p.pending[i])
		}
		if p.pending = left; len(left) > 0 {
			return
		}
	}
}
