package main

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fence is a block of a page: its language and its text.
var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// blocks returns the blocks of one language, in order.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var bs []string
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			bs = append(bs, m[2])
		}
	}
	if len(bs) == 0 {
		t.Fatalf("%s has no %s", page, language)
	}
	return bs
}

// TestCommandsOfThePagesWork runs every sh block of README.md and docs/devices.md in order, with the address of a running tincan in
// place of 192.168.1.20. What listens (mosquitto_sub) is left running to the end of its page, and must have heard something by then.
func TestCommandsOfThePagesWork(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"mosquitto_pub", "mosquitto_sub", "mosquitto_rr", "curl"} {
		wantProgram(t, program)
	}
	for _, page := range []string{"README.md", "docs/devices.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, t.TempDir())
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "photo.jpg"), []byte("a picture"), 0o600); err != nil {
				t.Fatal(err)
			}
			var listeners []*server
			var scripts []string
			for _, block := range blocks(t, page, "sh") {
				cmd := exec.Command("bash", "-euo", "pipefail", "-c", forTest(block, s))
				cmd.Dir = dir
				cmd.Env = append(cleanEnv(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
				switch first, _, _ := strings.Cut(block, " "); {
				case block == "go run .\n" || block == "go build .\n" || block == "make test\n":
					wantInvocation(t, block)
				case strings.Contains(block, "tincan -c my.yaml"):
					wantConfiguredTincan(t, cmd)
				case first == "mosquitto_sub":
					l := launch(t, cmd)
					l.err.want(t, regexp.MustCompile("received SUBACK"), l.ended) // it listens before the next says something
					listeners, scripts = append(listeners, l), append(scripts, block)
				default:
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %v\n%s", block, err, out)
					}
				}
			}
			for i, l := range listeners {
				if !l.out.comes(regexp.MustCompile(`(?m)^(?:[^CS\n]|C[^l]|S[^u])`), l.ended) { // a line that is none of -d
					t.Errorf("heard nothing: %s%s", scripts[i], l.err.String())
				}
			}
		})
	}
}

// forTest gives a script of a page the address of a server, and makes a listener tell on standard error when it listens (-d).
func forTest(script string, s *server) string {
	port := s.mqtt[strings.LastIndex(s.mqtt, ":")+1:]
	if listener, rest, piped := strings.Cut(script, " | "); strings.HasPrefix(script, "mosquitto_sub ") {
		script = strings.TrimSuffix(strings.Replace(listener, "mosquitto_sub ", "stdbuf -oL mosquitto_sub -d ", 1), "\n") + " | tee /dev/stderr"
		if piped {
			script += " | " + rest
		}
	}
	script = strings.ReplaceAll(script, "-h 192.168.1.20", "-h 127.0.0.1 -p "+port)
	return strings.ReplaceAll(script, "http://192.168.1.20:8080", "http://"+s.http)
}

// wantInvocation tries what a reader types first, as far as it does not run this test again.
func wantInvocation(t *testing.T, block string) {
	t.Helper()
	switch block {
	case "go run .\n":
		s := launch(t, exec.Command("go", append([]string{"run", "."}, local(t.TempDir())...)...))
		s.wantReady()
	case "go build .\n":
		// TestMain has done it.
	case "make test\n":
		if out, err := exec.Command("make", "-n", "test").CombinedOutput(); err != nil {
			t.Errorf("make test: %v\n%s", err, out)
		}
	}
}

// wantConfiguredTincan runs the block about configuration up to the ready line. It listens on port 80, which a test does not: the
// variable of the same key is not stronger, so the flag is replaced.
func wantConfiguredTincan(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	last := len(cmd.Args) - 1
	if !strings.Contains(cmd.Args[last], "--http :80") {
		t.Fatalf("the block has changed: %s", cmd.Args[last])
	}
	cmd.Args[last] = strings.Replace(cmd.Args[last], "--http :80", "--http 127.0.0.1:0 --mqtt 127.0.0.1:0 --no-open", 1)
	cmd.Args[last] = strings.Replace(cmd.Args[last], "tincan -c", "exec tincan -c", 1)
	s := launch(t, cmd)
	s.wantReady()
	s.out.want(t, regexp.MustCompile("Camp 7 is open."), s.ended)
}

// TestReadmeShowsWhatIsPrinted: the greeting in README.md is the one that the computer of its example prints.
func TestReadmeShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	g := greeting{
		title: "camp", host: "camp", data: "/home/ada/tincan-data", addrs: []netip.Addr{netip.MustParseAddr("192.168.1.20")},
		http: &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, mqtt: &net.TCPAddr{IP: net.IPv6unspecified, Port: 1883},
	}
	g.print(&b)
	if got, want := strings.TrimSpace(b.String()), strings.TrimSpace(blocks(t, "README.md", "text")[0]); got != want {
		t.Errorf("README.md shows:\n%s\ntincan prints:\n%s", want, got)
	}
}

// TestLinksOfThePagesLeadSomewhere checks what the pages point to in this repository.
func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, page := range append(pages, "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
