package bridge

import (
	"context"
	"encoding/json"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// What hosts do is asked for on chat/server/admin, as an object with the verb in do, and answered like any request:
//
//	{"do":"hosts","request":"r1"} → {"type":"admin","do":"hosts","request":"r1","hosts":[…]}
//
// A verb is a line of the table verbs, a function that does it, and a row of docs/rights.md (a test holds the two together). The function
// gets the order with its room and name in canonical spelling; fields of its own it reads by order.read. What it returns (a struct, or
// nil) is merged into the answer. It runs in one goroutine, orders one after the other, and may wait for the disk. Who may is checked
// before; what was done is logged after, unless the verb only reads.

// A verb is something that an order can ask for.
type verb struct {
	by    right
	do    func(b *Bridge, ctx context.Context, o *order) (answer any, no *broker.Refusal)
	reads bool // it changes nothing, and is not logged
}

// verbs are all of them.
var verbs = map[string]verb{
	"hosts":  {by: ofMembers, do: (*Bridge).listHosts, reads: true},
	"host":   {by: ofHosts, do: (*Bridge).makeHost},
	"unhost": {by: ofHosts, do: (*Bridge).unmakeHost},
	"log":    {by: ofRunners, do: (*Bridge).readLog, reads: true},

	"names":    {by: ofHosts, do: (*Bridge).listNames, reads: true},
	"register": {by: ofHosts, do: (*Bridge).registerName},
	"reset":    {by: ofHosts, do: (*Bridge).resetName},
	"release":  {by: ofHosts, do: (*Bridge).releaseName},

	// rooms
	"room":     {by: ofMembers, do: settle((*ruling).makeRoom), reads: true},
	"card":     {by: ofRunners, do: rule((*ruling).showCard), reads: true},
	"describe": {by: ofRunners, do: rule((*ruling).describe)},
	"handout":  {by: ofRunners, do: rule((*ruling).setHandOut)},
	"slow":     {by: ofRunners, do: rule((*ruling).setSlow)},
	"close":    {by: ofRunners, do: rule((*ruling).closeRoom)},
	"open":     {by: ofRunners, do: rule((*ruling).openRoom)},
	"clear":    {by: ofRunners, do: rule((*ruling).clearRoom)},
	"unclear":  {by: ofRunners, do: rule((*ruling).unclearRoom)},
	"rename":   {by: ofRunners, do: rule((*ruling).renameRoom)},
	"keep":     {by: ofRunners, do: rule((*ruling).setKeep)},
	"dissolve": {by: ofRunners, do: rule((*ruling).dissolve)},

	// who is in a room, and who runs it
	"invite":   {by: ofRunners, do: rule((*ruling).invite)},
	"code":     {by: ofRunners, do: rule((*ruling).setCode)},
	"enter":    {by: ofMembers, do: settle((*ruling).enterByCode), reads: true},
	"leave":    {by: ofMembers, do: settle((*ruling).leaveRoom), reads: true},
	"handover": {by: ofRunners, do: rule((*ruling).handOver)},
	"cohost":   {by: ofRunners, do: rule((*ruling).addHost)},
	"uncohost": {by: ofRunners, do: rule((*ruling).dropHost)},

	// what is imposed on members
	"mute":   {by: ofRunners, do: rule((*ruling).mute)},
	"unmute": {by: ofRunners, do: rule((*ruling).unmute)},
	"remove": {by: ofRunners, do: rule((*ruling).remove)},
	"ban":    {by: ofRunners, do: settle((*ruling).ban)},
	"unban":  {by: ofRunners, do: settle((*ruling).unban)},
	"bans":   {by: ofRunners, do: settle((*ruling).listSanctions), reads: true},

	// the server
	"sessions":   {by: ofMembers, do: settle((*ruling).listSessions), reads: true},
	"end":        {by: ofMembers, do: settle((*ruling).endSession)},
	"rooms":      {by: ofHosts, do: settle((*ruling).listRooms), reads: true},
	"readonly":   {by: ofHosts, do: settle((*ruling).setReadOnly)},
	"limits":     {by: ofHosts, do: settle((*ruling).setLimits)},
	"notice":     {by: ofRunners, do: settle((*ruling).notice)},
	"attendance": {by: ofRunners, do: rule((*ruling).attendance), reads: true},
}

// A right says who may give an order.
type right string

const (
	ofMembers right = "members" // everybody
	ofHosts   right = "hosts"   // hosts of the server
	ofRunners right = "runners" // whoever runs the room that is named, or a host of the server where none is
)

// An order is what a member asks for on chat/server/admin.
type order struct {
	Do      string `json:"do"`
	Request string `json:"request,omitempty"`
	Room    string `json:"room,omitempty"`
	Name    string `json:"name,omitempty"` // of whom it is about
	For     string `json:"for,omitempty"`  // a duration, such as 10m; empty: without end
	Reason  string `json:"reason,omitempty"`
	Text    string `json:"text,omitempty"`

	private bool   // it was about a private room that is no more
	own     bool   // it turned out to be the member's own affair, and is not logged
	st      *seat  // who asks
	payload []byte // with the fields of single verbs
}

// maxReason bounds the texts of an order, in bytes.
const maxReason = 1000

// read takes the fields that only this verb has.
func (o *order) read(into any) *broker.Refusal {
	if err := json.Unmarshal(o.payload, into); err != nil {
		return refusePayload("bad-request", "a field of this request cannot be read: %v", err)
	}
	return nil
}

// span is the duration of an order; 0 when it says none.
func (o *order) span() (time.Duration, *broker.Refusal) {
	if o.For == "" {
		return 0, nil
	}
	d, ok := parseSpan(o.For)
	if !ok {
		return 0, refusePayload("bad-span", "for is how long, such as 90s, 10m, 24h or 7d; ever is for good")
	}
	return d, nil
}

// someone is whom an order is about: a member that is here or whose name is held.
func (b *Bridge) someone(o *order) (someone, *broker.Refusal) {
	if o.Name == "" {
		return someone{}, refusePayload("bad-request", `say whom: {"do":%q,"name":"…"}`, o.Do)
	}
	ident := b.who(o.Name)
	if ident == "" {
		return someone{}, refuseNobody(o.Name)
	}
	return someone{ident, o.Name}, nil
}

// admin takes an order.
func (b *Bridge) admin(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	o, no := b.order(st, m)
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	b.queue(b.orders, st, t, m, ack, func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
		v := verbs[o.Do]
		if no := b.mayOrder(o, v.by); no != nil { // asked here, after the orders before it
			return nil, no
		}
		answer, no := v.do(b, ctx, o)
		if no != nil {
			return nil, no
		}
		if !v.reads && !o.own {
			b.noteOrder(ctx, o)
		}
		b.answer(st, m, o.answer(answer))
		return nil, nil
	})
}

