package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tincan/bridge/files"
)

// A whole upload: begun, brought in two pieces, told, read by those who may, and cancelled.
func TestTus(t *testing.T) {
	t.Parallel()
	d := newDepot(t, files.Config{Max: 1 << 20})
	tus := []string{"Tus-Resumable", "1.0.0"}
	res, _ := d.do("", "OPTIONS", "/api/upload", nil)
	if res.StatusCode != 204 || res.Header.Get("Tus-Max-Size") != "1048576" || res.Header.Get("Tus-Version") != "1.0.0" || !strings.Contains(res.Header.Get("Tus-Extension"), "termination,checksum") {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	res, b := d.do("ada", "POST", "/api/upload/", strings.NewReader("hello "), append(tus, "Upload-Length", "11", "Content-Type", "application/offset+octet-stream",
		"Upload-Metadata", "filename R3LDvMOfZS50eHQ=,filetype dGV4dC9wbGFpbg==,empty")...)
	at := res.Header.Get("Location")
	if res.StatusCode != 201 || res.Header.Get("Upload-Offset") != "6" {
		t.Fatalf("%s %v %s", res.Status, res.Header, b)
	}
	res, b = d.do("ada", "POST", at, strings.NewReader("world"), append(tus, "X-HTTP-Method-Override", "PATCH", "Upload-Offset", "6", "Content-Type", "application/offset+octet-stream")...)
	if res.StatusCode != 204 || res.Header.Get("Upload-Offset") != "11" {
		t.Fatalf("%s %v %s", res.Status, res.Header, b)
	}
	var f struct {
		ID, Name, Type, SHA256 string
		Size                   int64
		Inline                 bool
	}
	for _, text := range []string{res.Header.Get("Tincan-File"), second(d.do("ada", "GET", at, nil))} {
		if err := json.Unmarshal([]byte(text), &f); err != nil || f.Name != "Grüße.txt" || f.Type != "text/plain" || f.Size != 11 || !f.Inline || at != "/api/upload/"+f.ID {
			t.Fatalf("%s (%v)", text, err)
		}
	}
	for _, c := range []struct {
		who, query string
		status     int
	}{{"ada", "", 200}, {"", "?t=Tkada", 200}, {"", "", 401}, {"", "?t=stale", 401}, {"bob", "", 403}, {"", "?t=Tkbob", 403}} {
		res, b := d.do(c.who, "GET", "/files/"+f.ID+"/anything"+c.query, nil)
		if res.StatusCode != c.status || c.status == 200 && b != "hello world" {
			t.Errorf("%q %q: %s %s, want %d", c.who, c.query, res.Status, b, c.status)
		}
		if res.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", res.Header)
		}
	}
	if res, _ := d.do("ada", "GET", "/files/"+f.ID+"/x", nil); res.Header.Get("Content-Disposition") != `inline; filename="Gr__e.txt"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt` {
		t.Errorf("%q", res.Header.Get("Content-Disposition"))
	}
	if res, b := d.do("ada", "DELETE", at, nil, tus...); res.StatusCode != 204 {
		t.Errorf("%s %s", res.Status, b)
	}
	if res, _ := d.do("ada", "HEAD", at, nil, tus...); res.StatusCode != 404 {
		t.Errorf("after it was cancelled: %s", res.Status)
	}
}

func second(_ *http.Response, text string) string { return text }
