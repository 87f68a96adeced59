package main

import (
	"encoding/base64"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// What is exported from a room in use reads without tincan, and is the same room again where it is imported.
func TestExportOfPrivateWordsAloneAsks(t *testing.T) {
	t.Parallel()
	s := startServer(t, filepath.Join(t.TempDir(), "data"))
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	if a := ada.Publish("chat/user/bob/say", "to you alone"); a.Code != 0 {
		t.Fatalf("%#x", a.Code)
	}
	if _, said, code := tincan(t, "export", "--data", s.data, filepath.Join(t.TempDir(), "out")); code != 1 || !strings.Contains(said, "--direct") {
		t.Errorf("exit %d: %s", code, said)
	}
}

func TestExportReadsByItselfAndIsImportedExactly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, filepath.Join(dir, "data"))
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	for _, text := range []string{
		`{"id":"m1","text":"see http://192.168.1.20/a?b=<c>, <script>alert(1)</script>"}`,
		`{"id":"m2","text":"=cmd|' /C calc'!A0","reply":"m1"}`,
		`{"id":"m3","text":"wrong"}`, `{"id":"m4","kind":"edit","ref":"m3","text":"right 日本"}`,
		`{"id":"m5","text":"a secret"}`, `{"id":"m6","kind":"delete","ref":"m5"}`,
		`{"id":"m7","kind":"poll","text":"Lunch?","options":["Rice","Soup"]}`,
	} {
		if a := ada.Publish("chat/room/lobby/say", text); a.Code != 0 {
			t.Fatalf("%s: %#x", text, a.Code)
		}
	}
	bob.Publish("chat/room/lobby/say", `{"kind":"react","ref":"m1","text":"👍"}`)
	bob.Publish("chat/room/lobby/say", `{"kind":"vote","ref":"m7","choice":1}`)
	bob.Publish("chat/room/garden/say", "roses")
	ada.Publish("chat/user/bob/say", "to you alone")
	if res, b := s.request("PUT", "/files/garden/plan.txt", strings.NewReader("beds"), "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ada:apple"))); res.StatusCode != 201 {
		t.Fatalf("a file: %s %s", res.Status, b)
	}

	out := filepath.Join(dir, "out")
	if told := wantTincan(t, "export", "--data", s.data, out); !strings.Contains(told, "2 rooms") {
		t.Errorf("it said: %s", told)
	}
	pages, err := filepath.Glob(filepath.Join(out, "lobby", "*.html"))
	if err != nil || len(pages) != 1 {
		t.Fatalf("pages of the lobby: %v, %v", pages, err)
	}
	page := read(t, pages[0])
	for _, want := range []string{
		`<a href="http://192.168.1.20/a?b=" rel="noreferrer noopener">`, "&lt;script&gt;alert(1)", "right 日本", ">edited<",
		"This message was deleted.", `<li title="bob">👍 1</li>`, `<a href="#1"><b><bdi>ada</bdi></b>`, "<bdi>Soup</bdi> <b>1</b>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	for _, not := range []string{"<script", "wrong", "a secret", "to you alone"} {
		if strings.Contains(page, not) {
			t.Errorf("%s is in the page", not)
		}
	}
	shared, err := filepath.Glob(filepath.Join(out, "garden", "*.html"))
	if err != nil || len(shared) != 1 || !strings.Contains(read(t, shared[0]), "<bdi>plan.txt</bdi>") {
		t.Errorf("the page of the garden has no file: %v, %v", shared, err)
	}
	if table := read(t, filepath.Join(out, "garden.csv")); !strings.Contains(table, ",file,") || !strings.Contains(table, "plan.txt") {
		t.Errorf("the table of the garden:\n%s", table)
	}
	if index := read(t, filepath.Join(out, "index.html")); !strings.Contains(index, "./lobby/") || !strings.Contains(index, "./garden/") || !strings.Contains(index, "5 messages") {
		t.Errorf("the index:\n%s", index)
	}
	table, ok := strings.CutPrefix(read(t, filepath.Join(out, "lobby.csv")), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || !ok || len(rows) != 6 || rows[2][4] != "'=cmd|' /C calc'!A0" || rows[3][4] != "right 日本" || rows[4][6] != "yes" || rows[1][7] != "👍 bob" || rows[5][8] != "Rice 0; Soup 1" {
		t.Errorf("the table, %v:\n%q", err, rows)
	}
	if _, err := os.Stat(filepath.Join(out, "direct")); err == nil {
		t.Error("direct messages were exported, and nobody asked for them")
	}

	all := filepath.Join(dir, "all")
	wantTincan(t, "export", "--data", s.data, "--format", "jsonl", "--direct", all)
	lobby, garden := messagesOf(t, s, "lobby"), messagesOf(t, s, "garden")
	other := filepath.Join(dir, "other")
	wantTincan(t, "import", "--data", other, all)
	again := filepath.Join(dir, "again")
	wantTincan(t, "export", "--data", other, "--format", "jsonl", "--direct", again)
	files, err := filepath.Glob(filepath.Join(all, "*", "*.jsonl"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], "ada & bob.jsonl") {
		t.Errorf("direct messages: %v, %v", files, err)
	}
	for _, name := range []string{"lobby.jsonl", "garden.jsonl", "direct/ada & bob.jsonl"} {
		_, was, _ := strings.Cut(read(t, filepath.Join(all, name)), "\n")
		if _, is, _ := strings.Cut(read(t, filepath.Join(again, name)), "\n"); is != was || was == "" {
			t.Errorf("%s was\n%sand is\n%s", name, was, is)
		}
	}
	r := startServer(t, other)
	if got := messagesOf(t, r, "lobby"); !equalSaid(got, lobby) {
		t.Errorf("in the lobby: %+v\nwant %+v", got, lobby)
	}
	if got := messagesOf(t, r, "garden"); !equalSaid(got, garden) {
		t.Errorf("in the garden: %+v\nwant %+v", got, garden)
	}

	for _, c := range []struct{ args, want string }{
		{"export --data " + s.data + " " + out, "is there already"},
		{"export --data " + s.data + " --room gardn " + dir + "/x", "there is no room gardn; did you mean garden?"},
		{"export --data " + s.data + " --format pdf " + dir + "/x", "--format pdf: unknown format"},
		{"export --data " + s.data + " " + dir + "/x.csv", "one file takes one room, and there are 2"},
		{"export --data " + dir + "/nowhere " + dir + "/x", "there is nothing of tincan in"},
		{"import --data " + other + " " + all, "another tincan"},
		{"import --data " + dir + "/new " + dir + "/nowhere", "cannot read"},
		{"import --data " + dir + "/new " + out + "/lobby.csv", "this is not a line of tincan export"},
	} {
		if _, told, code := tincan(t, strings.Fields(c.args)...); code == 0 || !strings.Contains(told, c.want) {
			t.Errorf("tincan %s: exit %d\n%s", c.args, code, told)
		}
	}
	if got, _ := filepath.Glob(filepath.Join(dir, "*.part")); got != nil {
		t.Errorf("left: %v", got)
	}
}

func equalSaid(a, b []said) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
