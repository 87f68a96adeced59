package broker

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// inUse is what the process holds now: live objects and stacks, in bytes.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // the first one may have been under way, and pools are emptied by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// What traffic has made grow is given back when a session has been quiet for a while, and the session is there as before.
func TestBuffersAreGivenBack(t *testing.T) {
	const sessions, size, spare = 100, 12 << 10, 5 << 10
	for _, transport := range []string{"tcp", "ws"} {
		t.Run(transport, func(t *testing.T) {
			x := newBench(t, Config{}, nil)
			var cs []*client
			for i := range sessions {
				cs = append(cs, x.join(transport, v5, hello{user: fmt.Sprint(i), id: fmt.Sprint(i)}))
			}
			before := inUse()
			for _, c := range cs {
				c.pub("a", strings.Repeat("x", size), 1, 7)
				c.want(typePuback)
			}
			after := uint64(0)
			for end := time.Now().Add(calm + patience); ; time.Sleep(50 * time.Millisecond) {
				if after = inUse(); after < before+sessions*spare {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%d bytes a session are still held", (int64(after)-int64(before))/sessions)
				}
			}
			for _, c := range cs {
				c.ping()
			}
		})
	}
}

// BenchmarkIdleSession is what a session holds that has subscribed and waits: live objects and stacks of the broker, without the
// sockets. The process holds up to twice the objects, as the garbage collector lets them come together.
func BenchmarkIdleSession(b *testing.B) {
	const sessions = 500
	for _, transport := range []string{"tcp", "ws"} {
		b.Run(transport, func(b *testing.B) {
			for b.Loop() {
				x := newBench(b, Config{}, nil)
				cs := make([]*client, sessions)
				for i := range cs {
					cs[i] = x.dial(transport, v311)
				}
				for i, c := range cs {
					c.send(hello{user: fmt.Sprint(i), id: fmt.Sprint(i)}.bytes(v311))
					c.want(typeConnack)
					c.sub("chat/room/lobby/messages", 0)
				}
				talking := inUse()
				for _, c := range cs {
					_ = c.nc.Close()
				}
				for s, pending := x.b.conns.counts(); s+pending > 0; s, pending = x.b.conns.counts() {
					time.Sleep(time.Millisecond)
				}
				b.ReportMetric((float64(talking)-float64(inUse()))/sessions, "B/session")
			}
		})
	}
}
