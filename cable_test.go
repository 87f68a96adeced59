package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// What the members of these tests promise to say something within, and when they are gone that say nothing (MQTT 5 §3.1.2.10).
const (
	keepalive = 2 // seconds
	silence   = keepalive * 3 * time.Second / 2
)

// everyWay runs a test over tcp and ws, with 3.1.1 and 5, each on a server of its own behind a cable.
func everyWay(t *testing.T, test func(t *testing.T, l line)) {
	for _, transport := range []string{"tcp", "ws"} {
		for _, version := range []byte{4, 5} {
			t.Run(fmt.Sprintf("%s-v%d", transport, version), func(t *testing.T) {
				t.Parallel()
				s := startServer(t, t.TempDir())
				test(t, layLine(t, s, transport, version))
			})
		}
	}
}

// A line is a way to a server through a cable.
type line struct {
	s       *server
	cable   *mqtttest.Cable
	addr    string // for mqtttest
	version byte
}

func layLine(t *testing.T, s *server, transport string, version byte) line {
	l := line{s: s, version: version}
	if transport == "ws" {
		l.cable = mqtttest.LayCable(t, s.http)
		l.addr = "ws://" + l.cable.Addr() + "/mqtt"
	} else {
		l.cable = mqtttest.LayCable(t, s.mqtt)
		l.addr = l.cable.Addr()
	}
	return l
}

// join comes through the cable, with a session that is kept, a will and a box for things that are sent to it.
func (l line) join(t *testing.T, name string) *mqtttest.Client {
	t.Helper()
	c := mqtttest.Dial(t, l.addr, mqtttest.Options{
		Version: l.version, Name: name, ID: name + "-phone", Secret: "of " + name, Keep: true, Expiry: 600, Keepalive: keepalive,
		Will: &mqtttest.Will{Topic: "wills/" + name, Payload: "gone"},
	})
	if !c.Connack.Present {
		c.SubscribeOpt(1, "chat/room/lobby/messages", "chat/user/me/inbox", "box/"+name)
	}
	return c
}

// A watcher is always there, and sees the lobby.
type watcher struct {
	*mqtttest.Client
	t      testing.TB
	roster *roster
}

func watch(t testing.TB, s *server) *watcher {
	t.Helper()
	w := &watcher{mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "watcher", Secret: "w"}), t, newRoster("lobby")}
	w.Subscribe("chat/room/lobby/messages", "chat/room/lobby/presence", "chat/room/lobby/roster", "chat/user/+/presence", "wills/#")
	return w
}

// wantHere waits until exactly these are in the lobby, beside the watcher, and returns when that was seen.
func (w *watcher) wantHere(names ...string) time.Time {
	w.t.Helper()
	want := slices.Sorted(slices.Values(append(names, "watcher")))
	for late := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		now := time.Now()
		w.fold()
		if w.roster.known && slices.Equal(w.roster.names(), want) {
			return now
		}
		if now.After(late) {
			w.t.Fatalf("in the lobby are %v, want %v", w.roster.names(), want)
		}
	}
}

// fold takes in what has come about the lobby's roster, and wants that it is neither haunted nor doubled.
func (w *watcher) fold() {
	w.t.Helper()
	for _, p := range w.Take(func(p mqtttest.Packet) bool {
		return strings.HasPrefix(p.Topic, "chat/room/lobby/") && !strings.HasSuffix(p.Topic, "/messages")
	}) {
		if err := w.roster.take(p); err != nil {
			w.t.Fatal(err)
		}
	}
	if len(w.roster.wrong) > 0 {
		w.t.Fatal(w.roster.wrong)
	}
}

func (w *watcher) wantOffline(name string) {
	w.t.Helper()
	w.Want(name+" offline", func(p mqtttest.Packet) bool {
		return p.Topic == "chat/user/"+name+"/presence" && strings.Contains(string(p.Payload), `"state":"offline"`)
	})
}

