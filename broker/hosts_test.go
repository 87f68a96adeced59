package broker

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestHostsThatAreOurs(t *testing.T) {
	x := newBench(t, Config{Hosts: []string{"Chat.example"}}, nil)
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	short, _, _ := strings.Cut(strings.ToLower(machine), ".")
	guard := x.b.GuardHost(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
	for host, ours := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:8080": true, "[::1]:8080": true, "[::1]": true, "192.168.1.5:8080": true, "10.0.0.1": true,
		"localhost": true, "LOCALHOST:8080": true, "localhost.": true, machine: true, short: true, short + ".local:8080": true, "chat.example:80": true,
		"": false, "evil.example": false, "evil.example:8080": false, "chat.example.evil.example": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "127.0.0.1.nip.io": false, "0x7f000001": false, "2130706433": false, "xchat.example": false,
		"<script>": false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		guard.ServeHTTP(w, r)
		if ours != (w.Code == 200) || !ours && w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%q: %d", host, w.Code)
		}
		if host == "evil.example:8080" && !strings.Contains(w.Body.String(), "hosts: [evil.example]") {
			t.Errorf("the page does not say which line to add: %s", w.Body)
		}
		if strings.Contains(w.Body.String(), "<script>") {
			t.Error("the page repeats what it was sent")
		}
	}
}

func TestOriginsThatMayOpenAWebsocket(t *testing.T) {
	x := newBench(t, Config{Hosts: []string{"chat.example"}, Origins: []string{"https://portal.example"}}, nil)
	for _, c := range []struct {
		host   string
		origin []string
		status int
	}{
		{"127.0.0.1:8080", nil, 101},
		{"127.0.0.1:8080", []string{"http://127.0.0.1:8080"}, 101},
		{"chat.example", []string{"http://chat.example"}, 101},
		{"chat.example", []string{"http://CHAT.example:80"}, 101},
		{"chat.example:443", []string{"https://chat.example"}, 101},
		{"chat.example", []string{"https://portal.example"}, 101},
		{"[::1]:8080", []string{"http://[::1]:8080"}, 101},
		{"127.0.0.1:8080", []string{"null"}, 403},
		{"127.0.0.1:8080", []string{""}, 403},
		{"127.0.0.1:8080", []string{"http://127.0.0.1:9090"}, 403},
		{"127.0.0.1:8080", []string{"http://evil.example"}, 403},
		{"127.0.0.1:8080", []string{"http://127.0.0.1:8080.evil.example"}, 403},
		{"127.0.0.1:8080", []string{"http://127.0.0.1:8080@evil.example"}, 403},
		{"127.0.0.1:8080", []string{"http://evil.example/127.0.0.1:8080"}, 403},
		{"127.0.0.1:8080", []string{"file://127.0.0.1:8080"}, 403},
		{"chat.example", []string{"http://portal.example"}, 403},
		{"chat.example", []string{"https://portal.example.evil.example"}, 403},
		{"chat.example", []string{"http://chat.example", "http://evil.example"}, 403},
		{"chat.example", []string{"http://xchat.example"}, 403},
		{"evil.example", []string{"http://evil.example"}, 421}, // rebound
		{"evil.example", nil, 421},
	} {
		r, _ := http.NewRequest("GET", "http://"+x.ws+"/mqtt", nil)
		r.Host = c.host
		r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"mqtt"}, "Origin": c.origin}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("Host %s, Origin %v: %d", c.host, c.origin, resp.StatusCode)
		}
	}
}

func TestWebsocketSpeaksMQTTOnly(t *testing.T) {
	x := newBench(t, Config{}, nil)
	resp, err := http.Get("http://" + x.ws + "/mqtt")
	if err != nil || resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("without upgrade: %v %v", resp, err)
	}
	for _, protocols := range [][]string{nil, {"chat"}} {
		d := websocket.Dialer{Subprotocols: protocols}
		if _, resp, err := d.Dial("ws://"+x.ws+"/mqtt", nil); err == nil || resp.StatusCode != 400 {
			t.Errorf("subprotocols %v: %v", protocols, err)
		}
	}
	d := websocket.Dialer{Subprotocols: []string{"other", "mqtt"}, EnableCompression: true}
	ws, resp, err := d.Dial("ws://"+x.ws+"/mqtt", nil)
	if err != nil {
		t.Fatal(err)
	}
	if ws.Subprotocol() != "mqtt" || resp.Header.Get("Sec-Websocket-Extensions") != "" {
		t.Errorf("subprotocol %q, extensions %q", ws.Subprotocol(), resp.Header.Get("Sec-Websocket-Extensions"))
	}
	_ = ws.WriteMessage(websocket.TextMessage, hello{user: "ada", id: "a"}.bytes(v5))
	if _, _, err := ws.ReadMessage(); err == nil {
		t.Error("a text frame was taken")
	}
}

// Packets may be cut across websocket messages in any way [MQTT-6.0.0-2].
func TestPacketsSpanWebsocketMessages(t *testing.T) {
	x := newBench(t, Config{}, nil)
	c := x.dial("ws", v5)
	all := append(hello{user: "ada", id: "a"}.bytes(v5), subscribeBytes(v5, "a", 0, 0)...)
	all = append(all, publishBytes(v5, "a", strings.Repeat("x", 3000), 0, 0)...)
	for len(all) > 0 {
		n := min(len(all), 7)
		c.send(all[:n])
		all = all[n:]
	}
	c.want(typeConnack)
	c.want(typeSuback)
	c.wantMessage("a", strings.Repeat("x", 3000))
}

// A websocket is asked for a sign of life; a pong is one, and who gave it before and then does not is gone.
func TestWebsocketPings(t *testing.T) {
	x := newBench(t, Config{}, nil)
	c := x.join("ws", v5, hello{user: "ada", id: "a", keepalive: 1})
	server := x.b.conns.all()[0]
	began := time.Now()
	stop := make(chan struct{})
	go func() { // the client's library answers pings as long as somebody reads
		defer close(stop)
		for {
			if _, err := c.read(); err != nil {
				return
			}
		}
	}()
	for time.Since(began) < 4*time.Second { // pongs alone keep it alive, past 1.5 × keepalive
		server.ws.pingDue.Store(true)
		server.q.wake()
		time.Sleep(100 * time.Millisecond)
	}
	if server.ending.Load() {
		t.Fatalf("it ended: %s", server.cause())
	}
	last := server.ws.lastPong.Load()
	server.pingWS(last + wsSilence)
	if server.ending.Load() {
		t.Fatal("it ended too early")
	}
	server.pingWS(last + wsSilence + 1)
	<-stop
	x.h.wantEnd(t, "ada", CauseKeepalive)
}

func TestWebsocketIsPingedEachInterval(t *testing.T) {
	var at []int64
	for age := range int64(60) { // the tick with which it came is asked about, too
		if pingAt(age) {
			at = append(at, age)
		}
	}
	if want := []int64{15, 30, 45}; !slices.Equal(at, want) {
		t.Errorf("pinged at %v, not at %v", at, want)
	}
}
