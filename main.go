// Command tincan is the chat room of its network: one process that serves a page, an MQTT broker and a durable log of what was
// said. This package is configuration and wiring; the order of start and stop is read here.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the process without its edges. It returns the exit code: 0 after a clean stop, 1 when the machine does not let it
// work, 2 when the configuration is at fault.
func run(args, env []string, stdout, stderr io.Writer) int {
	do, _, faults := parseCommand(args, env)
	if faults != nil {
		for _, f := range faults {
			fmt.Fprintln(stderr, f)
		}
		fmt.Fprintln(stderr, "tincan: hint: tincan help lists the flags, tincan config every key with its meaning")
		return 2
	}
	switch do {
	case showHelp:
		fmt.Fprint(stdout, usage)
	case showVersion:
		fmt.Fprintln(stdout, versionLine())
	case showConfig:
		stdout.Write(shipped)
	}
	return 0
}
