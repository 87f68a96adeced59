package bridge

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"tincan/broker"
)

// refusals.json is shared with the page, which says these sentences in the language of the reader.
func TestRefusalsAreThoseThatThePageKnows(t *testing.T) {
	var cases []struct{ Is, By, Room, For, Reason, Text string }
	b, err := os.ReadFile("testdata/refusals.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		s := &sanction{decision: decision{By: c.By, Reason: c.Reason}}
		if d, err := time.ParseDuration(c.For); err == nil {
			s.Until = time.Now().Add(d)
		}
		no := map[string]*broker.Refusal{
			"muted": refuseMuted(c.Room, s), "banned": refuseBannedHere(c.Room, s), "room-closed": refuseRoomClosed(c.Room, &s.decision),
			"hand-out": refuseHandOut(c.Room), "server-read-only": refuseReadOnly(&s.decision),
		}[c.Is]
		if no.Tell != c.Text || no.Key != c.Is {
			t.Errorf("%s: %q, want %q", no.Key, no.Tell, c.Text)
		}
	}
}
