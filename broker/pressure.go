package broker

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"sync/atomic"
)

// loadStep is how much a session's load changes before the total hears of it, in bytes: small traffic never touches what all
// sessions share.
const loadStep = 4 << 10

// headerSize is what a packet in a queue costs besides its bytes.
const headerSize = 24

// lightest is the load below which it is no use to cut a session for memory, in bytes.
const lightest = 16 << 10

// A pressure is the memory that what waits for readers takes in all, in bytes, to within loadStep a session. A packet that many
// sessions share counts once: each bears its part.
type pressure struct {
	most  int64 // static
	total atomic.Int64
	high  chan struct{} // one token: total is, or was, beyond most
}

func (p *pressure) init(most int) {
	p.most = int64(most)
	p.high = make(chan struct{}, 1)
}

func (p *pressure) add(n int) {
	if p.total.Add(int64(n)) > p.most && n > 0 {
		select {
		case p.high <- struct{}{}:
		default:
		}
	}
}

// A load is a part of a pressure. Its owner's lock guards it.
type load struct {
	of   *pressure
	now  int // bytes
	told int // of them, to the pressure
}

func (l *load) set(n int) {
	l.now = n
	if d := n - l.told; d >= loadStep || d <= -loadStep || n == 0 && d != 0 {
		l.told = n
		l.of.add(d)
	}
}

// weight is about the memory that ends with a session.
func (c *conn) weight() int {
	n := c.q.weight()
	if s := c.s.Load(); s != nil {
		n += s.pulls.weight()
	}
	return n
}

// heavy is a session with its weight.
type heavy struct {
	c *conn
	n int
}

// weigh returns the sessions that live, the heaviest first, and their weights together.
func (b *Broker) weigh() (all []heavy, sum int64) {
	for _, c := range b.conns.all() {
		if n := c.weight(); n > 0 && !c.ending.Load() {
			all = append(all, heavy{c, n})
			sum += int64(n)
		}
	}
	slices.SortFunc(all, func(a, b heavy) int { return b.n - a.n })
	return all, sum
}

// lighten cuts the heaviest of all as slow, until they weigh less by need bytes.
func lighten(all []heavy, need int64) {
	for _, h := range all {
		if need <= 0 || h.n < lightest {
			return
		}
		need -= int64(h.n)
		h.c.end(CauseSlow, Success, "")
	}
}

// relieve brings what waits for all readers below its limit. Who has ended does not count any more: its memory is on its way.
func (b *Broker) relieve() {
	all, sum := b.weigh()
	if sum > b.pressure.most {
		b.quiet.Warn("too much waits for readers in all: those with the most are cut", "", "bytes", sum, "limit", b.pressure.most)
		lighten(all, sum-b.pressure.most)
	}
}

// A heap watches the memory of the process. Owned by the goroutine that ticks.
type heap struct {
	most   int64 // bytes that may be alive; 0: no limit
	cycles uint64
	sample [2]metrics.Sample
}

func (h *heap) init(most int64) {
	h.most = most
	h.sample[0].Name = "/gc/heap/live:bytes" // at the end of the last collection
	h.sample[1].Name = "/gc/cycles/total:gc-cycles"
}

// excess is how much more is alive than may be. What was looked at before is collected anew first: it may have become less since.
func (h *heap) excess() int64 {
	if h.most == 0 {
		return 0
	}
	metrics.Read(h.sample[:])
	over := int64(h.sample[0].Value.Uint64()) - h.most
	if over > 0 && h.sample[1].Value.Uint64() == h.cycles {
		runtime.GC()
		metrics.Read(h.sample[:])
		over = int64(h.sample[0].Value.Uint64()) - h.most
	}
	h.cycles = h.sample[1].Value.Uint64()
	return max(over, 0)
}

// watchHeap cuts slow readers and refuses strangers while too much memory is in use. The log and those who read are never touched.
func (b *Broker) watchHeap() {
	over := b.heap.excess()
	b.conns.strain(over > 0)
	if over > 0 {
		all, _ := b.weigh()
		b.quiet.Warn("short of memory: strangers are refused, and readers that are slow are cut", "", "bytes over", over, "limit", b.heap.most)
		lighten(all, over)
	}
}
