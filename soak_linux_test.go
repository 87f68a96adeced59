package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tincan/broker/mqtttest"
)

// How long members do what they like, and from what their decisions are drawn, unless the environment says otherwise.
const (
	soakTimeEnv = "SOAK"
	soakSeedEnv = "SOAK_SEED"
	soakTime    = 20 * time.Second // it is looked at for some more
)

// What a server may have more when all have gone than before they came. Caches of the database and of names have grown by then.
const (
	moreGoroutines = 16
	moreMemory     = 48 << 20 // bytes
)

// soakLines is how many lines a server may log in a minute in which everything happens.
const soakLines = 60

const soakers = 24

var soakRooms = []string{"lobby", "attic", "cellar"}

// A soak is a server, killed now and then, with members who do at random what members do.
type soak struct {
	t         *testing.T
	data      string
	over      chan struct{} // closed when members have to end
	all       []*soaker
	observers []*observer

	// Owned by the test.
	s       *server
	metrics string
	began   time.Time      // of this life
	before  map[string]int // its figures, before members came

	mu    sync.Mutex // guards what follows
	life  int        // odd while the server runs; it changes before a kill and after a start
	addrs [2]string  // of tcp and ws
	wrong []string
	did   map[string]int
	seen  map[string][]uint32 // by room and seq: a sum of what everybody was shown; 0: nobody was shown it
}

// TestSoak lets members do at random what they can think of, to a server that is killed now and then, and looks in the end whether
// all is as it has to be: what was acknowledged is kept, nobody is a ghost, and nothing is left of those who went.
func TestSoak(t *testing.T) {
	span, seed := soakTime, uint64(time.Now().UnixNano())
	if v := os.Getenv(soakTimeEnv); v != "" {
		var err error
		if span, err = time.ParseDuration(v); err != nil {
			t.Fatalf("%s: %v", soakTimeEnv, err)
		}
	} else if raceEnabled {
		t.Skip("it measures memory: make floods, or make soak")
	}
	if v := os.Getenv(soakSeedEnv); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("%s: %v", soakSeedEnv, err)
		}
	}
	t.Logf("%s=%v %s=%d", soakTimeEnv, span, soakSeedEnv, seed)
	w := &soak{t: t, data: t.TempDir(), over: make(chan struct{}), did: map[string]int{}, seen: map[string][]uint32{}}
	w.populate(seed)
	w.start()
	w.claim()
	var members sync.WaitGroup
	for _, k := range w.all {
		members.Go(k.live)
	}
	w.happen(span, rand.New(rand.NewPCG(seed, soakers)))
	close(w.over)
	for _, k := range w.all {
		k.cut()
	}
	members.Wait()

	w.flush()
	w.wantRosters()
	w.wantNobody()
	w.wantHistory()
	w.wantFigures()
	w.check()
	w.report()
}

// populate makes the soakers, by pairs who talk in private. Some have a cable that may be lost.
func (w *soak) populate(seed uint64) {
	for i := range soakers {
		k := &soaker{w: w, name: fmt.Sprintf("soaker-%d", i), friend: fmt.Sprintf("soaker-%d", i^1), pick: rand.New(rand.NewPCG(seed, uint64(i))), ws: i%2 == 0}
		if i%3 == 0 {
			k.cable = mqtttest.LayCable(w.t, "127.0.0.1:1") // until there is a server
		}
		w.all = append(w.all, k)
	}
}

// start begins a life of the server. Observers come first, so that it is measured with the rooms open and nobody else there.
func (w *soak) start() {
	w.t.Helper()
	w.s = startServer(w.t, w.data, "--set", "metrics=127.0.0.1:0")
	w.began = time.Now()
	w.metrics = w.s.err.want(w.t, regexp.MustCompile(`msg=ready .*metrics=(\S+)`), w.s.ended)[1]
	addrs := [2]string{w.s.mqtt, "ws://" + w.s.http + "/mqtt"}
	w.observers = nil
	for i := range 4 {
		w.observers = append(w.observers, observe(w, i, addrs[i%2]))
	}
	for _, room := range soakRooms {
		w.observers[0].Publish("chat/room/"+room+"/say", "here")
	}
	w.before = scrape(w.t, w.metrics)
	for _, k := range w.all {
		if k.cable != nil && k.ws {
			k.cable.Lead(w.s.http)
		} else if k.cable != nil {
			k.cable.Lead(w.s.mqtt)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addrs = addrs
	w.life++
}

// claim lets everybody come once, so that all have a name that can be talked to.
func (w *soak) claim() {
	w.t.Helper()
	for _, k := range w.all {
		mqtttest.Dial(w.t, w.s.mqtt, mqtttest.Options{Name: k.name, ID: k.name + "-1", Secret: "secret of " + k.name}).Disconnect()
	}
}

// happen kills the server now and then, and lets it run on at the end.
func (w *soak) happen(span time.Duration, pick *rand.Rand) {
	w.t.Helper()
	end := time.After(span)
	kills := max(2, int(span/(5*time.Minute)))
	for range kills {
		next := time.After(span / time.Duration(kills+1) * time.Duration(50+pick.IntN(50)) / 100)
		select {
		case <-next:
		case <-w.s.ended:
			w.t.Fatal("the server ended by itself")
		}
		w.check()
		w.mu.Lock()
		w.life++
		w.mu.Unlock()
		w.s.kill()
		for _, o := range w.observers {
			o.Cut()
		}
		w.start()
	}
	select {
	case <-end:
	case <-w.s.ended:
		w.t.Fatal("the server ended by itself")
	}
}

// check looks at a life that is about to end.
func (w *soak) check() {
	w.t.Helper()
	figures := scrape(w.t, w.metrics)
	for _, o := range w.observers {
		if o.Ended() {
			w.fault("an observer was cut: %s", o.Unread())
		}
	}
	if n := figures["tincan_panics_total"]; n > 0 {
		w.fault("%d panics", n)
	}
	for name, n := range figures {
		if cause, ok := strings.CutPrefix(name, "tincan_sessions_ended_total"); ok && n > 0 {
			w.mu.Lock()
			w.did["ended "+cause] += n
			w.mu.Unlock()
		}
	}
	lines, most := strings.Count(w.s.err.String(), "\n"), soakLines*(2+int(time.Since(w.began)/time.Minute))
	w.count(fmt.Sprintf("%d log lines in %v", lines, time.Since(w.began).Round(time.Second)))
	if lines > most {
		w.fault("%d log lines in %v, more than %d", lines, time.Since(w.began), most)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) > 0 {
		w.t.Fatal(strings.Join(w.wrong, "\n"))
	}
}

func (w *soak) ended() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}

// where tells where the server is, and which of its lives it is.
func (w *soak) where() (addrs [2]string, life int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addrs, w.life
}

// fault notes what must not happen.
func (w *soak) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) < 20 {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	}
}

