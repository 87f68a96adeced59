package bridge

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Requests of members: history, members of a room, read marks, away.
const (
	historyMost  = 200       // messages of one answer
	historyUsual = 50        // when the request does not say
	historyBytes = 128 << 10 // bytes of one answer
	membersMost  = 500
	askers       = 4   // requests answered at the same time
	asksWaiting  = 256 // requests that wait for that
	askTime      = 10 * time.Second
)

// A request is the payload of history, members and read; empty is a request with nothing set.
type request struct {
	Request string           `json:"request"`
	Before  before           `json:"before"`
	After   *json.RawMessage `json:"after"` // a seq for history, a name for members
	Limit   int              `json:"limit"`
	Seq     uint64           `json:"seq"`
	Search  *json.RawMessage `json:"search"`
	Pinned  bool             `json:"pinned"`
	Prefix  bool             `json:"prefix"` // of search: the last word may go on
	Zone    int              `json:"zone"`   // of search: minutes east of UTC
}

// A before is where a page ends: a seq, or of a search what its answer gave.
type before struct {
	seq   uint64
	place string
}

func (p *before) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &p.place)
	}
	return json.Unmarshal(b, &p.seq)
}

// A historyAnswer is a page of messages.
type historyAnswer struct {
	Type     string            `json:"type"`
	Room     string            `json:"room,omitempty"`
	With     string            `json:"with,omitempty"`
	Request  string            `json:"request,omitempty"`
	Messages []json.RawMessage `json:"messages"`
	Last     uint64            `json:"last"`
	More     bool              `json:"more"`
}

// A membersAnswer is a page of a room's roster.
type membersAnswer struct {
	Type    string   `json:"type"`
	Room    string   `json:"room"`
	Request string   `json:"request,omitempty"`
	Members []Member `json:"members"`
	More    bool     `json:"more"`
}

// request reads a request and takes it from the member's pace. m.Response is canonical afterwards, or
// empty.
func (b *Bridge) request(st *seat, m *broker.Message) (request, *broker.Refusal) {
	var q request
	if m.Response != "" {
		t, err := parseTopic(m.Response)
		if err != nil || t.kind != userInbox || (t.name != me && !st.isCalled(t.name)) {
			m.Response = "" // the refusal goes to the inbox
			return q, refuse(broker.NotAuthorized, "bad-response", "answers go to your own inbox: use %s or a topic below it as the response topic", topicInbox(me))
		}
		t.name = st.name()
		m.Response = t.String()
	}
	if !st.member.pace.limit(paceAsks).Allow() {
		return q, refuseFast("requests")
	}
	if len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, &q); err != nil {
			return q, refusePayload("bad-request", `a request is a JSON object, such as {"limit":50}: %v`, err)
		}
	}
	if len(q.Request) > maxID {
		return q, refusePayload("bad-request", "request takes up to %d bytes", maxID)
	}
	return q, nil
}

// askHistory answers with a page of a room's log, or of what two members said to each other.
func (b *Bridge) askHistory(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	q, no := b.request(st, m)
	if no == nil && q.Search != nil {
		b.askSearch(st, t, m, q, ack)
		return
	}
	a := historyAnswer{Type: inboxHistory, Room: t.room, Request: q.Request}
	key := t.room
	if no == nil && t.kind == userHistory {
		var who string
		a.With, who, no = b.partner(st, t)
		key = pairKey(st.member.ident, who)
	}
	var page history.Query
	if no == nil {
		page, no = q.page()
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	b.later(st, t, m, ack, func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
		read := func() ([]history.Entry, uint64, error) { return b.page(ctx, key, page) }
		if q.Pinned {
			read = func() ([]history.Entry, uint64, error) { return b.pinned(ctx, t.room) }
		}
		es, last, err := read()
		if err != nil {
			return nil, refuseStore(err)
		}
		folds, err := b.folds(ctx, key, es)
		if err != nil {
			return nil, refuseStore(err)
		}
		if t.kind == roomHistory && !b.mayReadHere(st, t.room) { // asked when it is read: it may have been removed meanwhile
			es, folds, last = nil, nil, 0 // as of a room that is not there
		}
		floor := uint64(0)
		if t.kind == roomHistory {
			floor = b.hiddenUpTo(t.room)
		}
		a.fill(above(es, floor), folds, last, page, floor+1)
		a.More = a.More && !q.Pinned
		b.answer(st, m, encode(a))
		return nil, nil
	})
}

// page turns a history request into what the log is asked.
func (q request) page() (history.Query, *broker.Refusal) {
	p := history.Query{Before: q.Before.seq, Limit: q.Limit, MaxBytes: historyBytes}
	if q.Before.place != "" {
		return p, refusePayload("bad-request", "before is a seq, such as 1207")
	}
	if q.After != nil {
		after, err := strconv.ParseUint(string(*q.After), 10, 64)
		if err != nil {
			return p, refusePayload("bad-request", "after is a seq, such as 1207; 0 is the beginning")
		}
		p.After = &after
	}
	switch {
	case p.Limit == 0:
		p.Limit = historyUsual
	case p.Limit < 0 || p.Limit > historyMost:
		return p, refusePayload("bad-request", "limit is 1 to %d", historyMost)
	}
	return p, nil
}

