package broker

import (
	"fmt"
	"slices"
	"time"
)

// grace is how long a message at QoS 1 may be under way to a session that outlives its connection before it is stored: nearly always
// the client acknowledges it sooner, and the disk is spared.
const grace = 100 * time.Millisecond

// mostNumbered is how many flights of a session get their packet id when they are stored and not when they are sent.
const mostNumbered = 4096

// largePayload is from where on, in bytes, a message that waits for an absent client has its payload in common with its stored value, so
// that it is in memory once.
const largePayload = 4 << 10

// A kept is what the store has, or shall have, of a flight. The window's mu guards it.
type kept struct {
	number  uint64      // its place in the order of the flights; 0: it is not to be stored
	stored  bool        // the store has it, or will
	writing int         // writes that are not done
	missing bool        // the last write was not taken
	told    bool        // what the store has says that it has been sent
	over    bool        // it is acknowledged or dropped
	late    *time.Timer // stores it after the grace
	receipt *receipt    // who waits for it; nil: nobody
}

// A settled is a receipt and what to settle it with.
type settled struct {
	r   *receipt
	err error
}

// unlock frees mu and then settles receipts.
func (w *window) unlock() {
	due := w.due
	w.due = nil
	w.mu.Unlock()
	for _, d := range due {
		d.r.settle(d.err)
	}
}

// keepLocked takes a new flight into the order, and stores it: at once for a client that is away and at QoS 2, whose packet id has to
// be on disk before the client has seen it; else after the grace.
func (w *window) keepLocked(f *flight, here bool) {
	f.kept.number = w.b.storage.numbers.Add(1)
	if f.kept.receipt = f.m.receipt; f.kept.receipt != nil {
		f.kept.receipt.add()
	}
	if here && f.form.qos == 1 {
		f.kept.late = time.AfterFunc(grace, func() { w.overdue(f) })
		return
	}
	w.storeLocked(f)
}

// overdue stores a flight that has not been acknowledged in time.
func (w *window) overdue(f *flight) {
	w.mu.Lock()
	defer w.unlock()
	if !f.kept.over && !f.kept.stored {
		w.storeLocked(f)
	}
}

// place is the key of a flight in the store: the store has them in order.
func (w *window) place(f *flight) string { return fmt.Sprintf("%s/%016x", w.key, f.kept.number) }

// storeLocked stores f as it is now.
func (w *window) storeLocked(f *flight) {
	k := &f.kept
	if w.key == "" || k.number == 0 {
		return
	}
	if f.form.id == 0 && len(w.sent)+len(w.wait) <= mostNumbered {
		f.form.id = w.idLocked()
	}
	k.stored, k.told, k.missing = true, f.again, false
	k.writing++
	s := stored{
		m: f.m, qos: f.form.qos, retain: f.form.retain, expiry: secondsLeft(f.m, f.at),
		id: f.form.id, sent: f.again, received: f.received, subIDs: f.form.subIDs,
	}
	if f.form.topic != f.m.Topic {
		s.spelled = f.form.topic
	}
	value := encodeStored(&s)
	if !w.open && len(f.m.Payload) >= largePayload && !f.received {
		m := *f.m
		m.Payload = value[len(value)-len(m.Payload):]
		f.m = &m
	}
	err := w.b.storage.store.Put(kindQueued, w.place(f), value, func(err error) { w.wrote(f, err) })
	if err != nil {
		k.writing--
		w.unkeptLocked(f, err)
	}
}

// wrote hears how storing f went, and goes on with what waited for it.
func (w *window) wrote(f *flight, err error) {
	w.mu.Lock()
	f.kept.writing--
	if err != nil {
		w.unkeptLocked(f, err)
	} else {
		w.settleLocked(f, nil)
	}
	s := w.st.live.Load()
	if f.form.qos < 2 || s == nil || !w.open {
		w.unlock()
		return
	}
	w.releaseLocked(s)
	w.fillLocked(s)
	w.unlock()
	s.resumePulls()
}

// settleLocked tells f's publisher, once the lock is free.
func (w *window) settleLocked(f *flight, err error) {
	if f.kept.receipt != nil {
		w.due = append(w.due, settled{f.kept.receipt, err})
		f.kept.receipt = nil
	}
}

// unkeptLocked: the store has not taken f. Its publisher is told, and it is not sent if it has not been: it will come again. What
// nobody waits for stays in memory.
func (w *window) unkeptLocked(f *flight, err error) {
	waits := f.kept.receipt != nil
	f.kept.missing = true
	w.settleLocked(f, err)
	if i := slices.Index(w.wait, f); waits && !f.again && i >= 0 {
		w.wait = slices.Delete(w.wait, i, i+1)
		w.countLocked(-f.size())
		w.endLocked(f)
		w.b.count.dropped.add(DropUnkept)
	}
}

// endLocked is called for each flight that leaves the window: it is acknowledged or dropped.
func (w *window) endLocked(f *flight) {
	k := &f.kept
	k.over = true
	if k.late != nil {
		k.late.Stop()
	}
	w.settleLocked(f, nil)
	if k.stored {
		w.b.storage.remove(w.place(f))
	}
}

// storeAllLocked stores what the store does not have as it is, since the client has gone.
func (w *window) storeAllLocked() {
	if w.key == "" {
		return
	}
	for _, f := range slices.Clone(w.wait) {
		if !f.kept.stored || f.kept.missing || f.kept.told != f.again {
			w.storeLocked(f)
		}
	}
}

// receiveLocked notes that the client has f, which is of QoS 2. It is true when PUBREL is not to be sent now: only when that is on disk,
// so that f is not sent anew after a restart.
func (w *window) receiveLocked(f *flight, s *Session) bool {
	first := !f.received
	f.received = true
	if w.key == "" || f.kept.number == 0 {
		return false
	}
	if !first {
		return f.kept.writing > 0
	}
	w.release = append(w.release, f)
	w.storeLocked(f)
	w.releaseLocked(s)
	return true
}

// releaseLocked sends PUBREL for what the store knows to be received, in the order of the PUBRECs [MQTT-4.6.0-4].
func (w *window) releaseLocked(s *Session) {
	for len(w.release) > 0 && w.release[0].kept.writing == 0 {
		f := w.release[0]
		w.release = w.release[1:]
		if !f.kept.over {
			s.c.send(encodeAnswer(s.version, typePubrel, f.form.id, Success, "", nil, s.maxPacket))
		}
	}
}

// forsake forgets what is stored: the session ends with its connection from now on.
func (w *window) forsake() {
	w.mu.Lock()
	defer w.unlock()
	for _, fs := range [][]*flight{w.sent, w.wait} {
		for _, f := range fs {
			over := f.kept.over
			w.endLocked(f)
			f.kept = kept{over: over}
		}
	}
	w.key, w.release = "", nil
}

// rest forgets what waits in memory, and leaves what is stored: the server stops.
func (w *window) rest() {
	w.mu.Lock()
	defer w.unlock()
	w.awayLocked(false)
	w.gone, w.wait, w.sent, w.release, w.bytes = true, nil, nil, nil, 0
}
