package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// configure reads a file (none when empty), an environment and a command line, and returns the faults with the folder taken out.
func configure(t *testing.T, file string, env []string, args ...string) (*Config, []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "my.yaml")
	if file != "" {
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"-c", path}, args...)
	}
	c, err := parseServe(args, env)
	var faults []string
	if bad := (*misuse)(nil); errors.As(err, &bad) {
		faults = bad.faults
	} else if err != nil {
		t.Fatal(err)
	}
	for i := range faults {
		faults[i] = strings.ReplaceAll(faults[i], path, "my.yaml")
	}
	return c, faults
}

func TestFaultsAreToldAllAtOnceWithPlaceAndRemedy(t *testing.T) {
	for _, c := range []struct {
		name string
		file string
		env  []string
		args []string
		want string // lines
	}{
		{
			name: "unknown keys in every layer",
			file: "# mine\nnames:\n  hodl: 20m\nhtpp: \":80\"\ntopic:\n  open: []\nhold: 5m\nhedgehog: 1\n",
			env:  []string{"TINCAN_NAMES_HODL=1m", "HOME=/root", "TINCAN_HEDGEHOG=2"},
			args: []string{"--set", "log.levle=info", "--set", "name"},
			want: `my.yaml:3: unknown key names.hodl; did you mean names.hold?
my.yaml:4: unknown key htpp; did you mean http?
my.yaml:5: unknown key topic; did you mean topics?
my.yaml:7: unknown key hold; did you mean names.hold?
my.yaml:8: unknown key hedgehog
TINCAN_HEDGEHOG: unknown variable
TINCAN_NAMES_HODL: unknown variable; did you mean TINCAN_NAMES_HOLD?
--set log.levle=info: unknown key log.levle; did you mean log.level?
--set name: a value is missing; write --set name=""`,
		},
		{
			name: "values that cannot be read",
			file: "names:\n  hold: 10\nlimits:\n  queue: 5\n  packet: 1 MB\n  keepalive: soon\n  messages_burst: many\nopen: perhaps\n",
			env:  []string{"TINCAN_NAMES_HOLD=-1s"},
			args: []string{"--set", "rooms.max=1e3"},
			want: `my.yaml:2: names.hold: "10" has no unit; write 10s, 10m or 10h
my.yaml:4: limits.queue: "5" has no unit; write 5B, 5KiB or 5MiB
my.yaml:5: limits.packet: "1 MB" is not a size; write a whole number with B, KiB, MiB or GiB, such as 256KiB
my.yaml:6: limits.keepalive: "soon" is not a duration; write a number with ms, s, m or h, such as 10m or 1h30m
my.yaml:7: limits.messages_burst: "many" is not a whole number, such as 1000
my.yaml:8: open: "perhaps" is neither true nor false
TINCAN_NAMES_HOLD: "-1s" is negative; a duration is 0 or more
--set rooms.max: "1e3" is not a whole number, such as 1000`,
		},
		{
			name: "values that cannot be used",
			file: "data: \"\"\nqr: allways\nhosts: [\"http://camp.example\"]\norigins: [board.example]\nrooms:\n  max: 0\nlog:\n  level: Debug\nlimits:\n  keepalive: 1s\n",
			env:  []string{"TINCAN_MQTT=1883x"},
			args: []string{"--http", "localhost"},
			want: `my.yaml:1: data: tincan needs a folder to keep messages in; write ./tincan-data
--http: "localhost" is not an address; write it as :8080, or 127.0.0.1:8080 for this computer alone
TINCAN_MQTT: "1883x" is not an address; write it as :1883, or 127.0.0.1:1883 for this computer alone
my.yaml:2: qr: "allways" is not a choice; did you mean always?; choose auto, always or never
my.yaml:3: hosts: "http://camp.example" is not a host name; write it without http://, port and path, such as camp.example
my.yaml:4: origins: "board.example" is not an origin; write it as https://board.example or http://board.example:8080, without a path
my.yaml:6: rooms.max: 0 is out of range; choose 1 to 100000
my.yaml:10: limits.keepalive: 1s is out of range; choose 5s to 18h12m15s
my.yaml:8: log.level: "Debug" is not a choice; did you mean debug?; choose debug, info, warn or error`,
		},
		{
			name: "of two values that do not go together, the one that was changed is named",
			file: "limits:\n  packet: 2MiB\n",
			args: []string{"--http", "1883"},
			want: `--http: http and mqtt have the same address, :1883; choose another port for one of them
my.yaml:2: limits.packet: a queue of 1MiB does not hold one packet of 2MiB; choose a larger queue or smaller packets`,
		},
		{
			name: "shapes",
			file: "names: 10m\nhttp: [a, b]\nmqtt:\n  port: 1\nhosts: [[a]]\nname: !!str camp\n",
			want: `my.yaml:1: names holds keys of its own, such as hold: 10m; write them below it, indented by two spaces
my.yaml:2: http: one value is wanted, such as ":8080", not a list
my.yaml:3: mqtt: a value is wanted, such as ":1883", not further keys
my.yaml:5: hosts: its list holds something else than texts; write [one, two]
my.yaml:6: name: a plain value is wanted, such as ""; anchors, aliases and tags are not read`,
		},
		{
			name: "keys that are there twice",
			file: "name: a\nnames:\n  hold: 1m\n  hold: 2m\nname: b\nnames:\n  hold: 3m\n",
			want: `my.yaml:4: names.hold is there twice, first in line 3; keep one
my.yaml:5: name is there twice, first in line 1; keep one
my.yaml:6: names is there twice, first in line 2; keep one`,
		},
		{
			name: "rooms and topics",
			file: "rooms:\n  fixed: [Lobby, \"a/b\"]\n  max: 1\ntopics:\n  open: [\"#/x\", house/#, chat/#]\n  closed: \"$SYS/#\"\n",
			want: `my.yaml:2: rooms.fixed: 2 rooms are fixed, but rooms.max is 1; raise it, or list fewer
my.yaml:2: rooms.fixed: "a/b": the name of a room cannot contain /: use letters, digits, - and _
my.yaml:5: topics.open: "#/x" is not a topic filter; write it as house/lamp, house/+/lamp or house/#
my.yaml:5: topics.open: "chat/#" is tincan's own; only topics outside chat/ and $SYS/ can be opened or closed
my.yaml:6: topics.closed: "$SYS/#" is tincan's own; only topics outside chat/ and $SYS/ can be opened or closed`,
		},
		{name: "a tab", file: "names:\n\thold: 10m\n", want: `my.yaml:2: the line is indented with a tab; YAML wants spaces, two for each level`},
		{name: "no YAML", file: "name: a: b\n", want: `my.yaml:1: this is not YAML: mapping value is not allowed in this context; compare with what tincan config prints`},
		{name: "a list", file: "- name\n", want: `my.yaml:1: keys and values are wanted, such as name: camp`},
		{name: "two documents", file: "name: a\n---\nname: b\n", want: `my.yaml:3: a second document begins; keep one, and take the line --- out`},
		{name: "flags", args: []string{"--htp", ":80"}, want: `--htp: unknown flag; did you mean --http?`},
		{name: "a flag without a value", args: []string{"--data"}, want: `--data: a value is missing`},
		{name: "a word", args: []string{"versoin"}, want: `versoin: unknown command; did you mean version?`},
		{name: "a command that does not come first", args: []string{"--data", "here", "version"}, want: "version: a command comes first: tincan version --data here"},
		{name: "no such file", args: []string{"-c", "no-such.yaml"}, want: `no-such.yaml: cannot be read: no such file or directory`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults := configure(t, c.file, c.env, c.args...)
			if got := strings.Join(faults, "\n"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestLaterLayersWin(t *testing.T) {
	file := "name: file\nmqtt: 1884\nnames: {hold: 1m}\nhosts:\n  - a.example\n  - b.example\n"
	env := []string{"TINCAN_NAME=environment", "TINCAN_NAMES_HOLD=2m", "TINCAN_ROOMS_FIXED=lobby, kitchen", "TINCAN_OPEN=no"}
	c, faults := configure(t, file, env, "--set", "names.hold=0", "--data", "elsewhere", "--set", "topics.open=")
	if faults != nil {
		t.Fatal(faults)
	}
	want, _ := configure(t, "", nil)
	want.Name, want.MQTT, want.Data, want.Open = "environment", ":1884", "elsewhere", false
	want.Names.Hold = 0
	want.Hosts = []string{"a.example", "b.example"}
	want.Rooms.Fixed = []string{"lobby", "kitchen"}
	want.Topics.Open = []string{}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestAFileWithoutContentChangesNothing(t *testing.T) {
	want, _ := configure(t, "", nil)
	for _, file := range []string{"\n", "# only a comment\n", "---\n", "names:\nlimits:\n", "name:\n", "\ufeff# from Windows\r\nopen: true\r\n", "names: {}\n", "~\n"} {
		c, faults := configure(t, file, nil)
		if faults != nil {
			t.Errorf("%q: %v", file, faults)
		}
		if !reflect.DeepEqual(c, want) {
			t.Errorf("%q: got %+v, want %+v", file, c, want)
		}
	}
}

func TestShippedConfigurationSetsAndExplainsEveryKey(t *testing.T) {
	o := newOverlay()
	if faults := o.done(); faults != nil {
		t.Fatal(faults)
	}
	lines := strings.Split(string(shipped), "\n")
	envs := make(map[string]string)
	for _, s := range o.settings {
		if other, twice := envs[s.env()]; twice {
			t.Errorf("%s and %s are both %s", s.key, other, s.env())
		}
		envs[s.env()] = s.key
		if s.from == "" {
			t.Errorf("config.yaml does not set %s", s.key)
			continue
		}
		var line int
		for i := range lines {
			if strings.HasPrefix(s.from, where(i+1)) {
				line = i
			}
		}
		for line > 0 && strings.Contains(lines[line], ":") && !strings.Contains(lines[line], "# ") {
			line-- // keys in one paragraph share its comment
		}
		if !strings.HasPrefix(strings.TrimSpace(lines[line]), "# ") {
			t.Errorf("config.yaml does not explain %s", s.key)
		}
	}
	c := o.config
	if c.HTTP != ":8080" || c.MQTT != ":1883" || c.Data != "./tincan-data" || time.Duration(c.Names.Hold) != 10*time.Minute ||
		c.Limits.MessagesPerSecond != 100 || c.Limits.MessagesBurst != 1000 || time.Duration(c.Limits.Keepalive) != time.Minute ||
		!reflect.DeepEqual(c.Topics.Open, []string{"#"}) || len(c.Topics.Closed) != 0 || !c.Open {
		t.Errorf("a default that others rely on has changed: %+v", c)
	}
}

func where(line int) string { return shippedName + ":" + strconv.Itoa(line) + ":" }

func TestEverySettingCanBeWrittenAsItIsPrinted(t *testing.T) {
	o := newOverlay()
	for _, s := range o.settings {
		before := s.text()
		text := before
		text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
		if strings.HasPrefix(text, `"`) {
			text = strings.Trim(text, `"`)
		}
		o.set("test", s, text)
		if after := s.text(); before != after {
			t.Errorf("%s: %s became %s", s.key, before, after)
		}
	}
	if o.faults != nil {
		t.Error(o.faults)
	}
}

func TestAListMayBeWrittenAsInAFile(t *testing.T) {
	for _, text := range []string{"a/#,b", " a/# , b ", "[a/#, b]", `["a/#", 'b']`} {
		o := newOverlay()
		o.assign("--set", "topics.closed="+text)
		if got := o.config.Topics.Closed; o.faults != nil || !reflect.DeepEqual(got, []string{"a/#", "b"}) {
			t.Errorf("%s became %q, %v", text, got, o.faults)
		}
	}
}

func TestUnitsPrintAsTheyAreRead(t *testing.T) {
	for _, s := range []string{"0s", "10m", "1h", "1h30m", "90ms", "1m30s", "10h0m5s"} {
		var d Duration
		if err := d.UnmarshalText([]byte(s)); err != nil || d.String() != s {
			t.Errorf("duration %s became %s, %v", s, d, err)
		}
	}
	for _, s := range []string{"0B", "1B", "1023B", "1KiB", "1025B", "1MiB", "3GiB"} {
		var n Size
		if err := n.UnmarshalText([]byte(s)); err != nil || n.String() != s {
			t.Errorf("size %s became %s, %v", s, n, err)
		}
	}
}

// FuzzConfigurationFile: no file ends the process, and each is either taken or given a fault with its name.
func FuzzConfigurationFile(f *testing.F) {
	f.Add([]byte(shipped))
	for _, s := range []string{"names:\n\thold: 1", "a: &x 1\nb: *x\n<<: *x", "? [a]\n: b", "{", "- - -", "x: |\n y", "\xff", "name: \"\\u0000\"", "a: !!binary x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o := newOverlay()
		o.file("my.yaml", text)
		for _, fault := range o.done() {
			if !strings.HasPrefix(fault, "my.yaml") {
				t.Errorf("a fault without its place: %s", fault)
			}
		}
	})
}
