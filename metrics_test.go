package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

var metricLine = regexp.MustCompile(`^([a-z_]+(?:\{(?:cause|reason)="[a-z -]+"\})?) (\d+)$`)

// scrape reads all figures of a server, and wants that each has its HELP and TYPE.
func scrape(t *testing.T, addr string) map[string]int {
	t.Helper()
	client := http.Client{Timeout: patience}
	res, err := client.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%s, %q, %v", res.Status, res.Header.Get("Content-Type"), err)
	}
	figures := map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		m := metricLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a figure: %q", line)
		}
		name, _, _ := strings.Cut(m[1], "{")
		if !strings.Contains(string(text), "# HELP "+name+" ") || !strings.Contains(string(text), "# TYPE "+name+" ") {
			t.Errorf("%s is not explained", name)
		}
		if figures[m[1]], err = strconv.Atoi(m[2]); err != nil {
			t.Error(err)
		}
	}
	return figures
}

func TestMetricsCountWhatHappens(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir(), "--set", "metrics=127.0.0.1:0")
	addr := s.err.want(t, regexp.MustCompile(`msg=ready .*metrics=(\S+)`), s.ended)[1]
	before := scrape(t, addr)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	ada.Subscribe("chat/room/lobby/messages")
	ada.Publish("chat/room/lobby/say", "hello")
	ada.WantMessage("chat/room/lobby/messages")
	ada.Publish("chat/room/lobby/messages", "forged")
	if eve := mqtttest.TryDial(t, s.mqtt, mqtttest.Options{Name: "ada", ID: "eve"}); eve.Connack.Code != 0x86 {
		t.Fatalf("the name of another: %#x", eve.Connack.Code)
	}
	after := scrape(t, addr)
	for name, more := range map[string]int{
		"tincan_connects_total": 1, "tincan_publishes_received_total": 2, "tincan_publishes_received_bytes_total": 11,
		"tincan_messages_stored": 1, "tincan_members": 1, "tincan_subscriptions": 1, "tincan_packets_received_total": 5,
		`tincan_publishes_denied_total{reason="read-only"}`: 1, `tincan_connects_refused_total{reason="name-taken"}`: 1,
	} {
		if after[name] != before[name]+more {
			t.Errorf("%s: %d became %d, not %d more", name, before[name], after[name], more)
		}
	}
	for name, least := range map[string]int{
		"tincan_rooms": 1, "tincan_disk_bytes": 4096, "tincan_sent_bytes_total": 20, "process_start_time_seconds": int(time.Now().Add(-time.Hour).Unix()),
	} {
		if after[name] < least {
			t.Errorf("%s is %d", name, after[name])
		}
	}
	if _, err := os.Stat("/proc/self/statm"); err == nil && (after["process_resident_memory_bytes"] < 1<<20 || after["process_open_fds"] < 8) {
		t.Errorf("%d bytes resident, %d descriptors", after["process_resident_memory_bytes"], after["process_open_fds"])
	}
	ada.Disconnect()
	const ended = `tincan_sessions_ended_total{cause="disconnected"}`
	for late := time.Now().Add(patience); scrape(t, addr)[ended] != 1; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%s is not 1", ended)
		}
	}
	if res := s.get("/metrics"); res.StatusCode != 404 {
		t.Errorf("on the port of the page: %s", res.Status)
	}
}

func TestMetricsAreOffUnlessConfigured(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/net/tcp"); err != nil {
		t.Skip("the listeners of another process are read from /proc")
	}
	off := startServer(t, t.TempDir())
	on := startServer(t, t.TempDir(), "--set", "metrics=127.0.0.1:0")
	if n := listeners(t, off.cmd.Process.Pid); n != 3 || strings.Contains(off.err.String(), "metrics=") {
		t.Errorf("%d listeners without metrics, want those of http, mqtt and the commands", n)
	}
	if n := listeners(t, on.cmd.Process.Pid); n != 4 {
		t.Errorf("%d listeners with metrics, want 4", n)
	}
}

// listeners counts the IPv4 TCP sockets on which a process listens.
func listeners(t *testing.T, pid int) int {
	t.Helper()
	proc := "/proc/" + itoa(pid)
	table, err := os.ReadFile(proc + "/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	listening := map[string]bool{}
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" { // TCP_LISTEN
			listening["socket:["+f[9]+"]"] = true
		}
	}
	files, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if to, err := os.Readlink(proc + "/fd/" + f.Name()); err == nil && listening[to] {
			n++
		}
	}
	return n
}

func TestMetricsKnowEveryReason(t *testing.T) {
	t.Parallel()
	sameReasons(t, "broker/handler.go", "Cause", endCauses)
	sameReasons(t, "broker/count.go", "Drop", dropReasons)
}

// sameReasons wants that the constants of a type are those that the metrics know, in their order.
func sameReasons[K ~string](t *testing.T, file, kind string, known []K) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var declared []K
	for _, m := range regexp.MustCompile(`(?m)^\t`+kind+`\w+ +`+kind+` += "(.+?)"`).FindAllSubmatch(source, -1) {
		declared = append(declared, K(m[1]))
	}
	if !slices.Equal(declared, known) {
		t.Errorf("the broker has %q, the metrics %q", declared, known)
	}
}

// TestSystemTopicsAreThoseOfThePage compares what a server retains below $SYS with the table in docs/operate.md.
func TestSystemTopicsAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| `$SYS/broker/` and |")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[string]bool{}
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if prefix, spans, ok := strings.Cut(first, " + "); ok {
			for span := range strings.SplitSeq(spans, ", ") {
				documented[strings.Trim(prefix, "`")+strings.Trim(span, "`")] = true
			}
		} else if strings.HasPrefix(first, "`") {
			for topic := range strings.SplitSeq(first, ", ") {
				documented[strings.Trim(topic, "`")] = true
			}
		}
	}
	s := startServer(t, t.TempDir())
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	ada.Subscribe("$SYS/#")
	form := regexp.MustCompile(`^(\d+|\d+\.\d\d|\d+ seconds|tincan version \S+)$`)
	for len(documented) > 0 {
		p := ada.Want("the rest of the table", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish && p.Retain() })
		topic := strings.TrimPrefix(p.Topic, "$SYS/broker/")
		if !documented[topic] {
			t.Errorf("%s is not in the table", p.Topic)
		}
		if !form.Match(p.Payload) {
			t.Errorf("%s is %q", p.Topic, p.Payload)
		}
		delete(documented, topic)
	}
	ada.Ping()
	for _, p := range ada.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish && p.Retain() }) {
		t.Errorf("%s is not in the table", p.Topic)
	}
}

func TestHealthTellsWhetherItServes(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	res := s.get("/healthz")
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(body) != "ok\n" {
		t.Errorf("%s, %q, %v", res.Status, body, err)
	}

	var h health
	h.stopping.Store(true)
	for method, want := range map[string]int{"GET": 503, "HEAD": 503, "POST": 405} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/healthz", nil))
		if w.Code != want || method == "GET" && w.Body.String() != "stopping\n" {
			t.Errorf("%s while it stops: %d, %q", method, w.Code, w.Body)
		}
	}
}
