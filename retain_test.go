package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// What a room is not to keep is gone: for those who ask, and from the disk; and everybody is told what is kept.
func TestWhatIsNotKeptIsGone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	for i := range 30 {
		ada.Publish("chat/room/lobby/say", fmt.Sprintf(`{"id":"m%d","text":"word-%d-of-many"}`, i+1, i+1))
	}
	ada.Publish("chat/room/lobby/say", `{"kind":"edit","ref":"m1","text":"changed-word-of-many"}`)
	if n := len(messagesOf(t, s, "lobby")); n != 31 {
		t.Fatalf("%d entries are there", n)
	}
	s.stop(os.Interrupt)

	s = startServer(t, data, "--set", "history.keep.messages=12", "--set", "history.keep.days=30")
	ada = mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	ada.Subscribe("chat/server/status")
	ada.Want("what is kept", func(p mqtttest.Packet) bool {
		return p.Topic == "chat/server/status" && strings.Contains(string(p.Payload), `"keep":{"days":30,"messages":12}`)
	})
	var log []said
	until(t, "the rest is gone", func() bool {
		log = messagesOf(t, s, "lobby")
		return len(log) == 12
	})
	if log[0].Seq != 20 || log[0].Text != "word-20-of-many" || log[11].Seq != 31 || log[11].Text != "" {
		t.Errorf("what is left: %+v", log)
	}
	until(t, "no word of it is on the disk", func() bool {
		for _, word := range []string{"word-1-of", "word-19-of", "changed-word"} {
			if onDisk(t, data, word) {
				return false
			}
		}
		return true
	})
	if !onDisk(t, data, "word-20-of-many") {
		t.Error("what is left cannot be found on the disk: this test sees nothing")
	}
	if a := ada.Publish("chat/room/lobby/say", `{"id":"m2","text":"word-2-of-many"}`); a.Code != 0 {
		t.Errorf("a repeat of what is gone: %#x", a.Code)
	}
	if n := len(messagesOf(t, s, "lobby")); n != 12 {
		t.Errorf("after a repeat of what is gone %d entries are there", n)
	}
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !ok(); {
		if time.Now().After(late) {
			t.Fatalf("not in %v: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond) // the pace of looking
	}
}

// onDisk tells whether some file of a folder holds a text.
func onDisk(t testing.TB, dir, text string) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil && bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}
