package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/bridge/web"
)

var _ web.Lookup = history.Claims(nil)

// A roll is who holds names, in the order of coming. It counts how often it is asked.
type roll struct {
	mu    sync.Mutex // guards asked
	asked int
	held  []history.Holder
}

func (r *roll) Lookup(keys [2]string) (history.Holder, bool) {
	r.mu.Lock()
	r.asked++
	r.mu.Unlock()
	for _, h := range r.held {
		n, err := names.Parse(h.Name)
		if err == nil && n.Same(names.Name{Keys: keys}) {
			h.Fold = n.Fold
			return h, true
		}
	}
	return history.Holder{}, false
}

// camp is the place that the tests ask about.
func camp() web.Place {
	return web.Place{Title: "Camp <7>", Addresses: []string{"http://192.168.1.20:8080"}, MQTT: web.MQTT{Host: "192.168.1.20", Port: 1883}, People: 3, Devices: 2}
}

// serve starts the handler on a port of 127.0.0.1.
func serve(t *testing.T, held ...history.Holder) (*httptest.Server, *roll) {
	t.Helper()
	r := &roll{held: held}
	s := httptest.NewServer(web.New(r, open{}, camp))
	t.Cleanup(s.Close)
	return s, r
}

// ask sends one request and reads the whole answer.
func ask(t *testing.T, s *httptest.Server, method, path string, header http.Header) (*http.Response, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, vs := range header {
		req.Header[k] = vs
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	return send(t, s, req)
}

func send(t *testing.T, s *httptest.Server, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

type nameAnswer struct {
	Name, State, Like, Text string
	Suggest                 []string
	Salt                    string
}

func askName(t *testing.T, s *httptest.Server, name string) nameAnswer {
	t.Helper()
	resp, b := ask(t, s, "GET", "/api/name?n="+url.QueryEscape(name), nil)
	return parseName(t, name, resp, b)
}

func parseName(t *testing.T, name string, resp *http.Response, b []byte) nameAnswer {
	t.Helper()
	var a nameAnswer
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%q: status %d, %s: %v", name, resp.StatusCode, b, err)
	}
	if a.Suggest == nil {
		t.Errorf("%q: suggest is null, want a list: %s", name, b)
	}
	return a
}

func TestName(t *testing.T) {
	s, _ := serve(t,
		history.Holder{Name: "Ada", Connected: true, Secret: true},
		history.Holder{Name: "plug", Connected: true},
		history.Holder{Name: "Bob", Secret: true},
		history.Holder{Name: "bob-2", Connected: true},
		history.Holder{Name: "paypal", Connected: true, Secret: true},
	)
	for _, c := range []struct {
		ask  string
		want nameAnswer
	}{
		{" Zoë   🦊 ", nameAnswer{"Zoë 🦊", "free", "", "Zoë 🦊 is free.", nil, ""}},
		{"ADA", nameAnswer{"ADA", "taken", "", "ADA is in use right now. Pick another, or enter the secret if it is you.", []string{"ADA-2", "ADA-3"}, ""}},
		{"plug", nameAnswer{"plug", "taken", "", "plug is in use right now. Pick another.", []string{"plug-2", "plug-3"}, ""}},
		{"bob", nameAnswer{"bob", "held", "", "bob waits for its owner. Enter the secret if it is you, or pick another.", []string{"bob-3", "bob-4"}, ""}},
		{"раураl", nameAnswer{"раураl", "alike", "paypal", "раураl looks too much like paypal. Pick another.", []string{"раураl-2", "раураl-3"}, ""}},
		{"me", nameAnswer{"", "reserved", "", "The name me is reserved, since «me» stands for everyone's own name: choose another.", []string{"me-2", "me-3"}, ""}},
		{"ada/b", nameAnswer{"", "invalid", "", "A name cannot contain /: use letters, digits, spaces, emoji and - _ . '.", []string{"ada b", "ada b-2"}, ""}},
		{"/ada", nameAnswer{"", "invalid", "", "A name cannot contain /: use letters, digits, spaces, emoji and - _ . '.", []string{"ada-2", "ada-3"}, ""}},
		{"", nameAnswer{"", "invalid", "", "A name has at least one character: write one.", nil, ""}},
		{"\xff", nameAnswer{"", "invalid", "", "A name cannot contain bytes that are not UTF-8: use letters, digits, spaces, emoji and - _ . '.", nil, ""}},
		{strings.Repeat("x", 35), nameAnswer{"", "invalid", "", "That is 3 characters too long: a name has at most 32 characters.",
			[]string{strings.Repeat("x", 32), strings.Repeat("x", 30) + "-2"}, ""}},
	} {
		got := askName(t, s, c.ask)
		if got.Name != c.want.Name || got.State != c.want.State || got.Like != c.want.Like || got.Text != c.want.Text || !slices.Equal(got.Suggest, c.want.Suggest) {
			t.Errorf("%q\n got %q\nwant %q", c.ask, got, c.want)
		}
	}
}

func TestWhatIsSuggestedIsFree(t *testing.T) {
	s, _ := serve(t, history.Holder{Name: "ada", Connected: true}, history.Holder{Name: "ada-2"}, history.Holder{Name: "ада-4", Connected: true})
	for _, name := range askName(t, s, "ada").Suggest {
		if a := askName(t, s, name); a.State != "free" || a.Name != name {
			t.Errorf("%q was suggested, and is %q", name, a)
		}
	}
}

func TestPlace(t *testing.T) {
	s, r := serve(t)
	resp, b := ask(t, s, "GET", "/api/place", nil)
	want := `{"title":"Camp <7>","addresses":["http://192.168.1.20:8080"],"mqtt":{"host":"192.168.1.20","port":1883},"people":3,"devices":2}`
	if resp.StatusCode != 200 || strings.TrimSpace(string(b)) != want {
		t.Errorf("status %d\n got %s\nwant %s", resp.StatusCode, b, want)
	}
	if r.asked != 0 {
		t.Error("the claims were asked")
	}
}

func TestHeaders(t *testing.T) {
	s, _ := serve(t)
	for _, path := range []string{"/api/name?n=Ada", "/api/place", "/api/nothing"} {
		resp, _ := ask(t, s, "GET", path, nil)
		for k, want := range map[string]string{
			"Cache-Control":                "no-store",
			"X-Content-Type-Options":       "nosniff",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Content-Type":                 "application/json; charset=utf-8",
			"Access-Control-Allow-Origin":  "",
		} {
			if got := resp.Header.Get(k); got != want {
				t.Errorf("%s: %s is %q, want %q", path, k, got, want)
			}
		}
	}
	resp, body := ask(t, s, "HEAD", "/api/name?n=Ada", nil)
	if resp.StatusCode != 200 || len(body) != 0 {
		t.Errorf("HEAD: status %d with %d bytes, want 200 with none", resp.StatusCode, len(body))
	}
}

func TestRefusals(t *testing.T) {
	s, r := serve(t)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		what, method, path string
		origin             []string
		status             int
		word               string
	}{
		{"its own page", "GET", "/api/name?n=a", []string{"http://" + host}, 200, ""},
		{"its own page behind TLS", "GET", "/api/name?n=a", []string{"https://" + host}, 200, ""},
		{"another server", "GET", "/api/name?n=a", []string{"http://evil.example"}, 403, "origin"},
		{"another port", "GET", "/api/name?n=a", []string{"http://127.0.0.1:1"}, 403, "origin"},
		{"a prefix", "GET", "/api/name?n=a", []string{"http://" + host + ".evil.example"}, 403, "origin"},
		{"a user", "GET", "/api/name?n=a", []string{"http://" + host + "@evil.example"}, 403, "origin"},
		{"a user before it", "GET", "/api/name?n=a", []string{"http://evil.example@" + host}, 403, "origin"},
		{"null", "GET", "/api/name?n=a", []string{"null"}, 403, "origin"},
		{"an empty one", "GET", "/api/name?n=a", []string{""}, 403, "origin"},
		{"a file", "GET", "/api/name?n=a", []string{"file://" + host}, 403, "origin"},
		{"two", "GET", "/api/name?n=a", []string{"http://" + host, "http://evil.example"}, 403, "origin"},
		{"a preflight", "OPTIONS", "/api/name?n=a", []string{"http://evil.example"}, 403, "origin"},
		{"POST", "POST", "/api/name?n=a", nil, 405, "method"},
		{"OPTIONS", "OPTIONS", "/api/name?n=a", nil, 405, "method"},
		{"another path", "GET", "/api/", nil, 404, "not-found"},
		{"a path below", "GET", "/api/name/x?n=a", nil, 404, "not-found"},
		{"a bad escape", "GET", "/api/name?n=%zz", nil, 400, "query"},
		{"another server about the place", "GET", "/api/place", []string{"http://evil.example"}, 403, "origin"},
		{"POST to the place", "POST", "/api/place", nil, 405, "method"},
		{"a path below the place", "GET", "/api/place/", nil, 404, "not-found"},
		{"a long query", "GET", "/api/name?n=" + strings.Repeat("a", 5000), nil, 414, "too-long"},
	} {
		header := http.Header{}
		if c.origin != nil {
			header["Origin"] = c.origin
		}
		r.asked = 0
		resp, b := ask(t, s, c.method, c.path, header)
		var a struct{ Error, Text string }
		if err := json.Unmarshal(b, &a); err != nil || resp.StatusCode != c.status || a.Error != c.word || a.Text == "" {
			t.Errorf("%s: status %d, %s (%v), want %d %s and a sentence", c.what, resp.StatusCode, b, err, c.status, c.word)
		}
		if c.status != 200 && r.asked != 0 {
			t.Errorf("%s: the claims were asked", c.what)
		}
		if c.status == 405 && resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow is %q", c.what, resp.Header.Get("Allow"))
		}
	}
}