// TestAPulledCableIsNoticed: whose cable is pulled is gone one and a half times the keepalive after its last packet, with its will,
// and has everything within a moment when it is back.
func TestAPulledCableIsNoticed(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, l line) {
		w := watch(t, l.s)
		ada := l.join(t, "ada")
		w.wantHere("ada")
		before := time.Now()
		ada.Publish("chat/room/lobby/say", "before")
		after := time.Now()
		l.cable.Pull()

		gone := w.wantHere()
		if gone.Before(before.Add(silence)) || gone.After(after.Add(silence+patience/2)) {
			t.Errorf("ada was gone %v after her last packet, want %v", gone.Sub(before), silence)
		}
		w.wantOffline("ada")
		if p := w.WantMessage("wills/ada"); string(p.Payload) != "gone" {
			t.Errorf("her will is %q", p.Payload)
		}
		w.Publish("chat/room/lobby/say", "meanwhile")
		const boxed = 5
		for i := range boxed {
			w.Publish("box/ada", fmt.Sprint(i))
		}

		l.cable.Plug() // whatever waited in it is told a server that has ended this
		plugged := time.Now()
		ada = l.join(t, "ada")
		back := w.wantHere("ada")
		if !ada.Connack.Present {
			t.Error("her session was not kept")
		}
		wantBoxed(t, ada, boxed)
		wantHistory(t, ada, "before", "meanwhile")
		t.Logf("gone %v after the last packet, back within %v", gone.Sub(before).Round(time.Millisecond), back.Sub(plugged).Round(time.Millisecond))
		if took := back.Sub(plugged); took > patience/2 {
			t.Errorf("she was back after %v", took)
		}
	})
}

// TestAGhostIsTakenOver: who comes by another way, while the server still believes in the old one, is let in as itself at once. Nobody
// sees it twice, and what was on its way to the old connection comes again, in order.
func TestAGhostIsTakenOver(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, l line) {
		w := watch(t, l.s)
		ada := l.join(t, "ada")
		w.wantHere("ada")
		ada.Publish("chat/room/lobby/say", "before")
		l.cable.Pull()
		w.Publish("chat/room/lobby/say", "meanwhile")
		const boxed = 20
		for i := range boxed {
			w.Publish("box/ada", fmt.Sprint(i))
		}

		l.cable.Lose()
		l.cable.Plug()
		plugged := time.Now()
		ada = l.join(t, "ada")
		if !ada.Connack.Present {
			t.Error("her session was not kept")
		}
		back := time.Since(plugged)
		if a := ada.Publish("chat/room/lobby/say", "back"); a.Code != 0 {
			t.Fatalf("she may not speak: %s", a)
		}
		wantBoxed(t, ada, boxed)
		wantHistory(t, ada, "before", "meanwhile", "back")
		w.wantHere("ada")
		w.Publish("chat/room/lobby/say", "marker")
		w.Want("the marker", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), "marker") })
		w.fold()
		if eve := mqtttest.TryDial(t, l.s.mqtt, mqtttest.Options{Name: "ada", ID: "ada-phone", Secret: "not hers"}); eve.Connack.Code == 0 {
			t.Error("somebody else got her name")
		}
		t.Logf("let in again within %v", back.Round(time.Millisecond))
	})
}

// wantBoxed wants 0 to n-1 from the box, in order; a second copy of what was sent before is allowed (QoS 1), in order too.
func wantBoxed(t *testing.T, c *mqtttest.Client, n int) {
	t.Helper()
	for next := 0; next < n; {
		p := c.WantMessage("box/ada")
		switch got := string(p.Payload); {
		case got == fmt.Sprint(next):
			next++
		case next > 0 && got < fmt.Sprint(next) && p.Flags&8 != 0:
		default:
			t.Fatalf("%q came from the box, want %d", got, next)
		}
	}
}

// wantHistory asks for the lobby's messages and wants these.
func wantHistory(t *testing.T, c *mqtttest.Client, texts ...string) {
	t.Helper()
	c.Publish("chat/room/lobby/history", `{"after":0}`)
	p := c.Want("a history answer", func(p mqtttest.Packet) bool { return strings.HasPrefix(string(p.Payload), `{"type":"history"`) })
	var page struct{ Messages []said }
	if err := json.Unmarshal(p.Payload, &page); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range page.Messages {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, texts) {
		t.Errorf("the lobby's history is %q, want %q", got, texts)
	}
}
