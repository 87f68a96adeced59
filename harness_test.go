package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for something that has to come. Machines that run tests are busy.
const patience = time.Minute

// binary is the tincan that these tests run, built once.
var binary string

func TestMain(m *testing.M) {
	if addrs := os.Getenv(honestEnv); addrs != "" {
		beHonest(strings.Fields(addrs))
		return
	}
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" { // what is fuzzed needs no binary, and each of the workers comes by here
		os.Exit(m.Run())
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tincan-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o755); err != nil { // tests run it as somebody else, too
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		binary = filepath.Join(dir, "tincan")
		if runtime.GOOS == "windows" {
			binary += ".exe"
		}
		args := []string{"build", "-o", binary}
		if raceEnabled {
			args = append(args, "-race")
		}
		if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// A server is a running tincan.
type server struct {
	t    testing.TB
	cmd  *exec.Cmd
	data string

	// Known when it is ready.
	http, mqtt string // host:port

	out, err transcript
	ended    chan struct{} // closed when the process is gone
	code     int           // its exit code, then
}

// local are the flags of every tincan of these tests: loopback, free ports, no browser.
func local(data string) []string {
	return []string{"--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--no-open", "--data", data}
}

// startServer starts one on a folder and waits until it is ready.
func startServer(t testing.TB, data string, args ...string) *server {
	t.Helper()
	s := launch(t, exec.Command(binary, append(local(data), args...)...))
	s.data = data
	s.wantReady()
	return s
}

// launch starts a command that is, or becomes, tincan. Cleanup ends it and fails the test when it raced.
func launch(t testing.TB, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, cmd: cmd, ended: make(chan struct{})}
	s.out.changed, s.err.changed = make(chan struct{}, 1), make(chan struct{}, 1)
	cmd.Stdout, cmd.Stderr = &s.out, &s.err
	if cmd.Env == nil {
		cmd.Env = cleanEnv()
	}
	ownGroup(cmd)
	cmd.WaitDelay = patience // for what it started and left behind with its output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		var exit *exec.ExitError
		if err := cmd.Wait(); errors.As(err, &exit) {
			s.code = exit.ExitCode()
		}
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.kill()
		if log := s.err.String(); strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic:") {
			t.Errorf("the server raced or panicked:\n%s", log)
		}
		if t.Failed() {
			t.Logf("its output:\n%s%s", s.out.String(), s.err.String())
		}
	})
	return s
}

// cleanEnv is the environment without what would change a tincan, make it open a browser, or have go build it as these tests are built.
func cleanEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TINCAN_") && !strings.HasPrefix(v, "GOFLAGS=") && !strings.HasPrefix(v, "DISPLAY=") && !strings.HasPrefix(v, "WAYLAND_DISPLAY=") {
			env = append(env, v)
		}
	}
	return env
}

var readyLine = regexp.MustCompile(`msg=ready http=(\S+) mqtt=(\S+)`)

func (s *server) wantReady() {
	s.t.Helper()
	m := s.err.want(s.t, readyLine, s.ended)
	s.http, s.mqtt = m[1], m[2]
}

// get asks the page's server for a path.
func (s *server) get(path string) *http.Response {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.http+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	return res
}

// kill ends it as a power cut does, and waits until it is gone.
func (s *server) kill() {
	killGroup(s.cmd)
	<-s.ended
}

// stop asks it to end and wants that it does so cleanly.
func (s *server) stop(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	s.wantExit(0)
}

func (s *server) wantExit(code int) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // it tells where it hangs
		<-s.ended
		s.t.Fatalf("it did not end:\n%s", s.err.String())
	}
	if s.code != code {
		s.t.Fatalf("exit %d, want %d", s.code, code)
	}
}

// A transcript gathers what a process writes.
type transcript struct {
	mu      sync.Mutex // guards b
	b       bytes.Buffer
	changed chan struct{} // capacity 1: something was written
}

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.b.Write(p)
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// want waits until the text matches and returns the match; it fails the test when ended comes first, or it takes too long.
func (w *transcript) want(t testing.TB, re *regexp.Regexp, ended <-chan struct{}) []string {
	t.Helper()
	if !w.comes(re, ended) {
		t.Fatalf("no %s in:\n%s", re, w.String())
	}
	return re.FindStringSubmatch(w.String())
}

// comes waits until the text matches. It tells false when ended comes first, or it takes too long.
func (w *transcript) comes(re *regexp.Regexp, ended <-chan struct{}) bool {
	for late := time.After(patience); !re.MatchString(w.String()); {
		select {
		case <-w.changed:
		case <-ended:
			return re.MatchString(w.String())
		case <-late:
			return false
		}
	}
	return true
}

// wantProgram returns the path of a program that a test needs. Where everything must be tested (CI) its absence is a failure.
func wantProgram(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: make tools installs it", name)
		}
		t.Skipf("%s is missing: make tools installs it", name)
	}
	return path
}
