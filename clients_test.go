package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// TestMosquittoClientsAreMembers: what everybody has installed speaks and listens, in both versions of MQTT.
func TestMosquittoClientsAreMembers(t *testing.T) {
	t.Parallel()
	pub, sub := wantProgram(t, "mosquitto_pub"), wantProgram(t, "mosquitto_sub")
	s := startServer(t, t.TempDir())
	port := s.mqtt[strings.LastIndex(s.mqtt, ":")+1:]
	for _, v := range []string{"mqttv311", "mqttv5"} {
		t.Run(v, func(t *testing.T) {
			room := "chat/room/" + v
			watcher := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "watcher-" + v})
			watcher.Subscribe(room+"/messages", room+"/presence")

			listener := launch(t, exec.Command(sub, "-h", "127.0.0.1", "-p", port, "-V", v, "-u", "Radio "+v, "-P", "secret", "-i", "radio-"+v, "-t", room+"/messages", "-C", "2"))
			watcher.Want("the listener in the room", func(p mqtttest.Packet) bool {
				return p.Topic == room+"/presence" && strings.Contains(string(p.Payload), `"join":[{"name":"Radio `+v+`","kind":"device"`)
			})
			for _, text := range []string{"one", "two"} {
				if out, err := exec.Command(pub, "-h", "127.0.0.1", "-p", port, "-V", v, "-u", "Kitchen "+v, "-t", room+"/say", "-q", "1", "-m", text).CombinedOutput(); err != nil {
					t.Fatalf("mosquitto_pub: %v\n%s", err, out)
				}
			}
			listener.wantExit(0)
			if got := listener.out.String(); !regexp.MustCompile(`"from":"Kitchen ` + v + `","kind":"text","text":"one"[^\n]*\n[^\n]*"text":"two"`).MatchString(got) {
				t.Errorf("mosquitto_sub heard:\n%s", got)
			}

			// A name that somebody holds is refused, and the client says so.
			mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "Ada " + v, Secret: "mine"})
			out, err := exec.Command(pub, "-h", "127.0.0.1", "-p", port, "-V", v, "-u", "ada "+v, "-t", room+"/say", "-q", "1", "-m", "I am ada").CombinedOutput()
			if err == nil || !strings.Contains(strings.ToLower(string(out)), "not authorised") && !strings.Contains(strings.ToLower(string(out)), "bad user name") {
				t.Errorf("a stolen name: %v\n%s", err, out)
			}
		})
	}
}
