//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// TestAStoppedServerGoesOn stops the process for longer than anybody's keepalive. Who went on sending meanwhile is still there, what
// was sent is acknowledged and kept, and nobody is said to have gone.
func TestAStoppedServerGoesOn(t *testing.T) {
	t.Parallel()
	const keepalive, stopped, sent = 3, 7 * time.Second, 30
	s := startServer(t, t.TempDir())
	w := watch(t, s)
	members := map[string]*mqtttest.Client{}
	var names []string
	for _, transport := range []string{"tcp", "ws"} {
		for _, version := range []byte{4, 5} {
			l := layLine(t, s, transport, version)
			name := fmt.Sprintf("%s-%d", transport, version)
			c := mqtttest.Dial(t, l.addr, mqtttest.Options{Version: version, Name: name, Secret: "s", Keepalive: keepalive})
			c.Subscribe("chat/room/lobby/messages")
			defer keepPinging(c)()
			members[name], names = c, append(names, name)
		}
	}
	w.wantHere(names...)

	signal := func(sig syscall.Signal) {
		t.Helper()
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	time.Sleep(stopped) // not a wait for something: the machine is asleep
	ids := map[string][]uint16{}
	for name, c := range members {
		for i := range sent {
			m := fmt.Sprintf(`{"id":"%s-%d","text":"message %d"}`, name, i, i)
			ids[name] = append(ids[name], c.Go(mqtttest.Pub{Topic: "chat/room/lobby/say", Payload: m, QoS: 1}))
		}
	}
	signal(syscall.SIGCONT)
	began := time.Now()
	for name, c := range members {
		for _, id := range ids[name] {
			if a := c.Want("PUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback && p.ID == id }); a.Code != 0 {
				t.Errorf("%s was refused: %s", name, a)
			}
		}
	}
	took := time.Since(began)
	t.Logf("all acknowledged %v after it went on", took.Round(time.Millisecond))
	next := map[string]int{}
	log := messagesOf(t, s, "lobby")
	for _, m := range log {
		if m.ID != fmt.Sprintf("%s-%d", m.From, next[m.From]) {
			t.Errorf("number %d is %s of %s, want its message %d", m.Seq, m.ID, m.From, next[m.From])
		}
		next[m.From]++
	}
	if len(log) != sent*len(members) {
		t.Errorf("%d messages are kept, want %d", len(log), sent*len(members))
	}
	time.Sleep(time.Second) // so that a late cut would be seen
	w.Publish("chat/room/lobby/say", "marker")
	w.Want("the marker", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), "marker") })
	w.wantHere(names...)
	for name, c := range members {
		if c.Ended() {
			t.Errorf("%s was lost", name)
		}
	}
	gone := w.Take(func(p mqtttest.Packet) bool {
		return p.Topic != "chat/user/reader/presence" && strings.Contains(string(p.Payload), `"state":"offline"`)
	})
	if len(gone) > 0 {
		t.Errorf("somebody was said to have gone: %v", gone)
	}
}

// TestAStoppedClientIsGoneAndComesBack stops a client of other people's making, and kills another behind a pulled cable, so that
// nobody hears that it has ended. The one that goes on is there again by itself.
func TestAStoppedClientIsGoneAndComesBack(t *testing.T) {
	t.Parallel()
	sub := wantProgram(t, "mosquitto_sub")
	s := startServer(t, t.TempDir())
	cable := mqtttest.LayCable(t, s.mqtt)
	w := watch(t, s)
	radio := func(addr, name string) *server {
		host, port, _ := strings.Cut(addr, ":")
		return launch(t, exec.Command(sub, "-h", host, "-p", port, "-k", "5", "-u", name, "-P", "secret", "-i", name, "-t", "chat/room/lobby/messages"))
	}
	stopped, killed := radio(s.mqtt, "stopped"), radio(cable.Addr(), "killed")
	w.wantHere("killed", "stopped")
	cable.Pull()
	killed.kill()
	if err := stopped.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.wantHere()
	w.wantOffline("stopped")
	w.wantOffline("killed")
	if err := stopped.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.wantHere("stopped")
}
