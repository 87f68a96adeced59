package bridge

import (
	"sync"
	"time"

	"tincan/broker"
)

// What is remembered of members who are gone.
const (
	offlineKept = 7 * 24 * time.Hour // how long their presence says offline
	offlineMost = 5000               // of how many; the oldest fade first
)

// A presenceNote is a member's own presence (chat/user/{name}/presence).
type presenceNote struct {
	State  string `json:"state"`
	Since  string `json:"since"`
	Device string `json:"device,omitempty"` // the label of the session that came or went
}

// A goneMember is the name that a retained presence says offline of, and since when.
type goneMember struct {
	name string
	at   time.Time
}

// presences remembers whose retained presence says offline, and since when.
type presences struct {
	mu  sync.Mutex            // guards off; map work only
	off map[string]goneMember // by fold
}

// tellPresence publishes what a member's state has become: retained, so that whoever looks later knows it too. Of a guest nothing
// stays. It is the imposed last will: the end of a member's last session, however it comes, ends here.
func (b *Bridge) tellPresence(m *member, state string, since time.Time, label string) {
	topic := topicUserPresence(m.name)
	note := encode(presenceNote{State: state, Since: stamp(since), Device: label})
	gone := state == offline && m.guest
	b.publish(&broker.Message{Topic: topic, Payload: note, Retain: !gone})
	if gone {
		b.publish(&broker.Message{Topic: topic, Retain: true})
	}
	for _, name := range b.presences.note(m.fold, m.name, state == offline && !gone) {
		b.publish(&broker.Message{Topic: topicUserPresence(name), Retain: true})
	}
}

// note remembers a name as offline or not, and returns the names that have to fade for it: the oldest one, or the same name as it
// was spelled before.
func (ps *presences) note(fold, name string, off bool) (faded []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if was, ok := ps.off[fold]; ok && was.name != name {
		faded = append(faded, was.name)
	}
	if !off {
		delete(ps.off, fold)
		return faded
	}
	ps.off[fold] = goneMember{name, time.Now()}
	if len(ps.off) <= offlineMost {
		return faded
	}
	oldest := fold
	for f, gone := range ps.off {
		if gone.at.Before(ps.off[oldest].at) {
			oldest = f
		}
	}
	faded = append(faded, ps.off[oldest].name)
	delete(ps.off, oldest)
	return faded
}

// fade forgets those who have been gone for long.
func (ps *presences) fade() (faded []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for fold, gone := range ps.off {
		if time.Since(gone.at) > offlineKept {
			faded = append(faded, gone.name)
			delete(ps.off, fold)
		}
	}
	return faded
}

// openInbox has a session that subscribes to the member's inbox told the read marks; closeInbox ends that.
func (b *Bridge) openInbox(m *member) {
	b.br.RetainFunc(topicInbox(m.name), func() []byte { return b.marksOf(m) })
}

func (b *Bridge) closeInbox(m *member) { b.br.RetainFunc(topicInbox(m.name), nil) }
