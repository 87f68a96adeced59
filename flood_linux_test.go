package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// What a flood may cost in memory, in bytes.
const (
	mostMore  = 128 << 20 // more than before it
	mostPeak  = 256 << 20 // in all
	mostAfter = 160 << 20 // when it is over
)

// floodTime is how long a flood lasts.
const floodTime = 2 * time.Second

// floodLine is the form of a line of the table.
const floodLine = "%-26s %8d  %4d %4d %4d %5.1f  %4.1f %4d  %9s %9s"

// A flood is what many hostile connections do at once.
type flood struct {
	name string
	run  func(*attack)
}

// An attack is one run of a flood.
type attack struct {
	*server
	over  chan struct{} // closed when it is time to stop
	wg    sync.WaitGroup
	count atomic.Int64 // what was sent, in what the flood counts
	mu    sync.Mutex   // guards cut
	cut   []func()     // ends each connection; they stay until the flood is over
}

// keep lets a connection live until the flood is over.
func (a *attack) keep(end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cut = append(a.cut, end)
}

// each runs f for 0 to n-1 at the same time.
func (a *attack) each(n int, f func(i int)) {
	for i := range n {
		a.wg.Go(func() { f(i) })
	}
}

func (a *attack) ended() bool {
	select {
	case <-a.over:
		return true
	default:
		return false
	}
}

// join connects an attacker; nil when the server does not want it.
func (a *attack) join(i int, o mqtttest.Options) *mqtttest.Client {
	addr := a.mqtt
	if i%4 == 3 {
		addr = "ws://" + a.http + "/mqtt"
	}
	if o.Version == 0 {
		o.Version = byte(4 + i/2%2)
	}
	if o.Name == "" {
		o.Name = fmt.Sprintf("flood-%d", i)
	}
	if o.ID == "" {
		o.ID = fmt.Sprintf("flood-%d", i)
	}
	c, err := mqtttest.Attempt(addr, o)
	if err != nil {
		return nil
	}
	a.keep(c.Cut)
	if c.Connack.Code != 0 {
		return nil
	}
	return c
}

// nothing takes all packets that are not wanted by anybody.
func nothing(p mqtttest.Packet) bool {
	return p.Type != mqtttest.Connack && p.Type != mqtttest.Suback
}

// TestFloodsDrownNobody lets hostile clients do, for two seconds each, as much as they can of what costs a server memory or time.
func TestFloodsDrownNobody(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory and time of its own: make floods")
	}
	table := []any{fmt.Sprintf("floods: what was sent; MiB before, at most and after, and the seconds until then; CPU seconds; lines logged; " +
		"what honest members waited before and meanwhile, p99/worst ms\n")}
	for _, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			for try := 1; ; try++ { // a figure that a busy machine has spoilt is measured again
				line, wrong := f.measure(t)
				table = append(table, line+"\n")
				if wrong == "" || t.Failed() {
					return
				}
				if try == 3 {
					t.Fatalf("in %d tries: %s\n%s", try, wrong, line)
				}
				t.Logf("once more, since %s\n%s", wrong, line)
			}
		})
	}
	t.Log(table...)
}

// measure runs the flood against a server of its own. It returns a line of the table, and what is wrong with the figures.
func (f flood) measure(t *testing.T) (line, wrong string) {
	s := startServer(t, t.TempDir())
	defer s.kill()
	h := joinHonest(t, s)
	calm := h.calm()
	before, lines := s.statusOf("VmRSS"), strings.Count(s.err.String(), "\n")
	cpu := s.cpu()
	s.forgetPeak()
	a := &attack{server: s, over: make(chan struct{})}
	under, trouble := h.during(func() {
		f.run(a)
		time.Sleep(floodTime)
		close(a.over)
		a.mu.Lock()
		for _, end := range a.cut {
			end()
		}
		a.mu.Unlock()
		a.wg.Wait()
	})
	lines = strings.Count(s.err.String(), "\n") - lines
	cpu, peak := s.cpu()-cpu, s.statusOf("VmHWM")
	began := time.Now()
	after := s.wantMemory(t, mostAfter)
	given := time.Since(began)

	const mib = 1 << 20
	line = fmt.Sprintf(floodLine, f.name, a.count.Load(), before/mib, peak/mib, after/mib, given.Seconds(), cpu.Seconds(), lines, calm, under)
	wrong = trouble + under.tooLong(calm)
	if peak-before > mostMore || peak > mostPeak {
		wrong += fmt.Sprintf("it had %d MiB, %d more than before; ", peak/mib, (peak-before)/mib)
	}
	if after > mostAfter {
		wrong += fmt.Sprintf("it keeps %d MiB; ", after/mib)
	}
	if lines > fewLines {
		wrong += fmt.Sprintf("%d lines were logged; ", lines)
	}
	return line, wrong
}
