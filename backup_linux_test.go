package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// smallDisk mounts a file system of so many bytes, where the tests may.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+itoa(size)); err != nil {
		t.Skipf("only an administrator of Linux can make a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// leave fills the disk of a folder but for so many bytes.
func leave(t *testing.T, dir string, free int64) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	fill(t, path)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-free)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wantNoSpace wants what a command told that ended for lack of space: what happened, and what helps.
func wantNoSpace(t *testing.T, free int64, told string, code int) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(told), "\n")
	last := lines[max(len(lines)-2, 0):]
	if code != 1 || len(last) != 2 || !strings.Contains(last[0], "no space is left on ") || !strings.HasPrefix(last[1], "tincan: hint: free some space") ||
		strings.Contains(told, "damaged") {
		t.Errorf("with %d bytes free: exit %d\n%s", free, code, told)
	}
}

// inFolder names what is in a folder, but the ballast and what belongs to the disk.
func inFolder(t *testing.T, dir string) string {
	t.Helper()
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range there {
		if e.Name() != "ballast" {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

// squeeze makes tries with more and less free space on a disk, down to the page that decides. A try tells whether it succeeded.
func squeeze(t *testing.T, disk string, try func(free int64) bool) {
	t.Helper()
	const page, plenty = 4 << 10, 2 << 20
	few := sort.Search(plenty/page, func(pages int) bool {
		leave(t, disk, int64(pages)*page)
		ok := try(int64(pages) * page)
		return ok
	})
	if few < 4 || few == plenty/page {
		t.Errorf("the disk was never full, or always: %d pages", few)
	}
}

// A backup that finds too little space, wherever that ends it, says so, leaves what was there, and the room goes on, even on the same disk.
func TestBackupOnAFullDiskLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 16<<20)
	data, file, old := filepath.Join(disk, "data"), filepath.Join(disk, "room.tar"), "an older backup"
	s := startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	said := 0
	say := func(text string) {
		t.Helper()
		for late := time.Now().Add(patience); ; {
			p := ada.Publish("chat/room/lobby/say", text)
			if p.Code == 0 {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("message %d: %#x %q", said, p.Code, p.Props.Reason)
			}
			time.Sleep(50 * time.Millisecond) // the time between two tries of a client, not a wait for the server
		}
		said++
	}
	for range 50 {
		say(strings.Repeat("x", 7000))
	}
	begin := func() {
		if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	there := inFolder(t, disk)
	squeeze(t, disk, func(free int64) bool {
		_, told, code := tincan(t, "backup", "--data", data, "--force", file)
		if code == 0 {
			leave(t, disk, 4<<20)
			begin()
			return true
		}
		wantNoSpace(t, free, told, code)
		if got, err := os.ReadFile(file); err != nil || string(got) != old {
			t.Fatalf("with %d bytes free, the older backup is %d other bytes: %v", free, len(got), err)
		}
		if got := inFolder(t, disk); got != there {
			t.Errorf("with %d bytes free it left %s, want %s", free, got, there)
		}
		leave(t, disk, 4<<20)
		say("after " + itoa(int(free)))
		return false
	})
	if got := len(messagesOf(t, s, "lobby")); got != said {
		t.Errorf("%d messages, want %d", got, said)
	}
	s.stop(os.Interrupt)
}

// A restore that finds too little space, wherever that ends it, says so, and leaves an empty folder empty and a missing one missing.
func TestRestoreOnAFullDiskLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "room.tar")
	s := startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	for range 50 {
		ada.Publish("chat/room/lobby/say", strings.Repeat("x", 7000))
	}
	s.stop(os.Interrupt)
	if err := os.MkdirAll(filepath.Join(data, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two", "three"} {
		if err := os.WriteFile(filepath.Join(data, "files", name), make([]byte, 100<<10), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantTincan(t, "backup", "--data", data, file)

	disk := smallDisk(t, 16<<20)
	empty, missing := filepath.Join(disk, "empty"), filepath.Join(disk, "new", "missing")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	wantNothing := func(free int64, to string) (restored bool) {
		t.Helper()
		_, told, code := tincan(t, "restore", file, "--data", to)
		if code == 0 {
			return true
		}
		wantNoSpace(t, free, told, code)
		if got := inFolder(t, disk); got != "empty" {
			t.Errorf("with %d bytes free, the disk holds %s", free, got)
		}
		if got := inFolder(t, empty); got != "" {
			t.Errorf("with %d bytes free, the empty folder holds %s", free, got)
		}
		return false
	}
	squeeze(t, disk, func(free int64) bool {
		if !wantNothing(free, missing) {
			return false
		}
		if err := os.RemoveAll(filepath.Dir(missing)); err != nil {
			t.Fatal(err)
		}
		return true
	})
	leave(t, disk, 256<<10)
	if wantNothing(256<<10, empty) {
		t.Error("the disk was not full")
	}
	leave(t, disk, 4<<20)
	wantTincan(t, "restore", file, "--data", empty)
	r := startServer(t, empty)
	if got := len(messagesOf(t, r, "lobby")); got != 50 {
		t.Errorf("%d messages, want 50", got)
	}
	r.stop(os.Interrupt)
}

// A backup that goes to standard output may lack space in two places, and says in which.
func TestBackupToStandardOutputSaysWhichDiskIsFull(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data)
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada"})
	ada.Publish("chat/room/lobby/say", "hello")
	disk := smallDisk(t, 1<<20)
	fill(t, filepath.Join(disk, "ballast"))
	for _, c := range []struct{ out, temp, want string }{
		{t.TempDir(), disk, "no space is left on the disk of " + disk},
		{disk, t.TempDir(), "no space is left where standard output goes"},
	} {
		out, err := os.Create(filepath.Join(c.out, "room.tar"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		var told strings.Builder
		cmd := exec.Command(binary, "backup", "--data", data, "-")
		cmd.Env, cmd.Stdout, cmd.Stderr = append(cleanEnv(), "TMPDIR="+c.temp), out, &told
		if err := cmd.Run(); err == nil || !strings.Contains(told.String(), c.want) || !strings.Contains(told.String(), "tincan: hint: ") {
			t.Errorf("%v\n%s", err, told.String())
		}
		if there := inFolder(t, c.temp); there != "" {
			t.Errorf("it left %s", there)
		}
	}
	if p := ada.Publish("chat/room/lobby/say", "still here"); p.Code != 0 {
		t.Errorf("afterwards: %#x %q", p.Code, p.Props.Reason)
	}
}
