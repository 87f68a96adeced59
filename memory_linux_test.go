package main

import (
	"math"
	"os/exec"
	"regexp"
	"testing"
	"testing/fstest"
)

func TestMemoryIsThatOfTheNarrowestGroup(t *testing.T) {
	t.Parallel()
	const meminfo = "MemTotal:        2048000 kB\nMemFree:          1000 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing": {nil, 0},
		"machine": {map[string]string{"proc/meminfo": meminfo}, 2048000 << 10},
		"version 2, in a group above": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/tincan.service\n",
			"sys/fs/cgroup/system.slice/tincan.service/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.max": "268435456\n",
		}, 256 << 20},
		"version 2, soft": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "536870912\n", "sys/fs/cgroup/a/memory.high": "134217728\n",
		}, 128 << 20},
		"version 2, in a container": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "134217728\n",
		}, 128 << 20},
		"version 1, path not seen from within": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "4:cpu,cpuacct:/x\n3:hugetlb,memory:/docker/abc\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "104857600\n",
		}, 100 << 20},
		"version 1, no limit": {map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "3:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 2048000 << 10},
	} {
		root := fstest.MapFS{}
		for file, text := range c.files {
			root[file] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := readMemory(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if memoryThere() < 32<<20 {
		t.Errorf("this machine: %d", memoryThere())
	}
}

func TestMemoryCeiling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ there, set, want int64 }{
		{0, math.MaxInt64, 2 << 30}, {512 << 20, math.MaxInt64, 256 << 20}, {64 << 20, math.MaxInt64, 64 << 20},
		{1 << 40, math.MaxInt64, 2 << 30}, {512 << 20, 100 << 20, 100 << 20}, {512 << 20, 8 << 30, 8 << 30},
	} {
		if m := memoryFor(c.there, c.set); m.ceiling != c.want || m.heap >= m.ceiling || int64(m.queued) > m.heap/2 {
			t.Errorf("%+v: %+v", c, m)
		}
	}
}

// TestTheEnvironmentsMemoryLimitWins reads what a server says of itself.
func TestTheEnvironmentsMemoryLimitWins(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	cmd := exec.Command(binary, append(local(data), "--set", "log.level=debug")...)
	cmd.Env = append(cleanEnv(), "GOMEMLIMIT=100MiB")
	s := launch(t, cmd)
	s.err.want(t, regexp.MustCompile(`msg="memory ceiling" ceiling=100MiB heap=75MiB queued=25MiB`), s.ended)
}
