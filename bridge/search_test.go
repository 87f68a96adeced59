package bridge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tincan/broker"
	"tincan/broker/mqtttest"
)

// A foundHit is one message of an answer to a search.
type foundHit struct {
	Message posted
	Ranges  [][2]int
}

// search asks, page by page, and returns what the hits say.
func (g *guest) search(topic, search, more string) (hits []foundHit) {
	g.t.Helper()
	before := ""
	for {
		g.Publish(topic, fmt.Sprintf(`{"search":%q,"request":"s"%s%s}`, search, more, before))
		a := g.wantInbox("search")
		hits = append(hits, decode[[]foundHit](g.t, a["hits"])...)
		if string(a["more"]) != "true" {
			return hits
		}
		before = `,"before":` + string(a["before"])
	}
}

func texts(hits []foundHit) string {
	var l []string
	for _, h := range hits {
		l = append(l, h.Message.Text)
	}
	return strings.Join(l, "|")
}

func TestSearchInARoomAndEverywhere(t *testing.T) {
	everyWay(t, func(t *testing.T, r *testRoom) {
		ada, bob := r.join("ada"), r.join("bob")
		ada.say("the nozzle is hot 🔥 nozzle")
		bob.say("take another nozzle: https://example.org")
		bob.say("or none")
		ada.Publish("chat/room/küche/say", "kitchen nozzle")
		ada.Publish("chat/user/bob/say", "psst, nozzle")
		bob.Publish("chat/room/lobby/say", `{"kind":"edit","ref":2,"text":"take another tip: https://example.org"}`)
		for _, c := range []struct{ topic, search, more, want string }{
			{"chat/room/lobby/history", "nozzle", "", "the nozzle is hot 🔥 nozzle"},
			{"chat/room/lobby/history", "noz", "", ""},
			{"chat/room/lobby/history", "noz", `,"prefix":true`, "the nozzle is hot 🔥 nozzle"},
			{"chat/room/lobby/history", "from:BOB", `,"limit":1`, "or none|take another tip: https://example.org"},
			{"chat/room/lobby/history", "has:link tip", "", "take another tip: https://example.org"},
			{"chat/room/lobby/history", "nozzle in:küche", "", ""},
			{"chat/room/lobby/history", "nozzle before:2020-01-01", "", ""},
			{"chat/room/lobby/history", "nozzle after:2020-01-01", `,"zone":120`, "the nozzle is hot 🔥 nozzle"},
			{"chat/room/nowhere/history", "nozzle", "", ""},
			{"chat/user/bob/history", "nozzle", "", "psst, nozzle"},
			{"chat/server/search", "nozzle", `,"limit":1`, "psst, nozzle|kitchen nozzle|the nozzle is hot 🔥 nozzle"},
			{"chat/server/search", "nozzle in:#Küche", "", "kitchen nozzle"},
			{"chat/server/search", "nozzle in:@bob", "", "psst, nozzle"},
			{"chat/server/search", "in:nowhere", "", ""},
			{"chat/server/search", `"another nozzle"`, "", ""},
		} {
			if got := texts(ada.search(c.topic, c.search, c.more)); got != c.want {
				t.Errorf("%s on %s finds %q, want %q", c.search, c.topic, got, c.want)
			}
		}
		hit := ada.search("chat/room/lobby/history", "nozzle 🔥", "")[0]
		if m := hit.Message; m.Seq != 1 || m.Room != "lobby" || m.From != "ada" || fmt.Sprint(hit.Ranges) != "[[4 10] [18 20] [21 27]]" {
			t.Errorf("the hit is %+v", hit)
		}
		eve := r.join("eve")
		if got := texts(eve.search("chat/server/search", "nozzle", "")); got != "kitchen nozzle|the nozzle is hot 🔥 nozzle" {
			t.Errorf("somebody else finds %q", got)
		}
		ada.Publish("chat/room/lobby/say", `{"kind":"delete","ref":1}`)
		if got := texts(bob.search("chat/server/search", "hot", "")); got != "" {
			t.Errorf("after it was deleted: %q", got)
		}
	})
}

