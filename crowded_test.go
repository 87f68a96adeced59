package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// TestAFullServerLetsItsMembersIn: where there is no room, in all or for an address, whoever has claimed a name comes back in place of
// the stranger that came last, and is in the room as before. Strangers stay out, whatever secret they think of; no member has to go.
func TestAFullServerLetsItsMembersIn(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"limits.sessions", "limits.sessions_per_address"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, t.TempDir(), "--set", limit+"=3", "--set", "metrics=127.0.0.1:0")
			ws := "ws://" + s.http + "/mqtt"
			for _, name := range []string{"bob", "carol", "dave"} {
				mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: name, ID: name, Secret: "of " + name}).Disconnect()
			}
			wantSessions(t, s.err.want(t, regexp.MustCompile(`msg=ready .*metrics=(\S+)`), s.ended)[1], 0)
			ada := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "ada", Secret: "of ada"})
			ada.Subscribe("chat/room/lobby/messages", "chat/room/lobby/presence")
			first := mqtttest.Dial(t, ws, mqtttest.Options{Name: "first"})
			last := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "last"})
			last.Subscribe("chat/room/lobby/messages")
			wantListed(ada, "join", "last")

			refused := func(o mqtttest.Options, code byte, reason string) {
				t.Helper()
				if c := mqtttest.TryDial(t, s.mqtt, o); c.Connack.Code != code || c.Connack.Props.Get("reason") != reason {
					t.Errorf("%+v: %s, want %#x %s", o, c.Connack, code, reason)
				}
			}
			full := byte(0x89)
			if limit == "limits.sessions_per_address" {
				full = 0x97
			}
			refused(mqtttest.Options{Name: "more"}, full, "full")
			refused(mqtttest.Options{Name: "more", Secret: "new"}, 0x89, "full")
			refused(mqtttest.Options{Name: "more", Secret: "new"}, 0x89, "full") // it holds nothing by now
			refused(mqtttest.Options{Name: "bob", Secret: "guessed"}, 0x86, "wrong-secret")
			refused(mqtttest.Options{Name: "bob"}, full, "full")
			refused(mqtttest.Options{Version: 4, Name: "more"}, 3, "")
			first.Ping()
			last.Ping()

			bob := mqtttest.Dial(t, s.mqtt, mqtttest.Options{Version: 4, Name: "bob", ID: "bob", Secret: "of bob"})
			bob.Subscribe("chat/room/lobby/messages")
			if p := last.WantEnd(); p.Code != 0x89 || !strings.Contains(p.Props.Reason, "member") {
				t.Errorf("the last stranger was told %s", p)
			}
			wantListed(ada, "leave", "last")
			first.Ping()
			carol := mqtttest.Dial(t, ws, mqtttest.Options{Name: "carol", ID: "carol", Secret: "of carol"})
			first.WantEnd()
			refused(mqtttest.Options{Name: "dave", ID: "dave", Secret: "of dave"}, full, "full") // all are members
			carol.Publish("chat/room/lobby/say", "here again")
			for _, c := range []*mqtttest.Client{ada, bob} {
				c.Want("what carol says", func(p mqtttest.Packet) bool { return strings.Contains(string(p.Payload), `"here again"`) })
			}

			bob.Disconnect()
			wantListed(ada, "leave", "bob")
			mqtttest.Dial(t, s.mqtt, mqtttest.Options{Name: "stranger"})
		})
	}
}

// wantListed waits until a presence message says of somebody that they join or leave.
func wantListed(c *mqtttest.Client, list, name string) {
	c.Want(name+" in "+list, func(p mqtttest.Packet) bool {
		var l struct {
			Join  []struct{ Name string }
			Leave []string
		}
		if !strings.HasSuffix(p.Topic, "/presence") || json.Unmarshal(p.Payload, &l) != nil {
			return false
		}
		if list == "leave" {
			return slices.Contains(l.Leave, name)
		}
		return slices.ContainsFunc(l.Join, func(m struct{ Name string }) bool { return m.Name == name })
	})
}
