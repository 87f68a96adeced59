package broker

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pullBatch is about how much is pulled into a queue at a time, in bytes.
const pullBatch = 64 << 10

// A queue holds the packets that wait for one socket.
//
//  1. push never blocks and never reorders. What does not fit makes the session slow, and it is cut.
//  2. All that waits leaves in one write.
//  3. What the reader asked for is pulled in as the socket drains, and does not count against the limit.
//
// A goroutine runs only while there is something to write.
type queue struct {
	// Static after construction.
	max  int                     // bytes that may wait
	out  func(net.Buffers) error // writes a batch to the socket; called by one goroutine at a time
	pull func()                  // pushes some more with pushPulled, or sets pulling to false
	fail func(error)             // a write failed
	died func(any)               // pull panicked
	run  func()                  // flush, made once: go q.run() allocates nothing

	pulling atomic.Bool // there may be something to pull

	mu      sync.Mutex // guards what follows; no I/O under it
	next    net.Buffers
	spare   net.Buffers // the last batch's memory
	bytes   int         // counted bytes in next and in the batch being written
	load    load        // the memory of both
	flying  int         // the part of it in the batch being written
	busy    bool        // flush runs
	beat    bool        // out is to be called even when nothing waits
	corked  bool        // nothing leaves before the packet that uncork puts in front
	closed  bool        // nothing is accepted any more; what waits is still written
	drained chan struct{}
}

// What became of a push.
type pushed int

const (
	queued pushed = iota
	tooMuch
	tooLate
)

func (q *queue) init(max int, p *pressure, out func(net.Buffers) error, pull func(), fail func(error), died func(any)) {
	q.load.of = p
	q.max, q.out, q.pull, q.fail, q.died = max, out, pull, fail, died
	q.run = q.flush
	q.drained = make(chan struct{})
}

// push queues one packet, which nobody may change from now on. cost is the memory that it takes here.
func (q *queue) push(pkt []byte, cost int) pushed {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return tooLate
	}
	if q.bytes+len(pkt) > q.max {
		return tooMuch
	}
	q.bytes += len(pkt)
	q.load.set(q.load.now + cost)
	q.addLocked(pkt)
	return queued
}

// pushPulled queues a packet that the reader asked for, unless the queue is closed; only pull calls it.
func (q *queue) pushPulled(pkt []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.load.set(q.load.now + headerSize + len(pkt))
		q.addLocked(pkt)
	}
	return !q.closed
}

func (q *queue) addLocked(pkt []byte) {
	q.next = append(q.next, pkt)
	q.runLocked()
}

func (q *queue) runLocked() {
	if !q.busy && !q.corked {
		q.busy = true
		go q.run()
	}
}

// cork holds back what is pushed, until uncork. A queue that is closed before that sends none of it.
func (q *queue) cork() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.corked = true
}

// uncork sends first, and then what was held back.
func (q *queue) uncork(first []byte) pushed {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return tooLate
	}
	q.corked = false
	q.next = append(net.Buffers{first}, q.next...)
	q.bytes += len(first)
	q.runLocked()
	return queued
}

// kick makes flush look again for something to pull.
func (q *queue) kick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.startLocked()
}

// wake makes flush call out, with an empty batch if nothing waits.
func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.beat = true
	q.startLocked()
}

func (q *queue) startLocked() {
	if !q.closed {
		q.runLocked()
	}
}

// close queues a last packet, which may be nil, and accepts no more.
func (q *queue) close(last []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if q.corked {
		q.load.set(q.flying)
		q.next, q.corked, last = nil, false, nil
	}
	if last != nil {
		q.addLocked(last)
	}
	q.closed = true
	if !q.busy {
		close(q.drained)
	}
}

// drop forgets what waits and accepts no more.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next = nil
	q.load.set(q.flying)
	if !q.closed {
		q.closed = true
		if !q.busy {
			close(q.drained)
		}
	}
}

// wait returns when a closed queue has been written, or after d.
func (q *queue) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-q.drained:
		return true
	case <-t.C:
		return false
	}
}

// waiting tells how many bytes wait that count against the limit.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// weight is the memory of what waits.
func (q *queue) weight() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.load.now
}

// flush writes until nothing is left.
func (q *queue) flush() {
	defer func() {
		if p := recover(); p != nil {
			q.mu.Lock()
			q.next, q.busy = nil, false
			q.flying = 0
			q.load.set(0)
			if q.closed {
				close(q.drained)
			}
			q.mu.Unlock()
			q.died(p)
		}
	}()
	for {
		batch, size, more := q.take()
		if !more {
			return
		}
		first := batch
		if err := q.out(batch); err != nil {
			q.fail(err)
		}
		clear(first)
		q.mu.Lock()
		q.bytes -= size
		q.load.set(q.load.now - q.flying)
		q.flying = 0
		if cap(first) <= 256 {
			q.spare = first[:0]
		}
		q.mu.Unlock()
	}
}

// take returns what waits, with what could be pulled; more is false when flush may end.
func (q *queue) take() (batch net.Buffers, counted int, more bool) {
	if q.pulling.Load() {
		q.pull()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.next) == 0 && (q.closed || !q.beat && !q.pulling.Load()) {
		q.busy = false
		if q.closed {
			close(q.drained)
		}
		return nil, 0, false
	}
	q.beat = false
	batch, counted = q.next, q.bytes
	q.flying = q.load.now
	q.next, q.spare = q.spare, nil
	return batch, counted, true
}
