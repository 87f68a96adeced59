package bridge

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestClaims plays the transcripts: lines with > are what somebody sends, lines with < what comes back. Everything that is wanted
// back is there, in this order; -update writes what came instead, for a human to read.
func TestClaims(t *testing.T) {
	files, err := filepath.Glob("testdata/claims/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		for _, transport := range []string{"tcp", "ws"} {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"-"+transport, func(t *testing.T) {
				t.Parallel()
				script, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				r := newRoom(t)
				if transport == "ws" {
					r.addr = r.ws
				}
				got := r.play(string(script))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				} else if got != string(script) {
					t.Errorf("got\n%s\nwant\n%s", got, script)
				}
			})
		}
	}
}

func TestTheSameRefusalIsOneLineOfTheLog(t *testing.T) {
	r := newRoom(t)
	r.join("ada")
	for range 4 {
		if c := r.try(mqtttest.Options{Name: "ada", ID: "e", Secret: "guessed"}); c.Connack.Code != 0x86 {
			t.Errorf("answered %s", c.Connack)
		}
	}
	if n := r.logs.count("refused a connection"); n != 1 {
		t.Errorf("four refusals are %d lines", n)
	}
}

// play sends what a transcript sends, and returns it with what came back.
func (r *testRoom) play(script string) string {
	r.t.Helper()
	var out strings.Builder
	clients := map[string]*mqtttest.Client{}
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		who, does, sends := strings.Cut(line, "> ")
		if line == "" || strings.HasPrefix(line, "#") {
			out.WriteString(line + "\n")
			continue
		}
		if !sends {
			continue // what comes back is written anew
		}
		out.WriteString(line + "\n")
		verb, rest, _ := strings.Cut(does, " ")
		switch verb {
		case "CONNECT":
			c := mqtttest.TryDial(r.t, r.addr, options(r.t, rest))
			clients[who] = c
			fmt.Fprintf(&out, "%s< %s", who, c.Connack)
			for _, key := range []string{"name", "reason"} {
				if v := c.Connack.Props.Get(key); v != "" {
					if strings.HasPrefix(v, "guest-") {
						v = "guest-xxxx"
					}
					fmt.Fprintf(&out, " %s=%s", key, v)
				}
			}
			out.WriteString("\n")
		case "CUT":
			r.cut(clients[who])
		case "GONE": // somebody's connection was ended by the server
			p := clients[who].WantEnd()
			if p.Type == mqtttest.Disconnect {
				fmt.Fprintf(&out, "%s< %s\n", who, p)
			} else {
				fmt.Fprintf(&out, "%s< closed\n", who)
			}
		case "RESTART":
			r.restart()
		case "SAY":
			a := clients[who].Publish("chat/room/lobby/say", rest)
			fmt.Fprintf(&out, "%s< %s\n", who, a)
		default:
			r.t.Fatalf("%s: a transcript cannot %s", line, verb)
		}
	}
	return out.String()
}

// cut ends a client's connection, and waits until the server has noticed.
func (r *testRoom) cut(c *mqtttest.Client) {
	r.t.Helper()
	want := r.br.Stats().Sessions - 1
	c.Cut()
	for deadline := time.Now().Add(mqtttest.Patience); r.br.Stats().Sessions > want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("the server does not notice that a connection is over")
		}
	}
}

// options reads v=5 id=a1 user=ada secret=x, with _ for a space.
func options(t testing.TB, s string) mqtttest.Options {
	t.Helper()
	o := mqtttest.Options{Version: 5}
	for field := range strings.FieldsSeq(s) {
		key, value, _ := strings.Cut(field, "=")
		value = strings.ReplaceAll(value, "_", " ")
		switch key {
		case "v":
			o.Version = map[string]byte{"3.1.1": 4, "5": 5}[value]
		case "id":
			o.ID = value
		case "user":
			o.Name = value
		case "secret":
			o.Secret = value
		default:
			t.Fatalf("a CONNECT has no %s", key)
		}
	}
	return o
}
