package history

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxValueBytes bounds the values that wait for the writer, batchBytes those of one transaction, but for a single value: appends that
// come meanwhile wait for it.
const (
	maxValueBytes = 4 << 20
	batchBytes    = 1 << 20
)

// A valueKey names one value.
type valueKey struct{ kind, key string }

// A put is the newest value of a key that is not stored yet, with all who asked for it or for an older one.
type put struct {
	key   valueKey
	value []byte // nil deletes
	dones []func(error)
}

// Put queues a value; see Values. Puts of one key that wait together are one write: the last one wins.
func (s *Store) Put(kind, key string, value []byte, done func(error)) error {
	if kind == "" || key == "" {
		return errors.New("history: a value needs a kind and a key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuseLocked(); err != nil {
		return err
	}
	k := valueKey{kind, key}
	p := s.puts[k]
	if (p == nil && len(s.puts) >= s.cfg.Queue) || s.putBytes+len(value) > maxValueBytes {
		return ErrBusy
	}
	if p == nil {
		p = &put{key: k}
		s.puts[k] = p
		s.putLine = append(s.putLine, p)
	}
	s.putBytes += len(value) - len(p.value)
	p.value = value
	if done != nil {
		p.dones = append(p.dones, done)
	}
	s.kick()
	return nil
}

// takePutsLocked returns what the next transaction stores, in the order of the calls.
func (s *Store) takePutsLocked() []*put {
	n, bytes := 0, 0
	for n < len(s.putLine) && (n == 0 || bytes+len(s.putLine[n].value) <= batchBytes) {
		bytes += len(s.putLine[n].value)
		delete(s.puts, s.putLine[n].key)
		n++
	}
	taken := s.putLine[:n:n]
	if s.putLine = s.putLine[n:]; len(s.putLine) == 0 {
		s.putLine = nil
	}
	s.putBytes -= bytes
	return taken
}

// Each reads the values of a kind; see Values.
func (s *Store) Each(ctx context.Context, kind string, f func(key string, value []byte, age time.Duration)) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.serving.Done()
	rows, err := s.view.QueryContext(ctx, `select key, value, put, sum from value where kind = ? order by key`, kind)
	if err != nil {
		return fmt.Errorf("history: reading values %q: %w", kind, readError(err))
	}
	defer rows.Close()
	var sum summer
	now := s.lived()
	for rows.Next() {
		var key string
		var value, want []byte
		var put int64
		if err := rows.Scan(&key, &value, &put, &want); err != nil {
			return fmt.Errorf("history: reading values %q: %w", kind, readError(err))
		}
		if string(sum.value(kind, key, put, value)) != string(want) {
			return fmt.Errorf("history: value %q of %q: %w", key, kind, ErrDamaged)
		}
		f(key, value, max(0, now-time.Duration(put)*time.Millisecond))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("history: reading values %q: %w", kind, readError(err))
	}
	return nil
}
