package bridge

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Lobby is the room that is always open.
const Lobby = "lobby"

// Limits of rooms.
const (
	roomsAMinute = 10           // that a member may open
	listPace     = time.Second  // between two lists of the rooms
	idleRoom     = time.Minute  // how long a room without members and entries stays open
	sweepPace    = idleRoom / 2 // how often those are looked for
)

// rooms holds the open rooms. A room is opened by the first who joins it or posts to it.
type rooms struct {
	most     int
	fixed    []string // when not empty: these and the lobby are all
	br       *broker.Broker
	store    Store
	members  *members
	cards    *cards
	rollcall *rollcall
	log      *slog.Logger
	quiet    *broker.Quiet

	mu    sync.Mutex // guards open, and touched of each room; map work only
	open  map[string]*room
	moved []string       // rooms that are being renamed: nobody opens them
	wg    sync.WaitGroup // the goroutines of the rooms
	ctx   context.Context
}

// A listed room, in chat/server/rooms.
type listed struct {
	Room  string `json:"room"`
	Topic string `json:"topic"` // what the room is about, one line
	Last  uint64 `json:"last"`
}

// load opens the rooms that have entries, the lobby and the fixed ones. ctx ends all rooms.
func (rs *rooms) load(ctx context.Context, view history.View) error {
	rs.ctx = ctx
	kept, err := view.Rooms(ctx)
	if err != nil {
		return err
	}
	for _, k := range kept {
		rs.start(k.Room, k.Last, math.MaxInt) // what has been written is never hidden, whatever the limit is now
	}
	for _, slug := range rs.cards.slugs(func(*card) bool { return true }) {
		rs.start(slug, 0, math.MaxInt)
	}
	for _, slug := range append([]string{Lobby}, rs.fixed...) {
		rs.start(slug, 0, math.MaxInt)
	}
	return nil
}

// find is an open room, or nil.
func (rs *rooms) find(slug string) *room {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.open[slug]
	if r != nil {
		r.touched = time.Now()
	}
	return r
}

// enter finds a room, or opens it for a member, who owns it then.
func (rs *rooms) enter(slug string, by *member) (*room, *broker.Refusal) {
	if r := rs.find(slug); r != nil {
		return r, nil
	}
	rs.mu.Lock()
	moving := slices.Contains(rs.moved, slug)
	rs.mu.Unlock()
	if moving {
		return nil, refuseBusy()
	}
	if rs.closedToNew() {
		return nil, refuseFixedRooms(slug)
	}
	if !by.pace.limit(paceRooms).Allow() {
		return nil, refuseRoomRate()
	}
	// The log may know a room that was closed here in the meantime.
	last, err := rs.store.Head(rs.ctx, slug)
	if err != nil {
		return nil, refuseStore(err)
	}
	most := rs.mostNow()
	r, opened := rs.start(slug, last, most)
	if r == nil {
		return nil, refuseRooms(most)
	}
	if opened {
		rs.log.Info("room opened", "room", slug, "name", by.name)
		if last == 0 {
			rs.cards.own(slug, by)
		}
	}
	return r, nil
}

// closedToNew tells whether nobody opens a room: by the configuration, or because the hosts have said so.
func (rs *rooms) closedToNew() bool {
	l := rs.cards.of(serverCard).Limits
	return len(rs.fixed) > 0 || l != nil && l.Fixed
}

// mostNow is how many rooms there may be.
func (rs *rooms) mostNow() int {
	if l := rs.cards.of(serverCard).Limits; l != nil && l.Rooms > 0 {
		return min(rs.most, l.Rooms)
	}
	return rs.most
}

// shut closes a room for good: nobody is in it any more, and its goroutines end. It must not be called from within members.run.
func (rs *rooms) shut(r *room) {
	rs.members.do(func() {
		rs.mu.Lock()
		if rs.open[r.slug] == r {
			delete(rs.open, r.slug)
		}
		rs.mu.Unlock()
		rs.members.closed(r)
	})
	rs.br.RetainFunc(topicRoster(r.slug), nil)
	rs.br.RetainFunc(topicAbout(r.slug), nil)
	rs.br.RetainFunc(topicBoard(r.slug), nil)
	r.stop()
}

