package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
	"tincan/broker/mqtttest"
)

// A testRoom is a whole tincan without its main: broker, chat, a data folder, and clients in one line.
type testRoom struct {
	t       testing.TB
	dir     string
	cfg     Config
	tcp, ws string // addresses for mqtttest
	addr    string // how join connects: tcp or ws
	version byte   // how join speaks

	br    *broker.Broker
	b     *Bridge
	store *history.Store
	wrap  func(Store) Store // not nil: what the chat gets in place of the store
	logs  *logs

	trimmed bool // logs need not begin with seq 1
	end     func()
}

// newRoom starts one over TCP and MQTT 5; Cleanup stops it and checks what it kept.
func newRoom(t testing.TB) *testRoom {
	t.Helper()
	r := &testRoom{t: t, dir: t.TempDir(), version: 5, cfg: Config{
		Hold: 10 * time.Minute, MessagesPerSecond: 100, MessagesBurst: 1000, Rooms: 1000, TopicsOpen: []string{"#"}, AttendanceDays: usualDays,
	}}
	r.start()
	t.Cleanup(func() {
		if r.end != nil {
			r.end()
		}
		r.checkStore()
	})
	return r
}

// everyWay runs a test over tcp and ws, with 3.1.1 and 5.
func everyWay(t *testing.T, test func(t *testing.T, r *testRoom)) {
	for _, transport := range []string{"tcp", "ws"} {
		for _, version := range []byte{4, 5} {
			t.Run(fmt.Sprintf("%s-v%d", transport, version), func(t *testing.T) {
				t.Parallel()
				r := newRoom(t)
				r.version = version
				if transport == "ws" {
					r.addr = r.ws
				}
				test(t, r)
			})
		}
	}
}

// start brings it up on its folder.
func (r *testRoom) start() {
	r.t.Helper()
	r.logs = &logs{t: r.t}
	log := slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelInfo}))
	ctx := context.Background()
	var err error
	if r.store, err = history.Open(ctx, r.dir, history.Config{Read: Reader()}, log); err != nil {
		r.t.Fatal(err)
	}
	var kept Store = r.store
	if r.wrap != nil {
		kept = r.wrap(kept)
	}
	if r.b, err = New(r.cfg, kept, log); err != nil {
		r.t.Fatal(err)
	}
	if r.br, err = broker.New(broker.Config{Store: kept}, r.b, log); err != nil {
		r.t.Fatal(err)
	}
	if err := r.b.Start(ctx, r.br); err != nil {
		r.t.Fatal(err)
	}
	tcp, ws := r.listen(), r.listen()
	r.tcp, r.ws = tcp.Addr().String(), "ws://"+ws.Addr().String()+"/mqtt"
	if strings.HasPrefix(r.addr, "ws") {
		r.addr = r.ws
	} else {
		r.addr = r.tcp
	}
	mux := http.NewServeMux()
	mux.Handle("/mqtt", r.br.WebSocket())
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(ws) }() // ends with server.Close below
	br := r.br
	go func() { _ = br.Serve(ctx, tcp) }()
	r.end = func() {
		r.end = nil
		r.b.Stopping()
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := r.br.Close(ctx); err != nil {
			r.t.Errorf("close the broker: %v", err)
		}
		_ = server.Close()
		r.b.Close()
		if err := r.store.Close(ctx); err != nil {
			r.t.Errorf("close the store: %v", err)
		}
	}
}

