package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must come; the machine may be busy.
const patience = time.Minute

// A host is the handler of the tests: it grants everything and publishes what it gets, unless a test says otherwise.
type host struct {
	b *Broker

	connect   func(*Session, ConnectRequest) (Welcome, *Refusal)
	subscribe func(*Session, []Subscription) []Decision
	publish   func(*Session, *Message, func(Ack))
	mayPub    func(*Session, string) *Refusal
	mayRead   func(*Session, string) bool

	mu    sync.Mutex
	ended []string // name and cause of every Disconnect
	open  map[*Session]bool
	wrong []string // broken promises of the broker
}

func (h *host) Connect(_ context.Context, s *Session, c ConnectRequest) (w Welcome, r *Refusal) {
	if h.connect != nil {
		w, r = h.connect(s, c)
	} else {
		w.Name = c.User
		if w.Name == "" {
			w.Name = "nobody"
		}
	}
	if r == nil {
		h.mu.Lock()
		h.open[s] = true
		h.mu.Unlock()
	}
	return w, r
}

func (h *host) Subscribe(s *Session, filters []Subscription) []Decision {
	if h.subscribe != nil {
		return h.subscribe(s, filters)
	}
	return make([]Decision, len(filters))
}

func (h *host) Unsubscribe(*Session, []string) {}

func (h *host) Publish(s *Session, m *Message, ack func(Ack)) {
	if h.publish != nil {
		h.publish(s, m, ack)
		return
	}
	_ = h.b.Publish(m)
	ack(Ack{})
}

func (h *host) Disconnect(s *Session, why Cause) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open[s] {
		h.wrong = append(h.wrong, "Disconnect without Connect, or twice: "+s.Name())
	}
	delete(h.open, s)
	h.ended = append(h.ended, s.Name()+": "+string(why))
}

func (h *host) MayPublish(s *Session, topic string) *Refusal {
	if h.mayPub != nil {
		return h.mayPub(s, topic)
	}
	return nil
}

func (h *host) MayRead(s *Session, topic string) bool {
	return h.mayRead == nil || h.mayRead(s, topic)
}

// wantEnd waits until a session of that name ended for that cause.
func (h *host) wantEnd(t *testing.T, name string, why Cause) {
	t.Helper()
	want := name + ": " + string(why)
	eventually(t, "the end "+want, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, e := range h.ended {
			if e == want {
				return true
			}
		}
		return false
	}, func() string { h.mu.Lock(); defer h.mu.Unlock(); return fmt.Sprint(h.ended) })
}

func eventually(t *testing.T, what string, ok func() bool, got func() string) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not come: %s", what, got())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// A bench is a broker with its listeners, and checks at the end that nothing is left.
type bench struct {
	t   testing.TB
	b   *Broker
	h   *host
	tcp string
	ws  string
	log *logs
}

type logs struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func newBench(t testing.TB, cfg Config, h *host) *bench {
	t.Helper()
	if h == nil {
		h = &host{}
	}
	h.open = map[*Session]bool{}
	l := &logs{}
	b, err := New(cfg, h, slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	h.b = b
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, ln) }()
	mux := http.NewServeMux()
	mux.Handle("/mqtt", b.WebSocket())
	web := httptest.NewServer(mux)
	x := &bench{t: t, b: b, h: h, tcp: ln.Addr().String(), ws: web.Listener.Addr().String(), log: l}
	t.Cleanup(func() {
		for late := time.Now().Add(patience); b.Close(context.Background()) != nil && time.Now().Before(late); {
			// A machine that is busy ends sessions later than a server may wait for; what is looked at below is theirs until then.
		}
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		web.Close()
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.open) > 0 {
			t.Errorf("%d sessions were let in and never told as ended", len(h.open))
		}
		for _, w := range h.wrong {
			t.Error(w)
		}
		if b.count.panics.Load() > 0 && !strings.Contains(t.Name(), "Panic") {
			t.Errorf("panics:\n%s", l)
		}
		for filter, who := range b.fan.members {
			t.Errorf("%d subscriptions to %s are left", len(who), filter)
		}
		if n := b.engine.server.Clients.Len() + len(b.registry.slots); n > 0 {
			t.Errorf("%d sessions are left", n)
		}
		if t.Failed() && testing.Verbose() {
			t.Log(l)
		}
	})
	return x
}

// each runs a test over both transports and both versions.
func each(t *testing.T, f func(t *testing.T, transport string, version byte)) {
	for _, transport := range []string{"tcp", "ws"} {
		for _, version := range []byte{v311, v5} {
			t.Run(fmt.Sprintf("%s-%d", transport, version), func(t *testing.T) { f(t, transport, version) })
		}
	}
}
