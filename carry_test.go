package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// A carrier takes things along over HTTP, as a page does: with a ticket.
type carrier struct {
	s      *server
	ticket string
}

func newCarrier(s *server, name, secret string) carrier {
	s.t.Helper()
	req, err := http.NewRequest("GET", "http://"+s.http+"/api/ticket", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(name, secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var a struct{ Ticket string }
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil || a.Ticket == "" {
		s.t.Fatalf("a ticket for %s: %s, %v", name, res.Status, err)
	}
	return carrier{s, a.Ticket}
}

// get answers with the status and what came.
func (c carrier) get(path string) (int, []byte) {
	c.s.t.Helper()
	res := c.s.get(path + "t=" + c.ticket)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return res.StatusCode, body
}

// head answers with the status alone.
func (c carrier) head(path string) int {
	c.s.t.Helper()
	res, err := http.Head("http://" + c.s.http + path + "t=" + c.ticket)
	if err != nil {
		c.s.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// files unpacks a zip.
func unzip(t testing.TB, packed []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatalf("%v: %.200s", err, packed)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(text)
	}
	return all
}

// Members take along what they may read and what is their own, and have their own erased, of which nothing is left on the disk.
func TestMembersTakeTheirOwnAlongAndHaveItErased(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	ada.Subscribe("chat/user/me/inbox")
	bob.Subscribe("chat/room/lobby/messages")
	ada.Publish("chat/server/admin", `{"do":"room","room":"den","private":true,"request":"r1"}`)
	ada.Publish("chat/room/lobby/say", `{"id":"a1","text":"words-of-ada"}`)
	bob.Publish("chat/room/lobby/say", `{"id":"b1","text":"words-of-bob"}`)
	bob.Publish("chat/room/lobby/say", `{"kind":"react","ref":"a1","text":"👍"}`)
	ada.Publish("chat/room/lobby/say", `{"kind":"react","ref":"b1","text":"🎉"}`)
	ada.Publish("chat/room/den/say", "whispers-of-ada")
	ada.Publish("chat/user/bob/say", "letter-of-ada")
	bob.Publish("chat/user/ada/say", "letter-of-bob")
	ada.Publish("chat/room/lobby/state/me/lamp", "glow-of-ada")

	hers, his := newCarrier(s, "ada", "apple"), newCarrier(s, "bob", "pear")
	status, packed := his.get("/api/export?room=lobby&")
	if status != 200 {
		t.Fatalf("the lobby: %d %s", status, packed)
	}
	pages := unzip(t, packed)
	page := ""
	for name, text := range pages {
		if strings.HasPrefix(name, "lobby/") {
			page = text
		}
	}
	if !strings.Contains(page, "words-of-ada") || !strings.Contains(page, "👍 1") || pages["index.html"] == "" || len(pages) != 2 {
		t.Errorf("the lobby: %q", pages)
	}
	if status, table := his.get("/api/export?room=lobby&format=csv&"); status != 200 || !strings.Contains(string(table), ",ada,text,words-of-ada,") {
		t.Errorf("the table: %d %s", status, table)
	}
	if status, lines := his.get("/api/export?room=lobby&format=jsonl&"); status != 200 || strings.Count(string(lines), "\n") != 5 {
		t.Errorf("the lines: %d %s", status, lines)
	}
	_, packed = his.get("/api/export?room=lobby&format=csv&files&")
	if beside := unzip(t, packed); !strings.Contains(beside["lobby.csv"], ",ada,text,words-of-ada,") || len(beside) != 1 {
		t.Errorf("the table, with files beside: %q", beside)
	}
	if status, lines := his.get("/api/export?room=@ada&format=jsonl&"); status != 200 || !strings.Contains(string(lines), "letter-of-ada") || strings.Contains(string(lines), "@k") {
		t.Errorf("the letters: %d %s", status, lines)
	}
	for path, want := range map[string]int{"/api/export?room=den&": 403, "/api/export?room=nowhere&": 403, "/api/export?room=lobby&format=pdf&": 400} {
		if status, text := his.get(path); status != want || !strings.Contains(string(text), `"text":`) {
			t.Errorf("%s: %d %s, want %d", path, status, text, want)
		}
		if status := his.head(path); status != want {
			t.Errorf("HEAD %s: %d, want %d", path, status, want)
		}
	}
	for _, path := range []string{"/api/export?room=lobby&", "/api/export?room=lobby&format=csv&", "/api/mine?"} {
		if status := his.head(path); status != 200 {
			t.Errorf("HEAD %s: %d", path, status)
		}
	}
	if res := s.get("/api/export?room=lobby"); res.StatusCode != 401 {
		t.Errorf("without a ticket: %s", res.Status)
	}

	status, packed = hers.get("/api/mine?")
	own := unzip(t, packed)
	said := own["messages.jsonl"]
	for _, want := range []string{"words-of-ada", "whispers-of-ada", "letter-of-ada", "🎉"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %s in what is hers", want)
		}
	}
	if strings.Contains(said, "words-of-bob") || !strings.Contains(own["account.json"], "glow-of-ada") || !strings.Contains(own["account.json"], `"den"`) {
		t.Errorf("hers: %d %q", status, own)
	}
	letters := ""
	for name, text := range own {
		if strings.HasPrefix(name, "direct/ada & bob/") {
			letters = text
		}
	}
	if !strings.Contains(letters, "letter-of-bob") {
		t.Errorf("no letters among %q", own)
	}

	if a := ada.Publish("chat/user/me/account", `{"do":"erase"}`); a.Code == 0 {
		t.Error("all is erased without a second thought")
	}
	ada.Publish("chat/user/me/account", `{"do":"erase","name":"ada","request":"r2"}`)
	ada.Want("that it is done", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"do":"erased","messages":4`) })
	bob.Want("the deletion", func(p mqtttest.Packet) bool {
		return strings.Contains(string(p.Payload), `"kind":"delete"`) && strings.Contains(string(p.Payload), `"ref":"a1"`)
	})
	for _, word := range []string{"words-of-ada", "whispers-of-ada", "letter-of-ada"} {
		if files, _ := filepath.Glob(filepath.Join(s.data, "*")); onDisk(t, s.data, word) {
			t.Errorf("%s is on the disk: %v", word, files)
		}
	}
	until(t, "her values are gone", func() bool { return !onDisk(t, s.data, "Z2xvdy1vZi1hZGE") }) // as JSON has bytes
	if !onDisk(t, s.data, "words-of-bob") || !onDisk(t, s.data, "letter-of-bob") {
		t.Error("what is his is gone, too")
	}
	_, packed = hers.get("/api/mine?")
	if own := unzip(t, packed); strings.Contains(own["messages.jsonl"], "-of-ada") || strings.Contains(own["messages.jsonl"], "🎉") || strings.Contains(own["account.json"], "lamp") {
		t.Errorf("what is left: %q", own)
	}
}

// An erasure that is killed goes on by itself at the next start, and at the one after that, until nothing is left. And whoever was in a
// room when it was killed is told to have gone by then.
func TestAKilledErasureGoesOn(t *testing.T) {
	t.Parallel()
	const each = 300
	s := startServer(t, t.TempDir(), "--set", "limits.messages_per_second=0")
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	rooms := []string{"attic", "cellar", "garden"}
	for _, room := range rooms {
		bob.Subscribe("chat/room/" + room + "/roster")
		for n := range each {
			ada.Publish("chat/room/"+room+"/say", fmt.Sprintf(`{"text":"words-of-ada %d"}`, n))
		}
		bob.Publish("chat/room/"+room+"/say", "words-of-bob")
	}
	if a := bob.Publish("chat/server/admin", `{"do":"room","room":"class","private":true}`); a.Code != 0 {
		t.Fatal(a)
	}
	if a := bob.Publish("chat/server/admin", `{"do":"invite","room":"class","name":"ada"}`); a.Code != 0 {
		t.Fatal(a)
	}
	ada.Subscribe("chat/room/class/messages")
	if a := ada.Publish("chat/user/me/account", `{"do":"erase","name":"ada"}`); a.Code != 0 {
		t.Fatal(a)
	}
	s.kill()
	if !onDisk(t, s.data, "words-of-ada") {
		t.Fatal("it was done before it was killed")
	}
	s = startServer(t, s.data)
	s.kill()
	s = startServer(t, s.data)
	until(t, "nothing of it is on the disk", func() bool { return !onDisk(t, s.data, "words-of-ada") })
	if !onDisk(t, s.data, "words-of-bob") {
		t.Error("what is his is gone, too")
	}
	bob = mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	bob.Subscribe("chat/user/me/inbox")
	bob.Publish("chat/server/admin", `{"do":"attendance","room":"class","request":"who"}`)
	p := bob.Want("the attendance", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"request":"who"`) })
	var told struct {
		Present []struct {
			Name  string
			Spans []struct{ From, To time.Time }
		}
	}
	if err := json.Unmarshal(p.Payload, &told); err != nil {
		t.Fatal(err)
	}
	for _, m := range told.Present {
		if n := len(m.Spans); m.Name == "ada" && n == 1 && !m.Spans[0].To.Before(m.Spans[0].From) && !m.Spans[0].From.IsZero() && m.Spans[0].To.Before(time.Now()) {
			return
		}
	}
	t.Errorf("who was there: %s", p.Payload)
}
