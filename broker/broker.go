// Package broker is MQTT in, questions out: listeners, connections, sessions, packets, wills, access, fan-out and limits for
// MQTT 3.1.1 and 5 over TCP and websocket. It asks a [Handler] what a session may do and delivers only what the handler publishes.
//
// It promises that no packet ends the process, that nothing ever waits for a reader, that acknowledgements leave in the order of
// their publishes, and that a session which has ended leaves nothing behind. What a room or a message is, it does not know.
//
// The way of a packet: listen → conn (frames, limits, deadlines) → session (packets) → Handler. The way of a message: Publish →
// fan (who hears it) → queue (one write). What is not a PUBLISH or its acknowledgement goes through mochi-mqtt (engine).
package broker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// closeTime is the longest that Close takes.
const closeTime = 5 * time.Second

// A Broker serves MQTT. Its methods are safe for concurrent use.
type Broker struct {
	// Static after construction.
	cfg    Config
	h      Handler
	log    *slog.Logger
	hosts  []string
	born   time.Time
	ctx    context.Context // ends with Close; sessions are told by conn.end
	cancel context.CancelFunc
	engine *engine

	fan      *fan
	shelf    shelf
	storage  storage
	registry registry
	conns    roll
	refused  refused
	quiet    *Quiet
	ticker   sync.WaitGroup
	ticks    atomic.Int64 // seconds that the broker has run

	count counters
	loads loads

	pressure pressure
	heap     heap
	absences absences
}

// New makes a broker that asks h, and takes up what the store has kept. It serves nothing until Serve or WebSocket is used; Close ends
// it. An error of the store that it cannot go on with is ErrStoreNewer, ErrStoreDamaged, or the store's own.
func New(cfg Config, h Handler, log *slog.Logger) (*Broker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Broker{cfg: cfg.filled(), h: h, log: log, born: time.Now(), engine: newEngine()}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.hosts = ownHosts(b.cfg.Hosts)
	b.fan = newFan(b)
	b.shelf.maxCount, b.shelf.maxBytes = b.cfg.RetainedCount, b.cfg.RetainedBytes
	b.conns.cfg = &b.cfg
	b.quiet = NewQuiet(log)
	b.loads.init(&b.count)
	b.pressure.init(b.cfg.QueuedBytes)
	b.heap.init(b.cfg.MemoryBytes)
	b.absences.most = int64(b.cfg.AllAbsentBytes)
	b.storage.init(b.cfg.Store, &b.shelf)
	if err := b.restore(b.ctx); err != nil {
		b.cancel()
		return nil, err
	}
	b.serveSys()
	b.ticker.Go(func() { b.ticking(b.ctx) })
	return b, nil
}

// Publish sends m to every session that subscribed to its topic and may read it. With Retain it is stored as well; an empty
// payload then deletes. The error is ErrRetainedFull: it was sent, but is not stored. m must not be changed any more.
func (b *Broker) Publish(m *Message) error {
	var err error
	if m.Retain && !b.shelf.put(m, time.Now()) {
		err = ErrRetainedFull
	}
	b.fan.fanout(m, b.fan.audience(m.Topic))
	return err
}

// Relay is Publish for a message whose publisher waits. done is called once, from any goroutine, and must not block: when what is
// acknowledged from then on is not lost by a restart. The retained message is stored by then, and the message is for every session that
// outlives its connection, unless the client has acknowledged it. An error says what was not kept: ErrRetainedFull, or the store's; the
// message was sent to those who are here. m must not be changed any more.
func (b *Broker) Relay(m *Message, done func(error)) {
	switch {
	case b.storage.store == nil, m.QoS == 0 && !m.Retain:
		done(b.Publish(m))
		return
	case m.QoS > 0:
		m.receipt = newReceipt(done)
	}
	var err error
	if m.Retain {
		err = b.storage.retain(m)
	}
	b.fan.fanout(m, b.fan.audience(m.Topic))
	if m.receipt == nil {
		done(err)
		return
	}
	m.receipt.settle(err)
}

