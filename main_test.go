package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tincan/bridge/web"
	"tincan/broker/mqtttest"
)

func TestStartTellsPeopleWhereToGo(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new", "folder")
	s := startServer(t, data, "--set", "name=Camp 7", "--set", "qr=always")
	s.out.want(t, regexp.MustCompile("Ctrl-C"), s.ended) // it comes last
	out := s.out.String()
	for _, want := range []string{"Camp 7 is open.", "http://" + s.http + "\n", "█", data, "mosquitto_pub -h 127.0.0.1 -p ", "Ctrl-C"} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("colours in what is no terminal:\n%q", out)
	}
	if res := s.get("/"); res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page: %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	res := s.get("/api/name?n=ada")
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != 200 {
		t.Errorf("a question about a name: %s, %v", res.Status, err)
	}
	var place web.Place
	if err := json.NewDecoder(s.get("/api/place").Body).Decode(&place); err != nil || place.Title != "Camp 7" || len(place.Addresses) != 0 ||
		net.JoinHostPort(place.MQTT.Host, fmt.Sprint(place.MQTT.Port)) != s.mqtt {
		t.Errorf("a place that only this computer reaches, MQTT at %s: %+v, %v", s.mqtt, place, err)
	}
	if res := s.get("/no-such-page"); res.StatusCode != 404 {
		t.Errorf("a page that is not there: %s", res.Status)
	}
	for _, addr := range []string{s.mqtt, "ws://" + s.http + "/mqtt"} {
		c := mqtttest.Dial(t, addr, mqtttest.Options{Name: "ada-" + addr[:2]})
		defer c.Disconnect()
	}
	if err := json.NewDecoder(s.get("/api/place").Body).Decode(&place); err != nil || place.People != 1 || place.Devices != 1 {
		t.Errorf("with one by TCP and one by websocket: %+v, %v", place, err)
	}
}

// TestABrowserAtTheMQTTPortIsToldWhereToGo: it is what somebody types who reads the ports the wrong way round.
func TestABrowserAtTheMQTTPortIsToldWhereToGo(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	r, err := http.Get("http://" + s.mqtt + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	told, err := io.ReadAll(r.Body)
	_, port, _ := net.SplitHostPort(s.http)
	if err != nil || r.StatusCode != http.StatusMisdirectedRequest || !strings.Contains(string(told), "on port "+port) {
		t.Errorf("told %d %q %v", r.StatusCode, told, err)
	}
}

func TestForeignHostIsTurnedAwayUnlessConfigured(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir(), "--set", "hosts=camp.example")
	for host, want := range map[string]string{"camp.example": "200", "evil.example": "421"} {
		c := dialHTTP(t, s.http)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+want) {
			t.Errorf("%s: want %s, got %.80q, %v", host, want, answer, err)
		}
	}
}

func TestSignalsEndItCleanly(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			s := startServer(t, data)
			ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
			bob := mqtttest.Dial(t, "ws://"+s.http+"/mqtt", mqtttest.Options{Name: "bob", Version: 4})
			watcher := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "watcher"})
			watcher.Subscribe("chat/server/status", "chat/room/lobby/messages")
			watcher.Want("online", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"state":"online"`) })
			ada.Publish("chat/room/lobby/say", "before")
			s.stop(sig) // longer than stopTime would be exit 1
			watcher.Want("offline", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"state":"offline"`) })
			if p := ada.WantEnd(); p.Code != 0x8B {
				t.Errorf("ada was told %#x, want 0x8b", p.Code)
			}
			bob.WantEnd()
			if log := s.err.String(); !strings.Contains(log, "msg=stopped") || strings.Contains(log, "level=ERROR") {
				t.Errorf("no clean end:\n%s", log)
			}

			again := startServer(t, data)
			if got := messagesOf(t, again, "lobby"); len(got) != 1 || got[0].Text != "before" {
				t.Errorf("after the restart: %+v", got)
			}
		})
	}
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	// Both may arrive before the first is handled: what counts is that it ends, either cleanly or by the signal.
	for range 2 {
		if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
			break
		}
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
}

func TestEveryLayerOfTheConfigurationCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "my.yaml")
	if err := os.WriteFile(file, []byte("name: File\nlog:\n  format: json\n  level: debug\nmqtt: 127.0.0.1:0\nhttp: 127.0.0.1:1\nopen: false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-c", file, "--http=127.0.0.1:0", "--set", "rooms.fixed=kitchen")
	cmd.Env = append(cleanEnv(), "TINCAN_DATA="+filepath.Join(dir, "here"), "TINCAN_LOG_LEVEL=info", "TINCAN_NAME=Environment", "TINCAN_HTTP=127.0.0.1:2")
	s := launch(t, cmd)
	m := s.err.want(t, regexp.MustCompile(`"msg":"ready","http":"(\S+?)","mqtt":"(\S+?)"`), s.ended)
	s.http, s.mqtt = m[1], m[2]
	if strings.Contains(s.err.String(), `"level":"DEBUG"`) {
		t.Error("the environment did not win over the file")
	}
	s.out.want(t, regexp.MustCompile("Environment is open."), s.ended)
	if _, err := os.Stat(filepath.Join(dir, "here")); err != nil {
		t.Error(err)
	}
	c := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	if codes := c.Subscribe("chat/room/kitchen/messages", "chat/room/garden/messages"); codes[0] >= 0x80 || codes[1] < 0x80 {
		t.Errorf("fixed rooms: %#x", codes)
	}
}

func TestVersionHelpAndConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want string
	}{
		{"version", "tincan " + version},
		{"--version", "tincan " + version},
		{"help", "usage: tincan"},
		{"help", " tincan name add|passwd|list|remove   tend the names"},
		{"help config", "usage: tincan config"},
		{"version --help", "usage: tincan version"},
		{"-h", "usage: tincan"},
		{"--help", "usage: tincan"},
		{"config", "# tincan's configuration"},
	} {
		out, err := exec.Command(binary, strings.Fields(c.args)...).Output()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("tincan %s: %v\n%s", c.args, err, out)
		}
	}
}

// TestOpenFilesAreRaised: a crowd must not end at the 64 or 1,024 open files of a shell. Go's runtime raises the limit for us.
func TestOpenFilesAreRaised(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/limits"); err != nil {
		t.Skip("the limits of another process are read from /proc")
	}
	s := launch(t, exec.Command("sh", "-c", `ulimit -Sn 64; exec "$0" "$@"`, binary, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--no-open", "--data", t.TempDir()))
	s.wantReady()
	limits, err := os.ReadFile("/proc/" + itoa(s.cmd.Process.Pid) + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max open files") && f[3] == "64" {
			t.Errorf("the limit is still %s of %s", f[3], f[4])
		}
	}
}
