package broker

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSubscriptionOptions(t *testing.T) {
	x := newBench(t, Config{}, nil)
	ada := x.join("tcp", v5, hello{user: "ada", id: "a"})
	const noLocal = 4
	ada.sub("mine", noLocal)
	ada.pub("mine", "own", 0, 0)
	ada.ping()
	ada.send(subscribeBytes(v5, "x/+", 1, 5))
	ada.want(typeSuback)
	ada.send(subscribeBytes(v5, "x/#", 0, 300))
	ada.want(typeSuback)
	_ = x.b.Publish(&Message{Topic: "x/y", Payload: []byte("both"), QoS: 2, ContentType: "text/plain", UTF8: true, Response: "r",
		Correlation: []byte{1}, User: []Prop{{"k", "v"}}})
	h := ada.wantMessage("x/y", "both") // once, with both ids and the higher QoS
	c := cursor{b: h.props}
	ids := map[int]bool{}
	others := 0
	for len(c.b) > 0 {
		switch c.varint() {
		case propSubscriptionID:
			ids[c.varint()] = true
		case propPayloadFormat:
			others += int(c.byte())
		case propContentType, propResponseTopic, propCorrelation:
			others++
			c.bytes()
		case propUser:
			others++
			c.bytes()
			c.bytes()
		}
	}
	if h.qos != 1 || !ids[5] || !ids[300] || len(ids) != 2 || others != 5 || c.fault() != nil {
		t.Errorf("QoS %d, ids %v, %d other properties", h.qos, ids, others)
	}
	ada.ping()
}

// A session that asked for its own name as me is matched by the name, and reads me; both spellings, if it asked for both.
func TestOwnSpelling(t *testing.T) {
	h := &host{subscribe: func(s *Session, fs []Subscription) []Decision {
		ds := make([]Decision, len(fs))
		for i, f := range fs {
			if strings.HasPrefix(f.Topic, "user/me/") {
				ds[i] = Decision{Topic: "user/" + s.Name() + f.Topic[len("user/me"):], Level: 1, As: "me"}
			}
		}
		return ds
	}}
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, h)
		ada := x.join(transport, version, hello{user: "ada", id: "a"})
		_ = x.b.Publish(&Message{Topic: "user/ada/in", Payload: []byte("0"), Retain: true})
		ada.sub("user/me/#", 0)
		ada.wantMessage("user/me/in", "0")
		_ = x.b.Publish(&Message{Topic: "user/ada/in", Payload: []byte("1")})
		ada.wantMessage("user/me/in", "1")
		ada.sub("user/ada/in", 0)
		ada.wantMessage("user/ada/in", "0")
		_ = x.b.Publish(&Message{Topic: "user/ada/in", Payload: []byte("2")})
		got := map[string]bool{ada.hear().topic: true, ada.hear().topic: true}
		if !got["user/me/in"] || !got["user/ada/in"] {
			t.Errorf("heard on %v", got)
		}
		b := []byte{0, 3}
		if version == v5 {
			b = append(b, 0)
		}
		ada.send(packet(0xa2, appendText(b, "user/me/#")))
		ada.want(typeUnsuback)
		_ = x.b.Publish(&Message{Topic: "user/ada/in", Payload: []byte("3")})
		ada.wantMessage("user/ada/in", "3")
		ada.ping()
	})
}

func TestSharedSubscriptions(t *testing.T) {
	x := newBench(t, Config{}, nil)
	var cs []*client
	for i := range 3 {
		c := x.join("tcp", v5, hello{user: fmt.Sprint("m", i), id: "a"})
		c.sub("$share/g/a/+", 1)
		cs = append(cs, c)
	}
	solo := x.join("tcp", v311, hello{user: "solo", id: "a"})
	solo.sub("a/+", 0)
	other := x.join("tcp", v311, hello{user: "other", id: "a"})
	other.sub("$share/h/a/+", 0)
	var heard [3]atomic.Int32
	const n = 300
	for i, c := range cs {
		go func() {
			for {
				g, err := c.read()
				if err != nil {
					return
				}
				if g.kind() == typePublish {
					heard[i].Add(1)
				}
			}
		}()
	}
	for i := range n {
		_ = x.b.Publish(&Message{Topic: "a/b", Payload: []byte(fmt.Sprint(i))})
		solo.wantMessage("a/b", fmt.Sprint(i))
		other.wantMessage("a/b", fmt.Sprint(i))
	}
	eventually(t, "each message to one of the group", func() bool { return heard[0].Load()+heard[1].Load()+heard[2].Load() == n },
		func() string { return fmt.Sprint(heard[0].Load(), heard[1].Load(), heard[2].Load()) })
	for i := range heard {
		if heard[i].Load() == 0 {
			t.Errorf("member %d got none", i)
		}
	}
}

func TestMayReadIsKeptUntilForget(t *testing.T) {
	var may, asked atomic.Int32
	h := &host{mayRead: func(*Session, string) bool { asked.Add(1); return may.Load() == 1 }}
	x := newBench(t, Config{}, h)
	c := x.join("tcp", v311, hello{user: "ada", id: "a"})
	c.sub("#", 0)
	for range 10 {
		_ = x.b.Publish(&Message{Topic: "secret", Payload: []byte("x")})
	}
	c.ping()
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	may.Store(1)
	x.b.Forget("secret")
	_ = x.b.Publish(&Message{Topic: "secret", Payload: []byte("y")})
	c.wantMessage("secret", "y")
}

