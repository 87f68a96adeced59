package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/bridge"
	"tincan/bridge/files"
	"tincan/bridge/history"
	"tincan/bridge/web"
)

var _ web.Chat = (*bridge.Bridge)(nil)

// A chat lets everybody in whose secret is their name, lets all read what ada owns in the room open, and ada what is hers.
type chat struct{ mute *bridge.Denial }

func (c *chat) Prove(_ context.Context, name, secret, _ string) (*bridge.Visitor, *bridge.Denial) {
	if name != secret {
		return nil, &bridge.Denial{Why: bridge.Unproven, Key: "wrong-secret", Tell: "that is not the secret"}
	}
	return &bridge.Visitor{Name: name, Ident: "k" + name}, nil
}
func (c *chat) Ticket(v *bridge.Visitor) (string, time.Time) { return "T" + v.Ident, time.Unix(0, 0) }
func (c *chat) Holder(ticket, _ string) (*bridge.Visitor, *bridge.Denial) {
	ident, ok := strings.CutPrefix(ticket, "T")
	if !ok {
		return &bridge.Visitor{}, nil
	}
	return &bridge.Visitor{Ident: ident}, nil
}
func (c *chat) Stranger(string) (*bridge.Visitor, *bridge.Denial) { return &bridge.Visitor{}, nil }
func (c *chat) MayReadFile(v *bridge.Visitor, f history.File, rooms []string) bool {
	return v.Ident == f.Owner || len(rooms) > 0 && rooms[0] == "open"
}
func (c *chat) MayUpload(*bridge.Visitor) *bridge.Denial { return c.mute }
func (c *chat) MayPost(_ *bridge.Visitor, where, text string) *bridge.Denial {
	if len(text) > 10 {
		return &bridge.Denial{Why: bridge.Unfit, Key: "too-long", Tell: "öffne die Tür: that is too much"}
	}
	if where == "closed" {
		return &bridge.Denial{Why: bridge.Forbidden, Key: "not-in", Tell: "you are not in closed"}
	}
	return nil
}
func (c *chat) PostFile(_ context.Context, _ *bridge.Visitor, where, upload, text string) (bridge.Posted, *bridge.Denial) {
	return bridge.Posted{ID: text, Seq: 7, File: bridge.FilesPath + upload + "/x"}, nil
}

// A depot is a server of files with its index.
type depot struct {
	*httptest.Server
	t     *testing.T
	index *history.Store
	chat  *chat
}

