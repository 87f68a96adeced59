package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// tell runs a command with a line on standard input.
func tellTincan(t testing.TB, line string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdin = cleanEnv(), strings.NewReader(line)
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

var link = regexp.MustCompile(`http://\S+/#/host/([a-z2-7]{20})\n`)

// accept makes a member a host by a token.
func accept(c *mqtttest.Client, token string) byte {
	return c.Publish("chat/user/me/account", `{"do":"accept","token":"`+token+`"}`).Code
}

// Names for good are tended beside a running tincan and in a stopped folder, and no kill loses one.
func TestNamesForGoodAreTended(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	name := func(line string, args ...string) (string, int) {
		return tellTincan(t, line, append([]string{"name", "--data", data}, args...)...)
	}
	want := func(line, says string, args ...string) {
		t.Helper()
		if out, code := name(line, args...); code != 0 || !strings.Contains(out, says) {
			t.Errorf("tincan name %s: %d, %s", strings.Join(args, " "), code, out)
		}
	}
	want("four old tin cans\n", "Ada Okafor is kept for good.", "add", "Ada Okafor")
	for range 2 {
		s := startServer(t, data)
		ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Version: 4, Name: "ada okafor", ID: "a", Secret: "four old tin cans"})
		if c := mqtttest.TryDial(t, s.mqtt, mqtttest.Options{Name: "Ada Okafor", ID: "b", Secret: "guess"}); c.Connack.Code != 0x86 {
			t.Errorf("a guess is answered %s", c.Connack)
		}
		if out, code := name("long enough\n", "add", "ada okafor"); code != 1 || !strings.Contains(out, "is in use") {
			t.Errorf("a name twice: %d, %s", code, out)
		}
		out, _ := name("\n", "passwd", "Ada Okafor") // tincan makes one
		made := regexp.MustCompile(`passphrase is (\S+)`).FindStringSubmatch(out)
		if made == nil {
			t.Fatalf("no passphrase was made: %s", out)
		}
		ada.WantEnd()
		mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "Ada Okafor", ID: "a", Secret: made[1]})
		s.kill()
		want("", "Ada Okafor", "list") // the file of the one that was killed leads nowhere
		want("four old tin cans\n", "kept for good", "passwd", "ada okafor")
	}
	want("", "as any other", "remove", "Ada Okafor")
	if out, code := name("", "list"); code != 0 || out != "" {
		t.Errorf("after the last: %d, %s", code, out)
	}
	for args, says := range map[string]string{
		"":           "what shall be done is missing",
		"ad x":       "did you mean add",
		"add":        "one name is needed",
		"add a/b":    "cannot contain /",
		"passwd eve": "not kept for good",
		"remove eve": "not kept for good",
		"list all":   "takes nothing more",
		"add eve":    "at least 6",
	} {
		line := "long enough\n"
		if args == "add eve" {
			line = "short\n"
		}
		if out, code := name(line, strings.Fields(args)...); code == 0 || !strings.Contains(out, says) {
			t.Errorf("tincan name %s: %d, %s; want …%s…", args, code, out, says)
		}
	}
}

// The first host is whoever opens the link that the start prints; the operator makes further links, while tincan runs or not.
func TestTheFirstHostComesByALink(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	s := startServer(t, data)
	token := s.out.want(t, link, s.ended)[1]
	info, err := os.Stat(filepath.Join(data, controlFile))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the way in is for its owner alone: %v, %v", info, err)
	}
	for _, file := range []string{"tincan.db", "tincan.db-wal"} {
		if b, err := os.ReadFile(filepath.Join(data, file)); err == nil && strings.Contains(string(b), token) {
			t.Errorf("%s holds the token", file)
		}
	}
	ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "apple"})
	if code := accept(ada, token); code != 0 {
		t.Fatalf("ada is refused with %#x", code)
	}
	further := link.FindStringSubmatch(wantTincan(t, "host", "--data", data))
	if further == nil || accept(mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "pear"}), further[1]) != 0 {
		t.Errorf("the link of tincan host: %v", further)
	}
	s.kill()
	stopped := link.FindStringSubmatch(wantTincan(t, "host", "--data", data))
	s = startServer(t, data)
	s.out.want(t, regexp.MustCompile("Ctrl-C"), s.ended)
	if link.MatchString(s.out.String()) {
		t.Error("it has hosts, and prints a link")
	}
	eve := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "eve", Secret: "plum"})
	if stopped == nil || accept(eve, stopped[1]) != 0 || accept(eve, token) == 0 {
		t.Errorf("the link of a stopped folder: %v", stopped)
	}
	s.stop(os.Interrupt)
	if _, err := os.Stat(filepath.Join(data, controlFile)); err == nil {
		t.Error("the way in is still there after the end")
	}
}