func TestOriginIsComparedWhole(t *testing.T) {
	s, _ := serve(t)
	for _, c := range []struct {
		host, origin string
		status       int
	}{
		{"tincan.local", "http://tincan.local", 200},
		{"tincan.local", "http://TINCAN.local", 200},
		{"tincan.local", "http://tincan.local.evil.example", 403},
		{"tincan.local", "http://tincan.local:8080", 403},
		{"tincan.local:8080", "http://tincan.local", 403},
		{"tincan.local:8080", "http://tincan.local:80", 403},
	} {
		resp, _ := ask(t, s, "GET", "/api/name?n=a", http.Header{"Host": {c.host}, "Origin": {c.origin}})
		if resp.StatusCode != c.status {
			t.Errorf("origin %s at host %s: status %d, want %d", c.origin, c.host, resp.StatusCode, c.status)
		}
	}
}

func TestOneConnectionIsSlowedAndOthersAreNot(t *testing.T) {
	s, _ := serve(t)
	deadline := time.Now().Add(time.Minute)
	for {
		resp, b := ask(t, s, "GET", "/api/name?n=ada", nil)
		if resp.StatusCode == http.StatusTooManyRequests {
			if resp.Header.Get("Retry-After") != "1" || !strings.Contains(string(b), "asked too often") {
				t.Errorf("refused with %q, %s", resp.Header.Get("Retry-After"), b)
			}
			break
		}
		if resp.StatusCode != 200 || time.Now().After(deadline) {
			t.Fatalf("status %d, %s: want 200 and soon 429", resp.StatusCode, b)
		}
	}
	s.Client().CloseIdleConnections() // the neighbour at the same address
	if a := askName(t, s, "ada"); a.State != "free" {
		t.Errorf("the neighbour got %q", a)
	}
}
