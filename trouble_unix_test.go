//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestStartOnAFolderOfSomebodyElse: an administrator may write everywhere, so tincan runs as nobody when the tests run as root.
func TestStartOnAFolderOfSomebodyElse(t *testing.T) {
	t.Parallel()
	data := filepath.Join(openFolder(t), "tincan-data")
	if err := os.Mkdir(data, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, local(data)...)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	wantTrouble(t, "folder is read-only", data, cmd)
}

// openFolder is a temporary folder that others can look into.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tincan-open-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// onSmallDisk is a command that runs tincan on a file system of its own with so many KiB, after a shell has prepared it. The
// file system lives as long as the process; others see it below root.
func onSmallDisk(t *testing.T, kib int, prepare string) (cmd *exec.Cmd, data string) {
	t.Helper()
	disk := t.TempDir()
	data = filepath.Join(disk, "tincan-data")
	script := `mount -t tmpfs -o size=` + itoa(kib) + `k tmpfs "$DISK" && cd "$DISK" && ` + prepare + ` exec "$0" "$@"`
	cmd = exec.Command("unshare", append([]string{"-m", "sh", "-c", script, binary}, local(data)...)...)
	cmd.Env = append(cleanEnv(), "DISK="+disk)
	if err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", disk).Run(); err != nil {
		t.Skipf("only an administrator of Linux can make a small disk: %v", err)
	}
	return cmd, data
}

func TestFirstStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	cmd, data := onSmallDisk(t, 64, `head -c 64k /dev/zero >ballast 2>/dev/null;`)
	wantTrouble(t, "disk is full", data, cmd)
}
