package broker

import (
	"sync"
	"time"
)

// A window sends QoS 1 and 2 messages to one client, in order, never more unacknowledged ones than its Receive Maximum (§4.9). It
// belongs to the session state: while the client is away messages wait in it, bounded in count and bytes.
type window struct {
	b  *Broker
	st *state

	mu    sync.Mutex // guards what follows; sending is queueing, so it happens under it
	open  bool       // the client is here, and the handler has been asked about its filters
	away  bool       // it is counted in absences
	gone  bool       // nobody will come back for it
	max   int        // messages under way
	last  uint16     // the packet id given last
	sent  []*flight  // under way, in order
	wait  []*flight  // not yet sent on this connection
	bytes int        // of the messages in wait
	one   [1]*flight // holds wait where only one passes through: nearly always

	key     string    // under which its flights are stored; empty: they are not
	release []*flight // their PUBREL waits until the store knows that they were received, in order
	due     []settled // receipts to be settled when mu is free
}

// A flight is one message on its way to one client.
type flight struct {
	m        *Message
	form     form
	at       time.Time // when the message came, for its expiry
	again    bool      // it has been sent, perhaps on an earlier connection
	received bool      // PUBREC came: PUBREL is what is to be acknowledged
	pulled   bool      // the reader asked for it

	kept kept
}

// size is about what a flight costs in memory.
func (f *flight) size() int { return len(f.m.Payload) + len(f.form.topic) + 128 }

// room tells whether a message could be sent at once.
func (w *window) room() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.wait) == 0 && len(w.sent) < w.max
}

// send sends f, or lets it wait for its turn or for its client.
func (w *window) send(f *flight) {
	w.mu.Lock()
	defer w.unlock()
	if w.gone {
		return
	}
	if w.wait == nil {
		w.wait = w.one[:0]
	}
	w.wait = append(w.wait, f)
	w.countLocked(f.size())
	s := w.st.live.Load()
	here := s != nil && w.open
	if w.key != "" {
		w.keepLocked(f, here)
	}
	if !here {
		w.boundLocked()
		return
	}
	w.fillLocked(s)
	if w.bytes > w.b.cfg.QueueBytes {
		s.end(CauseSlow, Success, "")
	}
}

// boundLocked keeps what waits for a client that is away within its limits.
func (w *window) boundLocked() {
	most := w.b.absences.share(w.b.cfg.AbsentBytes)
	for len(w.wait) > 0 && (w.bytes > most || len(w.wait) > w.b.cfg.AbsentMessages) {
		w.dropLocked(DropAway)
	}
}

// dropLocked forgets the message that waits for longest.
func (w *window) dropLocked(why Drop) {
	w.countLocked(-w.wait[0].size())
	w.endLocked(w.wait[0])
	w.wait[0] = nil
	w.wait = w.wait[1:]
	w.b.count.dropped.add(why)
}

// fillLocked sends what the window has room for.
func (w *window) fillLocked(s *Session) {
	for len(w.wait) > 0 && len(w.sent) < w.max && !s.c.ending.Load() {
		f := w.wait[0]
		if f.form.qos == 2 && f.kept.writing > 0 {
			return // it is sent when its packet id is on disk
		}
		if why := w.launchLocked(s, f); why != "" {
			w.dropLocked(why)
			continue
		}
		w.countLocked(-f.size())
		w.wait[0] = nil
		w.wait = w.wait[1:]
		w.sent = append(w.sent, f)
	}
	if len(w.wait) == 0 {
		w.wait = nil
	}
}

