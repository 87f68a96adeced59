package bridge

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tincan/bridge/history"
	"tincan/broker/mqtttest"
)

// A readModel says who may read which room, step by step; what a member is sent is held against it.
type readModel struct {
	r     *testRoom
	rnd   *rand.Rand
	who   []*listener
	rooms []*modelRoom
	step  int
	said  []saying
}

// A listener is a member of the model. It listens by filters of every kind.
type listener struct {
	*guest
	id    int
	heard map[string]bool // words
	group bool            // it has nothing but shared subscriptions

	ticket string // for files
}

// A modelRoom is a room as the model knows it.
type modelRoom struct {
	slug    string
	was     []string // names that it had before, which lead to it
	private bool
	owner   int
	members map[int]bool
	banned  map[int]bool
	closed  bool
	gone    bool
	may     [][]bool // by step, by member
}

// A saying is a word that was said in a room, once.
type saying struct {
	word string
	in   *modelRoom
	step int
}

func (m *readModel) mayNow(room *modelRoom, who int) bool {
	switch {
	case room.gone, room.banned[who], room.private && !room.members[who]:
		return false
	}
	return !room.closed || room.owner == who
}

// mark notes who may read now; what holds within a step holds for it.
func (m *readModel) mark() {
	for _, room := range m.rooms {
		for len(room.may) <= m.step {
			room.may = append(room.may, make([]bool, len(m.who)))
		}
		for i := range m.who {
			room.may[m.step][i] = room.may[m.step][i] || m.mayNow(room, i)
		}
	}
}

// might tells whether somebody could read a room at some time since a step, always whether at all times.
func (m *readModel) might(room *modelRoom, who, since int) (once, always bool) {
	always = true
	for s := since; s <= m.step; s++ {
		once, always = once || room.may[s][who], always && room.may[s][who]
	}
	return once, always
}

// drain takes what everybody was sent, and looks for what they may not know.
func (m *readModel) drain() {
	for i, g := range m.who {
		for _, p := range g.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish }) {
			all := p.Topic + " " + string(p.Payload)
			for _, s := range m.said {
				if strings.Contains(all, s.word) {
					g.heard[s.word] = true
					if once, _ := m.might(s.in, i, s.step); !once {
						m.r.t.Fatalf("step %d: %s was sent what was said in %s in step %d: %s", m.step, g.name, s.in.slug, s.step, all)
					}
				}
			}
			for _, room := range m.rooms {
				if room.private && slices.ContainsFunc(append(room.was, room.slug), func(name string) bool { return strings.Contains(all, name) }) && !answers(p) {
					if once, _ := m.might(room, i, 0); !once {
						m.r.t.Fatalf("step %d: %s was sent something of %s, which it never could read: %s", m.step, g.name, room.slug, all)
					}
				}
			}
		}
	}
}

func (m *readModel) connect(i int) {
	name := fmt.Sprintf("reader-%d", i)
	g := m.r.connect(mqtttest.Options{Name: name, ID: name, Secret: "secret of " + name, Expiry: 3600, Keep: true})
	m.who[i].guest = g
	v, no := m.r.b.Prove(m.r.t.Context(), name, "secret of "+name, "127.0.0.1:9")
	if no != nil {
		m.r.t.Fatal(no.Tell)
	}
	m.who[i].ticket, _ = m.r.b.Ticket(v)
	filters := [][]string{
		{"#"}, {"chat/#"}, {"chat/room/+/#", "chat/user/me/inbox/#"}, {"+/+/+/messages", "chat/user/me/inbox/#", "chat/server/#"},
		{"$share/g/chat/room/+/messages", "$share/h/chat/#"}, {"chat/room/+/+", "$share/g/chat/room/+/messages", "chat/user/+/inbox"},
	}[i]
	g.Subscribe(filters...)
}

