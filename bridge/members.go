package bridge

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// A seat is what the chat knows of one session of a member: who it is, and what it reads.
type seat struct {
	session *broker.Session
	claim   history.Claim
	member  *member
	label   string // phone, kitchen; may be empty
	since   time.Time

	// Owned by the session's own goroutine, in which the Handler's calls come.
	reads []reading       // the filters that take it into rooms
	wrote map[string]bool // rooms joined by a publish; nil: none

	will atomic.Pointer[lastWord] // the will that is on its way; a delayed one comes from another goroutine

	// Owned by members.run.
	in     set[*room]  // where it is
	chosen set[string] // rooms that it named itself, be they open and readable or not
	away   bool
	gone   bool
}

// A reading is a filter that takes its seat into rooms.
type reading struct {
	filter string // as the client spells it
	room   string // the one room; or, of all, those of this name when there is one
	all    bool
}

// read notes a filter of the seat, and tells whether that may change where it is.
func (s *seat) read(spelled string, f filter) bool {
	moves := s.unread(spelled)
	switch {
	case f.all:
		s.reads = append(s.reads, reading{spelled, f.only, true})
	case f.room != "":
		s.reads = append(s.reads, reading{spelled, f.room, false})
	default:
		return moves
	}
	return true
}

// unread forgets a filter of the seat, and tells whether that may change where it is.
func (s *seat) unread(spelled string) bool {
	i := slices.IndexFunc(s.reads, func(r reading) bool { return r.filter == spelled })
	if i < 0 {
		return false
	}
	s.reads = slices.Delete(s.reads, i, i+1)
	return true
}

// leaves forgets a filter that the client has dropped, and what the seat wrote where it read by that.
func (s *seat) leaves(spelled string) bool {
	for _, r := range s.reads {
		if r.filter != spelled {
			continue
		}
		delete(s.wrote, r.room)
		if r.all && r.room == "" {
			clear(s.wrote)
		}
	}
	return s.unread(spelled)
}

// name is the canonical name of the seat's member.
func (s *seat) name() string { return s.claim.Name }

// author is the mark of what the seat's member writes: its own, also under another holding of its name, where it can prove who it is.
func (s *seat) author() uint64 {
	if s.claim.Ident == "" {
		return s.claim.Rev
	}
	return authorOf(s.claim.Ident)
}

// A member is somebody who is connected now.
type member struct {
	name  string
	fold  string // of the name: equal folds are one name
	ident string // who it is for what is kept: see identOf
	kind  string // person or device
	guest bool   // nothing of it outlives its last session
	pace  *pace

	// Owned by members.run.
	seats set[*seat]
	state string
	since time.Time
}

// Kinds of a member.
const (
	person = "person"
	device = "device"
)

// members gathers sessions into members, and members into rooms. One goroutine, run, owns that; it tells the rooms what changes
// and publishes each member's own presence.
type members struct {
	ask  chan func()   // work for run; never closed; senders also select on done
	done chan struct{} // closed when run has ended
	b    teller

	mu     sync.RWMutex // guards the two maps; map work only. run alone writes them
	byFold map[string]*member
	byID   map[string]*seat // by session id

	// Owned by run.
	everywhere map[*seat]reach  // seats that join rooms by wildcards
	rooms      map[string]*room // the open rooms
	named      map[string]int   // how many seats chose a room
	stopping   bool             // who goes now goes with the server: nobody is told
}

// A reach is what a seat joins by wildcards: every room there is and will be, or those of some names when there are any. nil: none.
type reach map[string]bool

// add widens a reach by a name, or by all when the name is empty.
func (w reach) add(slug string) { w[slug] = true }

func (w reach) has(r *room) bool { return w[""] || w[r.slug] }

// A teller publishes what becomes of members.
type teller interface {
	tellPresence(m *member, state string, since time.Time, label string)
	mayRead(m *member, slug string) bool
	openInbox(m *member)
	closeInbox(m *member)
}

func newMembers(b teller) *members {
	return &members{
		ask:        make(chan func(), 64),
		done:       make(chan struct{}),
		b:          b,
		byFold:     map[string]*member{},
		byID:       map[string]*seat{},
		everywhere: map[*seat]reach{},
		rooms:      map[string]*room{},
		named:      map[string]int{},
	}
}

