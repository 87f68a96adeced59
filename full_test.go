//go:build linux

package main

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// TestFullDiskStopsWritingAndNothingElse fills the disk under a running tincan and frees it again.
func TestFullDiskStopsWritingAndNothingElse(t *testing.T) {
	t.Parallel()
	cmd, data := onSmallDisk(t, 8<<10, "")
	s := launch(t, cmd)
	s.data = data
	s.wantReady()
	const say, full = "chat/room/lobby/say", 0x97
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "hers"})
	ada.Subscribe("chat/room/lobby/messages")
	lamp := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "lamp", ID: "lamp-1", Keep: true, Expiry: 3600})
	lamp.SubscribeOpt(1, "house/lamp")
	lamp.Cut()
	gone(t, ada, "lamp")
	kept := 1
	if p := ada.Publish(say, "before"); p.Code != 0 {
		t.Fatalf("before: %#x %q", p.Code, p.Props.Reason)
	}

	// What SQLite had room for already goes on for a while, and a checkpoint may free some: stuff leaves nothing.
	ballast := "/proc/" + itoa(s.cmd.Process.Pid) + "/root" + strings.TrimSuffix(data, "/tincan-data") + "/ballast"
	stuff := func() (refused mqtttest.Packet) {
		for range 5000 {
			fill(t, ballast)
			if refused = ada.Publish(say, strings.Repeat("x", 1000)); refused.Code != 0 {
				return refused
			}
			kept++
		}
		t.Fatal("the disk does not become full")
		return refused
	}
	if p := stuff(); p.Code != full || !strings.Contains(p.Props.Reason, "space") {
		t.Fatalf("the acknowledgement on a full disk is %#x %q", p.Code, p.Props.Reason)
	}

	// What could not wait for a session that is away is refused likewise.
	if p := ada.Publish("house/lamp", "refused"); p.Code != full || !strings.Contains(p.Props.Reason, "space") {
		stuff() // there was room after all
		if p = ada.Publish("house/lamp", "refused"); p.Code != full {
			t.Errorf("a command for a sleeper is answered %#x %q", p.Code, p.Props.Reason)
		}
	}

	// Joining and reading go on, and nobody is shown what was refused.
	bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "his"})
	bob.Subscribe("chat/room/lobby/messages")
	if got := messagesOf(t, s, "lobby"); len(got) != kept {
		t.Errorf("%d messages, want %d", len(got), kept)
	}
	for ended := false; !ended; {
		stuff()
		old := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "old", Version: 4})
		old.Go(mqtttest.Pub{Topic: say, Payload: "refused", QoS: 1})
		for late := time.Now().Add(patience); ; {
			if ended = old.Ended(); ended {
				break
			}
			if len(old.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback })) > 0 {
				kept++ // there was room after all
				old.Disconnect()
				break
			}
			if time.Now().After(late) {
				t.Fatal("MQTT 3.1.1 is neither acknowledged nor ended")
			}
			time.Sleep(time.Millisecond)
		}
	}
	if n := strings.Count(s.err.String(), "nothing is stored"); n > 2 {
		t.Errorf("%d log lines a minute for one trouble", n)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(patience); ; {
		p := ada.Do(mqtttest.Pub{Topic: say, Payload: `{"id":"after","text":"after"}`, QoS: 1})
		if p.Code == 0 {
			break
		}
		if p.Code != full || time.Now().After(late) {
			t.Fatalf("after there was space: %#x %q", p.Code, p.Props.Reason)
		}
		time.Sleep(50 * time.Millisecond) // the time between two tries of a client, not a wait for the server
	}
	for late := time.Now().Add(patience); ada.Publish("house/lamp", "after").Code != 0; {
		if time.Now().After(late) {
			t.Fatal("a command for a sleeper is still refused")
		}
		time.Sleep(50 * time.Millisecond) // the time between two tries of a client
	}
	lamp = mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "lamp", ID: "lamp-1", Keep: true, Expiry: 3600})
	lamp.Want("the command after it", func(p mqtttest.Packet) bool { return string(p.Payload) == "after" })
	bob.Want("the first message after it", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"id":"after"`) })
	s.stop(os.Interrupt)
}

// fill writes to a file until there is no space left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
