// Command bench measures a built tincan from outside, as a process, and prints one table:
//
//	go run .ci/bench/*.go dist-bin/tincan-linux-amd64
//
// Beside it run Debian's mosquitto, where that is installed, a broker of unchanged mochi-mqtt, and a bare loop that does only what
// cannot be left out; the latter two are processes of this same program. All are measured in turns, several rounds, with the same
// clients. What counts is the CPU time of the server's process and the median of the ratios within a round: a machine that is busy
// with something else is busy for all of them. Trust ratios before times.
//
// It reads CPU time and memory from /proc and serves crowds by epoll, so it needs Linux. The large folder is filled by the packages of
// this tree, so the binary must be built from the same one. All sessions are MQTT 3.1.1 from 127.0.0.1. Each step has a deadline,
// and one that fails leaves out its rows, and says why below the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// limit is the time for all steps.
const limit = 10 * time.Minute

func main() {
	messages := flag.Int("messages", 1_000_000, "messages in the large folder")
	rows := flag.String("rows", "", "only these steps, with commas: sessions, connects, fanout, posts, slow, presence, files, starts, sizes")
	flag.Parse()
	switch flag.Arg(0) {
	case mochiArg:
		exit(serveMochi())
	case bareArg:
		exit(serveBare(flag.Arg(1)))
	}
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: go run .ci/bench/*.go [flags] path/to/tincan")
		flag.PrintDefaults()
		os.Exit(2)
	}
	exit(run(flag.Arg(0), *messages, *rows))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A bench is what the steps share.
type bench struct {
	binary   string
	messages int
	scratch  string // a folder that is removed at the end
	table    table
}

// run does the steps and prints the table of what they found. The error tells that a step failed.
func run(binary string, messages int, rows string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	// All servers shall have as many descriptors as this process may have; set by hand, the limit is passed on to them.
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	files.Cur = files.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "tincan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	b := &bench{binary: binary, messages: messages, scratch: scratch}

	var faults []error
	for _, step := range []struct {
		name string
		do   func(context.Context) error
		time time.Duration
	}{
		{"sessions", b.sessions, time.Minute},
		{"connects", b.connects, time.Minute},
		{"fanout", b.fanouts, 4 * time.Minute},
		{"posts", b.posts, time.Minute},
		{"slow", b.slow, time.Minute},
		{"presence", b.presence, time.Minute},
		{"files", b.shares, 2 * time.Minute},
		{"starts", b.starts, 110 * time.Second},
		{"sizes", b.sizes, 5 * time.Second},
	} {
		if rows != "" && !strings.Contains(","+rows+",", ","+step.name+",") {
			continue
		}
		begun := time.Now()
		fmt.Fprintf(os.Stderr, "%s … ", step.name)
		stepCtx, cancel := context.WithTimeout(ctx, step.time)
		if err := step.do(stepCtx); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", step.name, err))
		}
		cancel()
		fmt.Fprintf(os.Stderr, "%.0f s\n", time.Since(begun).Seconds())
	}
	b.table.print(os.Stdout)
	return errors.Join(faults...)
}
