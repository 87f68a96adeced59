package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// A sharedFile is the file of a message.
type sharedFile struct {
	URL, Name, Type, SHA256, Preview string
	Size                             int64
	Width, Height                    int
}

// A sharing is a message with a file.
type sharing struct {
	Seq              uint64
	From, Kind, Text string
	File             sharedFile
}

// wantFile takes messages of the lobby until one has a file.
func wantFile(t *testing.T, c *mqtttest.Client) sharing {
	t.Helper()
	for {
		var m sharing
		if err := json.Unmarshal(c.WantMessage("chat/room/lobby/messages").Payload, &m); err != nil {
			t.Fatal(err)
		}
		if m.Kind == "file" {
			return m
		}
	}
}

// request asks the server as ada, and reads the whole answer. head has headers by turns with their values.
func (s *server) request(method, path string, body io.Reader, head ...string) (*http.Response, []byte) {
	s.t.Helper()
	res, b, err := s.attempt(method, path, body, head...)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, b
}

func (s *server) attempt(method, path string, body io.Reader, head ...string) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.http+path, body)
	if err != nil {
		return nil, nil, err
	}
	r.SetBasicAuth("ada", "tin")
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	if head == nil {
		r.Header.Del("Authorization")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, b, err
}

// contents lists the files in a data folder that hold what was uploaded.
func contents(t *testing.T, data string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "files", "content", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The one line of the README: a file is in the room, comes back byte for byte in parts too, runs nowhere, and is gone from the disk
// with its message.
func TestCurlSharesAFile(t *testing.T) {
	t.Parallel()
	curl := wantProgram(t, "curl")
	s := startServer(t, t.TempDir())
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "can"})
	bob.Subscribe("chat/room/lobby/messages")

	dir := t.TempDir()
	photo := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x80\x00\x00\x01\xe0\x08\x02\x00\x00\x00"), bytes.Repeat([]byte("pixels"), 100_000)...)
	page := []byte("<script>alert(1)</script>")
	for name, content := range map[string][]byte{"photo.png": photo, "page.html": page, "fake.png": page} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name, secret string) []byte {
		out, err := exec.Command(curl, "-sS", "-m", "20", "-u", "ada:"+secret, "-T", filepath.Join(dir, name), "http://"+s.http+"/files/lobby/").CombinedOutput()
		if err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}
		return out
	}
	var told struct{ URL, Error string }
	out := put("photo.png", "tin")
	if err := json.Unmarshal(out, &told); err != nil || !strings.HasPrefix(told.URL, "http://"+s.http+"/files/") {
		t.Fatalf("curl was told %s (%v)", out, err)
	}
	m := wantFile(t, bob)
	sum := sha256.Sum256(photo)
	if m.From != "ada" || m.File.Name != "photo.png" || m.File.Type != "image/png" || m.File.Size != int64(len(photo)) || m.File.Width != 640 || m.File.Height != 480 ||
		m.File.SHA256 != hex.EncodeToString(sum[:]) || "http://"+s.http+m.File.URL != told.URL {
		t.Fatalf("bob reads %+v", m)
	}
	res, got := s.request("GET", m.File.URL, nil)
	if res.StatusCode != 200 || !bytes.Equal(got, photo) || res.Header.Get("Content-Type") != "image/png" {
		t.Fatalf("%s, %q, %d bytes", res.Status, res.Header.Get("Content-Type"), len(got))
	}
	for k, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cross-Origin-Resource-Policy": "same-origin",
		"Etag": `"` + m.File.SHA256 + `"`, "Accept-Ranges": "bytes", "Referrer-Policy": "no-referrer",
	} {
		if res.Header.Get(k) != want {
			t.Errorf("%s is %q, want %q", k, res.Header.Get(k), want)
		}
	}
	if res, part := s.request("GET", m.File.URL, nil, "Range", "bytes=1000-1009"); res.StatusCode != 206 || !bytes.Equal(part, photo[1000:1010]) {
		t.Errorf("a range: %s, %q", res.Status, part)
	}
	if res, _ := s.request("GET", m.File.URL, nil, "If-None-Match", `"`+m.File.SHA256+`"`); res.StatusCode != 304 {
		t.Errorf("what one has already: %s", res.Status)
	}

	for _, name := range []string{"page.html", "fake.png"} {
		put(name, "tin")
		m := wantFile(t, bob)
		res, _ := s.request("GET", m.File.URL, nil)
		if res.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%s comes as %q, %q", name, res.Header.Get("Content-Type"), res.Header.Get("Content-Disposition"))
		}
	}
	if out := put("photo.png", "guess"); !bytes.Contains(out, []byte("wrong-secret")) {
		t.Errorf("with a wrong secret: %s", out)
	}
	if n := len(contents(t, s.data)); n != 2 { // the page and what claims to be a picture are the same bytes
		t.Errorf("%d contents are kept, want 2", n)
	}

	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "tin"})
	for _, caption := range []string{"the harbour", ""} { // a file speaks for itself
		if a := ada.Publish("chat/room/lobby/say", fmt.Sprintf(`{"kind":"edit","ref":1,"text":%q}`, caption)); a.Code != 0 {
			t.Fatalf("the caption %q: %s", caption, a)
		}
		if p := bob.WantMessage("chat/room/lobby/messages"); !bytes.Contains(p.Payload, fmt.Appendf(nil, `"kind":"edit","text":%q`, caption)) {
			t.Errorf("bob reads %s", p.Payload)
		}
	}
	for _, seq := range []int{2, 3} {
		if a := ada.Publish("chat/room/lobby/say", fmt.Sprintf(`{"kind":"delete","ref":%d}`, seq)); a.Code != 0 {
			t.Fatalf("delete %d: %s", seq, a)
		}
	}
	for late := time.Now().Add(patience); len(contents(t, s.data)) != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("the deleted file is still there: %v", contents(t, s.data))
		}
	}
	if res, _ := s.request("GET", m.File.URL, nil); res.StatusCode != 200 {
		t.Errorf("the other file: %s", res.Status)
	}
	s.stop(syscall.SIGTERM)
}

