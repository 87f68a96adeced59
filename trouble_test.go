package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"flag"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tincan/bridge/history"
	"tincan/broker/mqtttest"

	_ "modernc.org/sqlite"
)

var update = flag.Bool("update", false, "write testdata/start anew")

// TestStartSaysWhatIsWrongAndWhatToDo starts tincan where it cannot work. What it says is kept in testdata/start, and is read there
// as a person would; nothing in the data folder may have changed.
func TestStartSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		// prepare makes data what it should not be, and may change the command.
		prepare func(t *testing.T, data string, cmd *exec.Cmd)
	}{
		{"http port in use", func(t *testing.T, data string, cmd *exec.Cmd) {
			other := startServer(t, t.TempDir())
			cmd.Args = append(cmd.Args, "--http", other.http)
		}},
		{"mqtt port in use", func(t *testing.T, data string, cmd *exec.Cmd) {
			other := startServer(t, t.TempDir())
			cmd.Args = append(cmd.Args, "--mqtt", other.mqtt)
		}},
		{"metrics port in use", func(t *testing.T, data string, cmd *exec.Cmd) {
			other := startServer(t, t.TempDir())
			cmd.Args = append(cmd.Args, "--set", "metrics="+other.http)
		}},
		{"address of another computer", func(t *testing.T, data string, cmd *exec.Cmd) {
			cmd.Args = append(cmd.Args, "--http", "192.0.2.1:8080")
		}},
		{"configuration", func(t *testing.T, data string, cmd *exec.Cmd) {
			file := filepath.Join(filepath.Dir(data), "my.yaml")
			write(t, file, "name: camp\nnames:\n  hodl: 10m\nlimits:\n  keepalive: 60\n")
			cmd.Args = append(cmd.Args, "-c", file, "--set", "mqtt=1883x")
		}},
		{"folder is a file", func(t *testing.T, data string, cmd *exec.Cmd) { write(t, data, "notes\n") }},
		{"folder is used by another tincan", func(t *testing.T, data string, cmd *exec.Cmd) { startServer(t, data) }},
		{"database is empty", func(t *testing.T, data string, cmd *exec.Cmd) {
			used(t, data)
			write(t, database(data), "")
		}},
		{"database is something else", func(t *testing.T, data string, cmd *exec.Cmd) {
			used(t, data)
			write(t, database(data), strings.Repeat("this is no database\n", 4096))
		}},
		{"database is cut", func(t *testing.T, data string, cmd *exec.Cmd) {
			used(t, data)
			whole, err := os.ReadFile(database(data))
			if err != nil {
				t.Fatal(err)
			}
			write(t, database(data), string(whole[:len(whole)/2+100]))
		}},
		{"database is damaged", func(t *testing.T, data string, cmd *exec.Cmd) {
			used(t, data)
			whole, err := os.ReadFile(database(data))
			if err != nil {
				t.Fatal(err)
			}
			i := bytes.LastIndex(whole, []byte("kept before the damage"))
			if i < 0 {
				t.Fatal("the message is not in the database")
			}
			whole[i] ^= 0x20
			write(t, database(data), string(whole))
		}},
		{"database belongs to another program", func(t *testing.T, data string, cmd *exec.Cmd) {
			used(t, data)
			change(t, data, "pragma application_id = 252006674")
		}},
		{"database is newer", func(t *testing.T, data string, cmd *exec.Cmd) {
			used(t, data)
			change(t, data, "pragma user_version = 1000")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "tincan-data")
			cmd := exec.Command(binary, local(data)...)
			c.prepare(t, data, cmd)
			wantTrouble(t, c.name, data, cmd)
		})
	}
}

// wantTrouble runs a tincan that cannot start, and compares what it says with testdata/start/NAME.txt, and the folder with what it
// was before.
func wantTrouble(t *testing.T, name, data string, cmd *exec.Cmd) {
	t.Helper()
	before := picture(t, data)
	s := launch(t, cmd)
	select {
	case <-s.ended:
	case <-s.out.changed: // it has begun to greet
		s.kill()
		t.Fatalf("it has started:\n%s%s", s.out.String(), s.err.String())
	}
	if after := picture(t, data); after != before {
		t.Errorf("the folder has changed from\n%s\nto\n%s", before, after)
	}
	wantTold(t, name, data, s)
}

// wantTold compares what a tincan that could not start has said with testdata/start/NAME.txt.
func wantTold(t *testing.T, name, data string, s *server) {
	t.Helper()
	got := "exit " + itoa(s.code) + "\n" + strings.ReplaceAll(s.err.String(), filepath.Dir(data)+string(filepath.Separator), "")
	got = regexp.MustCompile(`process \d+`).ReplaceAllString(got, "process 4711")
	got = regexp.MustCompile(`has \d+ bytes and should have \d+`).ReplaceAllString(got, "has 2000 bytes and should have 4096")
	got = regexp.MustCompile(`listen on 127\.0\.0\.1:\d+`).ReplaceAllString(got, "listen on 127.0.0.1:8080")

	golden := filepath.Join("testdata", "start", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		write(t, golden, got)
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant, by %s:\n%s", got, golden, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// used makes a folder in which something was said, and which was closed cleanly.
func used(t *testing.T, data string) {
	t.Helper()
	s := startServer(t, data)
	c := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "hers"})
	c.Publish("chat/room/lobby/say", "kept before the damage")
	s.stop(os.Interrupt)
}

// TestStartSaysWhichValueItCannotUse: what the broker keeps is read after the folder was opened.
func TestStartSaysWhichValueItCannotUse(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"retained message is newer": "\x09on", "retained message is damaged": "\x01on"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "tincan-data")
			keep(t, data, "retained", "house/lamp", value)
			s := launch(t, exec.Command(binary, local(data)...))
			select {
			case <-s.ended:
			case <-s.out.changed:
				t.Fatal("it has started")
			}
			wantTold(t, name, data, s)
		})
	}
}

// keep puts a value into a folder as tincan does, which no tincan of this version would.
func keep(t *testing.T, data, kind, key, value string) {
	t.Helper()
	used(t, data)
	store, err := history.Open(t.Context(), data, history.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(kind, key, []byte(value), nil); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// database is the file with everything in it.
func database(data string) string { return filepath.Join(data, "tincan.db") }

// change runs one statement on the database of a folder.
func change(t *testing.T, data, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+database(data))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// picture describes a file or folder with everything in it, down to the bytes, but the search index: a running server changes it at its
// own pace, and makes it anew where it is missing.
func picture(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), "search.db") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(path, p)
		if err != nil {
			return err
		}
		b.WriteString(info.Mode().String() + " " + rel)
		if info.Mode().IsRegular() && !strings.HasSuffix(rel, "-shm") { // there SQLite counts its readers: a running tincan has some
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(text)
			b.WriteString(" " + hex.EncodeToString(sum[:8]))
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return b.String()
}
