// Package bridge is the chat: names, rooms, messages. It decides what a member may do and answers through broker.Handler; it knows
// no socket. A message that it acknowledges is on disk, and nobody has seen it before.
package bridge

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"

	"golang.org/x/time/rate"
)

// Config is what whoever runs tincan decides about the chat.
type Config struct {
	Hold              time.Duration // how long a name waits for its owner after the last session; 0 frees it at once
	MessagesPerSecond float64       // of one member; beyond it acknowledgements wait, QoS 0 is dropped; 0: no limit
	MessagesBurst     int           // messages of one member at once, before that rate counts
	Door              string        // passphrase that every CONNECT must bring; empty: none
	Reserved          []string      // names that nobody takes, but who has them for good
	RegisteredOnly    bool          // only names that are kept for good are let in
	Rooms             int           // open rooms at most
	FixedRooms        []string      // when not empty: no others, but the lobby
	TopicsOpen        []string      // filters of topics outside chat/ that any member may use
	TopicsClosed      []string      // filters refused to all, open or not
	Version           string        // of tincan, told in chat/server/status
	Files             bool          // members may post files
	Build             string        // of the page, told there too: a page with another one is out of date
	KeepDays          int           // how much of every log stays; 0: all
	KeepMessages      int
	KeepBytes         int64
	AttendanceDays    int // how long it is kept who was in a room; 0: it is not noted
}

// A Store is everything that the chat keeps; history.Store is one.
type Store interface {
	history.Log
	history.View
	history.Claims
	history.Values
	history.Searcher
	history.Files
}

// A Bridge is the chat of one server. It answers the broker as its Handler.
type Bridge struct {
	cfg      Config
	store    Store
	log      *slog.Logger
	quiet    *broker.Quiet // for trouble that comes again and again
	reserved []names.Name
	diary    diary

	br        *broker.Broker // set by Start
	access    access
	secrets   secrets
	proofs    *proofs
	tries     tries
	paces     *paces
	members   *members
	rooms     *rooms
	states    *states
	marks     *marks
	calls     *calls
	counts    *counts
	visitors  visitors
	cards     *cards
	slowed    slowed
	rollcall  *rollcall
	retention *retention
	erasures  chan [2]string // ident and name of whoever wants all its own erased
	presences presences
	asked     chan func(context.Context)
	searches  chan func(context.Context)
	seeking   seeking
	changes   chan func(context.Context)
	orders    chan func(context.Context)
	accounts  chan func(context.Context)
	hosts     *hosts
	flights   sync.Map // see changing.await
	codes     codes
	keeps     tries // names kept, by address
	since     time.Time
	stopping  atomic.Bool

	stop context.CancelFunc
	wg   sync.WaitGroup
}

// New makes a chat on top of a store. Start begins it.
func New(cfg Config, store Store, log *slog.Logger) (*Bridge, error) {
	quiet := broker.NewQuiet(log)
	b := &Bridge{
		cfg: cfg, store: store, log: log, quiet: quiet, diary: diary{log: log},
		access:    access{open: cfg.TopicsOpen, closed: cfg.TopicsClosed},
		proofs:    newProofs(),
		tries:     tries{byKey: map[string]*rate.Limiter{}, most: triesAMinute, every: time.Minute / triesAMinute},
		presences: presences{off: map[string]goneMember{}},
		paces:     newPaces(cfg.MessagesPerSecond, cfg.MessagesBurst),
		states:    newStates(store, quiet),
		calls:     newCalls(store, log),
		counts:    newCounts(),
		asked:     make(chan func(context.Context), asksWaiting),
		searches:  make(chan func(context.Context), asksWaiting),
		changes:   make(chan func(context.Context), asksWaiting),
		orders:    make(chan func(context.Context), asksWaiting),
		accounts:  make(chan func(context.Context), asksWaiting),
		hosts:     newHosts(store, quiet),
		codes:     codes{byCode: map[string]handover{}},
		keeps:     tries{byKey: map[string]*rate.Limiter{}, most: keepsPerHour, every: time.Hour / keepsPerHour},
		slowed:    slowed{at: map[[2]string]time.Time{}},
		rollcall:  newRollcall(store, quiet, cfg.AttendanceDays),
		erasures:  make(chan [2]string, 100),
	}
	b.marks = &marks{store: store, log: log, calls: b.calls, byIdent: map[string]*marked{}}
	b.retention = newRetention(b, keep{Days: cfg.KeepDays, Messages: cfg.KeepMessages, Bytes: cfg.KeepBytes})
	b.cards = &cards{store: store, quiet: quiet, tell: b.rightsChanged, bySlug: map[string]*card{}, unsaved: map[string]bool{}}
	for _, f := range append(append([]string{}, cfg.TopicsOpen...), cfg.TopicsClosed...) {
		if !broker.ValidFilter(f) {
			return nil, fmt.Errorf("%q is not a topic filter: write a/b, a/+ or a/#", f)
		}
	}
	for _, name := range cfg.Reserved {
		n, err := names.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("reserved name %q: %w", name, err)
		}
		b.reserved = append(b.reserved, n)
	}
	for i, slug := range cfg.FixedRooms {
		s, err := names.Room(slug)
		if err != nil {
			return nil, fmt.Errorf("room %q: %w", slug, err)
		}
		b.cfg.FixedRooms[i] = s
	}
	return b, nil
}

