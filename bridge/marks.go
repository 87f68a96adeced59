package bridge

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tincan/bridge/history"
)

// Read marks that are kept.
const (
	markKept    = 90 * 24 * time.Hour // how long the marks of a member stay that moves none
	marksMost   = 20000               // members whose marks are kept; beyond it those go that moved none for longest
	valueOfMark = "read"              // history.Values kind: ident \x00 room → seq
)

// marks holds how far each member has read in each room, so that its other sessions, and it itself tomorrow, know what is new.
type marks struct {
	store history.Values
	log   *slog.Logger
	calls *calls // forgotten with the marks

	mu      sync.Mutex // guards byIdent; map work only
	byIdent map[string]*marked
}

// A marked is the marks of one member.
type marked struct {
	rooms map[string]uint64
	at    time.Time // when one moved last
}

// load takes the stored marks up again.
func (ms *marks) load(ctx context.Context) error {
	var old []string
	err := ms.store.Each(ctx, valueOfMark, func(key string, value []byte, age time.Duration) {
		ident, room, ok := strings.Cut(key, "\x00")
		seq, err := strconv.ParseUint(string(value), 10, 64)
		if !ok || ident == "" || err != nil {
			old = append(old, key)
			return
		}
		ms.move(ident, room, seq, time.Now().Add(-age))
	})
	for _, key := range old {
		ms.save(key, nil)
	}
	ms.fade()
	return err
}

// set moves a mark forward, never back, and returns where it is now. Marks of members that can prove who they are are stored.
func (ms *marks) set(ident, room string, seq uint64) (now uint64, moved bool) {
	now, moved = ms.move(ident, room, seq, time.Now())
	if moved && proven(ident) {
		ms.save(ident+"\x00"+room, strconv.AppendUint(nil, now, 10))
	}
	return now, moved
}

func (ms *marks) move(ident, room string, seq uint64, at time.Time) (now uint64, moved bool) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	m := ms.byIdent[ident]
	if m == nil {
		m = &marked{rooms: map[string]uint64{}}
		ms.byIdent[ident] = m
	}
	if seq <= m.rooms[room] {
		return m.rooms[room], false
	}
	m.rooms[room] = seq
	if at.After(m.at) {
		m.at = at
	}
	return seq, true
}

// at is how far a member has read in a room; been is false when it never did.
func (ms *marks) at(ident, room string) (seq uint64, been bool) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if m := ms.byIdent[ident]; m != nil {
		seq, been = m.rooms[room]
	}
	return seq, been
}

// of lists the marks of a member.
func (ms *marks) of(ident string) map[string]uint64 {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	l := map[string]uint64{}
	if m := ms.byIdent[ident]; m != nil {
		maps.Copy(l, m.rooms)
	}
	return l
}

// forget drops all marks of a member who will not come back.
func (ms *marks) forget(ident string) {
	ms.mu.Lock()
	m := ms.byIdent[ident]
	delete(ms.byIdent, ident)
	ms.mu.Unlock()
	ms.calls.forget(ident)
	if m != nil && proven(ident) {
		for room := range m.rooms {
			ms.save(ident+"\x00"+room, nil)
		}
	}
}

// fade forgets the marks of members who moved none for long, whatever became of their names.
func (ms *marks) fade() {
	type idle struct {
		ident string
		at    time.Time
	}
	ms.mu.Lock()
	all := make([]idle, 0, len(ms.byIdent))
	for ident, m := range ms.byIdent {
		all = append(all, idle{ident, m.at})
	}
	ms.mu.Unlock()
	slices.SortFunc(all, func(a, b idle) int { return a.at.Compare(b.at) })
	for i, m := range all {
		if len(all)-i <= marksMost && time.Since(m.at) <= markKept {
			return
		}
		ms.forget(m.ident)
	}
}

// forgetRoom drops all marks in a room that is no more.
func (ms *marks) forgetRoom(room string) { ms.moveRoom(room, "") }

// moveRoom gives the marks in a room to that which it is called now; empty drops them.
func (ms *marks) moveRoom(room, to string) {
	moved := map[string]uint64{}
	ms.mu.Lock()
	for ident, m := range ms.byIdent {
		if seq, ok := m.rooms[room]; ok {
			moved[ident] = seq
			delete(m.rooms, room)
		}
	}
	ms.mu.Unlock()
	for ident, seq := range moved {
		if proven(ident) {
			ms.save(ident+"\x00"+room, nil)
		}
		if to != "" {
			ms.set(ident, to, seq)
		}
	}
}

// save stores a mark, or takes it away. A mark that is lost is read once more, nothing else: the error is only logged.
func (ms *marks) save(key string, value []byte) {
	err := ms.store.Put(valueOfMark, key, value, func(err error) {
		if err != nil {
			ms.log.Debug("a read mark was not stored", "err", err)
		}
	})
	if err != nil {
		ms.log.Debug("a read mark was not stored", "err", err)
	}
}