// fill puts the entries into an answer of at most historyBytes, leaving out those farthest from where the request began. first is the
// first seq that can be asked for.
func (a *historyAnswer) fill(es []history.Entry, folds map[uint64]folded, last uint64, q history.Query, first uint64) {
	a.Last = last
	msgs := make([]json.RawMessage, len(es))
	for i, e := range es {
		msgs[i] = appendFolded(nil, a.Room, e, folds[e.Seq])
	}
	size := 0
	if q.After != nil {
		n := 0
		for n < len(msgs) && (n == 0 || size+len(msgs[n]) < historyBytes) {
			size += len(msgs[n]) + 1
			n++
		}
		a.Messages = msgs[:n]
		if n > 0 {
			end := q.Before
			if end == 0 {
				end = last + 1
			}
			a.More = es[n-1].Seq+1 < end && es[n-1].Seq < last
		}
		return
	}
	n := len(msgs)
	for n > 0 && (n == len(msgs) || size+len(msgs[n-1]) < historyBytes) {
		size += len(msgs[n-1]) + 1
		n--
	}
	a.Messages = msgs[n:]
	a.More = len(msgs) > 0 && es[n].Seq > first
}

// askMembers answers with a page of a room's roster.
func (b *Bridge) askMembers(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	q, no := b.request(st, m)
	var after string
	if no == nil && q.After != nil && json.Unmarshal(*q.After, &after) != nil {
		no = refusePayload("bad-request", "after is a name")
	}
	if q.Limit <= 0 || q.Limit > membersMost {
		q.Limit = membersMost
	}
	r := b.rooms.find(t.room)
	if no == nil && (r == nil || !b.mayReadHere(st, t.room)) {
		no = refuseNoRoom(t.room)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	b.later(st, t, m, ack, func(context.Context) ([]broker.Prop, *broker.Refusal) {
		a := membersAnswer{Type: inboxMembers, Room: t.room, Request: q.Request}
		a.Members, a.More = r.page(after, q.Limit)
		if !b.mayReadHere(st, t.room) { // it was removed meanwhile
			return nil, refuseNoRoom(t.room)
		}
		b.answer(st, m, encode(a))
		return nil, nil
	})
}

// markRead moves the member's read mark in a room, or of what another member wrote, and tells all its sessions.
func (b *Bridge) markRead(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	q, no := b.request(st, m)
	r := b.rooms.find(t.room)
	note := readNote{Type: inboxRead, Room: t.room}
	key, place := t.room, t.room
	if no == nil && t.kind == userRead {
		var who string
		if note.With, who, no = b.partner(st, t); no == nil {
			key, place = pairKey(st.member.ident, who), fromMember(who)
		}
	} else if no == nil && (r == nil || !b.mayReadHere(st, t.room)) {
		no = refuseNoRoom(t.room)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	b.later(st, t, m, ack, func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
		head, err := b.store.Head(ctx, key)
		if err != nil {
			return nil, refuseStore(err)
		}
		ident := st.member.ident
		if note.Seq = min(q.Seq, head); note.With != "" {
			note.Seq, note.Unread = b.calls.readOf(ident, place, note.With, note.Seq)
		} else {
			note.Seq, _ = b.marks.set(ident, t.room, note.Seq)
			b.calls.read(ident, place, note.Seq)
			if note.Unread, err = r.unread(ctx, b.store, note.Seq, st.name()); err != nil {
				return nil, refuseStore(err)
			}
		}
		b.publish(&broker.Message{Topic: topicInbox(st.name()), Payload: encode(note)})
		return nil, nil
	})
}

// A marksNote tells a session that begins to read its inbox how far its member has read everywhere, and what is unread there.
type marksNote struct {
	Type   string               `json:"type"`
	Rooms  map[string]uint64    `json:"rooms"`
	Counts map[string]roomCount `json:"counts,omitempty"` // of rooms where something is unread
	Users  map[string]userCount `json:"users,omitempty"`  // what other members wrote
}

// marksOf is retained on the inbox of a connected member; nil when it has read nothing yet, and nobody wrote to it.
func (b *Bridge) marksOf(m *member) []byte {
	rooms := b.marks.of(m.ident)
	places := map[string]bool{}
	for place := range rooms {
		places[place] = true
	}
	for place := range b.calls.places(m.ident) {
		places[place] = true
	}
	counts := b.countsOf(b.rooms.ctx, m.ident, m.name, places)
	for room, c := range counts.Rooms {
		if c.Unread == 0 && len(c.Mentions) == 0 {
			delete(counts.Rooms, room)
		}
	}
	if len(rooms) == 0 && len(counts.Rooms) == 0 && len(counts.Users) == 0 {
		return nil
	}
	return encode(marksNote{Type: inboxMarks, Rooms: rooms, Counts: counts.Rooms, Users: counts.Users})
}

// later answers a request away from the session's reader; the request is acknowledged when it is answered, with what f returns.
func (b *Bridge) later(st *seat, t topic, m *broker.Message, ack func(broker.Ack), f func(context.Context) ([]broker.Prop, *broker.Refusal)) {
	b.queue(b.asked, st, t, m, ack, f)
}

// queue is later in a queue that is worked on in another way: orders one after the other.
func (b *Bridge) queue(queue chan<- func(context.Context), st *seat, t topic, m *broker.Message, ack func(broker.Ack), f func(context.Context) ([]broker.Prop, *broker.Refusal)) {
	work := func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		props, no := f(ctx)
		if no != nil {
			b.refused(st, t, m, no, ack)
			return
		}
		ack(broker.Ack{Props: props})
	}
	select {
	case queue <- work:
	default:
		b.refused(st, t, m, refuseBusy(), ack)
	}
}

// workOn does what waits in a queue until ctx ends; what waits then is answered by nothing, since the sessions have ended.
func workOn(ctx context.Context, queue <-chan func(context.Context)) {
	for {
		select {
		case work := <-queue:
			work(ctx)
		case <-ctx.Done():
			return
		}
	}
}
