package bridge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tincan/broker"
	"tincan/broker/mqtttest"

	"pgregory.net/rapid"
)

// What the members of the model do is drawn from these.
var (
	modelNames   = []string{"ada", "bob", "eve", "zoe"} // the first two have secrets, and two sessions
	modelRooms   = []string{"lobby", "attic", "cellar"}
	modelFilters = []string{
		"chat/room/lobby/messages", "chat/room/lobby/#", "chat/room/attic/roster", "chat/room/attic/presence", "chat/room/cellar/+",
		"chat/room/+/messages", "chat/room/+/+", "chat/room/#", "chat/#", "#", "+/room/lobby/#", "chat/+/attic/messages", "+/+/cellar/roster",
		"$share/g/chat/room/lobby/messages", "$share/g/#", "$share/h/chat/room/+/+", "chat/room/lobby/state/me/#", "chat/room/lobby/typing/+",
		"chat/user/me/inbox", "chat/user/me/#", "chat/user/+/inbox/#", "chat/user/#", "chat/user/bob/inbox", "$share/g/chat/user/+/inbox",
		"vault/#", "vault/key", "+/key", "$share/v/+/key", "$share/v/#",
	}
)

// A modelSession is what the model knows of one connection, beside what it read.
type modelSession struct {
	*mqtttest.Client
	name, id string
	label    string // as the roster shows it: 3.1.1 has none
	gone     bool
	away     bool
	filters  map[string]bool
	wrote    map[string]bool
	covered  map[string]int // room → messages in it when the session began to read them without a break
	readers  map[string]*modelReader
}

// A modelReader is what a session has read of a room.
type modelReader struct {
	known    bool // it has a roster without gaps
	rev      uint64
	roster   map[string]Member
	messages map[uint64]string // seq → the whole payload
	last     uint64
}

// A model is who is where, by the rules of the protocol and what the members did.
type model struct {
	t        *rapid.T
	r        *testRoom
	pick     *rand.Rand
	sessions []*modelSession
	seen     map[string]bool // names that have been here
	posted   map[string]int  // messages of each room
	secrets  int
}

// TestAnyMembersAgree lets members come, go, read and write at random, over a real broker, and then asks everybody what they know.
func TestAnyMembersAgree(t *testing.T) {
	began, rounds := time.Now(), 0
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed") // not each choice: those are small too often, and such a story does not shrink
		if time.Since(began) > 6*time.Second {
			return
		}
		r := newRoom(t)
		r.cfg.TopicsClosed = []string{"vault/#"}
		r.restart()
		defer r.end()
		m := &model{t: rt, r: r, pick: rand.New(rand.NewPCG(seed, 0)), seen: map[string]bool{}, posted: map[string]int{}}
		watcher := m.connect("watcher", "w", 5, r.tcp)
		m.subscribe(watcher, "chat/room/+/messages", "chat/room/+/roster", "chat/room/+/presence")
		for _, room := range modelRooms {
			m.say(watcher, room)
		}
		for range 250 {
			if do := m.pick.IntN(100); do > 97 {
				m.until(watcher)
			} else {
				m.step(do)
			}
		}
		for _, room := range modelRooms {
			m.say(watcher, room)
		}
		m.settle(watcher)
		rounds++
	})
	t.Logf("%d rounds", rounds)
}

func (m *model) step(do int) {
	name := one(m.pick, modelNames)
	id := name + one(m.pick, []string{"-1", "-2"})
	if m.secret(name) == "" {
		id = name
	}
	s := m.find(name, id)
	if s == nil || do >= 90 { // the latter takes over
		version := one(m.pick, []byte{4, 5})
		m.connect(name, id, version, one(m.pick, []string{m.r.tcp, m.r.ws}))
		return
	}
	room := one(m.pick, modelRooms)
	switch {
	case do < 40:
		m.subscribe(s, one(m.pick, modelFilters))
	case do < 50:
		if filters := slices.Sorted(maps.Keys(s.filters)); len(filters) > 0 {
			m.unsubscribe(s, one(m.pick, filters))
		}
	case do < 60:
		m.say(s, room)
	case do < 65:
		s.Publish("chat/room/"+room+"/state/me/t", "1")
		s.wrote[room] = true
	case do < 72:
		s.away = do%2 == 0
		s.Publish("chat/user/me/away", map[bool]string{true: "1", false: "0"}[s.away])
	case do < 80:
		to := one(m.pick, modelNames)
		if to != name && m.connected(to) {
			m.secrets++
			s.Publish("chat/user/"+to+"/say", fmt.Sprintf("secret of %s and %s, %d", name, to, m.secrets))
		}
		m.r.b.publish(&broker.Message{Topic: "vault/key", Payload: []byte("secret of nobody")})
	case do < 85:
		m.end(s, s.Cut)
	default:
		m.end(s, s.Client.Disconnect)
	}
}

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func (m *model) secret(name string) string {
	if name == "ada" || name == "bob" {
		return "secret of " + name
	}
	return ""
}