// Start begins the chat on br: it takes up what the store kept, opens the rooms and says that the server is online. br must not
// serve before.
func (b *Bridge) Start(ctx context.Context, br *broker.Broker) error {
	ctx, b.stop = context.WithCancel(context.WithoutCancel(ctx))
	b.br, b.states.br, b.since = br, br, time.Now()
	var err error
	if b.secrets.key, err = b.serverKey(ctx); err != nil {
		return fmt.Errorf("bridge: the key of the secrets: %w", err)
	}
	b.proofs.secrets = b.secrets
	b.members = newMembers(b)
	b.wg.Go(func() { b.members.run(ctx) })
	b.rooms = &rooms{
		most: b.cfg.Rooms, fixed: b.cfg.FixedRooms,
		br: br, store: b.store, members: b.members, cards: b.cards, rollcall: b.rollcall, log: b.log, quiet: b.quiet, open: map[string]*room{},
	}
	if err := b.cards.load(ctx); err != nil {
		return fmt.Errorf("bridge: load the cards of the rooms: %w", err)
	}
	if err := b.rollcall.load(ctx); err != nil {
		return fmt.Errorf("bridge: load who is present: %w", err)
	}
	if err := b.rooms.load(ctx, b.store); err != nil {
		return fmt.Errorf("bridge: load the rooms: %w", err)
	}
	if err := b.states.load(ctx); err != nil {
		return fmt.Errorf("bridge: load the states: %w", err)
	}
	if err := b.calls.load(ctx); err != nil {
		return fmt.Errorf("bridge: load what is unread: %w", err)
	}
	if err := b.marks.load(ctx); err != nil {
		return fmt.Errorf("bridge: load the read marks: %w", err)
	}
	if err := b.hosts.load(ctx); err != nil {
		return fmt.Errorf("bridge: load the hosts: %w", err)
	}
	for range askers {
		b.wg.Go(func() { workOn(ctx, b.asked) })
	}
	for range searchers {
		b.wg.Go(func() { workOn(ctx, b.searches) })
	}
	b.wg.Go(func() { workOn(ctx, b.changes) })
	b.wg.Go(func() { workOn(ctx, b.orders) })
	b.wg.Go(func() { workOn(ctx, b.accounts) })
	b.wg.Go(func() { b.rooms.publishList(ctx) })
	b.wg.Go(func() { b.states.flush(ctx) })
	b.wg.Go(func() { b.tellCounts(ctx) })
	b.wg.Go(func() { b.watchClaims(ctx) })
	b.wg.Go(func() { b.fade(ctx) })
	b.wg.Go(func() { b.watchCards(ctx) })
	b.wg.Go(func() { b.retention.run(ctx) })
	b.wg.Go(func() { b.eraseAll(ctx) })
	b.wg.Go(func() { b.rollcall.serve(ctx) })
	b.publishNotice(noCard, b.cards.of(serverCard))
	b.publishStatus(online)
	return nil
}

