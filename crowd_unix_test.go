//go:build unix

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tincan/broker"
	"tincan/broker/mqtttest"
)

// TestACrowdTakesNobodysDescriptors: with 64 descriptors, a crowd of 200 at each door keeps nobody from talking who is inside, keeps
// no member out, and leaves no trace.
func TestACrowdTakesNobodysDescriptors(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := launch(t, exec.Command("sh", append([]string{"-c", `ulimit -n 64; exec "$0" "$@"`, binary}, local(data)...)...))
	s.data = data
	s.wantReady()
	s.err.want(t, regexp.MustCompile(`msg="fewer sessions than configured.* sessions=\d+ descriptors=6[34]`), s.ended)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "hers"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "his"})
	bob.Subscribe("chat/room/lobby/messages")
	mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "carol", Secret: "hers"}).Disconnect()
	said := 0
	talk := func() {
		t.Helper()
		said++
		text := "word " + itoa(said)
		if p := ada.Publish("chat/room/lobby/say", text); p.Code != 0 {
			t.Fatalf("%s: %#x %q", text, p.Code, p.Props.Reason)
		}
		bob.Want(text, func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"`+text+`"`) })
	}

	var crowd []net.Conn
	for i := range 200 {
		for _, addr := range []string{s.http, s.mqtt} {
			crowd = append(crowd, dialHTTP(t, addr))
		}
		stranger := dialHTTP(t, s.mqtt)
		_, _ = stranger.Write(mqtttest.ConnectPacket(mqtttest.Options{ID: fmt.Sprint("stranger", i)}))
		crowd = append(crowd, stranger)
		if i%20 == 0 {
			talk()
		}
	}
	talk()
	for late := time.Now().Add(patience); ; { // what spins does so in every second, what works the crowd off comes to an end
		before, began := cpuTime(t, s.cmd.Process.Pid), time.Now()
		time.Sleep(time.Second)
		used, took := cpuTime(t, s.cmd.Process.Pid)-before, time.Since(began)
		if used < took/4 {
			break
		}
		if time.Now().After(late) {
			t.Errorf("%v of processor time in %v, while nobody does anything", used, took)
			break
		}
	}
	if res := s.get("/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", res.Status)
	}

	// Strangers have all places: another gets none, not even one that thinks of a secret, and a member whose name waits for it does.
	for _, secret := range []string{"", "new", "new"} {
		if c := mqtttest.TryDial(t, s.mqtt, mqtttest.Options{Name: "stranger", Secret: secret}); c.Connack.Code != 0x89 {
			t.Errorf("a stranger with the secret %q: %#x", secret, c.Connack.Code)
		}
	}
	carol := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "carol", Secret: "hers"})
	carol.Publish("chat/room/lobby/say", "here again")
	talk()
	if n := strings.Count(s.err.String(), "level=WARN"); n > 10 {
		t.Errorf("%d warnings for one crowd", n)
	}

	for _, c := range crowd {
		_ = c.Close()
	}
	for late := time.Now().Add(patience); ; {
		c := mqtttest.TryDial(t, s.mqtt, mqtttest.Options{Name: "newcomer"})
		if c.Connack.Code == 0 {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("after the crowd: %#x", c.Connack.Code)
		}
		time.Sleep(20 * time.Millisecond) // between two tries of a client
	}
	talk()
}

// TestManyHTTPConnectionsLeaveRoom: the oldest of too many silent ones goes, and who asks is answered.
func TestManyHTTPConnectionsLeaveRoom(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := launch(t, exec.Command("sh", append([]string{"-c", `ulimit -n 64; exec "$0" "$@"`, binary}, local(data)...)...))
	s.data = data
	s.wantReady()
	first := dialHTTP(t, s.http)
	for range 20 {
		dialHTTP(t, s.http)
	}
	if n, err := first.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the first of 21 read %d bytes, %v", n, err)
	}
	if res := s.get("/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", res.Status)
	}
}

func TestCapacityFitsTheDescriptors(t *testing.T) {
	t.Parallel()
	for descriptors := uint64(64); descriptors < 1<<20; descriptors += 1 + descriptors/7 {
		c := capacityFor(descriptors, 10000)
		if all := c.sessions + 3*c.pending + c.http + c.metrics + spareDescriptors; all > int(descriptors) || c.sessions < 10 || c.sessions > 10000 {
			t.Errorf("%d descriptors: %+v, together %d", descriptors, c, all)
		}
	}
	if c := capacityFor(20000, 10000); c.sessions != 10000 || c.pending < 2000 {
		t.Errorf("20000 descriptors: %+v", c)
	}
	if c := capacityFor(1<<19, 10000); c.pending != broker.Defaults().MaxPending {
		t.Errorf("many descriptors: %+v", c)
	}
	if c := capacityFor(0, 7); c.sessions != 7 || c.pending < 100 {
		t.Errorf("descriptors not known: %+v", c)
	}
}

// cpuTime is what a process has used of the processors; 0 where the machine does not tell.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second (proc(5))
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