func TestSearchesThatCannotBe(t *testing.T) {
	r := newRoom(t)
	ada := r.join("ada")
	ada.say("tea")
	for _, c := range []struct{ topic, payload, code string }{
		{"chat/server/search", ``, "bad-request"},
		{"chat/server/search", `{"search":7}`, "bad-request"},
		{"chat/server/search", `{"search":""}`, "no-words"},
		{"chat/server/search", `{"search":"- !"}`, "no-words"},
		{"chat/server/search", `{"search":"` + strings.Repeat("a ", 40) + `"}`, "too-many-words"},
		{"chat/server/search", `{"search":"` + strings.Repeat("a", 2000) + `"}`, "too-long"},
		{"chat/server/search", `{"search":"tea","limit":1000}`, "bad-request"},
		{"chat/server/search", `{"search":"tea","zone":9999}`, "bad-request"},
		{"chat/server/search", `{"search":"tea","before":"made up"}`, "bad-before"},
		{"chat/room/lobby/history", `{"search":"tea","before":1}`, "bad-request"},
		{"chat/room/lobby/history", `{"search":"tea","after":1}`, "bad-request"},
		{"chat/room/lobby/history", `{"before":"x"}`, "bad-request"},
		{"chat/user/nobody/history", `{"search":"tea"}`, "nobody"},
	} {
		ada.Go(mqttPub{Topic: c.topic, Payload: c.payload})
		if e := ada.wantInbox("error"); string(e["code"]) != `"`+c.code+`"` {
			t.Errorf("%.60s on %s: %s", c.payload, c.topic, text(e))
		}
	}
}

// Nobody ever finds what it may not read, whatever it asks, while members and rooms come and go.
func TestSearchKeepsRoomsApart(t *testing.T) {
	r := newRoom(t)
	people := []string{"ada", "bob", "eve", "zoe"}
	rooms := []string{"lobby", "open", "one", "two", "three"}
	guests := map[string]*guest{}
	for _, n := range people {
		guests[n] = r.connect(mqtttest.Options{Name: n, ID: n, Secret: "secret of " + n})
		guests[n].Subscribe("chat/user/me/inbox")
	}
	inside := map[string][]string{}
	shut := func(slug string, who []string) {
		inside[slug] = who
		r.b.cards.change(slug, func(c *card) *broker.Refusal {
			c.Private, c.Members = who != nil, nil
			for _, n := range who {
				c.Members = append(c.Members, someone{Ident: r.b.who(n), Name: n})
			}
			return nil
		}, nil)
	}
	pick := func(l []string) string { return l[rand.IntN(len(l))] }
	type said struct{ room, from, to string }
	all := map[string]said{} // by what was said
	for i := range 60 {
		from := pick(people)
		word := fmt.Sprintf("word%d", i)
		if rand.IntN(4) == 0 {
			to := pick(people)
			if to == from {
				continue
			}
			guests[from].Publish("chat/user/"+to+"/say", "the secret "+word)
			all["the secret "+word] = said{"", from, to}
			continue
		}
		slug := pick(rooms)
		if who := inside[slug]; who != nil && !slices.Contains(who, from) {
			continue
		}
		if a := guests[from].Publish("chat/room/"+slug+"/say", "the secret "+word); a.Code >= 0x80 {
			t.Fatalf("%s may not post to %s: %q", from, slug, a.Props.Reason)
		}
		all["the secret "+word] = said{slug, from, ""}
		if i%6 == 5 {
			var who []string
			for _, n := range people {
				if rand.IntN(2) == 0 {
					who = append(who, n)
				}
			}
			if other := pick(rooms[2:]); len(who) > 0 {
				shut(other, who)
			} else {
				shut(other, nil)
			}
		}
		n := pick(people)
		want := 0
		for _, s := range all {
			who := inside[s.room]
			if s.room != "" && (who == nil || slices.Contains(who, n)) || s.room == "" && (s.from == n || s.to == n) {
				want++
			}
		}
		q := pick([]string{"secret", "the secret", "word*"})
		hits := guests[n].search("chat/server/search", q, `,"limit":7`)
		for _, h := range hits {
			s, ok := all[h.Message.Text]
			who := inside[s.room]
			if !ok || s.room != "" && who != nil && !slices.Contains(who, n) || s.room == "" && s.from != n && s.to != n {
				t.Fatalf("%s finds %+v of %+v, where inside is %v", n, h.Message, s, who)
			}
		}
		if len(hits) != want {
			t.Fatalf("%s finds %d with %q, want %d", n, len(hits), q, want)
		}
		slug = pick(rooms)
		if who := inside[slug]; who != nil && !slices.Contains(who, n) {
			for _, c := range [][2]string{{"chat/room/" + slug + "/history", "secret"}, {"chat/server/search", "secret in:" + slug}} {
				if hits := guests[n].search(c[0], c[1], ""); len(hits) > 0 {
					t.Fatalf("%s finds %d in %s", n, len(hits), slug)
				}
			}
		}
	}
}
