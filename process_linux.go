package main

import (
	"os"
	"strconv"
	"strings"
)

// processUse is what the process takes of the machine: resident memory in bytes, and open file descriptors. ok is false when the machine
// does not tell.
func processUse() (resident, descriptors uint64, ok bool) {
	text, err := os.ReadFile("/proc/self/statm") // in pages: size, resident, … (proc(5))
	if err != nil {
		return 0, 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, 0, false
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, 0, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, 0, false
	}
	return pages * uint64(os.Getpagesize()), uint64(len(names) - 1), true // one of them reads the list
}
