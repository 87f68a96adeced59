package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// tincan runs a command to its end.
func tincan(t testing.TB, args ...string) (out, errors string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = cleanEnv(), &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// wantTincan wants a command to succeed.
func wantTincan(t testing.TB, args ...string) string {
	t.Helper()
	out, errors, code := tincan(t, args...)
	if code != 0 {
		t.Fatalf("tincan %s: exit %d\n%s", strings.Join(args, " "), code, errors)
	}
	return out
}

// A backup of a room in use is a room again, elsewhere: with its messages, its direct messages, and the names that wait for their owners.
func TestBackupIsTheRoomElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, filepath.Join(dir, "data"))
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	ada.Subscribe("chat/room/lobby/messages")
	ada.Publish("chat/room/lobby/say", "to all of you")
	ada.Publish("chat/user/bob/say", "to you alone")
	file := filepath.Join(dir, "room.tar")
	if out := wantTincan(t, "backup", "--data", s.data, file); !strings.Contains(out, "2 messages in 1 room") {
		t.Errorf("it said: %s", out)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("a backup is for its owner alone: %v, %v", info.Mode(), err)
	}
	bob.Publish("chat/room/lobby/say", "after it")

	if _, told, code := tincan(t, "backup", "--data", s.data, file); code != 1 || !strings.Contains(told, "is there already") || !strings.Contains(told, "--force") {
		t.Errorf("over a file: %d\n%s", code, told)
	}
	if _, told, code := tincan(t, "restore", file, "--data", s.data); code != 1 || !strings.Contains(told, "another tincan") {
		t.Errorf("into a folder in use: %d\n%s", code, told)
	}
	other := filepath.Join(dir, "other")
	if out := wantTincan(t, "restore", file, "--data", other); !strings.Contains(out, "2 messages in 1 room") {
		t.Errorf("it said: %s", out)
	}
	r := startServer(t, other)
	if got := messagesOf(t, r, "lobby"); len(got) != 1 || got[0].Text != "to all of you" {
		t.Errorf("in the room: %+v", got)
	}
	if c := mqtttest.TryDial(t, r.mqtt, mqtttest.Options{Name: "bob", Secret: "apple"}); c.Connack.Code == 0 {
		t.Error("a stranger has got bob's name")
	}
	bob = mqtttest.Dial(t, r.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"})
	bob.Subscribe("chat/user/me/inbox")
	var told []said
	eachMessage(t, bob, "chat/user/ada/history", func(m said) { told = append(told, m) })
	if len(told) != 1 || told[0].Text != "to you alone" {
		t.Errorf("to bob: %+v", told)
	}
}

// killAt runs a command and kills it when it has come to a step, as a power cut does.
func killAt(t *testing.T, step string, args ...string) {
	t.Helper()
	c := launch(t, exec.Command(binary, args...))
	if !c.err.comes(regexp.MustCompile("(?m)^"+step+"$"), c.ended) {
		t.Fatalf("no step %q:\n%s", step, c.err.String())
	}
	c.kill()
}

// A backup or a restore that is killed has either done its work or nothing that could be taken for it, and the next one works.
func TestKilledBackupAndRestoreAreNotTakenForWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "room.tar")
	s := startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	for range 20 {
		ada.Publish("chat/room/lobby/say", strings.Repeat("x", 7000))
	}
	s.stop(os.Interrupt)
	big := make([]byte, 1<<20)
	for i := range big {
		big[i] = byte(rand.Uint32())
	}
	if err := os.MkdirAll(filepath.Join(data, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two", "three"} {
		if err := os.WriteFile(filepath.Join(data, "files", name), big, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []string{"copying the database", "checking the copy", "writing"} {
		os.Remove(file)
		killAt(t, step, "backup", "--data", data, file)
		if _, err := os.Stat(file); err == nil { // it was faster than we: then it is whole
			wantTincan(t, "restore", file, "--data", filepath.Join(t.TempDir(), "new"))
		}
	}
	wantTincan(t, "backup", "--data", data, "--force", file)
	there, err := os.ReadDir(dir)
	if err != nil || len(there) != 2 {
		t.Errorf("beside the folder and its backup: %v, %v", there, err)
	}

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, far := range []string{"tincan.restoring/files/one", "tincan.restoring/files/three", "checking the database"} {
		to := filepath.Join(dir, "to")
		if strings.HasPrefix(far, "tincan.") {
			killHalf(t, whole, filepath.Join(to, far), to)
			late := launch(t, exec.Command(binary, local(to)...))
			late.wantExit(1)
			late.err.want(t, regexp.MustCompile("a restore ended there before it was done"), late.ended)
		} else {
			killAt(t, far, "restore", file, "--data", to)
		}
		if _, err := os.Stat(filepath.Join(to, "tincan.db")); err != nil {
			wantTincan(t, "restore", file, "--data", to)
		}
		r := startServer(t, to)
		if n := len(messagesOf(t, r, "lobby")); n != 20 {
			t.Errorf("killed at %s: %d messages are there", far, n)
		}
		r.stop(os.Interrupt)
		for _, name := range []string{"one", "two", "three"} {
			if got, err := os.ReadFile(filepath.Join(to, "files", name)); err != nil || !bytes.Equal(got, big) {
				t.Errorf("killed at %s: the file %s is another one: %v", far, name, err)
			}
		}
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
	}
}

// killHalf restores a backup whose end does not come, and kills that when a file is there.
func killHalf(t *testing.T, whole []byte, there, to string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "restore", "-", "--data", to)
	cmd.Stdin = r
	c := launch(t, cmd)
	r.Close()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = w.Write(whole[:len(whole)-4096]) // the reader is killed
	}()
	for {
		if _, err := os.Stat(there); err == nil {
			break
		}
		select {
		case <-c.ended:
			t.Fatalf("it ended by itself:\n%s", c.err.String())
		case <-time.After(time.Millisecond):
		}
	}
	c.kill()
	<-fed
	w.Close()
}