func (ms *members) run(ctx context.Context) {
	defer close(ms.done)
	for {
		select {
		case f := <-ms.ask:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// do runs f in run and returns when it has; when run has ended, f does not run.
func (ms *members) do(f func()) {
	ran := make(chan struct{})
	select {
	case ms.ask <- func() { f(); close(ran) }:
	case <-ms.done:
		return
	}
	select {
	case <-ran:
	case <-ms.done:
	}
}

// find is the connected member of a name, nil when there is none.
func (ms *members) find(fold string) *member {
	ms.mu.RLock()
	defer ms.mu.RUnlock()
	return ms.byFold[fold]
}

// all are the connected members.
func (ms *members) all() []*member {
	ms.mu.RLock()
	defer ms.mu.RUnlock()
	return slices.Collect(maps.Values(ms.byFold))
}

// seat is the seat of a connected session, or nil.
func (ms *members) seat(session string) *seat {
	ms.mu.RLock()
	defer ms.mu.RUnlock()
	return ms.byID[session]
}

// enter seats a session: it joins the connected member of its name, or begins one as m describes.
func (ms *members) enter(s *seat, m member) {
	ms.do(func() {
		held := ms.byFold[m.fold]
		if held == nil || held.ident != m.ident {
			// A new holding of the name: nobody of the old one is connected any more, or will be in a moment.
			held = &m
			held.state, held.since = offline, time.Now()
			ms.b.openInbox(held)
		}
		ms.mu.Lock()
		ms.byFold[m.fold], ms.byID[s.session.ID()] = held, s
		ms.mu.Unlock()
		s.member = held
		held.seats.add(s)
		ms.settle(held, s.label)
	})
}

// exit takes a session's seat away, and tells whether it was the member's last.
func (ms *members) exit(s *seat) (last bool) {
	ms.do(func() {
		s.gone = true
		ms.choose(s, set[string]{})
		delete(ms.everywhere, s)
		m := s.member
		for r := range s.in.all() {
			ms.leave(s, r)
		}
		m.seats.remove(s)
		last = m.seats.len() == 0
		if !ms.stopping {
			ms.settle(m, s.label)
		}
		holds := ms.byFold[m.fold] == m
		ms.mu.Lock()
		delete(ms.byID, s.session.ID())
		if last && holds {
			delete(ms.byFold, m.fold)
		}
		ms.mu.Unlock()
		if last && holds {
			ms.b.closeInbox(m)
		}
	})
	return last
}

// setAway notes that a session is away, or back.
func (ms *members) setAway(s *seat, isAway bool) {
	ms.do(func() {
		if !s.gone {
			s.away = isAway
			ms.settle(s.member, s.label)
		}
	})
}

// settle works out a member's state, and tells everybody when it is another one: online if any session is, else away.
func (ms *members) settle(m *member, label string) {
	state := offline
	for s := range m.seats.all() {
		if !s.away {
			state = online
			break
		}
		state = away
	}
	if state == m.state || ms.byFold[m.fold] != m {
		return // in the second case the name is another's by now, who is not offline
	}
	m.state, m.since = state, time.Now()
	ms.b.tellPresence(m, m.state, m.since, label)
	if state == offline {
		return // its seats have left their rooms
	}
	told := map[*room]bool{}
	for s := range m.seats.all() {
		for r := range s.in.all() {
			if !told[r] {
				told[r] = true
				r.change(m.name, state)
			}
		}
	}
}

// place says in which rooms a seat is from now on: those chosen, and those within its reach.
func (ms *members) place(s *seat, chosen set[string], wide reach) {
	ms.do(func() {
		if s.gone {
			return
		}
		ms.choose(s, chosen)
		delete(ms.everywhere, s)
		if len(wide) > 0 {
			ms.everywhere[s] = wide
		}
		for r := range s.in.all() {
			if !ms.belongs(s, r) {
				ms.leave(s, r)
			}
		}
		for slug := range chosen.all() {
			if r := ms.rooms[slug]; r != nil && ms.belongs(s, r) {
				ms.join(s, r)
			}
		}
		if len(wide) == 0 {
			return
		}
		for _, r := range ms.rooms {
			if ms.belongs(s, r) {
				ms.join(s, r)
			}
		}
	})
}

// belongs tells whether a seat is to be in a room: it named it or has it within its reach, and its member may read it.
func (ms *members) belongs(s *seat, r *room) bool {
	return (s.chosen.has(r.slug) || ms.everywhere[s].has(r)) && ms.b.mayRead(s.member, r.slug)
}

// review seats everybody again where the rights of a room have changed.
func (ms *members) review(slug string) {
	ms.do(func() {
		r := ms.rooms[slug]
		if r == nil {
			return
		}
		for _, s := range ms.byID {
			if ms.belongs(s, r) {
				ms.join(s, r)
			} else if s.in.has(r) {
				ms.leave(s, r)
			}
		}
	})
}

// choose counts the seats that named a room.
func (ms *members) choose(s *seat, chosen set[string]) {
	for slug := range s.chosen.all() {
		if ms.named[slug]--; ms.named[slug] == 0 {
			delete(ms.named, slug)
		}
	}
	for slug := range chosen.all() {
		ms.named[slug]++
	}
	s.chosen = chosen
}

// opened tells of a new room: those who named it, or within whose reach it is, are in it.
func (ms *members) opened(r *room) {
	ms.do(func() {
		ms.rooms[r.slug] = r
		for _, s := range ms.byID {
			if ms.belongs(s, r) {
				ms.join(s, r)
			}
		}
	})
}

// closed forgets a room: nobody is in it any more.
func (ms *members) closed(r *room) {
	delete(ms.rooms, r.slug)
	for _, s := range ms.byID {
		s.in.remove(r)
	}
}

func (ms *members) join(s *seat, r *room) {
	if s.in.add(r) {
		r.join(s)
	}
}

func (ms *members) leave(s *seat, r *room) {
	s.in.remove(r)
	if !ms.stopping {
		r.leave(s)
	}
}
