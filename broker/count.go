package broker

import (
	"maps"
	"net"
	"sync"
	"sync/atomic"
)

// A Drop says why a message did not reach one reader whose filter matches it. Its text is a counter's label.
type Drop string

// Reasons of a drop.
const (
	DropTooLarge  Drop = "too large" // than the reader takes [MQTT-3.1.2-25]
	DropExpired   Drop = "expired"   // its expiry interval was over [MQTT-3.3.2-5]
	DropAway      Drop = "away"      // too many wait for a reader that is away: the oldest went
	DropForbidden Drop = "forbidden" // the reader came back and may no longer read it
	DropUnkept    Drop = "not kept"  // the store did not take it for a reader that is away: the publisher was told
)

// Counts are figures by reason.
type Counts[K ~string] map[K]int64

// Sum is all of them.
func (c Counts[K]) Sum() int64 {
	n := int64(0)
	for _, i := range c {
		n += i
	}
	return n
}

// mostReasons bounds the reasons of a tally, and others is what further ones are counted as. No member writes a reason.
const (
	mostReasons = 64
	others      = "other"
)

// A tally counts by reason.
type tally[K ~string] struct {
	mu sync.Mutex // guards n
	n  Counts[K]
}

func (t *tally[K]) add(why K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = Counts[K]{}
	}
	if _, known := t.n[why]; !known && len(t.n) >= mostReasons {
		why = others
	}
	t.n[why]++
}

func (t *tally[K]) counts() Counts[K] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.n)
}

func (t *tally[K]) sum() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n.Sum()
}

// counters are what has happened since the start. They cost an atomic addition a packet that came, and one a batch that left.
type counters struct {
	causes  tally[Cause]  // ends
	turned  tally[string] // refused CONNECTs
	denied  tally[string] // refused publishes
	filters tally[string] // refused topic filters
	dropped tally[Drop]

	connects    atomic.Int64 // granted
	forgotten   atomic.Int64 // sessions that nobody came back for in time
	panics      atomic.Int64
	received    atomic.Int64 // PUBLISH packets, and what they carried in bytes
	receivedLen atomic.Int64
	sent        atomic.Int64 // the same, queued for readers
	sentLen     atomic.Int64
	packetsIn   atomic.Int64 // of any type
	packetsOut  atomic.Int64
	bytesIn     atomic.Int64
	bytesOut    atomic.Int64
}

// came counts a packet that was read.
func (n *counters) came(frame []byte) {
	n.packetsIn.Add(1)
	n.bytesIn.Add(int64(len(frame)))
}

// left counts a batch that is written.
func (n *counters) left(batch net.Buffers) {
	size := 0
	for _, pkt := range batch {
		size += len(pkt)
	}
	n.packetsOut.Add(int64(len(batch)))
	n.bytesOut.Add(int64(size))
}

// queued counts PUBLISHes that are on their way to readers.
func (n *counters) queued(readers int64, m *Message) {
	n.sent.Add(readers)
	n.sentLen.Add(readers * int64(len(m.Payload)))
}