// order gives an order and tells whether it was carried out.
func (m *readModel) order(by int, do string, more map[string]any) (string, bool) {
	more["do"], more["request"] = do, fmt.Sprint("q", m.step)
	payload, err := json.Marshal(more)
	if err != nil {
		m.r.t.Fatal(err)
	}
	a := m.who[by].Publish(topicAdmin, string(payload))
	return a.Props.Reason, a.Code < 0x80
}

// try gives an order that the model knows to be allowed or not.
func (m *readModel) try(by int, do string, may bool, more map[string]any) bool {
	tell, done := m.order(by, do, more)
	if done != may {
		m.r.t.Fatalf("step %d: %s %v by %s: done %v %q, want %v", m.step, do, more, m.who[by].name, done, tell, may)
	}
	return done
}

func (m *readModel) next() {
	m.step++
	m.mark()
	by := m.rnd.IntN(len(m.who))
	if len(m.rooms) < 3 || m.rnd.IntN(20) == 0 && len(m.rooms) < 12 {
		room := &modelRoom{
			slug: fmt.Sprintf("hidden-%d-%08x", len(m.rooms), m.rnd.Uint32()), private: m.rnd.IntN(4) > 0, owner: by,
			members: map[int]bool{by: true}, banned: map[int]bool{}, may: make([][]bool, m.step+1),
		}
		for i := range room.may {
			room.may[i] = make([]bool, len(m.who))
		}
		m.rooms = append(m.rooms, room)
		m.mark()
		m.try(by, "room", true, map[string]any{"room": room.slug, "private": room.private})
		return
	}
	room := m.rooms[m.rnd.IntN(len(m.rooms))]
	if room.gone {
		return
	}
	m.askForFiles(room)
	other := m.rnd.IntN(len(m.who))
	runs := room.owner == by && !room.banned[by]
	may := m.mayNow(room, by)
	slug := room.slug
	if len(room.was) > 0 && m.rnd.IntN(3) == 0 {
		slug = room.was[m.rnd.IntN(len(room.was))]
	}
	target := map[string]any{"room": room.slug, "name": m.who[other].name}
	switch what := m.rnd.IntN(16); {
	case what < 5: // say
		word := fmt.Sprintf("word%dof%d", m.step, m.rnd.Uint32())
		m.said = append(m.said, saying{word, room, m.step})
		topic := []string{"say", "say", "say", "state/me/x", "typing/me"}[m.rnd.IntN(5)]
		payload := "word " + word
		if topic == "typing/me" {
			m.said, payload = m.said[:len(m.said)-1], "1"
		}
		if a := m.who[by].Publish("chat/room/"+slug+"/"+topic, payload); (a.Code < 0x80) != may {
			m.r.t.Fatalf("step %d: %s by %s in %s: %#x %q, may %v", m.step, topic, m.who[by].name, room.slug, a.Code, a.Props.Reason, may)
		} else if !may && topic != "typing/me" {
			m.said = m.said[:len(m.said)-1]
		}
	case what < 8: // ask
		ask := []struct{ topic, payload string }{
			{"chat/room/" + slug + "/history", `{"limit":200}`}, {"chat/room/" + slug + "/history", `{"search":"word"}`},
			{"chat/room/" + slug + "/members", `{}`}, {"chat/server/search", `{"search":"word"}`}, {"chat/room/" + slug + "/read", `{"seq":1}`},
			{topicAdmin, `{"do":"sessions"}`}, {topicAdmin, `{"do":"rooms"}`}, {topicAdmin, `{"do":"log"}`},
			{topicAdmin, `{"do":"card","room":"` + room.slug + `"}`}, {topicAdmin, `{"do":"attendance","room":"` + room.slug + `"}`},
		}[m.rnd.IntN(10)]
		a := m.who[by].Publish(ask.topic, ask.payload)
		if strings.Contains(a.Props.Reason, "word") && !strings.Contains(ask.payload, "word") {
			m.r.t.Fatalf("step %d: refused with %q", m.step, a.Props.Reason)
		}
	case what == 8: // listen by name, which only who may is let
		if code := m.who[by].Subscribe("chat/room/" + slug + "/#")[0]; (code < 0x80) != may {
			m.r.t.Fatalf("step %d: %s subscribes to %s: %#x, may %v", m.step, m.who[by].name, room.slug, code, may)
		}
	case what == 9 && room.private:
		if m.try(by, "invite", runs && !room.banned[other] || runs && room.members[other], target) {
			room.members[other] = true
		}
	case what == 10 && room.private && other != room.owner:
		if m.try(by, "remove", runs && room.members[other], target) {
			delete(room.members, other)
		}
	case what == 11 && other != room.owner:
		if m.try(by, "ban", runs, target) {
			room.banned[other] = true
			delete(room.members, other)
		}
	case what == 12:
		if m.try(by, "unban", runs && room.banned[other], target) {
			delete(room.banned, other)
		}
	case what == 13:
		if do := []string{"close", "open"}[m.rnd.IntN(2)]; m.try(by, do, runs, map[string]any{"room": room.slug}) {
			room.closed = do == "close"
		}
	case what == 14 && m.rnd.IntN(4) == 0: // gone and back, with what waited
		m.who[by].Cut()
		m.connect(by)
	case what == 15 && m.rnd.IntN(2) == 0:
		to := fmt.Sprintf("moved-%d-%08x", m.step, m.rnd.Uint32())
		if m.try(room.owner, "rename", true, map[string]any{"room": room.slug, "to": to}) {
			room.was, room.slug = append(room.was, room.slug), to
		}
	case what == 15 && m.rnd.IntN(3) == 0 && room.owner == by:
		if m.try(by, "dissolve", true, map[string]any{"room": room.slug}) {
			room.gone = true
		}
	}
	m.mark()
}

