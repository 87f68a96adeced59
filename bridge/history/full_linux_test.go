package history_test

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of some megabytes, where the tests may.
func smallDisk(t testing.TB, megabytes string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+megabytes+"m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk writes until there is no space on the disk of dir, and returns how to free it.
func fillDisk(t testing.TB, dir string) (release func()) {
	t.Helper()
	f, err := os.CreateTemp(dir, "filler")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 1; size /= 2 {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

func init() {
	subject.Disk = func(t testing.TB) (string, func() func()) {
		disk := smallDisk(t, "24")
		return disk, func() func() { return fillDisk(t, disk) }
	}
}
