package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a broker's process.
type server struct {
	cmd                 *exec.Cmd
	name                string
	mqtt, http, metrics string        // addresses; only tincan has the last two
	took                time.Duration // from the start of the process to the first CONNACK
	gone                chan struct{} // closed when the process has ended
}

// ready is the line by which a server tells its ports.
var ready = regexp.MustCompile(`msg=ready (?:http=(\S+) )?mqtt=(\S+)(?: metrics=(\S+))?`)

// tincan starts the binary on a data folder and waits until it lets somebody in. Limits of rates are off.
func (b *bench) tincan(ctx context.Context, data string) (*server, error) {
	return start(ctx, "tincan", "", exec.Command(b.binary, "--data", filepath.Join(b.scratch, data), "--http", "127.0.0.1:0",
		"--mqtt", "127.0.0.1:0", "--no-open", "--set", "metrics=127.0.0.1:0", "--set", "limits.messages_per_second=0"))
}

// self starts this program again in another part.
func (b *bench) self(ctx context.Context, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, args[0], "", exec.Command(self, args...))
}

func (b *bench) mochi(ctx context.Context) (*server, error) { return b.self(ctx, mochiArg) }

// bare starts the bare loop; it logs QoS 1 messages to a file.
func (b *bench) bare(ctx context.Context, file string) (*server, error) {
	return b.self(ctx, bareArg, filepath.Join(b.scratch, file))
}

// start starts a process and waits until it lets somebody in. Where it serves is told by its ready line, unless addr does.
func start(ctx context.Context, name, addr string, cmd *exec.Cmd) (*server, error) {
	logs, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, name: name, mqtt: addr, gone: make(chan struct{})}
	ports := make(chan []string, 1)
	var said []string // its last words, owned by the goroutine until gone is closed
	go func() {
		defer close(s.gone)
		lines := bufio.NewScanner(logs)
		for lines.Scan() {
			if m := ready.FindStringSubmatch(lines.Text()); m != nil {
				ports <- m[1:]
			}
			said = append(said, lines.Text())
			said = said[max(0, len(said)-5):]
		}
		_ = cmd.Wait() // how it ended is told by what it said
	}()
	if addr == "" {
		select {
		case p := <-ports:
			s.http, s.mqtt, s.metrics = p[0], p[1], p[2]
		case <-s.gone:
			return nil, fmt.Errorf("%s ended at its start: %s", name, strings.Join(said, "; "))
		case <-ctx.Done():
			s.kill()
			return nil, fmt.Errorf("%s was not ready: %w", name, ctx.Err())
		}
	}
	c, err := dial(ctx, s.mqtt, "bench")
	for err != nil && addr != "" && errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil { // it says nothing when it is ready
		time.Sleep(10 * time.Millisecond)
		c, err = dial(ctx, s.mqtt, "bench")
	}
	if err != nil {
		s.kill()
		return nil, fmt.Errorf("%s let nobody in: %w; it said: %s", name, err, strings.Join(said, "; "))
	}
	s.took = time.Since(begun)
	c.close()
	return s, nil
}

// kill ends the process at once, as kill -9 does, and waits until it is gone.
func (s *server) kill() {
	if s != nil {
		_ = s.cmd.Process.Kill() // it fails only for a process that has ended
		<-s.gone
	}
}

// stop ends the process as a service manager does.
func (s *server) stop(ctx context.Context) error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
		s.kill()
		return ctx.Err()
	}
}

// cpu is the processor time of all its threads so far, user and system, in the scheduler's nanoseconds: proc(5)'s stat counts
// hundredths of a second.
func (s *server) cpu() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.cmd.Process.Pid))
	if err != nil || len(files) == 0 {
		return 0, errors.Join(err, fmt.Errorf("%s has ended, or the system does not tell its CPU time", s.name))
	}
	var sum time.Duration
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// quiet waits until it does next to nothing, and returns its CPU time so far.
func (s *server) quiet(ctx context.Context) (time.Duration, error) {
	const look, nothing = 250 * time.Millisecond, 2 * time.Millisecond
	last := -time.Hour
	for {
		now, err := s.cpu()
		if err != nil || now-last <= nothing {
			return now, err
		}
		last = now
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return 0, fmt.Errorf("%s does not come to rest: %w", s.name, ctx.Err())
		}
	}
}

// resident is VmRSS (proc(5)), in bytes.
func (s *server) resident() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("%s has no VmRSS: it has ended", s.name)
}

// mallocs is how many objects tincan has allocated so far.
func (s *server) mallocs() (n int64, err error) {
	res, err := http.Get("http://" + s.metrics + "/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "go_memstats_mallocs_total "); ok {
			return strconv.ParseInt(v, 10, 64)
		}
	}
	return 0, errors.New("tincan does not tell its allocations")
}
