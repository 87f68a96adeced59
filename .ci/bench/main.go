// Command bench measures a built tincan from outside, as a process, and prints one table:
//
//	go run .ci/bench/*.go dist-bin/tincan-linux-amd64
//
// It reads CPU time and memory from /proc, so it needs Linux. Fan-out is measured beside a broker of unchanged mochi-mqtt, a
// process of this same program, in turns, so that a noisy machine is noisy for both; trust ratios and CPU time before rates.
// The large folder is filled by the packages of this tree, so the binary must be built from the same one.
// All sessions are MQTT 3.1.1 from 127.0.0.1. It ends within four minutes: each step has a deadline, and one that fails leaves out
// its lines, and says why below the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// limit is the time for all steps.
const limit = 225 * time.Second

func main() {
	messages := flag.Int("messages", 1_000_000, "messages in the large folder")
	only := flag.String("only", "", "one step: sessions, fanout, posts, starts or sizes")
	flag.Parse()
	if flag.Arg(0) == stockArg {
		exit(serveStock())
	}
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: go run .ci/bench/*.go [flags] path/to/tincan")
		flag.PrintDefaults()
		os.Exit(2)
	}
	exit(run(flag.Arg(0), *messages, *only))
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
func run(binary string, messages int, only string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

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
		{"sessions", b.sessions, 50 * time.Second},
		{"fanout", b.fanouts, 80 * time.Second},
		{"posts", b.posts, 40 * time.Second},
		{"starts", b.starts, 110 * time.Second},
		{"sizes", b.sizes, 5 * time.Second},
	} {
		if only != "" && only != step.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", step.name)
		stepCtx, cancel := context.WithTimeout(ctx, step.time)
		if err := step.do(stepCtx); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", step.name, err))
		}
		cancel()
	}
	b.table.print(os.Stdout)
	return errors.Join(faults...)
}
