package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tincan/broker/mqtttest"
)

// A roster is who is in a room, folded from what a watcher of it was sent: snapshots replace it, lists change it. It tells what a
// list must not do.
type roster struct {
	room  string
	known bool // a snapshot has come, and no list is missing since
	fresh bool // no list has come since: the next may tell what the snapshot has already
	epoch string
	rev   uint64
	here  map[string]bool
	wrong []string // ghosts and doubles

	// Others take snapshots at any time: a leave may be for them alone, of who came and went between two lists.
	others bool
}

func newRoster(room string) *roster { return &roster{room: room, here: map[string]bool{}} }

// take folds a packet in, if it is one of the room's.
func (r *roster) take(p mqtttest.Packet) error {
	leaf, ours := strings.CutPrefix(p.Topic, "chat/room/"+r.room+"/")
	if !ours || leaf != "roster" && leaf != "presence" {
		return nil
	}
	var l struct {
		Epoch                 string
		Rev                   uint64
		Members, Join, Change []struct{ Name string }
		Leave                 []string
	}
	if err := json.Unmarshal(p.Payload, &l); err != nil {
		return fmt.Errorf("%w: %s", err, p.Payload)
	}
	if leaf == "roster" {
		if r.known && l.Epoch == r.epoch && l.Rev < r.rev {
			return nil
		}
		r.known, r.fresh, r.epoch, r.rev, r.here = true, true, l.Epoch, l.Rev, map[string]bool{}
		for _, m := range l.Members {
			if r.here[m.Name] {
				r.fault("%s is in the snapshot twice: %s", m.Name, p.Payload)
			}
			r.here[m.Name] = true
		}
		return nil
	}
	switch {
	case !r.known || l.Epoch == r.epoch && l.Rev <= r.rev:
		return nil
	case l.Epoch != r.epoch || l.Rev != r.rev+1:
		r.known = false
		return nil
	}
	told := !r.fresh
	r.rev, r.fresh = l.Rev, false
	for _, m := range l.Join {
		if told && r.here[m.Name] {
			r.fault("%s joined twice: %s", m.Name, p.Payload)
		}
		r.here[m.Name] = true
	}
	for _, m := range l.Change {
		if told && !r.here[m.Name] {
			r.fault("%s changed and is not here: %s", m.Name, p.Payload)
		}
		r.here[m.Name] = true
	}
	for _, name := range l.Leave {
		if told && !r.others && !r.here[name] {
			r.fault("%s left and was not here: %s", name, p.Payload)
		}
		delete(r.here, name)
	}
	return nil
}

func (r *roster) fault(format string, args ...any) {
	r.wrong = append(r.wrong, r.room+": "+fmt.Sprintf(format, args...))
}

func (r *roster) names() []string { return slices.Sorted(maps.Keys(r.here)) }
