package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	cmd        *exec.Cmd
	http, mqtt string        // addresses; http is empty for the stock one
	took       time.Duration // from the start of the process to the first CONNACK
	gone       chan struct{} // closed when the process has ended
}

// ready is the line by which a server tells its ports.
var ready = regexp.MustCompile(`msg=ready (?:http=(\S+) )?mqtt=(\S+)`)

// start starts tincan on a data folder and waits until it lets somebody in. Limits of rates are off.
func (b *bench) start(ctx context.Context, data string) (*server, error) {
	return start(ctx, exec.Command(b.binary, "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--no-open",
		"--set", "limits.messages_per_second=0"))
}

// startStock starts this program again as a broker of unchanged mochi-mqtt.
func startStock(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, exec.Command(self, stockArg))
}

func start(ctx context.Context, cmd *exec.Cmd) (*server, error) {
	name := filepath.Base(cmd.Path)
	logs, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, gone: make(chan struct{})}
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
	select {
	case p := <-ports:
		s.http, s.mqtt = p[0], p[1]
	case <-s.gone:
		return nil, fmt.Errorf("%s ended at its start: %s", name, strings.Join(said, "; "))
	case <-ctx.Done():
		s.kill()
		return nil, fmt.Errorf("%s was not ready: %w", name, ctx.Err())
	}
	c, err := dial(ctx, s.mqtt, "bench")
	if err != nil {
		s.kill()
		return nil, fmt.Errorf("%s let nobody in: %w", name, err)
	}
	s.took = time.Since(begun)
	c.close()
	return s, nil
}

// kill ends the process at once, as kill -9 does, and waits until it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it fails only for a process that has ended
	<-s.gone
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

// cpu is the processor time of all its threads so far.
func (s *server) cpu() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.cmd.Process.Pid))
	if err != nil || len(files) == 0 {
		return 0, errors.Join(err, errors.New("the process has ended, or the system does not tell its CPU time"))
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

// rss is its memory in bytes, once that has not grown or shrunk by more than 1% for two seconds, or ctx ends.
func (s *server) rss(ctx context.Context) (int64, error) {
	last, since := int64(0), time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.resident()
		if err != nil {
			return 0, err
		}
		if diff := now - last; diff > last/100 || diff < -last/100 {
			last, since = now, time.Now()
		} else if time.Since(since) > 2*time.Second {
			return now, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return now, nil
		}
	}
}

// resident is VmRSS (proc(5)).
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
	return 0, errors.New("the process has no VmRSS: it has ended")
}
