package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tincan/broker/mqtttest"
)

// A polled is a poll as history gives it.
type polled struct {
	Kind, Text, Closed, ClosedBy string
	Options                      []string
	Votes                        []vote
	Tally                        []int
	Deleted                      bool
}

// poll takes a poll of the lobby as it stands.
func (g *guest) poll(seq int) polled {
	g.t.Helper()
	g.Publish("chat/room/lobby/history", fmt.Sprintf(`{"after":%d,"limit":1}`, seq-1))
	return decode[[]polled](g.t, g.wantInbox("history")["messages"])[0]
}

// refused posts something that must not be taken.
func (g *guest) refused(payload, tell string) {
	g.t.Helper()
	if a := g.Publish("chat/room/lobby/say", payload); a.Code < 0x80 || !strings.Contains(a.Props.Reason, tell) {
		g.t.Errorf("%s: %#x %q, want …%s…", payload, a.Code, a.Props.Reason, tell)
	}
}

func TestPollsAreVotedIn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"id":"p1","kind":"poll","text":"Lunch?","options":["Rice"," Soup "],"closes":30}`)
	bob.post(`{"kind":"vote","ref":"p1","choice":0}`)
	bob.post(`{"id":"v2","kind":"vote","ref":1,"choice":["soup"]}`)
	ada.post(`{"kind":"vote","ref":"p1","choice":[1]}`)
	ada.post(`{"kind":"vote","ref":"p1","choice":"Soup"}`)          // so already: nothing is logged
	bob.post(`{"id":"v2","kind":"vote","ref":1,"choice":["soup"]}`) // sent again
	// A device by 3.1.1 and a line of JSON.
	pump := r.connect(mqtttest.Options{Version: 4, Name: "pump"})
	pump.post(`{"kind":"vote","ref":1,"choice":0}`)
	want := polled{Kind: kindPoll, Text: "Lunch?", Options: []string{"Rice", "Soup"}, Votes: []vote{{"bob", []int{1}}, {"Ada", []int{1}}, {"pump", []int{0}}}, Tally: []int{1, 2}}
	for range 2 {
		if got := ada.poll(1); !reflect.DeepEqual(got, want) {
			t.Errorf("the poll is %+v", got)
		}
		pump.Cut()
		r.restart()
		ada, bob = r.join("Ada"), r.join("bob")
	}
	if page := ada.history(""); len(page) != 5 {
		t.Errorf("%d entries", len(page))
	}
	bob.post(`{"kind":"vote","ref":1,"undo":true}`)
	bob.post(`{"kind":"vote","ref":1,"undo":true}`)
	bob.refused(`{"kind":"close","ref":1}`, "only Ada, and who runs the room, may close this poll")
	ada.post(`{"kind":"close","ref":1}`)
	ada.post(`{"kind":"close","ref":1}`)
	bob.refused(`{"kind":"vote","ref":1,"choice":1}`, "this poll is closed")
	if got := bob.poll(1); got.Closed == "" || got.ClosedBy != "Ada" || fmt.Sprint(got.Tally) != "[1 1]" {
		t.Errorf("closed it is %+v", got)
	}
	ada.post(`{"kind":"delete","ref":1}`)
	if got := bob.poll(1); !got.Deleted || got.Text != "" || got.Options != nil || got.Votes != nil {
		t.Errorf("deleted it is %+v", got)
	}
	if page := ada.history(""); len(page) != 8 {
		t.Errorf("%d entries", len(page))
	}
}

func TestWhatIsNoPollOrVoteIsTold(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ada, bob := r.join("Ada"), r.join("bob")
	ada.post(`{"id":"m1","text":"hi"}`)
	ada.post(`{"id":"p1","kind":"poll","text":"?","options":["a","b"]}`)
	ada.post(`{"id":"p2","kind":"poll","text":"?","options":["a","b","c"],"multiple":true}`)
	thirteen, err := json.Marshal(strings.Split("abcdefghijklm", ""))
	if err != nil {
		t.Fatal(err)
	}
	for payload, tell := range map[string]string{
		`{"kind":"poll","text":"?","options":["a"]}`:                                            "2 to 12 options",
		`{"kind":"poll","text":"?"}`:                                                            "2 to 12 options",
		`{"kind":"poll","text":"?","options":` + string(thirteen) + `}`:                         "2 to 12 options",
		`{"kind":"poll","text":"?","options":["a"," A"]}`:                                       "is there twice",
		`{"kind":"poll","text":"?","options":["a",""]}`:                                         "a line of text",
		`{"kind":"poll","text":"?","options":["a","b\nc"]}`:                                     "a line of text",
		`{"kind":"poll","text":"?","options":["a","` + strings.Repeat("b", maxOption+1) + `"]}`: "up to 200 bytes",
		`{"kind":"poll","text":" ","options":["a","b"]}`:                                        "asks nothing",
		`{"kind":"poll","text":"?","options":"ab"}`:                                             "a poll is like",
		`{"kind":"poll","text":"?","options":["a","b"],"closes":-1}`:                            "minutes until",
		`{"kind":"poll","text":"?","options":["a","b"],"closes":"soon"}`:                        "a poll is like",
		`{"kind":"vote","choice":0}`:                                                            "say which message",
		`{"kind":"vote","ref":"p9","choice":0}`:                                                 "no such message",
		`{"kind":"vote","ref":"m1","choice":0}`:                                                 "that is no poll",
		`{"kind":"close","ref":"m1"}`:                                                           "that is no poll",
		`{"kind":"vote","ref":"p1"}`:                                                            "choice says",
		`{"kind":"vote","ref":"p1","choice":[]}`:                                                "choice says",
		`{"kind":"vote","ref":"p1","choice":2}`:                                                 "they are 0 to 1, a, b",
		`{"kind":"vote","ref":"p1","choice":-1}`:                                                "they are 0 to 1",
		`{"kind":"vote","ref":"p1","choice":"tea"}`:                                             "no option \"tea\"",
		`{"kind":"vote","ref":"p1","choice":1.5}`:                                               "the place of an option",
		`{"kind":"vote","ref":"p1","choice":[0,1]}`:                                             "one choice",
		`{"kind":"vote","ref":"p1","choice":{}}`:                                                "the place of an option",
		`{"kind":"vote","ref":"p1","choice":0,"undo":"perhaps"}`:                                "true or false",
		`{"kind":"edit","ref":"p1","text":"??"}`:                                                "only Ada may change",
	} {
		bob.refused(payload, tell)
	}
	ada.refused(`{"kind":"edit","ref":"p1","text":"??"}`, "stays as it was asked")
	bob.post(`{"kind":"vote","ref":"p2","choice":[2,0,2]}`)
	if got := bob.poll(3); fmt.Sprint(got.Votes, got.Tally) != "[{bob [0 2]}] [1 0 1]" {
		t.Errorf("%+v", got)
	}
	bob.Publish("chat/user/Ada/say", `{"id":"d1","kind":"poll","text":"us two?","options":["yes","no"]}`)
	ada.Publish("chat/user/bob/say", `{"kind":"vote","ref":"d1","choice":"yes"}`)
	ada.Publish("chat/user/bob/history", `{"limit":2}`)
	if got := decode[[]polled](t, ada.wantInbox("history")["messages"])[0]; fmt.Sprint(got.Votes) != "[{Ada [0]}]" {
		t.Errorf("between two it is %+v", got)
	}
}

// Hundreds of members vote, and some of them change their minds more often than a message may be changed.
func TestAPollTakesHundreds(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.cfg.MessagesPerSecond = 0
	r.restart()
	ada := r.join("Ada")
	ada.post(`{"kind":"poll","text":"?","options":["a","b"]}`)
	const voters, minds = 60, 20
	for i := range voters {
		g := r.connect(mqtttest.Options{Name: fmt.Sprintf("voter %d", i), Secret: "s"})
		for k := range minds {
			g.Go(mqtttest.Pub{Topic: "chat/room/lobby/say", QoS: 1, Payload: fmt.Sprintf(`{"kind":"vote","ref":1,"choice":%d}`, k%2)})
		}
		for range minds {
			if a := g.Want("PUBACK", func(p mqtttest.Packet) bool { return p.Type == mqtttest.Puback }); a.Code >= 0x80 {
				t.Fatalf("%#x %q", a.Code, a.Props.Reason)
			}
		}
		g.Disconnect()
	}
	if got := ada.poll(1); len(got.Votes) != voters || got.Tally[1] != voters {
		t.Errorf("%d votes, %v", len(got.Votes), got.Tally)
	}
	ada.post(`{"kind":"react","ref":1,"text":"👍"}`)
}