// order reads an order and holds it against what all of them must be.
func (b *Bridge) order(st *seat, m *broker.Message) (*order, *broker.Refusal) {
	if _, no := b.request(st, m); no != nil {
		return nil, no
	}
	o := &order{st: st, payload: m.Payload}
	if no := o.read(o); no != nil {
		return nil, no
	}
	if _, known := verbs[o.Do]; !known {
		return nil, refusePayload("unknown-verb", "there is no order %.40q: see docs/rights.md for those there are", o.Do)
	}
	if m.Will {
		return nil, refusePayload("kind-unsupported", "a will says a text, and orders nothing")
	}
	if len(o.Reason) > maxReason || len(o.Text) > maxReason {
		return nil, refuseTooLong("a text of an order", max(len(o.Reason), len(o.Text)), maxReason)
	}
	if o.Room != "" {
		slug, err := names.Room(o.Room)
		if err != nil {
			return nil, refuseName(err)
		}
		o.Room = slug
	}
	if o.Name == me {
		o.Name = st.name()
	}
	if o.Name != "" {
		n, err := names.Parse(o.Name)
		if err != nil {
			return nil, refuseName(err)
		}
		o.Name = b.spelling(n)
	}
	if !verbs[o.Do].reads && !st.member.pace.limit(paceOrders).Allow() {
		return nil, refuseFast("orders")
	}
	return o, nil
}

// mayOrder tells whether an order is its asker's to give.
func (b *Bridge) mayOrder(o *order, by right) *broker.Refusal {
	switch m := o.st.member; {
	case by == ofMembers, by == ofRunners && o.Room != "" && b.mayRun(m, o.Room):
	case (by == ofHosts || o.Room == "") && b.isHost(m.ident):
	case by == ofRunners && o.Room != "":
		no := refuse(broker.NotAuthorized, "not-yours", "only who runs the room %s may do that: its owner, its hosts, or a host of this tincan where the room is open", o.Room)
		return speaking(no, "room", o.Room)
	default:
		return refuse(broker.NotAuthorized, "not-host", "only a host of this tincan may do that: ask one (%s)", b.hosts.some())
	}
	return nil
}