// askForFiles wants that a file of a room is read by whoever may read there, by ticket, and without one where everybody may.
func (m *readModel) askForFiles(room *modelRoom) {
	reads := func(v *Visitor, no *Denial) bool {
		return no == nil && m.r.b.MayReadFile(v, history.File{Owner: "knobody"}, []string{room.slug})
	}
	for i, g := range m.who {
		if got, may := reads(m.r.b.Holder(g.ticket, "127.0.0.1:9")), m.mayNow(room, i); got != may {
			m.r.t.Fatalf("step %d: %s reads a file of %s: %v, may %v", m.step, g.name, room.slug, got, may)
		}
	}
	if got, may := reads(m.r.b.Stranger("127.0.0.1:9")), !room.private && !room.closed; got != may {
		m.r.t.Fatalf("step %d: a stranger reads a file of %s: %v, may %v", m.step, room.slug, got, may)
	}
}

// What a member may not read is never sent to it: random members, rooms, rights, filters with wildcards and shared ones, requests.
func TestNobodyIsSentWhatItMayNotRead(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			m := &readModel{r: r, rnd: rand.New(rand.NewPCG(seed, 7))}
			for i := range 6 {
				m.who = append(m.who, &listener{id: i, heard: map[string]bool{}, group: i == 4})
				m.connect(i)
			}
			for range 220 {
				m.next()
				m.drain()
			}
			// And what everybody may read reaches those who listen to it.
			for _, s := range m.said {
				for i, g := range m.who {
					if _, always := m.might(s.in, i, s.step); always && !g.group && m.listensTo(i) {
						wait(t, fmt.Sprintf("%s to hear what was said in %s in step %d", g.name, s.in.slug, s.step), func() bool {
							m.drain()
							return g.heard[s.word]
						})
					}
				}
			}
		})
	}
}

// listensTo tells whether a reader hears whatever is said, whole: nobody else gets its share, and it reads messages and states.
func (m *readModel) listensTo(i int) bool { return i < 3 }

// answers tells whether a packet answers what its reader asked, in its own words: it names the room that was asked for.
func answers(p mqtttest.Packet) bool {
	for _, kind := range []string{"history", "search", "error"} {
		if strings.HasPrefix(string(p.Payload), `{"type":"`+kind+`"`) {
			return true
		}
	}
	return false
}
