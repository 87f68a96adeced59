package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// TestKilledServerKnowsWhatIsUnread: when a message is acknowledged, whom it is for is on disk.
func TestKilledServerKnowsWhatIsUnread(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data)
	said := 0
	for range 3 {
		bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "b"})
		bob.Disconnect()
		ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "a"})
		for range 5 {
			said++
			if a := ada.Publish("chat/room/lobby/say", "@bob look"); a.Code != 0 {
				t.Fatalf("%#x %q", a.Code, a.Props.Reason)
			}
			if a := ada.Publish("chat/user/bob/say", "psst"); a.Code != 0 {
				t.Fatalf("%#x %q", a.Code, a.Props.Reason)
			}
		}
		s.kill()
		s = startServer(t, data)
		bob = mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "bob", Secret: "b"})
		bob.Subscribe("chat/user/me/inbox")
		note := bob.Want("marks", func(p mqtttest.Packet) bool { return strings.HasPrefix(string(p.Payload), `{"type":"marks"`) })
		var told struct {
			Counts map[string]struct{ Mentions []int }
			Users  map[string]struct{ Unread []int }
		}
		if err := json.Unmarshal(note.Payload, &told); err != nil {
			t.Fatal(err)
		}
		var want []int
		for seq := 1; seq <= said; seq++ {
			want = append(want, seq)
		}
		if got := told.Counts["lobby"].Mentions; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("mentions are %v, want %v", got, want)
		}
		if got := told.Users["ada"].Unread; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("direct messages are %v, want %v", got, want)
		}
		bob.Disconnect()
	}
}
