package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// tree reads a folder whole, but for the first lines of JSON lines, which tell when they were written.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text := read(t, path)
		if strings.HasSuffix(path, ".jsonl") {
			_, text, _ = strings.Cut(text, "\n")
		}
		name, err := filepath.Rel(dir, path)
		all[name] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantTree(t testing.TB, dir string, want map[string]string) {
	t.Helper()
	got := tree(t, dir)
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is %.200q, want %.200q", name, got[name], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files are there, want %d", len(got), len(want))
	}
}

// Files go along: what lies beside the lines is read in the room again, and what does not, or is another, is told by its name, and comes
// along later.
func TestFilesAreImportedExactly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, filepath.Join(dir, "data"))
	mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	as := []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:apple"))}
	paths := map[string]string{}
	for where, names := range map[string][]string{"lobby": {"plan.txt", "notes.txt", "tower.txt"}, "@bob": {"letter.txt"}} {
		for _, name := range names {
			res, b := s.request("PUT", "/files/"+where+"/"+name, strings.NewReader("what is in "+name), as...)
			if paths[name] = res.Header.Get("Location"); paths[name] == "" {
				t.Fatalf("%s: %s", res.Status, b)
			}
		}
	}
	out, other, again := filepath.Join(dir, "out"), filepath.Join(dir, "other"), filepath.Join(dir, "again")
	wantTincan(t, "export", "--data", s.data, "--format", "jsonl", "--direct", out)
	was := tree(t, out)
	if len(was) != 6 {
		t.Fatalf("exported: %q", was)
	}
	if told := wantTincan(t, "import", "--data", other, out); strings.Contains(told, "could not") {
		t.Errorf("it said: %s", told)
	}
	wantTincan(t, "export", "--data", other, "--format", "jsonl", "--direct", again)
	wantTree(t, again, was)

	poor := filepath.Join(dir, "poor")
	for name, text := range was {
		switch text {
		case "what is in plan.txt":
			if err := os.Remove(filepath.Join(out, name)); err != nil {
				t.Fatal(err)
			}
		case "what is in notes.txt":
			if err := os.WriteFile(filepath.Join(out, name), []byte("what is in natas.txt"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	told := wantTincan(t, "import", "--data", poor, out)
	if !strings.Contains(told, "2 files could not be taken along") || !strings.Contains(told, `"plan.txt" did not lie beside`) || !strings.Contains(told, `"notes.txt" is not what was exported`) {
		t.Errorf("it said: %s", told)
	}
	for name, text := range was {
		if strings.HasPrefix(name, "files") {
			if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if told := wantTincan(t, "import", "--data", poor, out); strings.Contains(told, "could not") {
		t.Errorf("once more it said: %s", told)
	}
	for _, data := range []string{other, poor} {
		r := startServer(t, data)
		for name, path := range paths {
			if res, b := r.request("GET", path, nil, as...); res.StatusCode != map[bool]int{true: 403, false: 200}[name == "letter.txt"] || res.StatusCode == 200 && string(b) != "what is in "+name {
				t.Errorf("%s in %s: %s %s", name, data, res.Status, b)
			}
		}
	}
}

// manyLines writes an export of one room, of which every so many messages hold a file, and tells where.
func manyLines(t *testing.T, dir string, messages, every int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"export":1,"tincan":"test","time":"2026-05-01T10:00:00.000Z","room":"lobby","first":1,"last":%d}`+"\n", messages)
	for seq := 1; seq <= messages; seq++ {
		kind, files, body := "text", "", fmt.Sprintf(`"text":"message %d"`, seq)
		if seq%every == 0 {
			id, content := fmt.Sprintf("%026d", seq), fmt.Sprintf("content %d", seq)
			sum := sha256.Sum256([]byte(content))
			fmt.Fprintf(&b, `{"file":{"id":%q,"sha256":%q,"owner":"","name":"x.txt","type":"text/plain","size":%d,"beside":"%s.txt"}}`+"\n", id, hex.EncodeToString(sum[:]), len(content), id)
			if err := os.WriteFile(filepath.Join(dir, "files", id+".txt"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			kind, files, body = "file", fmt.Sprintf(`,"files":[%q]`, id), fmt.Sprintf(`"file":{"url":"/files/%s/x.txt"}`, id)
		}
		fmt.Fprintf(&b, `{"seq":%d,"id":"m%d","time":"2026-05-01T10:00:00.000Z","room":"lobby","from":"ada","kind":%q,"log":{"author":"8000000000000001","v":1%s},%s}`+"\n", seq, seq, kind, files, body)
	}
	if err := os.WriteFile(filepath.Join(dir, "lobby.jsonl"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An import that is killed, at any point, is begun again and is exact; what it has brought until then is the beginning of the room.
func TestAKilledImportIsBegunAgain(t *testing.T) {
	t.Parallel()
	const messages, every = 6000, 150
	dir := t.TempDir()
	in, data := filepath.Join(dir, "in"), filepath.Join(dir, "data")
	manyLines(t, in, messages, every)
	for _, enough := range []int{1, 15, 32} { // contents that are there when it is killed
		ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
		cmd := exec.CommandContext(ctx, binary, "import", "--data", data, in)
		cmd.Env = cleanEnv()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for len(contents(t, data)) < enough && ctx.Err() == nil {
			time.Sleep(time.Millisecond) // the pace of looking
		}
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err == nil {
			t.Fatal("it was done before it was killed")
		}
		cancel()
		s := startServer(t, data)
		log := messagesOf(t, s, "lobby")
		for i, m := range log {
			if m.Seq != uint64(i+1) || m.ID != fmt.Sprint("m", i+1) {
				t.Fatalf("killed after %d files: entry %d is %+v", enough, i+1, m)
			}
		}
		if len(log) == messages {
			t.Fatal("all was there before it was killed")
		}
		t.Logf("killed after %d files: %d messages", enough, len(log))
		s.kill()
	}
	if told := wantTincan(t, "import", "--data", data, in); strings.Contains(told, "could not") {
		t.Errorf("it said: %s", told)
	}
	out := filepath.Join(dir, "out")
	wantTincan(t, "export", "--data", data, "--format", "jsonl", out)
	was, is := tree(t, in), tree(t, out)
	if is["lobby.jsonl"] != was["lobby.jsonl"] {
		t.Errorf("the lines are others: %d bytes, %d before", len(is["lobby.jsonl"]), len(was["lobby.jsonl"]))
	}
	if n := len(contents(t, data)); n != messages/every || len(is) != len(was) {
		t.Errorf("%d contents, and %d files exported of %d", n, len(is), len(was))
	}
}