// answer is the answer to an order, with what its verb has to tell.
func (o *order) answer(more any) []byte {
	a := encode(struct {
		Type    string `json:"type"`
		Do      string `json:"do"`
		Request string `json:"request,omitempty"`
	}{inboxAdmin, o.Do, o.Request})
	return merge(a, more)
}

// merge adds the fields of a struct to an object.
func merge(object []byte, more any) []byte {
	if more == nil {
		return object
	}
	if fields := encode(more); len(fields) > 2 {
		return append(append(object[:len(object)-1], ','), fields[1:]...)
	}
	return object
}

// What hosts did is kept in a log of its own, which is no room.
const (
	adminLog    = "@admin"
	kindOrder   = "order"
	logMost     = 200  // entries of one answer
	logUsual    = 50   // when the order does not say
	logSearched = 5000 // entries that are looked through for an answer
)

// A noted is an order as the log keeps it.
type noted struct {
	Do     string `json:"do"`
	Room   string `json:"room,omitempty"`
	Name   string `json:"name,omitempty"`
	For    string `json:"for,omitempty"`
	Reason string `json:"reason,omitempty"`
	Text   string `json:"text,omitempty"`

	Private bool `json:"private,omitempty"` // the room was private: nobody else is told, whatever becomes of it
}

// noteOrder logs what was done. An order is carried out whether or not that can be stored.
func (b *Bridge) noteOrder(ctx context.Context, o *order) {
	private := b.cards.at(o.Room).Private || o.private
	b.note(ctx, o.st.name(), o.st.author(), noted{Do: o.Do, Room: o.Room, Name: o.Name, For: o.For, Reason: o.Reason, Text: o.Text, Private: private})
}

func (b *Bridge) note(ctx context.Context, by string, author uint64, n noted) {
	b.log.Info("a host did", "do", n.Do, "by", by, "room", n.Room, "name", n.Name)
	e := history.Entry{ID: newID(), From: by, Kind: kindOrder, Author: author, V: bodyFormat, Body: encode(n)}
	stored := make(chan error, 1)
	err := b.store.Append(adminLog, e, func(_ history.Receipt, err error) { stored <- err })
	if err == nil {
		select {
		case err = <-stored:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		b.quiet.Warn("what a host did is not in the log", "", "do", n.Do, "err", err)
	}
}

// mayKnow tells whether a member may read of an order.
func (b *Bridge) mayKnow(m *member, n noted) bool {
	c := b.cards.at(n.Room)
	return n.Room == "" || b.mayRun(m, n.Room) && (!n.Private || c.Private)
}

// A logAnswer is a page of the log of hosts, newest first.
type logAnswer struct {
	Entries []loggedOrder `json:"entries"`
	More    bool          `json:"more"` // ask on, before the last of these
}

type loggedOrder struct {
	Seq  uint64 `json:"seq"`
	Time string `json:"time"`
	By   string `json:"by"`
	noted
}

// readLog answers with what was done: of one room, to who runs it; else of all but private rooms of others.
func (b *Bridge) readLog(ctx context.Context, o *order) (any, *broker.Refusal) {
	var q struct {
		Before uint64 `json:"before"`
		Limit  int    `json:"limit"`
	}
	if no := o.read(&q); no != nil {
		return nil, no
	}
	if q.Limit == 0 {
		q.Limit = logUsual
	}
	if q.Limit < 0 || q.Limit > logMost {
		return nil, refusePayload("bad-request", "limit is 1 to %d", logMost)
	}
	a := logAnswer{Entries: []loggedOrder{}}
	for looked := 0; looked < logSearched; {
		es, _, err := b.store.Page(ctx, adminLog, history.Query{Before: q.Before, Limit: logMost}, 0)
		if err != nil {
			return nil, refuseStore(err)
		}
		for i := len(es) - 1; i >= 0; i-- {
			l := loggedOrder{Seq: es[i].Seq, Time: stamp(es[i].Time), By: es[i].From}
			if json.Unmarshal(es[i].Body, &l.noted) != nil || o.Room != "" && l.Room != o.Room || !b.mayKnow(o.st.member, l.noted) {
				continue
			}
			if len(a.Entries) == q.Limit {
				a.More = true
				return a, nil
			}
			a.Entries = append(a.Entries, l)
		}
		if len(es) == 0 {
			return a, nil
		}
		q.Before, looked = es[0].Seq, looked+len(es)
		if q.Before <= 1 {
			return a, nil
		}
	}
	a.More = true
	return a, nil
}