// Tell reaches one session, only where a filter of it matches and it may read; what is told as pulled does not make it slow.
func TestTell(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		var ada atomic.Pointer[Session]
		h := &host{mayRead: func(_ *Session, topic string) bool { return topic != "in/secret" }}
		h.subscribe = func(s *Session, fs []Subscription) []Decision {
			if s.Name() == "ada" {
				ada.Store(s)
				if !h.b.Tell(s, &Message{Topic: "in/box", Payload: []byte("told while deciding")}) {
					t.Error("not told while deciding")
				}
			}
			return make([]Decision, len(fs))
		}
		x := newBench(t, Config{QueueBytes: 64 << 10}, h)
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		bob.sub("in/#", 0)
		c := x.join(transport, version, hello{user: "ada", id: "a"})
		c.sub("in/+", 0)
		c.wantMessage("in/box", "told while deciding")
		s := ada.Load()
		if x.b.Tell(s, &Message{Topic: "out", Payload: []byte("x")}) || x.b.Tell(s, &Message{Topic: "in/secret", Payload: []byte("x")}) {
			t.Error("told what it did not ask for, or may not read")
		}
		if !x.b.Tell(s, &Message{Topic: "in/box", Payload: []byte("x")}) {
			t.Error("not told")
		}
		c.wantMessage("in/box", "x")
		page := strings.Repeat("h", 8000)
		n := 0
		for x.b.Tell(s, &Message{Topic: "in/box", Payload: []byte(page), Pulled: true}) {
			n++
		}
		if n < 20 { // 4 × 64 KiB wait at least
			t.Errorf("only %d pages were taken", n)
		}
		for range n {
			c.wantMessage("in/box", page)
		}
		c.ping()
		bob.ping()
	})
}

// fakeConn is a socket that takes everything at once and tells how many bytes came in how many writes.
type fakeConn struct {
	net.Conn
	bytes, writes atomic.Int64
	hold          sync.Mutex // a test that holds it blocks writes
	closed        chan struct{}
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.hold.Lock()
	defer c.hold.Unlock()
	c.writes.Add(1)
	c.bytes.Add(int64(len(p)))
	return len(p), nil
}
func (c *fakeConn) Read([]byte) (int, error)         { <-c.closed; return 0, io.EOF }
func (c *fakeConn) Close() error                     { return nil }
func (c *fakeConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *fakeConn) SetReadDeadline(time.Time) error  { return nil }
func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }

// crowd subscribes n sessions without sockets to topic.
func crowd(b *Broker, n int, topic string) []*Session {
	ss := make([]*Session, n)
	for i := range ss {
		c := newConn(b, &fakeConn{closed: make(chan struct{})}, nil)
		s := newSession(c, &connect{version: []byte{v311, v5}[i%2], clean: true})
		c.s.Store(s)
		s.st.live.Store(s)
		s.grant(&subscription{filter: topic, topic: topic})
		ss[i] = s
	}
	return ss
}

func quietBroker(t testing.TB) *Broker {
	b, err := New(Config{}, &host{open: map[*Session]bool{}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.cancel(); b.ticker.Wait() })
	return b
}

// drained waits until all queues have been written.
func drained(ss []*Session) {
	for _, s := range ss {
		for s.c.q.waiting() > 0 {
			runtime.Gosched()
		}
	}
}

// A message to 200 sessions allocates no more than one to 20: nothing per session.
func TestFanoutAllocatesNothingPerSession(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	perMessage := func(n int) float64 {
		b := quietBroker(t)
		ss := crowd(b, n, "room")
		m := &Message{Topic: "room", Payload: make([]byte, 200)}
		for range 50 {
			_ = b.Publish(m)
			drained(ss)
		}
		return testing.AllocsPerRun(200, func() {
			_ = b.Publish(m)
			drained(ss)
		})
	}
	few, many := perMessage(20), perMessage(200)
	if many > few+2 || many > 6 {
		t.Errorf("%v allocations for 20 sessions, %v for 200", few, many)
	}
}

// All that waits for a session leaves in one write.
func TestWhatWaitsLeavesInOneWrite(t *testing.T) {
	var writes, bytes int
	var mu sync.Mutex
	blocked := make(chan struct{})
	q := &queue{}
	q.init(1<<20, &pressure{most: 1 << 20}, func(b net.Buffers) error {
		mu.Lock()
		writes++
		for _, p := range b {
			bytes += len(p)
		}
		first := writes == 1
		mu.Unlock()
		if first {
			<-blocked
		}
		return nil
	}, func() {}, func(error) {}, func(any) {})
	for range 1000 {
		q.push([]byte("packet"), 6)
	}
	close(blocked)
	q.close(nil)
	if !q.wait(patience) {
		t.Fatal("not drained")
	}
	if writes > 2 || bytes != 6000 {
		t.Errorf("%d bytes in %d writes", bytes, writes)
	}
}

// BenchmarkFanout is what a message costs the broker without the kernel: sockets that take everything, queues drained each time.
func BenchmarkFanout(b *testing.B) {
	for _, n := range []int{1, 30, 200, 1000} {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			br := quietBroker(b)
			ss := crowd(br, n, "room")
			m := &Message{Topic: "room", Payload: make([]byte, 200)}
			b.ReportAllocs()
			for b.Loop() {
				_ = br.Publish(m)
				drained(ss)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/delivery")
		})
	}
}

// BenchmarkAudience is what the first message to a topic costs after somebody came or went.
func BenchmarkAudience(b *testing.B) {
	for _, n := range []int{30, 1000} {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			br := quietBroker(b)
			crowd(br, n, "room/+/messages")
			b.ReportAllocs()
			for b.Loop() {
				br.fan.gather("room/lobby/messages")
			}
		})
	}
}
