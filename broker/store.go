package broker

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A Store keeps small values over a restart: retained messages, sessions that outlive their connection, and what waits for them. Safe
// for concurrent use.
type Store interface {
	// Put queues key = value of a kind (nil deletes) and returns at once; done, if not nil, runs once when it is durable or known not
	// to be, never within Put. Puts of one key take effect in the order of the calls. An error: nothing was queued, done will not run.
	Put(kind, key string, value []byte, done func(error)) error
	// Each calls f for every key of a kind with its value and how long ago it was put, in key order.
	Each(ctx context.Context, kind string, f func(key string, value []byte, age time.Duration)) error
}

// What New says of a store whose values it cannot read.
var (
	ErrStoreNewer   = errors.New("broker: stored by a newer version")
	ErrStoreDamaged = errors.New("broker: a stored value is damaged")
)

// Kinds of stored values.
const (
	kindRetained = "retained" // topic → message
	kindSession  = "session"  // key of the identity → record
	kindQueued   = "queued"   // key of the identity, "/", number → flight
)

// flushSeconds is how long a retained message that came at QoS 0 may wait for the disk, and a value for another try.
const flushSeconds = 5

// A storage writes what is to be kept to the store, in the order of the changes. What the store does not take it tries again.
type storage struct {
	store Store  // nil: nothing is kept
	shelf *shelf // static, like store

	numbers atomic.Uint64 // the last number of a flight; never used again, so that deleting late does no harm

	mu      sync.Mutex // guards what follows, and makes a change and telling the store one step; map work only
	records map[string]*record
	unsaved map[place]bool // where the store is not as it should be
}

// A place is where a value is stored.
type place struct{ kind, key string }

// A record is what is to be stored of a session.
type record struct {
	st    *state // whose it is
	value []byte
	saved bool
}

func (s *storage) init(store Store, shelf *shelf) {
	s.store, s.shelf = store, shelf
	s.records, s.unsaved = map[string]*record{}, map[place]bool{}
}

// writeLocked tells the store. After an error done will not run; the value is tried again later either way.
func (s *storage) writeLocked(p place, value []byte, done func(error)) error {
	delete(s.unsaved, p)
	err := s.store.Put(p.kind, p.key, value, func(err error) {
		if err != nil {
			s.missed(p)
		}
		if done != nil {
			done(err)
		}
	})
	if err != nil {
		s.unsaved[p] = true
	}
	return err
}

// missed notes that the store is not as it should be.
func (s *storage) missed(p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved[p] = true
}

// retain puts m on the shelf and, when it came at QoS 1 or 2, stores it, which settles the message's receipt. QoS 0 is stored with the
// next flush: a sensor that reports each second does not wear the disk out.
func (s *storage) retain(m *Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.shelf.put(m, time.Now()) {
		return ErrRetainedFull
	}
	p := place{kindRetained, m.Topic}
	if m.QoS == 0 {
		s.unsaved[p] = true
		return nil
	}
	m.receipt.add()
	err := s.writeLocked(p, s.retainedValue(m.Topic), m.receipt.settle)
	if err != nil {
		m.receipt.left.Add(-1)
	}
	return err
}

// retainedValue is what is to be stored of a topic; nil: nothing.
func (s *storage) retainedValue(topic string) []byte {
	m, at := s.shelf.get(topic, ^uint64(0))
	if m == nil {
		return nil
	}
	return encodeStored(&stored{m: m, qos: m.QoS, retain: true, expiry: secondsLeft(m, at)})
}

// expired forgets retained messages whose time is over.
func (s *storage) expired(topics []string) {
	if s.store == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range topics {
		s.unsaved[place{kindRetained, t}] = true
	}
}

// save stores the record of a session that outlives its connection; done, if not nil, is called when it is durable or known not to
// be. It is false when there is nothing to wait for.
func (s *storage) save(st *state, value []byte, done func(error)) bool {
	if st.key == "" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.records[st.key]; r != nil && r.st == st && r.saved && bytes.Equal(r.value, value) {
		return false
	}
	r := &record{st: st, value: value}
	s.records[st.key] = r
	return s.writeRecordLocked(r, done) == nil
}

func (s *storage) writeRecordLocked(r *record, done func(error)) error {
	return s.writeLocked(place{kindSession, r.st.key}, r.value, func(err error) {
		if err == nil {
			s.mu.Lock()
			r.saved = true
			s.mu.Unlock()
		}
		if done != nil {
			done(err)
		}
	})
}

// forget deletes the record of a session that is no more, unless another state has come in its place.
func (s *storage) forget(st *state) {
	if st.key == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.records[st.key]; r != nil && r.st == st {
		delete(s.records, st.key)
		_ = s.writeLocked(place{kindSession, st.key}, nil, nil) // tried again
	}
}

// remove deletes a flight. Its number is never used again.
func (s *storage) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.writeLocked(place{kindQueued, key}, nil, nil) // tried again
}

// flush writes what the store does not have as it should be.
func (s *storage) flush() {
	s.mu.Lock()
	places := make([]place, 0, len(s.unsaved))
	for p := range s.unsaved {
		places = append(places, p)
	}
	s.mu.Unlock()
	for _, p := range places {
		if s.again(p) != nil {
			return // it is full, or busy
		}
	}
}

// again writes one value.
func (s *storage) again(p place) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.unsaved[p] {
		return nil
	}
	switch p.kind {
	case kindRetained:
		return s.writeLocked(p, s.retainedValue(p.key), nil)
	case kindSession:
		if r := s.records[p.key]; r != nil {
			return s.writeRecordLocked(r, nil)
		}
	}
	return s.writeLocked(p, nil, nil)
}