// A file in a direct message or a private room is read by its members alone; its address is not enough.
func TestFilesObeyTheirRoom(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "tin"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "can"})
	ada.Subscribe("chat/user/me/inbox")
	bob.Subscribe("chat/user/me/inbox")
	if a := ada.Publish("chat/server/admin", `{"do":"room","room":"den","private":true}`); a.Code != 0 {
		t.Fatalf("make a room: %s", a)
	}
	as := func(who, secret string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(who+":"+secret))}
	}
	for _, where := range []string{"den", "@bob"} {
		if res, b := s.request("PUT", "/files/den/x", strings.NewReader("x"), as("eve", "e")...); res.StatusCode != 403 && res.StatusCode != 400 {
			t.Errorf("a stranger posts to the den: %s %s", res.Status, b)
		}
		res, b := s.request("PUT", "/files/"+where+"/plan.txt?text=psst", strings.NewReader("the plan for "+where), as("ada", "tin")...)
		if res.StatusCode != 201 {
			t.Fatalf("%s: %s %s", where, res.Status, b)
		}
		path := res.Header.Get("Location")
		var ticket struct{ Ticket string }
		if _, b := s.request("GET", "/api/ticket", nil, as("ada", "tin")...); json.Unmarshal(b, &ticket) != nil || ticket.Ticket == "" {
			t.Fatalf("no ticket: %s", b)
		}
		member := map[string]int{"den": 403, "@bob": 200}[where] // bob
		for _, c := range []struct {
			who    string
			query  string
			head   []string
			status int
		}{
			{"the address alone", "", nil, 401},
			{"a forged ticket", "?t=" + strings.ToLower(ticket.Ticket), nil, 401},
			{"ada's ticket", "?t=" + ticket.Ticket, nil, 200},
			{"ada", "", as("ada", "tin"), 200},
			{"ada by a wrong secret", "", as("ada", "can"), 401},
			{"bob", "", as("bob", "can"), member},
			{"eve", "", as("eve", "e"), 403},
		} {
			if res, b := s.request("GET", path+c.query, nil, c.head...); res.StatusCode != c.status {
				t.Errorf("%s reads what was posted to %s: %s %s, want %d", c.who, where, res.Status, b, c.status)
			}
		}
	}
	p := bob.Want("the direct message", func(p mqtttest.Packet) bool { return bytes.Contains(p.Payload, []byte(`"plan.txt"`)) })
	if !bytes.Contains(p.Payload, []byte(`"text":"psst"`)) || !bytes.Contains(p.Payload, []byte(`"kind":"file"`)) {
		t.Errorf("bob reads %s", p.Payload)
	}
	// Somebody else's upload is nobody's to post, nor a preview that is no picture.
	var mine, text struct{ ID string }
	for name, f := range map[string]any{"a.bin": &mine, "b.txt": &text} {
		res, b := s.request("POST", "/api/upload", strings.NewReader("abc"), append(as("ada", "tin"), "Tus-Resumable", "1.0.0", "Upload-Length", "3", "Content-Type", "application/offset+octet-stream",
			"Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name)))...)
		if err := json.Unmarshal([]byte(res.Header.Get("Tincan-File")), f); err != nil {
			t.Fatalf("%s %s: %v", res.Status, b, err)
		}
	}
	for what, c := range map[string]struct {
		by      *mqtttest.Client
		payload string
		code    byte
	}{
		"bob's post of ada's upload": {bob, `{"kind":"file","file":"` + mine.ID + `"}`, 0x99},
		"a text as preview":          {ada, `{"kind":"file","file":"` + mine.ID + `","preview":"` + text.ID + `"}`, 0x99},
		"ada's own":                  {ada, `{"kind":"file","id":"f1","file":"` + mine.ID + `"}`, 0},
		"ada's own again":            {ada, `{"kind":"file","id":"f1","file":"` + mine.ID + `"}`, 0},
	} {
		if a := c.by.Publish("chat/room/lobby/say", c.payload); a.Code != c.code {
			t.Errorf("%s: %s, want %#x", what, a, c.code)
		}
	}
	if a := ada.Publish("chat/room/lobby/say", `{"kind":"file","id":"f1","file":"`+text.ID+`"}`); a.Code != 0x80 {
		t.Errorf("the same id for another file: %s", a)
	}
	if res, b := s.request("DELETE", "/api/upload/"+mine.ID, nil, append(as("ada", "tin"), "Tus-Resumable", "1.0.0")...); res.StatusCode != 409 {
		t.Errorf("cancel what is posted: %s %s", res.Status, b)
	}
	s.stop(syscall.SIGTERM)
}

// A script that puts files where a room was called otherwise puts them into the room, and nowhere else: what lay under the old name alone
// would be open to everybody once the room is dissolved. Who may not read the room does not learn its new name by the old one.
func TestARenamedRoomTakesFilesByItsOldName(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "tin"})
	eve := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "eve", Secret: "e"})
	ada.Subscribe("chat/user/me/inbox")
	eve.Subscribe("chat/user/me/inbox")
	basic := func(name, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
	}
	order := func(payload string) {
		t.Helper()
		if a := ada.Publish("chat/server/admin", payload); a.Code != 0 {
			t.Fatalf("%s: %s", payload, a)
		}
	}
	order(`{"do":"room","room":"den","private":true}`)
	order(`{"do":"code","room":"den"}`)
	order(`{"do":"rename","room":"den","to":"party"}`)
	if res, b := s.request("PUT", "/files/den/plan.txt", strings.NewReader("the plan"), "Authorization", basic("ada", "tin")); res.StatusCode != 201 {
		t.Fatalf("%s %s", res.Status, b)
	}
	ada.Publish("chat/room/party/history", `{"request":"h"}`)
	if p := ada.Want("the history", func(p mqtttest.Packet) bool { return bytes.Contains(p.Payload, []byte(`"request":"h"`)) }); !bytes.Contains(p.Payload, []byte(`"plan.txt"`)) {
		t.Errorf("in the room is %s", p.Payload)
	}
	for room, want := range map[string]int{"den": 200, "party": 200} {
		if res, b := s.request("GET", "/api/export?format=csv&room="+room, nil, "Authorization", basic("ada", "tin")); res.StatusCode != want || !strings.Contains(string(b), "plan.txt") {
			t.Errorf("taken along as %s: %s %s", room, res.Status, b)
		}
	}

	for topic, payload := range map[string]string{
		"chat/server/admin":        `{"do":"room","room":"den"}`,
		"chat/room/den/say":        `hello`,
		"chat/room/den/read":       `{"seq":1}`,
		"chat/room/den/typing/me":  `1`,
		"chat/room/den/state/me/x": `1`,
		"chat/room/den/members":    `{}`,
	} {
		if a := eve.Publish(topic, payload); a.Code < 0x80 || strings.Contains(a.Props.Reason, "party") {
			t.Errorf("%s %s: %s", topic, payload, a)
		}
	}
	if a := eve.Publish("chat/server/admin", `{"do":"enter","room":"den","code":"aaaaaaaa"}`); a.Code < 0x80 || strings.Contains(a.Props.Reason, "party") {
		t.Errorf("by a guess: %s", a)
	}
	eve.Send(eve.SubscribePacket(4711, 0, "chat/room/den/messages"))
	if a := eve.Want("SUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Suback }); a.Codes[0] < 0x80 || strings.Contains(a.Props.Reason, "party") {
		t.Errorf("subscribed: %s", a)
	}
	eve.Publish("chat/room/den/history", `{"request":"e"}`)
	if p := eve.Want("the history", func(p mqtttest.Packet) bool { return bytes.Contains(p.Payload, []byte(`"request":"e"`)) }); bytes.Contains(p.Payload, []byte("party")) {
		t.Errorf("eve is told %s", p.Payload)
	}
	if res, b := s.request("PUT", "/files/den/x", strings.NewReader("x"), "Authorization", basic("eve", "e")); res.StatusCode != 403 || strings.Contains(string(b), "party") {
		t.Errorf("eve posts: %s %s", res.Status, b)
	}

	// Whoever has the code of an invitation that is older than the name comes in by it.
	ada.Publish("chat/server/admin", `{"do":"card","room":"party","request":"c"}`)
	var card struct{ Code string }
	if p := ada.Want("the card", func(p mqtttest.Packet) bool { return bytes.Contains(p.Payload, []byte(`"request":"c"`)) }); json.Unmarshal(p.Payload, &card) != nil || card.Code == "" {
		t.Fatalf("the card is %s", p.Payload)
	}
	if a := eve.Publish("chat/server/admin", `{"do":"enter","room":"den","code":"`+card.Code+`"}`); a.Code != 0 {
		t.Errorf("by the code: %s", a)
	}

	order(`{"do":"dissolve","room":"party"}`)
	until(t, "the file is gone", func() bool { return len(contents(t, s.data)) == 0 })
	eve.Publish("chat/room/den/history", `{"request":"after"}`)
	if p := eve.Want("the history", func(p mqtttest.Packet) bool { return bytes.Contains(p.Payload, []byte(`"request":"after"`)) }); !bytes.Contains(p.Payload, []byte(`"messages":[]`)) {
		t.Errorf("what is left: %s", p.Payload)
	}
	s.stop(syscall.SIGTERM)
}

