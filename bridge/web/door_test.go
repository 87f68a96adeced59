package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/bridge/web"
)

// open is a chat without a door, in which every name may be had.
type open struct{}

func (open) Salt(fold string) string                    { return "salt of " + fold }
func (open) NameLock(names.Name) string                 { return "" }
func (open) HasDoor() bool                              { return false }
func (open) Opens(context.Context, string, string) bool { return true }
func (open) Redeem(_ context.Context, code, _ string) (name, secret, door string, err error) {
	if code != "k7f3-9qxm" {
		return "", "", "", errors.New("this code was used already")
	}
	return "Ada", "tincan:x", "sesame", nil
}

// behind is one behind a door.
type behind struct{ open }

func (behind) HasDoor() bool                                 { return true }
func (behind) Opens(_ context.Context, given, _ string) bool { return given == "sésame" }

// locked is one with names that nobody takes.
type locked struct{ open }

func (locked) NameLock(n names.Name) string {
	switch n.Fold {
	case "chief":
		return "name-reserved"
	case "bob":
		return "registered-only"
	}
	return ""
}

func TestNamesThatAreNotToBeHad(t *testing.T) {
	r := &roll{held: []history.Holder{{Name: "ada", Secret: true, Kept: true}}}
	s := httptest.NewServer(web.New(r, locked{}, camp))
	defer s.Close()
	for name, want := range map[string]string{"ada": "registered", "Chief": "reserved", "bob": "locked", "eve": "free"} {
		if a := askName(t, s, name); a.State != want || a.Salt != "salt of "+strings.ToLower(name) || a.Text == "" || want == "locked" && len(a.Suggest) > 0 {
			t.Errorf("%s: %+v, want %s", name, a, want)
		}
	}
}

// Before the door nothing is told about anybody.
func TestTheDoor(t *testing.T) {
	r := &roll{held: []history.Holder{{Name: "ada", Secret: true}}}
	s := httptest.NewServer(web.New(r, behind{}, camp))
	defer s.Close()
	for _, given := range []http.Header{nil, {"Tincan-Door": {"guess"}}, {"Tincan-Door": {"%zz"}}} {
		resp, b := ask(t, s, "GET", "/api/place", given)
		if string(b) != `{"title":"Camp <7>","door":true}`+"\n" || resp.StatusCode != 200 {
			t.Errorf("%v: the place is %s", given, b)
		}
		if resp, b := ask(t, s, "GET", "/api/name?n=ada", given); resp.StatusCode != 403 || !strings.Contains(string(b), `"error":"door"`) || r.asked != 0 {
			t.Errorf("%v: the name is %d %s", given, resp.StatusCode, b)
		}
	}
	right := http.Header{"Tincan-Door": {url.PathEscape("sésame")}}
	if _, b := ask(t, s, "GET", "/api/place", right); !strings.Contains(string(b), `"people":3`) {
		t.Errorf("behind the door the place is %s", b)
	}
	resp, b := ask(t, s, "GET", "/api/name?n=ada", right)
	if a := parseName(t, "ada", resp, b); a.State != "held" {
		t.Errorf("behind the door the name is %+v", a)
	}
}

func TestACodeLetsASecondDeviceIn(t *testing.T) {
	s, _ := serve(t)
	for _, c := range []struct {
		method, kind, body, origin string
		status                     int
		want                       string
	}{
		{"POST", "application/json", `{"code":"k7f3-9qxm"}`, "", 200, `{"name":"Ada","secret":"tincan:x","door":"sesame"}`},
		{"POST", "application/json; charset=utf-8", `{"code":"aaaa"}`, "", 403, `"text":"This code was used already."`},
		{"POST", "text/plain", `{"code":"k7f3-9qxm"}`, "", 400, `"error":"body"`},
		{"POST", "application/json", `{`, "", 400, `"error":"body"`},
		{"POST", "application/json", strings.Repeat(" ", 2000) + `{"code":"k7f3-9qxm"}`, "", 400, `"error":"body"`},
		{"POST", "application/json", `{"code":"k7f3-9qxm"}`, "http://evil.example", 403, `"error":"origin"`},
		{"GET", "application/json", ``, "", 405, `"error":"method"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+"/api/code", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", c.kind)
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		resp, b := send(t, s, req)
		if resp.StatusCode != c.status || !strings.Contains(string(b), c.want) {
			t.Errorf("%s %q from %q: %d %s, want %d %s", c.method, c.body, c.origin, resp.StatusCode, b, c.status, c.want)
		}
	}
}