func (m *model) find(name, id string) *modelSession {
	for _, s := range m.sessions {
		if !s.gone && s.name == name && s.id == id {
			return s
		}
	}
	return nil
}

func (m *model) connected(name string) bool {
	return slices.ContainsFunc(m.sessions, func(s *modelSession) bool { return !s.gone && s.name == name })
}

func (m *model) connect(name, id string, version byte, addr string) *modelSession {
	if old := m.find(name, id); old != nil {
		old.gone = true
	}
	s := &modelSession{
		name: name, id: id, filters: map[string]bool{}, wrote: map[string]bool{}, covered: map[string]int{},
		readers: map[string]*modelReader{},
	}
	for _, room := range modelRooms {
		s.readers[room] = &modelReader{messages: map[uint64]string{}}
	}
	if version == 5 {
		s.label = id
	}
	s.Client = mqtttest.Dial(m.r.t, addr, mqtttest.Options{
		Version: version, Name: name, ID: id, Secret: m.secret(name), User: []mqtttest.Prop{{Key: "label", Value: id}},
	})
	m.sessions = append(m.sessions, s)
	m.seen[name] = true
	return s
}

// end ends a session and waits until the server has noticed, so that a name without a secret is free again.
func (m *model) end(s *modelSession, how func()) {
	sessions := m.r.br.Stats().Sessions
	how()
	wait(m.r.t, "the end of a session", func() bool { return m.r.br.Stats().Sessions < sessions })
	s.gone = true
}

func (m *model) subscribe(s *modelSession, filters ...string) {
	for i, code := range s.Subscribe(filters...) {
		if code < 0x80 {
			s.filters[filters[i]] = true
		}
	}
	m.cover(s)
}

func (m *model) unsubscribe(s *modelSession, filter string) {
	s.Unsubscribe(filter)
	delete(s.filters, filter)
	for _, room := range modelRooms {
		if s.reads(filter, room) {
			delete(s.wrote, room)
		}
	}
	m.cover(s)
}

// cover notes from when on a session has to have all messages of a room.
func (m *model) cover(s *modelSession) {
	for _, room := range modelRooms {
		covered := false
		for f := range s.filters {
			covered = covered || broker.Match(f, topicMessages(room)) // $share/… matches nothing: those bring some only
		}
		if _, was := s.covered[room]; covered && !was {
			s.covered[room] = m.posted[room]
		} else if !covered {
			delete(s.covered, room)
		}
	}
}

func (m *model) say(s *modelSession, room string) {
	if a := s.Publish("chat/room/"+room+"/say", "hello"); a.Code >= 0x80 {
		m.t.Fatalf("%s was refused: %s", s.name, a)
	}
	s.wrote[room] = true
	m.posted[room]++
}

// reads tells whether a filter of a session brings anything of a room.
func (s *modelSession) reads(filter, room string) bool {
	if _, topic, ok := broker.SplitShare(filter); ok {
		filter = topic
	}
	filter = strings.ReplaceAll(filter+"/", "/me/", "/"+s.name+"/")
	filter = strings.TrimSuffix(filter, "/")
	return slices.ContainsFunc([]string{"messages", "roster", "presence", "typing/ada", "state/" + s.name, "state/" + s.name + "/t"}, func(leaf string) bool {
		return broker.Match(filter, "chat/room/"+room+"/"+leaf)
	})
}

// roster is who has to be in a room: name → state and labels.
func (m *model) roster(room string) map[string]string {
	is := map[string]string{}
	labels := map[string][]string{}
	for _, s := range m.sessions {
		in := s.wrote[room]
		for f := range s.filters {
			in = in || s.reads(f, room)
		}
		if !s.gone && in {
			is[s.name] = m.state(s.name)
			if s.label != "" {
				labels[s.name] = append(labels[s.name], s.label)
			}
		}
	}
	for name := range is {
		slices.Sort(labels[name])
		is[name] += " " + strings.Join(labels[name], ",")
	}
	return is
}

func (m *model) state(name string) string {
	state := offline
	for _, s := range m.sessions {
		if s.name == name && !s.gone {
			if !s.away {
				return online
			}
			state = away
		}
	}
	return state
}

