package bridge

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"tincan/bridge/history"
)

// Read marks that are kept.
const (
	markKept    = 90 * 24 * time.Hour // how long a mark stays that nobody moves
	valueOfMark = "read"              // history.Values kind: ident \x00 room → seq
)

// marks holds how far each member has read in each room, so that its other sessions, and it itself tomorrow, know what is new.
type marks struct {
	store history.Values
	log   *slog.Logger

	mu      sync.Mutex // guards byIdent; map work only
	byIdent map[string]map[string]uint64
}

// load takes the stored marks up again.
func (ms *marks) load(ctx context.Context) error {
	var old []string
	err := ms.store.Each(ctx, valueOfMark, func(key string, value []byte, age time.Duration) {
		ident, room, ok := strings.Cut(key, "\x00")
		seq, err := strconv.ParseUint(string(value), 10, 64)
		if !ok || ident == "" || err != nil || age > markKept {
			old = append(old, key)
			return
		}
		ms.move(ident, room, seq)
	})
	for _, key := range old {
		ms.save(key, nil)
	}
	return err
}

// set moves a mark forward, never back, and returns where it is now. Marks of members that can prove who they are are stored.
func (ms *marks) set(ident, room string, seq uint64) (now uint64, moved bool) {
	now, moved = ms.move(ident, room, seq)
	if moved && proven(ident) {
		ms.save(ident+"\x00"+room, strconv.AppendUint(nil, now, 10))
	}
	return now, moved
}

func (ms *marks) move(ident, room string, seq uint64) (now uint64, moved bool) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	rooms := ms.byIdent[ident]
	if rooms == nil {
		rooms = map[string]uint64{}
		ms.byIdent[ident] = rooms
	}
	if seq <= rooms[room] {
		return rooms[room], false
	}
	rooms[room] = seq
	return seq, true
}

// of lists the marks of a member.
func (ms *marks) of(ident string) map[string]uint64 {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	l := make(map[string]uint64, len(ms.byIdent[ident]))
	for room, seq := range ms.byIdent[ident] {
		l[room] = seq
	}
	return l
}

// forget drops all marks of a member who will not come back.
func (ms *marks) forget(ident string) {
	ms.mu.Lock()
	rooms := ms.byIdent[ident]
	delete(ms.byIdent, ident)
	ms.mu.Unlock()
	if proven(ident) {
		for room := range rooms {
			ms.save(ident+"\x00"+room, nil)
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