// launchLocked queues f's packet, or says why f is not to be sent any more.
func (w *window) launchLocked(s *Session, f *flight) Drop {
	if f.received {
		s.c.send(encodeAnswer(s.version, typePubrel, f.form.id, Success, "", nil, s.maxPacket))
		return ""
	}
	if f.again && !w.b.h.MayRead(s, f.m.Topic) {
		return DropForbidden // what this client may no longer read is not sent again
	}
	var fresh bool
	if f.form.expiry, fresh = remaining(f.m, f.at); !fresh {
		return DropExpired // [MQTT-3.3.2-5]
	}
	f.form.version, f.form.dup = s.version, f.again // [MQTT-3.3.1-1]
	if f.form.id == 0 {
		f.form.id = w.idLocked()
	}
	if fits, _ := s.post(f.m, f.form, f.pulled); !fits {
		return DropTooLarge
	}
	f.again = true
	return ""
}

// idLocked gives a packet id that is not under way [MQTT-2.2.1-3].
func (w *window) idLocked() uint16 {
	for {
		if w.last++; w.last == 0 {
			w.last = 1
		}
		if _, f := w.findLocked(w.last); f == nil {
			return w.last
		}
	}
}

func (w *window) findLocked(id uint16) (int, *flight) {
	for i, f := range w.sent {
		if f.form.id == id {
			return i, f
		}
	}
	for _, f := range w.wait {
		if f.form.id == id {
			return -1, f
		}
		if f.form.id == 0 && w.key == "" {
			break // without a store they get their ids when they are sent, in order
		}
	}
	return -1, nil
}

// acked ends a flight (PUBACK, PUBCOMP) and sends what now has room. An unknown id is ignored.
func (w *window) acked(id uint16) {
	w.mu.Lock()
	defer w.unlock()
	i, f := w.findLocked(id)
	if f == nil || i < 0 {
		return
	}
	w.endLocked(f)
	w.sent = append(w.sent[:i], w.sent[i+1:]...)
	if s := w.st.live.Load(); s != nil && w.open {
		w.fillLocked(s)
	}
}

// received obeys a PUBREC (§4.3.3).
func (w *window) received(id uint16, code Reason) {
	if code >= Unspecified {
		w.acked(id) // [MQTT-4.3.3-4]: a refused one is done
		return
	}
	w.mu.Lock()
	defer w.unlock()
	s := w.st.live.Load()
	if s == nil {
		return
	}
	_, f := w.findLocked(id)
	answer := PacketIDNotFound
	if f != nil && f.form.qos == 2 {
		if w.receiveLocked(f, s) {
			return
		}
		answer = Success
	}
	s.c.send(encodeAnswer(s.version, typePubrel, id, answer, "", nil, s.maxPacket))
}

// depart lets everything wait, when the client has gone.
func (w *window) depart() {
	w.mu.Lock()
	defer w.unlock()
	w.open, w.release = false, nil
	w.awayLocked(true)
	for _, f := range w.sent {
		w.countLocked(f.size())
	}
	if len(w.sent) > 0 {
		w.wait = append(w.sent, w.wait...)
		w.sent = nil
	}
	w.storeAllLocked()
}

// arrive opens the window for a client. To one that has come back it sends what waited, in order: first again what it has not
// acknowledged [MQTT-4.4.0-1], and nothing that it may no longer read.
func (w *window) arrive(s *Session, max int) {
	w.mu.Lock()
	defer w.unlock()
	w.open, w.max = true, max
	w.awayLocked(false)
	kept := w.wait[:0]
	for _, f := range w.wait {
		if !f.again && !w.b.h.MayRead(s, f.m.Topic) {
			w.countLocked(-f.size())
			w.endLocked(f)
			w.b.count.dropped.add(DropForbidden)
			continue
		}
		kept = append(kept, f)
	}
	clear(w.wait[len(kept):])
	w.wait = kept
	w.fillLocked(s)
}

// remaining is what is left of m's expiry interval in seconds (0: it has none) when it came at the given time; fresh is false when
// nothing is left [MQTT-3.3.2-6].
func remaining(m *Message, at time.Time) (seconds uint32, fresh bool) {
	if m.Expiry == 0 {
		return 0, true
	}
	gone := time.Since(at) / time.Second
	if gone >= time.Duration(m.Expiry) {
		return 0, false
	}
	return m.Expiry - uint32(gone), true
}
