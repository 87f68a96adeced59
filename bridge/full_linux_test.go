package bridge

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// TestAFullDisk: what cannot be kept is not acknowledged, and nobody sees it; everything else goes on, and so does posting as soon as
// there is space.
func TestAFullDisk(t *testing.T) {
	r := newRoom(t)
	r.end()
	if err := syscall.Mount("tmpfs", r.dir, "tmpfs", 0, "size=16m"); err != nil {
		if os.Getenv("CI") != "" && os.Getuid() == 0 {
			t.Fatal(err)
		}
		t.Skipf("only an administrator of Linux can make a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(r.dir, syscall.MNT_DETACH) }) // runs before the folder is removed
	r.start()
	// newRoom's own clean-up looks at the folder when the disk is gone: this one has to end before.
	t.Cleanup(func() {
		if r.end != nil {
			r.end()
		}
		r.checkStore()
	})
	ada, bob := r.join("ada"), r.join("bob")
	ada.say("before")

	ballast := filepath.Join(r.dir, "ballast")
	no := untilFull(t, ballast, func() mqtttest.Packet {
		return ada.Publish("chat/room/lobby/say", strings.Repeat("x", 8000))
	})
	if no.Code != 0x97 || !strings.Contains(no.Props.Reason, "no space left") {
		t.Errorf("answered %s", no)
	}

	// Joining, reading and typing go on.
	eve := r.join("eve")
	eve.Publish("chat/room/lobby/history", `{"limit":5}`)
	eve.wantInbox("history")
	bob.wantJoin("eve")

	// 3.1.1 is not acknowledged, and its session ends.
	untilFull(t, ballast, func() mqtttest.Packet {
		old := mqtttest.Dial(t, r.tcp, mqtttest.Options{Version: 4, Name: "old", ID: "o"})
		defer old.Cut()
		id := old.Go(mqttPub{Topic: "chat/room/lobby/say", Payload: "unheard" + strings.Repeat("x", 8000), QoS: 1})
		for !old.Ended() {
			if acks := old.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback && p.ID == id }); len(acks) > 0 {
				return acks[0]
			}
			time.Sleep(time.Millisecond)
		}
		return mqtttest.Packet{Code: 0x80}
	})

	// With space it is taken up again by itself.
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	freed := time.Now()
	for a := (mqtttest.Packet{Code: 1}); a.Code != 0; {
		if a = ada.Publish("chat/room/lobby/say", `{"id":"after","text":"after"}`); time.Since(freed) > mqtttest.Patience {
			t.Fatalf("still %s", a)
		}
	}
	t.Logf("taken up %v after there was space", time.Since(freed))
	// Everybody has seen what is kept, and nothing else.
	last := bob.wantText("after").Seq
	if kept, err := r.store.Head(t.Context(), Lobby); err != nil || kept != last {
		t.Errorf("bob has read up to %d, and %d are kept (%v)", last, kept, err)
	}
}

// untilFull fills the disk and posts until that is refused: the store has some pages to spare when a disk becomes full.
func untilFull(t testing.TB, ballast string, post func() mqtttest.Packet) mqtttest.Packet {
	t.Helper()
	for deadline := time.Now().Add(mqtttest.Patience); ; {
		fill(t, ballast)
		if a := post(); a.Code >= 0x80 {
			return a
		}
		if time.Now().After(deadline) {
			t.Fatal("a full disk takes everything")
		}
	}
}

// fill adds to a file until there is no space left.
func fill(t testing.TB, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 512; size /= 2 {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
}