// An upload is killed again and again, goes on from what the server says is on disk, and comes out whole.
func TestAnUploadSurvivesKills(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	seed := [32]byte{1}
	content := make([]byte, 48<<20)
	rand.NewChaCha8(seed).Read(content)
	s := startServer(t, data)
	res, b := s.request("POST", "/api/upload", nil, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(len(content)), "Upload-Metadata", "filename ZGlzay5pbWc=")
	where := res.Header.Get("Location")
	if res.StatusCode != 201 || where == "" {
		t.Fatalf("%s: %s", res.Status, b)
	}
	offset, kills, told := 0, 0, ""
	for offset < len(content) {
		// It is killed when some megabytes have come, in the middle of whatever it does then.
		limit := offset + 5<<20 + rand.IntN(20<<20)
		body := &killing{Reader: bytes.NewReader(content[offset:]), left: limit - offset, then: s.kill}
		if kills == 4 {
			body.then = func() {}
		}
		res, _, err := s.attempt("PATCH", where, body, "Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(offset))
		if err == nil && res.StatusCode == 204 {
			told = res.Header.Get("Tincan-File")
			break
		}
		kills++
		s = startServer(t, data)
		res, b := s.request("HEAD", where, nil, "Tus-Resumable", "1.0.0")
		at, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
		if err != nil || at < offset || at > limit {
			t.Fatalf("%s, at %q (%s): it was at %d, and got less than %d", res.Status, res.Header.Get("Upload-Offset"), b, offset, limit)
		}
		offset = at
	}
	var f struct{ ID, SHA256 string }
	sum := sha256.Sum256(content)
	if err := json.Unmarshal([]byte(told), &f); err != nil || f.SHA256 != hex.EncodeToString(sum[:]) || kills == 0 {
		t.Fatalf("after %d kills: %q (%v), want the hash %x", kills, told, err, sum)
	}
	s.kill() // and a whole one stays, too
	s = startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "tin"})
	ada.Subscribe("chat/room/lobby/messages")
	if a := ada.Publish("chat/room/lobby/say", `{"kind":"file","file":"`+f.ID+`","text":"the disk"}`); a.Code != 0 {
		t.Fatalf("post: %s", a)
	}
	m := wantFile(t, ada)
	if _, got := s.request("GET", m.File.URL, nil); !bytes.Equal(got, content) || m.Text != "the disk" || m.File.Name != "disk.img" {
		t.Fatalf("%d bytes of %+v", len(got), m)
	}
}

// A killing reads on until so many bytes are left, and then kills.
type killing struct {
	io.Reader
	left int
	then func()
}

func (k *killing) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p[:min(len(p), 64<<10)])
	if k.left -= n; k.left <= 0 && k.left > -64<<10 {
		k.then()
	}
	return n, err
}