// Tell sends m to s alone, if one of its filters matches and it may read the topic, and tells whether it did. From within
// Handler.Subscribe of s it is matched after that, and reaches s behind its SUBACK. m must not be changed any more.
func (b *Broker) Tell(s *Session, m *Message) bool {
	if !s.settled.Load() {
		return false // it has no filters yet
	}
	st := s.st
	st.mu.Lock()
	if st.deciding {
		defer st.mu.Unlock()
		if len(st.held) >= b.cfg.MaxFilters {
			return false
		}
		st.held = append(st.held, m)
		return true
	}
	st.mu.Unlock()
	if s.c.ending.Load() || !b.h.MayRead(s, m.Topic) {
		return false
	}
	own, _ := st.hears(m.Topic, s)
	told := false
	for i := range own {
		r := &own[i]
		if r.noLocal && m.From == s {
			continue
		}
		if m.Pulled {
			told = s.pulls.tell(s, *r, m) || told
		} else {
			told = r.send(m, way{}) || told
		}
	}
	return told
}

// RetainFunc makes topic a retained one whose value is computed when a new subscriber takes it. nil ends that. The value is
// asked for without a lock of the broker held, from any goroutine; it is never sent by itself.
func (b *Broker) RetainFunc(topic string, value func() []byte) { b.shelf.compute(topic, value) }

// Forget drops what is known about the readers of topic: MayRead is asked again.
func (b *Broker) Forget(topic string) { b.fan.changed(topic) }

// Disconnect ends a session; MQTT 5 is sent r's code, word and sentence. It does not wait for the end.
func (b *Broker) Disconnect(s *Session, why Cause, r *Refusal) {
	if r == nil {
		r = &Refusal{Code: Unspecified}
	}
	s.c.end(why, r.Code, r.Tell, r.props()...)
}

// Close ends every session (MQTT 5 is told 0x8B) without sending wills, and returns when Handler.Disconnect has been called for
// each, after 5 s or when ctx ends; then it closes what is left and tells so.
func (b *Broker) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	b.cancel()
	for _, c := range b.conns.close() {
		c.end(CauseStopping, ServerShuttingDown, stopping.Tell)
	}
	b.ticker.Wait()
	over := make(chan struct{})
	go func() {
		b.conns.running.Wait()
		close(over)
	}()
	select {
	case <-over:
		for _, st := range b.registry.drop() {
			st.rest(b.fan)
		}
		b.storage.flush()
		return nil
	case <-ctx.Done():
	}
	for _, c := range b.conns.all() {
		_ = c.nc.Close()
	}
	return errors.New("broker: some sessions did not end in time: their handler was busy")
}

// Stats are counters since the start, and what is now. A reason is a word of the program, never one of a member.
type Stats struct {
	Sessions      int // connected now
	Absent        int // sessions that wait for their client
	Pending       int // sockets that have not sent CONNECT
	Subscriptions int // topic filters of sessions, connected or not
	Retained      int // retained messages
	RetainedBytes int // about what they cost
	Queued        int // bytes that wait for readers

	Ended    Counts[Cause]  // ended sessions
	Refused  Counts[string] // refused CONNECTs, by Refusal.Key or the name of the reason code
	Denied   Counts[string] // refused publishes, likewise
	Filters  Counts[string] // refused topic filters, likewise
	Dropped  Counts[Drop]   // messages that did not reach a reader
	Connects int64          // granted CONNECTs
	Expired  int64          // sessions whose client did not come back in time
	Panics   int64          // bugs, each contained to one session

	Received, ReceivedBytes      int64 // publishes received, and the bytes of their payloads
	Sent, SentBytes              int64 // publishes queued for readers, likewise
	PacketsReceived, PacketsSent int64 // MQTT packets of any type
	BytesReceived, BytesSent     int64 // of these packets
}

// Stats tells how the broker does.
func (b *Broker) Stats() Stats {
	n := &b.count
	st := Stats{
		Absent: b.registry.absent(), Subscriptions: b.fan.subscriptions(),
		Ended: n.causes.counts(), Refused: n.turned.counts(), Denied: n.denied.counts(), Filters: n.filters.counts(),
		Dropped: n.dropped.counts(), Connects: n.connects.Load(), Expired: n.forgotten.Load(), Panics: n.panics.Load(),
		Received: n.received.Load(), ReceivedBytes: n.receivedLen.Load(), Sent: n.sent.Load(), SentBytes: n.sentLen.Load(),
		PacketsReceived: n.packetsIn.Load(), PacketsSent: n.packetsOut.Load(),
		BytesReceived: n.bytesIn.Load(), BytesSent: n.bytesOut.Load(),
	}
	st.Retained, st.RetainedBytes = b.shelf.len()
	st.Sessions, st.Pending = b.conns.counts()
	for _, c := range b.conns.all() {
		st.Queued += c.q.waiting()
	}
	return st
}
