package bridge

import (
	"slices"
	"time"
)

// labelsShown is how many labels of sessions a roster shows of one member: everybody gets them.
const labelsShown = 16

// A Member of a roster, as everyone in the room sees it.
type Member struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`  // person or device
	State    string   `json:"state"` // online or away
	Since    string   `json:"since"` // when it came into the room
	Sessions []string `json:"sessions"`
}

func (m Member) equal(o Member) bool {
	return m.Name == o.Name && m.Kind == o.Kind && m.State == o.State && m.Since == o.Since && slices.Equal(m.Sessions, o.Sessions)
}

// States of a member.
const (
	online  = "online"
	away    = "away"
	offline = "offline"
)

// A Delta is what changed in a room since the last one: a presence message.
type Delta struct {
	Epoch  string   `json:"epoch"`
	Rev    uint64   `json:"rev"`
	Join   []Member `json:"join,omitempty"`
	Leave  []string `json:"leave,omitempty"`
	Change []Member `json:"change,omitempty"`
}

// A Snapshot is a whole roster. Partial: it lists only those who spoke lately, and Count has all.
type Snapshot struct {
	Epoch   string   `json:"epoch"`
	Rev     uint64   `json:"rev"`
	Count   int      `json:"count"`
	Partial bool     `json:"partial,omitempty"`
	Members []Member `json:"members"`
}

// A roster is who is in a room, and what of it was told. It is plain data: its room's goroutine owns it.
//
// What readers need to hold: a snapshot replaces all they know; a Delta with the next Rev is applied to it (a join of somebody
// known and a change of somebody unknown put that member there, a leave of somebody unknown is nothing); after a gap they take a snapshot.
type roster struct {
	epoch string
	rev   uint64
	here  map[string]*presentMember
	told  map[string]Member   // as the last Delta left the readers
	dirty map[string]struct{} // names that may differ between here and told
	shown map[string]struct{} // names that a snapshot showed as they were between two Deltas: what they are must be told
}

type presentMember struct {
	Member
	sessions []labelled
}

// A labelled is one session of a member, and its label, which may be empty.
type labelled struct{ session, label string }

func newRoster(epoch string) *roster {
	return &roster{
		epoch: epoch,
		here:  map[string]*presentMember{},
		told:  map[string]Member{},
		dirty: map[string]struct{}{},
		shown: map[string]struct{}{},
	}
}

// join adds one session of a member.
func (r *roster) join(name, kind, state, session, label string, now time.Time) {
	p := r.here[name]
	if p == nil {
		p = &presentMember{Member: Member{Name: name, Kind: kind, State: state, Since: stamp(now)}}
		r.here[name] = p
	}
	p.Kind, p.State = kind, state
	if i := p.session(session); i >= 0 {
		p.sessions[i].label = label
	} else {
		p.sessions = append(p.sessions, labelled{session, label})
	}
	p.relabel()
	r.dirty[name] = struct{}{}
}

// leave takes one session of a member away; with the last one the member is gone.
func (r *roster) leave(name, session string) {
	p := r.here[name]
	if p == nil {
		return
	}
	i := p.session(session)
	if i < 0 {
		return
	}
	p.sessions = slices.Delete(p.sessions, i, i+1)
	p.relabel()
	if len(p.sessions) == 0 {
		delete(r.here, name)
	}
	r.dirty[name] = struct{}{}
}

// change sets the state of a member that is here.
func (r *roster) change(name, state string) {
	if p := r.here[name]; p != nil && p.State != state {
		p.State = state
		r.dirty[name] = struct{}{}
	}
}

func (p *presentMember) session(id string) int {
	return slices.IndexFunc(p.sessions, func(l labelled) bool { return l.session == id })
}

// relabel makes the list of labels anew: the last one has been told.
func (p *presentMember) relabel() {
	p.Sessions = []string{}
	for _, l := range p.sessions {
		if l.label != "" && !slices.Contains(p.Sessions, l.label) {
			p.Sessions = append(p.Sessions, l.label)
		}
	}
	slices.Sort(p.Sessions)
	p.Sessions = p.Sessions[:min(len(p.Sessions), labelsShown)]
}

// delta gathers what is not told yet, and counts it as told. ok is false when there is nothing to tell: who came and went in
// between is nothing, unless a snapshot showed it.
func (r *roster) delta() (d Delta, ok bool) {
	for name := range r.dirty {
		was, told := r.told[name]
		_, shown := r.shown[name]
		now := r.here[name]
		switch {
		case now == nil:
			if told || shown {
				d.Leave = append(d.Leave, name)
			}
			delete(r.told, name)
		case !told:
			d.Join = append(d.Join, now.Member)
			r.told[name] = now.Member
		case shown || !was.equal(now.Member):
			d.Change = append(d.Change, now.Member)
			r.told[name] = now.Member
		}
	}
	clear(r.dirty)
	clear(r.shown)
	if len(d.Join)+len(d.Leave)+len(d.Change) == 0 {
		return Delta{}, false
	}
	r.rev++
	d.Epoch, d.Rev = r.epoch, r.rev
	byName := func(a, b Member) int { return compare(a.Name, b.Name) }
	slices.SortFunc(d.Join, byName)
	slices.SortFunc(d.Change, byName)
	slices.Sort(d.Leave)
	return d, true
}

// snapshot lists who is here: all up to most members; above, those of some alone.
func (r *roster) snapshot(most int, some func(name string) bool) Snapshot {
	s := Snapshot{Epoch: r.epoch, Rev: r.rev, Count: len(r.here), Partial: len(r.here) > most, Members: []Member{}}
	for name, p := range r.here {
		if s.Partial && !some(name) {
			continue
		}
		s.Members = append(s.Members, p.Member)
	}
	for name := range r.dirty {
		r.shown[name] = struct{}{}
	}
	slices.SortFunc(s.Members, func(a, b Member) int { return compare(a.Name, b.Name) })
	return s
}

// page lists members by name, from after on.
func (r *roster) page(after string, limit int) (members []Member, more bool) {
	members = []Member{}
	for _, p := range r.here {
		if p.Name > after {
			members = append(members, p.Member)
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return compare(a.Name, b.Name) })
	if len(members) > limit {
		return members[:limit], true
	}
	return members, false
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
