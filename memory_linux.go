package main

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// memoryThere is the memory that this process may use, in bytes: the machine's, or that of its control groups where it is less; 0 when
// that is not known.
func memoryThere() int64 { return readMemory(os.DirFS("/")) }

// readMemory reads it below root (proc(5), cgroups(7)).
func readMemory(root fs.FS) int64 {
	least := int64(0)
	take := func(n int64) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	if text, err := fs.ReadFile(root, "proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "MemTotal:" {
				n, _ := strconv.ParseInt(f[1], 10, 64)
				take(n << 10)
			}
		}
	}
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return least
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3) // hierarchy:controllers:path
		if len(parts) < 3 {
			continue
		}
		switch {
		case parts[0] == "0":
			upwards(root, "sys/fs/cgroup", parts[2], "memory.max", take)
			upwards(root, "sys/fs/cgroup", parts[2], "memory.high", take)
		case hasController(parts[1], "memory"):
			upwards(root, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes", take)
		}
	}
	return least
}

func hasController(list, name string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == name {
			return true
		}
	}
	return false
}

// upwards takes the figure of a group and of all above it. The path may be one that cannot be seen from in here; the groups above can.
func upwards(root fs.FS, mount, group, file string, take func(int64)) {
	for dir := path.Join(mount, path.Clean("/"+group)); ; dir = path.Dir(dir) {
		if text, err := fs.ReadFile(root, path.Join(dir, file)); err == nil {
			n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // or max
			if err == nil && n < 1<<60 {                                        // the old interface writes no limit as a huge one
				take(n)
			}
		}
		if dir == mount {
			return
		}
	}
}