// Stopping says that the server is going: everybody is told, nobody is let in any more, and who goes from now on is not told to the
// others. Call it before the broker is closed.
func (b *Bridge) Stopping() {
	b.stopping.Store(true)
	b.publishStatus(offline)
	b.members.do(func() { b.members.stopping = true })
}

// Close ends the chat's goroutines and waits for them. Call it after the broker is closed and before the store is.
func (b *Bridge) Close() {
	b.stop()
	b.wg.Wait()
	b.rooms.wg.Wait()
	b.rollcall.close()
}

// A statusNote is the server's own presence.
type statusNote struct {
	State   string `json:"state"`
	Version string `json:"version"`
	Since   string `json:"since"`
	Build   string `json:"build,omitempty"`
	Keep    *keep  `json:"keep,omitempty"` // how much of every log stays
}

func (b *Bridge) publishStatus(state string) {
	note := statusNote{State: state, Version: b.cfg.Version, Since: stamp(b.since), Build: b.cfg.Build}
	if b.retention.all != (keep{}) {
		note.Keep = &b.retention.all
	}
	b.publish(&broker.Message{Topic: topicStatus, Payload: encode(note), Retain: true})
}

// Publish takes a message of a session: this switch is the table of contents of the chat.
func (b *Bridge) Publish(s *broker.Session, m *broker.Message, ack func(broker.Ack)) {
	st := s.Value.(*seat)
	t, err := parseTopic(m.Topic)
	no := b.mayPublish(st, m.Topic, t, err)
	if no == nil && t.kind != ordinary && !b.holds(st, m.Will) {
		no = refuseLost(st.name())
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	if t.room != "" {
		t.room = b.leads(st.member, t.room)
	}
	switch t.kind {
	case ordinary:
		b.relay(st, t, m, ack)
	case roomSay:
		b.say(st, t, m, ack)
	case roomTyping:
		b.typing(st, t, m, ack)
	case roomState:
		b.state(st, t, m, ack)
	case roomHistory, userHistory:
		b.askHistory(st, t, m, ack)
	case serverSearch:
		b.askEverywhere(st, t, m, ack)
	case roomMembers:
		b.askMembers(st, t, m, ack)
	case roomRead, userRead:
		b.markRead(st, t, m, ack)
	case userSay:
		b.sayTo(st, t, m, ack)
	case userAway:
		b.away(st, t, m, ack)
	case userAccount:
		b.account(st, t, m, ack)
	case serverAdmin:
		b.admin(st, t, m, ack)
	default:
		b.refused(st, t, m, refuseUnknownTopic(m.Topic), ack)
	}
}

// holds tells whether the name is still the session's. A will that was delayed comes when the session has given the name back: it is
// sent all the same, unless somebody else has the name by then.
func (b *Bridge) holds(st *seat, will bool) bool {
	if !will || b.store.Valid(st.claim) {
		return b.store.Valid(st.claim)
	}
	n, err := names.Parse(st.name())
	if err != nil {
		return false
	}
	h, held := b.store.Lookup(n.Keys)
	return !held || h.Rev == st.claim.Rev || h.Ident != "" && h.Ident == st.claim.Ident
}

// Subscribe decides about filters, and takes the member into the rooms that they read.
func (b *Bridge) Subscribe(s *broker.Session, subs []broker.Subscription) []broker.Decision {
	st := s.Value.(*seat)
	ds := make([]broker.Decision, len(subs))
	moves := false // filters that have nothing to do with rooms need no place
	inbox := false
	for i, sub := range subs {
		f, no := b.subscribe(st, sub)
		if no != nil {
			ds[i].Refusal = no
			continue
		}
		ds[i] = broker.Decision{Topic: f.topic, Level: f.level, As: f.as}
		inbox = inbox || broker.Match(f.topic, topicInbox(st.name()))
		moves = st.read(sub.Filter, f) || moves
	}
	if moves {
		b.place(st)
	}
	if inbox {
		if note, some := b.privateOf(st.member.ident); some {
			b.answer(st, nil, encode(note))
		}
	}
	return ds
}

// Unsubscribe takes the member out of the rooms that no filter of the session reads any more. It stays where it has written only if
// it never read there.
func (b *Bridge) Unsubscribe(s *broker.Session, filters []string) {
	st := s.Value.(*seat)
	moves := false
	for _, f := range filters {
		moves = st.leaves(f) || moves
	}
	if moves {
		b.place(st)
	}
}

// subscribe decides about one filter. A room that it names is opened.
func (b *Bridge) subscribe(st *seat, sub broker.Subscription) (filter, *broker.Refusal) {
	f, no := parseFilter(sub.Topic, st.name(), b.spelling)
	if no == nil && !isTopicBelow(sub.Topic, "chat") && !isTopicBelow(sub.Topic, "$SYS") { // what is closed lies outside both
		no = b.access.mayFilter(sub.Topic)
	}
	if no == nil && f.room != "" {
		if no = f.lead(sub.Topic, b.leads(st.member, f.room)); no == nil {
			_, no = b.enter(f.room, st)
		}
	}
	return f, no
}

// place seats a session in the rooms that its filters and its publishes name.
func (b *Bridge) place(st *seat) {
	var chosen set[string]
	var wide reach
	for _, r := range st.reads {
		switch {
		case !r.all:
			chosen.add(b.cards.resolve(r.room))
		case wide == nil:
			wide = reach{r.room: true}
		default:
			wide.add(r.room)
		}
	}
	for slug := range st.wrote {
		chosen.add(b.cards.resolve(slug))
	}
	b.members.place(st, chosen, wide)
}

// spelling is how the holder of a name spells it; a name that nobody holds is spelled as it is.
func (b *Bridge) spelling(n names.Name) string {
	if h, ok := b.store.Lookup(n.Keys); ok && h.Fold == n.Fold {
		return h.Name
	}
	return n.Canonical
}

// watchClaims ends sessions whose claim another took over.
func (b *Bridge) watchClaims(ctx context.Context) {
	for {
		select {
		case l := <-b.store.Lost():
			if st := b.members.seat(l.Session); st != nil {
				b.br.Disconnect(st.session, broker.CauseTakeover, refuse(broker.SessionTakenOver, "taken-over", "another connection uses the same client id"))
			}
		case <-b.store.Freed(): // what was kept for the holder fades by time: it may come back
		case <-ctx.Done():
			return
		}
	}
}

// fade forgets, once a minute until ctx ends, what is kept only for a while.
func (b *Bridge) fade(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, name := range b.presences.fade() {
				b.publish(&broker.Message{Topic: topicUserPresence(name), Retain: true})
			}
			b.states.fade()
			b.cards.flush()
			b.marks.fade()
			b.hosts.fade()
			b.diary.turn()
			b.paces.forget(func(fold string) bool { return b.members.find(fold) != nil })
		case <-ctx.Done():
			return
		}
	}
}

// serverKey is the key under which secrets are stored in this data folder; made at the first start.
func (b *Bridge) serverKey(ctx context.Context) ([]byte, error) {
	const kind, name = "server", "secret-key"
	var key []byte
	err := b.store.Each(ctx, kind, func(k string, value []byte, _ time.Duration) {
		if k == name && len(value) == keySize {
			key = bytes.Clone(value)
		}
	})
	if err != nil || key != nil {
		return key, err
	}
	key = make([]byte, keySize)
	rand.Read(key) // never fails
	return key, putNow(ctx, b.store, kind, name, key)
}

// newEpoch marks an opening of a room: the revisions of its roster count from it.
func newEpoch() string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (b *Bridge) publish(m *broker.Message) {
	if err := b.br.Publish(m); err != nil {
		b.quiet.Warn("could not retain", "", "topic", m.Topic, "err", err)
	}
}

// isTopicBelow tells whether topic is prefix or below it.
func isTopicBelow(topic, prefix string) bool {
	return topic == prefix || strings.HasPrefix(topic, prefix+"/")
}
