package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

var metricLine = regexp.MustCompile(`^([a-z_]+(?:\{cause="[a-z -]+"\})?) (\d+)$`)

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
	ada.Publish("chat/room/lobby/say", "hello")
	after := scrape(t, addr)
	for _, name := range []string{"tincan_sessions", "tincan_publishes_received_total"} {
		if after[name] != before[name]+1 {
			t.Errorf("%s: %d became %d", name, before[name], after[name])
		}
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
	if n := listeners(t, off.cmd.Process.Pid); n != 2 || strings.Contains(off.err.String(), "metrics=") {
		t.Errorf("%d listeners without metrics, want those of http and mqtt", n)
	}
	if n := listeners(t, on.cmd.Process.Pid); n != 3 {
		t.Errorf("%d listeners with metrics, want 3", n)
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

func TestMetricsKnowEveryCause(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("broker/handler.go")
	if err != nil {
		t.Fatal(err)
	}
	causes := regexp.MustCompile(`(?m)^\tCause\w+ +Cause += "(.+?)"`).FindAllSubmatch(source, -1)
	if len(causes) != len(endCauses) {
		t.Errorf("the broker has %d causes, the metrics %d", len(causes), len(endCauses))
	}
	for i := range min(len(causes), len(endCauses)) {
		if string(causes[i][1]) != string(endCauses[i]) {
			t.Errorf("%q is missing, or not in its place", causes[i][1])
		}
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
