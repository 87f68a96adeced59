package history_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tincan/bridge/history"
)

func TestAFirstStartOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, "1")
	release := fillDisk(t, disk)
	dir := filepath.Join(disk, "data")
	trouble := refused(t, dir, dir)
	if !strings.Contains(trouble.What, "no space is left on its disk") || !strings.Contains(trouble.Do, "free some space") {
		t.Errorf("explained as %q", trouble)
	}
	if _, err := history.Open(limited(t), filepath.Join(disk, "a", "b"), history.Config{}, quiet()); err == nil {
		t.Error("it was opened")
	}
	if _, err := os.Stat(filepath.Join(disk, "a")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folders are there: %v", err)
	}
	release()
	dir = filepath.Join(smallDisk(t, "8"), "data")
	s := openStore(t, dir, quiet())
	mustPost(t, s, "lobby", "1", "x")
}

func TestAReadOnlyFolder(t *testing.T) {
	disk := smallDisk(t, "8")
	dir := filepath.Join(disk, "data")
	s, err := history.Open(limited(t), dir, history.Config{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, s, "lobby", "1", "x")
	if err := s.Close(limited(t)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("it cannot be made read-only here: %v", err)
	}
	refused(t, dir, dir, "read-only", "--data")
	refused(t, filepath.Join(disk, "new"), "read-only", "--data")
}