// start opens a room whose log ends at last, unless it is open by now (two may want it at the same time); nil when there are most
// rooms already.
func (rs *rooms) start(slug string, last uint64, most int) (r *room, opened bool) {
	rs.mu.Lock()
	if r = rs.open[slug]; r != nil {
		rs.mu.Unlock()
		return r, false
	}
	if len(rs.open) >= most {
		rs.mu.Unlock()
		return nil, false
	}
	r = openRoom(slug, newEpoch(), rs.br, rs.quiet)
	r.rollcall = rs.rollcall
	r.last.Store(last)
	r.published = last
	r.touched = time.Now()
	var ctx context.Context
	ctx, r.stop = context.WithCancel(rs.ctx)
	rs.open[slug] = r
	rs.mu.Unlock()

	rs.wg.Go(func() { r.run(ctx) })
	rs.wg.Go(func() { r.follow(ctx, rs.store, last) })
	rs.br.RetainFunc(topicRoster(slug), r.current)
	rs.br.RetainFunc(topicAbout(slug), func() []byte { return rs.cards.shown(slug) })
	rs.br.RetainFunc(topicBoard(slug), func() []byte { return rs.boardNote(r) })
	rs.members.opened(r)
	return r, true
}

// sweep closes rooms that nobody is in and nobody ever wrote to. It runs in members.run, so that nobody joins meanwhile.
func (rs *rooms) sweep() (closed []*room) {
	rs.mu.Lock()
	for slug, r := range rs.open {
		if slug != Lobby && !slices.Contains(rs.fixed, slug) && rs.members.named[slug] == 0 && r.last.Load() == 0 &&
			time.Since(r.touched) > idleRoom && rs.cards.of(slug).plain() {
			delete(rs.open, slug)
			closed = append(closed, r)
		}
	}
	rs.mu.Unlock()
	for _, r := range closed {
		rs.members.closed(r)
		rs.br.RetainFunc(topicRoster(r.slug), nil)
		rs.br.RetainFunc(topicAbout(r.slug), nil)
		rs.br.RetainFunc(topicBoard(r.slug), nil)
		r.stop()
	}
	return closed
}

// publishList publishes chat/server/rooms when it is another one, at most once in listPace, until ctx ends; and sweeps.
func (rs *rooms) publishList(ctx context.Context) {
	var was []listed
	tick := time.NewTicker(listPace)
	defer tick.Stop()
	sweep := time.NewTicker(sweepPace)
	defer sweep.Stop()
	for {
		if is := rs.list(); !slices.Equal(was, is) {
			was = is
			if err := rs.br.Publish(&broker.Message{Topic: topicRooms, Payload: encode(is), Retain: true}); err != nil {
				rs.quiet.Warn("could not publish the rooms", "", "err", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-sweep.C:
			var closed []*room
			rs.members.do(func() { closed = rs.sweep() })
			for _, r := range closed {
				if rs.find(r.slug) == nil { // not opened again meanwhile
					rs.cards.drop(r.slug, rs.cards.of(r.slug))
				}
			}
		default:
		}
	}
}

// list is the open rooms that are for all, by name. Rooms that nobody has written to are in it: somebody is there.
func (rs *rooms) list() []listed {
	return rs.those(func(c *card) bool { return !c.Private })
}

// those lists the open rooms of some cards, by name.
func (rs *rooms) those(which func(*card) bool) []listed {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	l := make([]listed, 0, len(rs.open))
	for slug, r := range rs.open {
		if c := rs.cards.of(slug); which(c) {
			l = append(l, listed{Room: slug, Topic: c.Topic, Last: r.last.Load()})
		}
	}
	slices.SortFunc(l, func(a, b listed) int { return compare(a.Room, b.Room) })
	return l
}
