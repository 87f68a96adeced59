package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// statusOf reads a figure in bytes from /proc: VmRSS is the memory a process has now, VmHWM the most it has had.
func (s *server) statusOf(field string) int {
	s.t.Helper()
	status, err := os.ReadFile(s.proc("status"))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); f[0] == field+":" {
			kilobytes, err := strconv.Atoi(f[1])
			if err != nil {
				s.t.Fatalf("%s: %v", line, err)
			}
			return kilobytes << 10
		}
	}
	s.t.Fatalf("no %s in %s", field, status)
	return 0
}

// forgetPeak makes VmHWM begin anew.
func (s *server) forgetPeak() {
	s.t.Helper()
	if err := os.WriteFile(s.proc("clear_refs"), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}

// cpu is the processor time that the server has used.
func (s *server) cpu() time.Duration {
	s.t.Helper()
	stat, err := os.ReadFile(s.proc("stat"))
	if err != nil {
		s.t.Fatal(err)
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int
	for _, field := range f[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.Atoi(field)
		if err != nil {
			s.t.Fatalf("%s: %v", stat, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func (s *server) proc(file string) string { return "/proc/" + itoa(s.cmd.Process.Pid) + "/" + file }

// wantMemory waits until the server has given back what it does not need, and returns how much it has then, or after a while.
func (s *server) wantMemory(t *testing.T, most int) int {
	t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if n := s.statusOf("VmRSS"); n <= most || time.Now().After(late) {
			return n
		}
	}
}