// settle waits until everybody knows what is, and holds what everybody has read against what they may.
func (m *model) settle(watcher *modelSession) {
	m.until(m.sessions...)
	for _, s := range m.sessions {
		for room, reader := range s.readers {
			for seq, payload := range reader.messages {
				if payload != watcher.readers[room].messages[seq] {
					m.t.Fatalf("%s read %q as %d of %s, the watcher %q", s.id, payload, seq, room, watcher.readers[room].messages[seq])
				}
			}
		}
	}
	late := mqtttest.Dial(m.r.t, m.r.tcp, mqtttest.Options{ID: "late one"}) // as a guest
	late.Subscribe("chat/user/+/presence")
	for name := range m.seen {
		if note := decode[presenceNote](m.r.t, late.WantMessage(topicUserPresence(name)).Payload); note.State != m.state(name) {
			m.t.Fatalf("%s is %s, and says %s", name, m.state(name), note.State)
		}
	}
	late.Cut()
}

// until waits until these sessions know what is.
func (m *model) until(sessions ...*modelSession) {
	deadline := time.Now().Add(mqtttest.Patience)
	for {
		wrong := ""
		for _, s := range sessions {
			m.read(s)
			wrong = cmp.Or(wrong, m.wrong(s))
		}
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			m.t.Fatal(wrong)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// read takes in what has come for a session.
func (m *model) read(s *modelSession) {
	for _, p := range s.Take(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Publish }) {
		if _, whose, ok := strings.Cut(string(p.Payload), "secret of "); ok {
			if ends, _, _ := strings.Cut(whose, ","); !slices.Contains(strings.Split(ends, " and "), s.name) {
				m.t.Fatalf("%s, who reads %v, read on %s: %s", s.name, slices.Sorted(maps.Keys(s.filters)), p.Topic, p.Payload)
			}
		}
		room, leaf, ok := strings.Cut(strings.TrimPrefix(p.Topic, "chat/room/"), "/")
		reader := s.readers[room]
		if !ok || reader == nil {
			continue
		}
		switch leaf {
		case "messages":
			seq := decode[posted](m.r.t, p.Payload).Seq
			if _, twice := reader.messages[seq]; !twice && seq < reader.last {
				m.t.Fatalf("%s read message %d after %d", s.id, seq, reader.last)
			}
			reader.messages[seq], reader.last = string(p.Payload), max(reader.last, seq)
		case "roster":
			if snapshot := decode[Snapshot](m.r.t, p.Payload); !reader.known || snapshot.Rev >= reader.rev {
				reader.known, reader.rev, reader.roster = true, snapshot.Rev, map[string]Member{}
				for _, member := range snapshot.Members {
					reader.roster[member.Name] = member
				}
			}
		case "presence":
			d := decode[Delta](m.r.t, p.Payload)
			if !reader.known || d.Rev <= reader.rev {
				continue
			}
			if d.Rev > reader.rev+1 {
				reader.known = false // a gap: the next snapshot replaces it
				continue
			}
			reader.rev = d.Rev
			for _, member := range append(d.Join, d.Change...) {
				reader.roster[member.Name] = member
			}
			for _, name := range d.Leave {
				delete(reader.roster, name)
			}
		}
	}
}

// wrong tells what a session does not know as it is, if it has to.
func (m *model) wrong(s *modelSession) string {
	if s.gone {
		return ""
	}
	for _, room := range modelRooms {
		reader := s.readers[room]
		if from, ok := s.covered[room]; ok {
			for seq := uint64(from) + 1; seq <= uint64(m.posted[room]); seq++ {
				if _, ok := reader.messages[seq]; !ok {
					return fmt.Sprintf("%s has not read message %d of %s, which ends at %d", s.id, seq, room, m.posted[room])
				}
			}
		}
		follows := func(topic string) bool {
			return slices.ContainsFunc(slices.Collect(maps.Keys(s.filters)), func(f string) bool { return broker.Match(f, topic) })
		}
		if !follows(topicRoster(room)) || !follows(topicPresence(room)) {
			continue
		}
		have, want := map[string]string{}, m.roster(room)
		for name, member := range reader.roster {
			have[name] = member.State + " " + strings.Join(member.Sessions, ",")
		}
		if !reader.known || !maps.Equal(have, want) {
			a, _ := json.Marshal(have)
			b, _ := json.Marshal(want)
			return fmt.Sprintf("%s has a roster of %s with %s, and there are %s", s.id, room, a, b)
		}
	}
	return ""
}