func (r *testRoom) listen() net.Listener {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

// restart stops it cleanly and starts it on the same folder, at new addresses.
func (r *testRoom) restart() {
	r.t.Helper()
	r.end()
	r.start()
}

// checkStore opens what is left: every room's log is dense.
func (r *testRoom) checkStore() {
	log := slog.New(slog.DiscardHandler)
	store, err := history.Open(context.Background(), r.dir, history.Config{Read: Reader()}, log)
	if err != nil {
		r.t.Errorf("the store does not open again: %v", err)
		return
	}
	defer store.Close(context.Background())
	rooms, err := store.Rooms(context.Background())
	if err != nil {
		r.t.Error(err)
	}
	for _, room := range rooms {
		var after uint64
		for {
			es, last, err := store.Page(context.Background(), room.Room, history.Query{After: &after, Limit: 200}, 0)
			if err != nil {
				r.t.Fatal(err)
			}
			for _, e := range es {
				if e.Seq != after+1 && (after > 0 || !r.trimmed) {
					r.t.Errorf("%s has a gap: seq %d after %d", room.Room, e.Seq, after)
				}
				after = e.Seq
			}
			if len(es) == 0 {
				if after != last {
					r.t.Errorf("%s ends at %d, and says %d", room.Room, after, last)
				}
				break
			}
		}
	}
}

// A guest is a member in a test.
type guest struct {
	*mqtttest.Client
	t    testing.TB
	name string
}

// connect brings a member in that is in no room yet.
func (r *testRoom) connect(o mqtttest.Options) *guest {
	r.t.Helper()
	if o.Version == 0 {
		o.Version = r.version
	}
	return &guest{Client: mqtttest.Dial(r.t, r.addr, o), t: r.t, name: o.Name}
}

// try connects and returns with whatever the answer is.
func (r *testRoom) try(o mqtttest.Options) *mqtttest.Client {
	r.t.Helper()
	if o.Version == 0 {
		o.Version = r.version
	}
	return mqtttest.TryDial(r.t, r.addr, o)
}

// join brings a member into the lobby, with a secret and an inbox.
func (r *testRoom) join(name string) *guest {
	r.t.Helper()
	g := r.connect(mqtttest.Options{Name: name, ID: name + "-1", Secret: "secret of " + name})
	for _, code := range g.Subscribe("chat/room/lobby/messages", "chat/room/lobby/presence", "chat/room/lobby/roster", "chat/user/me/inbox/#") {
		if code >= 0x80 {
			r.t.Fatalf("%s may not join: %#x", name, code)
		}
	}
	return g
}

// say posts to the lobby at QoS 1 and wants it kept.
func (g *guest) say(text string) {
	g.t.Helper()
	if a := g.Publish("chat/room/lobby/say", text); a.Code >= 0x80 {
		g.t.Fatalf("%q was refused: %#x %q", text, a.Code, a.Props.Reason)
	}
}

// A posted message as members read it.
type posted struct {
	Seq                                  uint64
	ID, Time, Room, From, To, Kind, Text string
	Reply                                string
	Data                                 json.RawMessage
}

// wantText takes messages of the lobby until one says text.
func (g *guest) wantText(text string) posted {
	g.t.Helper()
	for {
		m := decode[posted](g.t, g.WantMessage("chat/room/lobby/messages").Payload)
		if m.Text == text {
			return m
		}
	}
}

// wantDelta takes presence lists of the lobby until one fits.
func (g *guest) wantDelta(what string, fits func(Delta) bool) Delta {
	g.t.Helper()
	for {
		p := g.Want("presence list with "+what, func(p mqtttest.Packet) bool {
			return p.Type == mqtttest.Publish && p.Topic == "chat/room/lobby/presence"
		})
		if d := decode[Delta](g.t, p.Payload); fits(d) {
			return d
		}
	}
}

func (g *guest) wantJoin(name string) Member {
	g.t.Helper()
	var found Member
	g.wantDelta("join of "+name, func(d Delta) bool {
		for _, m := range d.Join {
			if m.Name == name {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func (g *guest) wantLeave(name string) {
	g.t.Helper()
	g.wantDelta("leave of "+name, func(d Delta) bool {
		for _, n := range d.Leave {
			if n == name {
				return true
			}
		}
		return false
	})
}

// wantInbox takes what comes on the inbox until it is of a type.
func (g *guest) wantInbox(kind string) map[string]json.RawMessage {
	g.t.Helper()
	p := g.Want(kind+" on the inbox", func(p mqtttest.Packet) bool {
		if p.Type != mqtttest.Publish || !strings.Contains(p.Topic, "/inbox") {
			return false
		}
		return strings.HasPrefix(string(p.Payload), `{"type":"`+kind+`"`)
	})
	return decode[map[string]json.RawMessage](g.t, p.Payload)
}

// roster takes the retained roster of the lobby as somebody sees it who looks in now.
func (r *testRoom) roster() Snapshot {
	r.t.Helper()
	c := mqtttest.Dial(r.t, r.tcp, mqtttest.Options{Version: 5}) // as a guest
	defer c.Disconnect()
	c.Subscribe("chat/room/lobby/roster")
	return decode[Snapshot](r.t, c.WantMessage("chat/room/lobby/roster").Payload)
}

// names lists who is there, but guests: those look in.
func (s Snapshot) names() []string {
	var l []string
	for _, m := range s.Members {
		if !strings.HasPrefix(m.Name, "guest-") {
			l = append(l, m.Name)
		}
	}
	return l
}

// wait waits until ok.
func wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(mqtttest.Patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func decode[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return v
}

// logs sends what is logged to the test's own log, and keeps it.
type logs struct {
	t testing.TB

	mu    sync.Mutex // guards lines
	lines []string
}

func (l *logs) Write(b []byte) (int, error) {
	line := strings.TrimSuffix(string(b), "\n")
	l.t.Log(line)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return len(b), nil
}

// count tells how many lines contain s.
func (l *logs) count(s string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, s) {
			n++
		}
	}
	return n
}