func newDepot(t *testing.T, cfg files.Config) *depot {
	t.Helper()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	index, err := history.Open(t.Context(), dir, history.Config{}, log)
	if err != nil {
		t.Fatal(err)
	}
	store, err := files.Open(dir, cfg, index, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { store.Serve(ctx) })
	d := &depot{t: t, index: index, chat: &chat{}}
	h := web.NewFiles(store, d.chat)
	d.Server = httptest.NewServer(h)
	t.Cleanup(func() {
		h.Stop()
		d.Server.Close()
		cancel()
		wg.Wait()
		if err := index.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// do sends one request as a member, if who is not empty; head has headers by turns with their values.
func (d *depot) do(who, method, path string, body io.Reader, head ...string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.URL+path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	if who != "" {
		r.SetBasicAuth(who, who)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	res, err := d.Client().Do(r)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res, string(b)
}

// put uploads a file of ada's and tells its path.
func (d *depot) put(name, content string) string {
	d.t.Helper()
	res, b := d.do("ada", "PUT", "/files/open/"+name, strings.NewReader(content))
	if res.StatusCode != 201 {
		d.t.Fatalf("%s: %s", res.Status, b)
	}
	return res.Header.Get("Location")
}

func headOf(res *http.Response, _ string) http.Header { return res.Header }

// A reader that must not be read from.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("the body was asked for")
	return 0, io.EOF
}

func TestFilesAreRefusedWithASentence(t *testing.T) {
	t.Parallel()
	d := newDepot(t, files.Config{Max: 1000, Quota: 3000})
	tus := []string{"Tus-Resumable", "1.0.0"}
	res, _ := d.do("ada", "POST", "/api/upload", nil, append(tus, "Upload-Length", "10")...)
	mine := res.Header.Get("Location")
	patch := func(more ...string) []string {
		return append(append([]string{}, tus...), append([]string{"Content-Type", "application/offset+octet-stream"}, more...)...)
	}
	for _, c := range []struct {
		what, who, method, path string
		body                    io.Reader
		head                    []string
		status                  int
		word                    string
	}{
		{"nobody", "", "POST", "/api/upload", nil, tus, 401, "no-secret"},
		{"a wrong secret", "", "POST", "/api/upload", nil, append([]string{"Authorization", "Basic YWRhOmJvYg=="}, tus...), 401, "wrong-secret"},
		{"a page of another server", "ada", "POST", "/api/upload", nil, append([]string{"Origin", "http://evil.example"}, tus...), 403, "origin"},
		{"a preflight of another server", "", "OPTIONS", "/api/upload", nil, []string{"Origin", "http://evil.example"}, 403, "origin"},
		{"no version", "ada", "POST", "/api/upload", nil, []string{"Upload-Length", "1"}, 412, "tus-version"},
		{"no length", "ada", "POST", "/api/upload", nil, tus, 400, "no-length"},
		{"a length below nothing", "ada", "POST", "/api/upload", nil, append(tus, "Upload-Length", "-1"), 400, "no-length"},
		{"too large", "ada", "POST", "/api/upload", nil, append(tus, "Upload-Length", "1001"), 413, "too-large"},
		{"metadata twice", "ada", "POST", "/api/upload", nil, append(tus, "Upload-Length", "1", "Upload-Metadata", "a YQ==,a YQ=="), 400, "metadata"},
		{"metadata that is none", "ada", "POST", "/api/upload", nil, append(tus, "Upload-Length", "1", "Upload-Metadata", "a *"), 400, "metadata"},
		{"PUT to uploads", "ada", "PUT", "/api/upload", nil, tus, 405, "method"},
		{"HEAD of no upload", "ada", "HEAD", "/api/upload/aaaaaaaaaaaaaaaaaaaaaaaaaa", nil, tus, 404, ""},
		{"a path", "ada", "DELETE", "/api/upload/..%2f..%2ftincan.db", nil, tus, 404, "no-upload"},
		{"somebody else's", "bob", "PATCH", mine, strings.NewReader("x"), patch("Upload-Offset", "0"), 404, "no-upload"},
		{"another type", "ada", "PATCH", mine, strings.NewReader("x"), append(tus, "Upload-Offset", "0"), 415, "type"},
		{"no offset", "ada", "PATCH", mine, strings.NewReader("x"), patch(), 400, "no-offset"},
		{"another offset", "ada", "PATCH", mine, strings.NewReader("x"), patch("Upload-Offset", "5"), 409, "offset"},
		{"more than it has", "ada", "PATCH", mine, strings.NewReader("12345678901"), patch("Upload-Offset", "0"), 413, "too-long"},
		{"a damaged piece", "ada", "PATCH", mine, strings.NewReader("x"), patch("Upload-Offset", "0", "Upload-Checksum", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="), 460, "checksum"},
		{"another checksum", "ada", "PATCH", mine, strings.NewReader("x"), patch("Upload-Offset", "0", "Upload-Checksum", "md5 AAAA"), 400, "checksum-kind"},
		{"what is not whole", "ada", "GET", mine, nil, nil, 409, "not-whole"},
		{"a file that is too large", "ada", "PUT", "/files/open/x", io.LimitReader(untouched{t}, 5000), []string{"Expect", "100-continue"}, 413, "too-large"},
		{"a room that is closed", "ada", "PUT", "/files/closed/x", io.LimitReader(untouched{t}, 10), []string{"Expect", "100-continue"}, 403, "not-in"},
		{"a caption that is too long", "ada", "PUT", "/files/open/x?text=lorem+ipsum+dolor", io.LimitReader(untouched{t}, 10), []string{"Expect", "100-continue"}, 400, "too-long"},
		{"a file without a room", "ada", "PUT", "/files/photo.jpg", io.LimitReader(untouched{t}, 10), []string{"Expect", "100-continue"}, 400, "no-room"},
		{"a room without a file", "ada", "PUT", "/files/open", io.LimitReader(untouched{t}, 10), []string{"Expect", "100-continue"}, 400, "no-room"},
		{"a stream", "ada", "PUT", "/files/open/x", io.MultiReader(strings.NewReader("x")), nil, 411, "no-length"},
		{"nobody puts", "", "PUT", "/files/open/x", strings.NewReader("x"), nil, 401, "no-secret"},
		{"POST to a room", "ada", "POST", "/files/open/x", strings.NewReader("x"), nil, 405, "method"},
		{"no file", "", "GET", "/files/aaaaaaaaaaaaaaaaaaaaaaaaaa/x", nil, nil, 404, "no-file"},
		{"a file by a path", "", "GET", "/files/..%2f..%2ftincan.db", nil, nil, 404, "no-file"},
		{"a ticket for nobody", "", "GET", "/api/ticket", nil, nil, 401, "no-secret"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, d.URL+c.path, c.body)
		if err != nil {
			t.Fatal(err)
		}
		if l, ok := c.body.(*io.LimitedReader); ok {
			r.ContentLength = l.N
		}
		if c.who != "" {
			r.SetBasicAuth(c.who, c.who)
		}
		for i := 0; i < len(c.head); i += 2 {
			r.Header.Set(c.head[i], c.head[i+1])
		}
		tr := d.Client().Transport.(*http.Transport).Clone()
		tr.ExpectContinueTimeout = 20 * time.Second
		res, err := tr.RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		tr.CloseIdleConnections()
		var a struct{ Error, Text string }
		if c.method != "HEAD" {
			if err := json.Unmarshal(b, &a); err != nil || strings.ContainsRune(a.Text, '\ufffd') || !strings.HasSuffix(a.Text, ".") && !strings.HasSuffix(a.Text, ").") {
				t.Errorf("%s: no sentence: %s", c.what, b)
			}
		}
		if res.StatusCode != c.status || a.Error != c.word || res.Header.Get("Www-Authenticate") != "" || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %q, %v; want %d %q", c.what, res.StatusCode, a.Error, res.Header, c.status, c.word)
		}
	}
	for range 2 {
		d.put("x", fmt.Sprint(time.Now().UnixNano(), strings.Repeat("x", 900)))
	}
	if res, b := d.do("ada", "PUT", "/files/open/x", strings.NewReader(strings.Repeat("y", 1000))); res.StatusCode != 201 {
		t.Errorf("near the quota: %s %s", res.Status, b)
	}
	if res, b := d.do("ada", "PUT", "/files/open/x", strings.NewReader(strings.Repeat("z", 1000))); res.StatusCode != 507 || !strings.Contains(b, "no space") {
		t.Errorf("beyond the quota: %s %s", res.Status, b)
	}
	d.chat.mute = &bridge.Denial{Why: bridge.Forbidden, Key: "read-only", Tell: "the server is read-only"}
	if res, b := d.do("ada", "POST", "/api/upload", nil, append(tus, "Upload-Length", "1")...); res.StatusCode != 403 || !strings.Contains(b, "The server is read-only.") {
		t.Errorf("while the server is read-only: %s %s", res.Status, b)
	}
}

func TestUploadsSwitchedOff(t *testing.T) {
	t.Parallel()
	d := newDepot(t, files.Config{})
	if res, b := d.do("ada", "PUT", "/files/open/x", strings.NewReader("x")); res.StatusCode != 403 || !strings.Contains(b, "files-off") {
		t.Errorf("%s %s", res.Status, b)
	}
}

// A body that stops coming does not keep the server from stopping.
func TestStopDoesNotWaitForABody(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	index, err := history.Open(t.Context(), dir, history.Config{}, log)
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close(context.Background())
	store, err := files.Open(dir, files.Config{Max: 1000}, index, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { store.Serve(ctx) })
	defer wg.Wait()
	defer cancel()
	u, err := store.Begin(t.Context(), files.Draft{Owner: "kada", Name: "x", Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	h := web.NewFiles(store, &chat{})
	s := httptest.NewServer(h)
	defer s.Close()
	body, in := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), "PATCH", s.URL+"/api/upload/"+u.ID, body)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 10
	r.SetBasicAuth("ada", "ada")
	for k, v := range map[string]string{"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"} {
		r.Header.Set(k, v)
	}
	ended := make(chan error, 1)
	go func() {
		res, err := s.Client().Do(r)
		if err == nil {
			res.Body.Close()
			if res.StatusCode != 503 {
				err = fmt.Errorf("it ended with %s", res.Status)
			}
		}
		ended <- err
	}()
	if _, err := in.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	h.Stop()
	select {
	case err := <-ended:
		if err != nil && !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "reset") {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it still waits")
	}
	in.Close()
	if u, err := store.Upload(t.Context(), u.ID, "kada"); err != nil || u.Offset > 5 {
		t.Errorf("%+v, %v", u, err)
	}
}

func FuzzUploadMetadata(f *testing.F) {
	for _, s := range []string{"", "filename eA==", "a,b", "filename Li4vLi4v,filetype dGV4dC9odG1s", ",,", "a \xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		meta, err := web.ParseMetadata(s)
		if err != nil {
			return
		}
		for k := range meta {
			if k == "" || !strings.Contains(s, k) {
				t.Errorf("%q has a key %q", s, k)
			}
		}
		if bytes.Count([]byte(s), []byte(",")) >= len(meta)+1 {
			t.Errorf("%q lost something: %q", s, meta)
		}
	})
}
