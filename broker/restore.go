package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// key is the identity's in the store: client ids are long, or hold what a key should not.
func (id identity) key() string {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(id.holder)) + ":" + id.holder + id.clientID))
	return hex.EncodeToString(sum[:16])
}

// begin makes st the state of s, which has the turn of its identity.
func (st *state) begin(s *Session) {
	st.mu.Lock()
	st.holder = s.holder
	st.mu.Unlock()
	switch {
	case s.b.storage.store == nil:
	case s.expiry == 0: // it ends with this connection, if it did not before
		st.out.forsake()
		s.b.storage.forget(st)
		st.key = ""
	case st.key == "":
		st.ident, st.key = s.ident, s.ident.key()
		st.out.keep(st.key)
	}
}

// keep makes the window store what it sends from now on.
func (w *window) keep(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.key = key
}

// record is what is stored of st while its client is there, or when it has gone.
func (st *state) record(live bool, expiry time.Duration) []byte {
	if st.key == "" {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	r := sessionRecord{ident: st.ident, holder: st.holder, live: live, expiry: uint32(expiry / time.Second)}
	for _, sub := range st.subs {
		r.subs = append(r.subs, sub)
	}
	slices.SortFunc(r.subs, func(a, b *subscription) int { return strings.Compare(a.filter, b.filter) })
	return encodeRecord(&r)
}

// remember stores the session after a change of its filters. It returns when that is on disk, when the store does not take it now (the
// session goes on in memory), or when the connection has ended.
func (s *Session) remember() {
	if s.st.key == "" {
		return
	}
	done := make(chan struct{})
	if !s.b.storage.save(s.st, s.st.record(true, s.expiry), func(error) { close(done) }) {
		return
	}
	select {
	case <-done:
	case <-s.c.gone:
	}
}

// restore takes up what the store has: retained messages, sessions whose clients are away now, and what waits for them.
func (b *Broker) restore(ctx context.Context) error {
	if b.storage.store == nil {
		return nil
	}
	states := map[string]*restored{}
	for _, kind := range []struct {
		name string
		take func(key string, value []byte, age time.Duration) error
	}{
		{kindRetained, b.restoreRetained},
		{kindSession, func(key string, value []byte, age time.Duration) error {
			return b.restoreSession(states, key, value, age)
		}},
		{kindQueued, func(key string, value []byte, age time.Duration) error {
			return b.restoreFlight(states, key, value, age)
		}},
	} {
		var bad error
		err := b.storage.store.Each(ctx, kind.name, func(key string, value []byte, age time.Duration) {
			err := kind.take(key, value, age)
			if errors.Is(err, errStored) {
				err = fmt.Errorf("%w: %s %q", ErrStoreDamaged, kind.name, key)
			}
			if bad == nil {
				bad = err
			}
		})
		if err = errors.Join(err, bad); err != nil {
			return err
		}
	}
	for _, r := range states {
		r.st.out.restored(r.live)
		if r.live { // it is away from now on, also at the next restart; its flights are told first
			b.storage.save(r.st, r.st.record(false, r.left), nil)
		}
	}
	return nil
}

// restored is a session that was taken up.
type restored struct {
	st   *state
	live bool          // its client was connected
	left time.Duration // until it is over
}

func (b *Broker) restoreRetained(topic string, value []byte, age time.Duration) error {
	s, err := decodeStored(value)
	if err != nil {
		return err
	}
	if s.m.Topic != topic {
		return errStored
	}
	at := time.Now().Add(-age)
	if _, fresh := remaining(s.m, at); !fresh {
		b.storage.missed(place{kindRetained, topic})
		return nil
	}
	if !b.shelf.put(s.m, at) {
		b.quiet.Warn("a stored retained message is more than the limits allow, and is forgotten", "", "topic", topic)
		b.storage.missed(place{kindRetained, topic})
	}
	return nil
}

func (b *Broker) restoreSession(states map[string]*restored, key string, value []byte, age time.Duration) error {
	r, err := decodeRecord(value)
	if err != nil {
		return err
	}
	if r.ident.key() != key {
		return errStored
	}
	left := time.Duration(r.expiry) * time.Second
	if !r.live {
		left -= age // of one that was connected it begins now
	}
	if left <= 0 {
		b.storage.missed(place{kindSession, key})
		return nil
	}
	st := newState(b)
	st.key, st.ident, st.holder = key, r.ident, r.holder
	st.out.key, st.out.max = key, b.cfg.MaxInflight
	st.until = time.Now().Add(left)
	for _, sub := range r.subs {
		st.subs[sub.filter] = sub
		b.fan.join(st, sub.topic)
	}
	b.storage.records[key] = &record{st: st, value: value, saved: true}
	b.registry.restore(r.ident, st)
	states[key] = &restored{st, r.live, left}
	return nil
}

func (b *Broker) restoreFlight(states map[string]*restored, key string, value []byte, age time.Duration) error {
	session, digits, _ := strings.Cut(key, "/")
	number, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return errStored
	}
	b.storage.numbers.Store(max(b.storage.numbers.Load(), number))
	s, err := decodeStored(value)
	if err != nil {
		return err
	}
	r := states[session]
	if r == nil { // the session was over
		b.storage.missed(place{kindQueued, key})
		return nil
	}
	f := &flight{m: s.m, received: s.received, again: s.sent, kept: kept{number: number, stored: true, told: s.sent}}
	if s.expiry > 0 {
		f.at = time.Now().Add(-age)
	}
	f.form = form{topic: s.m.Topic, qos: s.qos, retain: s.retain, id: s.id, subIDs: s.subIDs}
	if s.spelled != "" {
		f.form.topic = s.spelled
	}
	r.st.out.wait = append(r.st.out.wait, f)
	return nil
}

// restored counts what was taken up, and keeps to the limits. Of a client that was connected (live) the first flights have perhaps been
// sent: the store was not told of each.
func (w *window) restored(live bool) {
	w.mu.Lock()
	defer w.unlock()
	w.awayLocked(true)
	for i, f := range w.wait {
		f.again = f.again || live && i < w.b.cfg.MaxInflight
		w.countLocked(f.size())
		if f.form.id != 0 {
			w.last = f.form.id
		}
	}
	w.boundLocked()
	w.storeAllLocked()
}

// restore puts the state of a client that is away in its place.
func (r *registry) restore(id identity, st *state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		r.slots = map[identity]*slot{}
	}
	r.slots[id] = newSlot()
	r.slots[id].absent = st
	r.away++
}