// excuse notes what must not happen, unless the server was killed meanwhile, or the soak is over.
func (w *soak) excuse(life int, format string, args ...any) {
	if _, now := w.where(); now == life && life%2 == 1 && !w.ended() {
		w.fault(format, args...)
	}
}

func (w *soak) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.did[what]++
}

// An observer is always there and sees all rooms. It sees every message once, in order, and what all others see.
type observer struct {
	*mqtttest.Client
	w *soak

	mu      sync.Mutex // guards what follows
	last    map[string]uint64
	rosters map[string]*roster
}

const observerName = "observer-%d"

func observe(w *soak, i int, addr string) *observer {
	w.t.Helper()
	o := &observer{w: w, last: map[string]uint64{}, rosters: map[string]*roster{}}
	for _, room := range soakRooms {
		o.rosters[room] = newRoster(room)
		o.rosters[room].others = true
	}
	name := fmt.Sprintf(observerName, i)
	o.Client = mqtttest.Dial(w.t, addr, mqtttest.Options{Version: byte(4 + i/2), Name: name, ID: name, Secret: "secret of " + name, Hear: o.hear})
	w.t.Cleanup(keepPinging(o.Client))
	for _, leaf := range []string{"messages", "roster", "presence"} {
		for _, room := range soakRooms {
			o.Subscribe("chat/room/" + room + "/" + leaf)
		}
	}
	return o
}

func (o *observer) hear(p mqtttest.Packet) bool {
	if p.Type != mqtttest.Publish {
		return p.Type == mqtttest.Pingresp
	}
	room, leaf, _ := strings.Cut(strings.TrimPrefix(p.Topic, "chat/room/"), "/")
	o.mu.Lock()
	defer o.mu.Unlock()
	if leaf != "messages" {
		if err := o.rosters[room].take(p); err != nil {
			o.w.fault("%v", err)
		}
		for _, wrong := range o.rosters[room].wrong {
			o.w.fault("%s", wrong)
		}
		o.rosters[room].wrong = nil
		return true
	}
	var m said
	if err := json.Unmarshal(p.Payload, &m); err != nil {
		o.w.fault("%v: %s", err, p.Payload)
	}
	if last := o.last[room]; last != 0 && m.Seq != last+1 {
		o.w.fault("number %d of %s was shown after %d", m.Seq, room, last)
	}
	o.last[room] = m.Seq
	o.w.show(room, m)
	return true
}

// show wants that whatever is shown as a number of a room is always the same.
func (w *soak) show(room string, m said) {
	sum := crc32.ChecksumIEEE(fmt.Append(nil, m.ID, " ", m.From, " ", m.Text)) | 1
	w.mu.Lock()
	defer w.mu.Unlock()
	for uint64(len(w.seen[room])) <= m.Seq {
		w.seen[room] = append(w.seen[room], make([]uint32, 1+len(w.seen[room])/4)...)
	}
	if at := &w.seen[room][m.Seq]; *at == 0 {
		*at = sum
	} else if *at != sum {
		w.wrong = append(w.wrong, fmt.Sprintf("number %d of %s is shown as %+v and as something else", m.Seq, room, m))
	}
}

// wantHere waits until everybody sees that exactly these are in a room, beside the observers.
func (w *soak) wantHere(room string, names ...string) {
	w.t.Helper()
	for i := range w.observers {
		names = append(names, fmt.Sprintf(observerName, i))
	}
	slices.Sort(names)
	for _, o := range w.observers {
		for late := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			o.mu.Lock()
			known, here := o.rosters[room].known, slices.Sorted(maps.Keys(o.rosters[room].here))
			o.mu.Unlock()
			if known && slices.Equal(here, names) {
				break
			}
			if time.Now().After(late) {
				w.t.Fatalf("in %s are %v (known: %v), want %v", room, here, known, names)
			}
		}
	}
}
