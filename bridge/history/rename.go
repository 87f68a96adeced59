package history

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// gonePrefix begins the name under which a log that was dropped waits for its last rows to be deleted.
const gonePrefix = "@gone/"

// calledLocked is what a room that was renamed while the store is open is called now. The caller holds roomsMu.
func (s *Store) calledLocked(name string) string {
	for {
		to, moved := s.renamed[name]
		if !moved {
			return name
		}
		name = to
	}
}

// Rename gives a log another name; see Log.
func (s *Store) Rename(ctx context.Context, name, to string) error {
	return s.errand(ctx, func(b *batch) (answer, fault error) {
		r := s.room(name)
		if r == nil || r.id == 0 || r.name == to {
			return nil, nil
		}
		if other := s.room(to); other != nil && other.id != 0 && other != r {
			return fmt.Errorf("room %q: %w", to, ErrNameUsed), nil
		}
		b.after = append(b.after, s.index.renew) // its labels have the old name
		return nil, b.rename(r, to, r.first)
	})
}

// rename stores a room under another name. After the commit the old name leads there.
func (b *batch) rename(r *room, to string, first uint64) error {
	if _, err := b.open(r.name); err != nil {
		return err
	}
	if _, err := b.w.conn.ExecContext(background, `update room set name = ?, first = ?, sum = ? where id = ?`,
		to, int64(first), b.w.sum.room(r.id, to, first), r.id); err != nil {
		return err
	}
	b.after = append(b.after, func() { b.w.store.renameRoom(r, to, first) })
	return nil
}

// renameRoom puts what is known of a room under another name. A room is known by its name to those who read it just now, so that it
// becomes another one in memory; tails of the old one get nothing any more.
func (s *Store) renameRoom(r *room, to string, first uint64) {
	s.roomsMu.Lock()
	defer s.roomsMu.Unlock()
	delete(s.renamed, to)
	n := s.rooms[to]
	if n == nil {
		n = &room{name: to}
		s.rooms[to] = n
	}
	r.mu.Lock()
	head, at := r.head, r.time
	r.mu.Unlock()
	n.id, n.next = r.id, r.next
	n.mu.Lock()
	n.head, n.time, n.first = head, at, first
	grown := n.grown
	n.grown = nil
	n.mu.Unlock()
	if grown != nil {
		close(grown)
	}
	delete(s.rooms, r.name)
	if s.renamed == nil {
		s.renamed = map[string]string{}
	}
	if !strings.HasPrefix(to, gonePrefix) {
		s.renamed[r.name] = to
	}
}

// Drop forgets a log; see Log. Nobody reads it when Drop returns. What it said leaves the disk in the background, once the index has let
// it go: in a moment, or, of a long one, in parts.
func (s *Store) Drop(ctx context.Context, name string) error {
	return s.errand(ctx, func(b *batch) (answer, fault error) {
		r := s.room(name)
		if r == nil || r.id == 0 {
			return nil, nil
		}
		if _, err := b.open(r.name); err != nil {
			return nil, err
		}
		first, below := r.first, r.next+1
		if err := b.detach(r.id, 0, below); err != nil {
			return nil, err
		}
		if err := b.rename(r, fmt.Sprintf("%s%d", gonePrefix, r.id), max(r.next, 1)); err != nil {
			return nil, err
		}
		t := &trim{room: r.id, below: int64(below), cleared: int64(first), due: b.w.store.lived()}
		if err := b.w.conn.QueryRowContext(background, `insert into trim (room, below, cleared, due) values (?, ?, ?, ?) returning id`,
			t.room, t.below, t.cleared, t.due.Truncate(time.Millisecond).Milliseconds()).Scan(&t.id); err != nil {
			return nil, err
		}
		b.after = append(b.after, func() {
			b.w.trims = append(b.w.trims, t)
			s.index.trimmed(t, fmt.Sprintf("%s%d", gonePrefix, r.id))
		})
		return nil, nil
	})
}

// dropGone deletes what is left of a log that was dropped, when its entries are.
func (w *writer) dropGone(room int64) error {
	_, err := w.conn.ExecContext(background, `delete from room where id = ? and substr(name, 1, ?) = ? and not exists (select 1 from entry where room = ?)`,
		room, len(gonePrefix), gonePrefix, room)
	return err
}
