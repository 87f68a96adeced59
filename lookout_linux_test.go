package main

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tincan/bridge/web"
)

// inNetwork runs a command of the shell in the network that a process sees.
func inNetwork(t *testing.T, s *server, command string) string {
	t.Helper()
	out, err := exec.Command("nsenter", "-t", strconv.Itoa(s.cmd.Process.Pid), "-n", "sh", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

// TestANetworkThatComesLaterIsTold starts a tincan without any network, as a computer does that boots before its Wi-Fi.
func TestANetworkThatComesLaterIsTold(t *testing.T) {
	t.Parallel()
	const wifi = "ip link set lo up && ip tuntap add dev lan0 mode tap && ip link set lan0 up"
	wantProgram(t, "curl")
	if out, err := exec.Command("unshare", "-n", "sh", "-c", "nsenter --version && "+wifi).CombinedOutput(); err != nil {
		t.Skipf("only an administrator of Linux can make a network: %v\n%s", err, out)
	}
	data := t.TempDir()
	s := launch(t, exec.Command("unshare", "-n", "sh", "-c", wifi+` && exec "$0" "$@"`, binary, "--http", "0.0.0.0:8080", "--mqtt", "0.0.0.0:1883", "--no-open", "--data", data))
	s.data = data
	s.wantReady()
	s.out.want(t, regexp.MustCompile(`No network was found[^\0]*Ctrl-C`), s.ended)
	inNetwork(t, s, "ip addr add 192.168.1.20/24 dev lan0")
	s.out.want(t, regexp.MustCompile(`has a new address[^\0]*    http://192\.168\.1\.20:8080\n[^\0]*http://192\.168\.1\.20:8080/#/host/[^\0]*mosquitto_pub -h 192\.168\.1\.20 `), s.ended)
	if out := inNetwork(t, s, binary+" host --data "+data); !strings.Contains(out, "http://192.168.1.20:8080/#/host/") {
		t.Errorf("tincan host leads elsewhere: %s", out)
	}
	var place web.Place
	if err := json.Unmarshal([]byte(inNetwork(t, s, "curl -s http://192.168.1.20:8080/api/place")), &place); err != nil || !slices.Contains(place.Addresses, "http://192.168.1.20:8080") {
		t.Errorf("the page tells %+v, %v", place, err)
	}
}
