package bridge

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tincan/broker"
)

// What is decided about the server, and what its hosts are told of it.

// maxNotice is how long a notice to everyone may be, in bytes.
const maxNotice = 1000

// limits are what the hosts decide beyond the configuration; they only make it narrower.
type limits struct {
	Rooms int  `json:"rooms,omitempty"` // open rooms at most; 0: as configured
	Each  int  `json:"each,omitempty"`  // private rooms that a member may own; 0: privateEach
	Fixed bool `json:"fixed,omitempty"` // only hosts make rooms

	Files       int64 `json:"files,omitempty"`       // bytes of all files at most; 0: as configured
	MemberFiles int64 `json:"memberfiles,omitempty"` // of the files of one member at most; 0: no limit
}

// A limitsNote tells them, and the state of the server.
type limitsNote struct {
	limits
	Used     *used  `json:"used,omitempty"`
	ReadOnly bool   `json:"readonly,omitempty"`
	By       string `json:"by,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// A used tells what files take now.
type used struct {
	Files int   `json:"files"` // different contents
	Bytes int64 `json:"bytes"`
}

// FileLimits are how many bytes the hosts let all files have, and those of one member; 0: no further limit. It asks no disk.
func (b *Bridge) FileLimits() (all, each int64) {
	if l := b.cards.of(serverCard).Limits; l != nil {
		return l.Files, l.MemberFiles
	}
	return 0, 0
}

// A noticeNote is what the hosts tell everyone (chat/server/notice).
type noticeNote struct {
	Text  string `json:"text"`
	By    string `json:"by"`
	At    string `json:"at"`
	Until string `json:"until,omitempty"`

	until time.Time
}

// UnmarshalJSON takes the time of its end, too.
func (n *noticeNote) UnmarshalJSON(b []byte) error {
	type plain noticeNote
	if err := json.Unmarshal(b, (*plain)(n)); err != nil {
		return err
	}
	n.until, _ = time.Parse(wireTime, n.Until) // none is zero
	return nil
}

// A sessionNote is a session as hosts and its own member see it.
type sessionNote struct {
	Session   string `json:"session"`
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Label     string `json:"label,omitempty"`
	Address   string `json:"address"`
	Client    string `json:"client"`
	Version   string `json:"version"` // 3.1, 3.1.1 or 5
	Transport string `json:"transport"`
	Since     string `json:"since"`
	In        int64  `json:"in"`  // packets from it, and bytes
	Out       int64  `json:"out"` // to it
	BytesIn   int64  `json:"bytesin"`
	BytesOut  int64  `json:"bytesout"`
	This      bool   `json:"this,omitempty"` // the one that asks
}

// A roomNote is an open room as hosts see it.
type roomNote struct {
	listed
	Owner   string `json:"owner,omitempty"`
	People  int    `json:"people"`
	Closed  bool   `json:"closed,omitempty"`
	HandOut bool   `json:"handout,omitempty"`
	Slow    int    `json:"slow,omitempty"`
	Keep    *keep  `json:"keep,omitempty"`
}

// privateRooms are all that hosts are told of the private ones.
type privateRooms struct {
	Rooms    int    `json:"rooms"`
	Messages uint64 `json:"messages"`
}

// mostSessions is how many sessions one answer tells of.
const mostSessions = 500

// listSessions tells a host every session, others their own. Text is looked for in names and addresses.
func (o *ruling) listSessions() (ruled, *broker.Refusal) {
	all := o.b.isHost(o.me().Ident)
	seats := o.b.members.seatsOf(func(st *seat) bool {
		return st.member.ident == o.me().Ident ||
			all && (strings.Contains(strings.ToLower(st.name()), strings.ToLower(o.Text)) || strings.Contains(st.session.Remote(), o.Text))
	})
	if o.Name != "" {
		seats = slices.DeleteFunc(seats, func(st *seat) bool { return st.name() != o.Name })
	}
	slices.SortFunc(seats, func(x, y *seat) int {
		if c := compare(x.name(), y.name()); c != 0 {
			return c
		}
		return x.session.Since().Compare(y.session.Since())
	})
	a := ruled{More: len(seats) > mostSessions, Sessions: []sessionNote{}}
	for _, st := range seats[:min(len(seats), mostSessions)] {
		a.Sessions = append(a.Sessions, st.note(st == o.st))
	}
	return a, nil
}

func (st *seat) note(this bool) sessionNote {
	s, t := st.session, st.session.Traffic()
	version := map[byte]string{3: "3.1", 4: "3.1.1", 5: "5"}[s.Version()]
	return sessionNote{
		Session: s.ID(), Name: st.name(), Kind: st.member.kind, Label: st.label, Address: hostOf(s.Remote()), Client: s.ClientID(),
		Version: version, Transport: s.Transport(), Since: stamp(s.Since()),
		In: t.PacketsIn, Out: t.PacketsOut, BytesIn: t.BytesIn, BytesOut: t.BytesOut, This: this,
	}
}

// endSession ends one session, or all of a member: one's own, or, for a host, anybody's.
func (o *ruling) endSession() (ruled, *broker.Refusal) {
	host := o.b.isHost(o.me().Ident)
	var seats []*seat
	name := ""
	switch {
	case o.ask.Session != "":
		if st := o.b.members.seat(o.ask.Session); st != nil {
			seats = append(seats, st)
		}
	case o.Name != "":
		who, no := o.target()
		if no != nil {
			return ruled{}, no
		}
		seats = o.b.members.seatsOf(func(st *seat) bool { return st.member.ident == who.Ident && st != o.st })
	default:
		return ruled{}, refusePayload("bad-request", "say which: session as the list of sessions names it, or name for all of a member")
	}
	mine := true
	for _, st := range seats {
		mine = mine && st.member.ident == o.me().Ident
		name = st.name()
	}
	if !mine && !host || len(seats) == 0 && o.ask.Session != "" { // of others' sessions one is not even told whether they are there
		return ruled{}, refuse(broker.BadTopic, "no-session", "there is no such session of yours: it may have ended by itself")
	}
	no := refuse(broker.AdministrativeAction, "ended", "you ended this session from another of yours")
	if !mine {
		no = speaking(refuse(no.Code, no.Key, "%s ended this session%s", o.st.name(), because(o.Reason)), "by", o.st.name(), "because", o.Reason)
	}
	for _, st := range seats {
		if !mine {
			o.tell(someone{st.member.ident, st.name()}, act{Name: st.name()})
		}
		o.b.br.Disconnect(st.session, broker.CauseKicked, no)
	}
	o.Name, o.own = name, mine
	return ruled{Name: name}, nil
}

// listRooms tells the hosts of the open rooms, and of the private ones how many there are.
func (o *ruling) listRooms() (ruled, *broker.Refusal) {
	a := ruled{Rooms: []roomNote{}, Private: &privateRooms{}}
	for _, l := range o.b.rooms.those(func(*card) bool { return true }) {
		c := o.b.cards.of(l.Room)
		if c.Private {
			a.Private.Rooms++
			a.Private.Messages += l.Last
			continue
		}
		n := roomNote{listed: l, People: len(o.b.members.inside(l.Room)), Closed: c.Closed != nil, HandOut: c.HandOut, Slow: c.Slow, Keep: c.Keep}
		if c.Owner != nil {
			n.Owner = c.Owner.Name
		}
		a.Rooms = append(a.Rooms, n)
	}
	a.Limits = o.limitsNote()
	return a, nil
}

func (o *ruling) limitsNote() *limitsNote {
	c := o.b.cards.of(serverCard)
	n := &limitsNote{}
	if count, bytes, err := o.b.store.FileBytes(o.ctx); err == nil { // else it is not told
		n.Used = &used{count, bytes}
	}
	if c.Limits != nil {
		n.limits = *c.Limits
	}
	if c.Closed != nil {
		n.ReadOnly, n.By, n.Reason = true, c.Closed.By, c.Closed.Reason
	}
	return n
}

// eachNow is how many private rooms a member may own.
func (b *Bridge) eachNow() int {
	if l := b.cards.of(serverCard).Limits; l != nil && l.Each > 0 {
		return l.Each
	}
	return privateEach
}

// setReadOnly makes the server one where only its hosts write, or ends that.
func (o *ruling) setReadOnly() (ruled, *broker.Refusal) {
	if o.ask.On == nil {
		return ruled{}, refuseOn()
	}
	no := o.change(serverCard, func(c *card) *broker.Refusal {
		if c.Closed = nil; *o.ask.On {
			d := o.decision()
			c.Closed = &d
		}
		return nil
	})
	if no != nil {
		return ruled{}, no
	}
	return ruled{Limits: o.limitsNote()}, nil
}

// setLimits narrows what members may open and upload. What is not said stays as it is.
func (o *ruling) setLimits() (ruled, *broker.Refusal) {
	for _, n := range []*int{o.ask.Rooms, o.ask.Each} {
		if n != nil && *n < 0 {
			return ruled{}, refusePayload("bad-request", "rooms and each are counts; 0 is as configured")
		}
	}
	for _, n := range []*int64{o.ask.Files, o.ask.MemberFiles} {
		if n != nil && *n < 0 {
			return ruled{}, refusePayload("bad-request", "files and memberfiles are bytes; 0 is as configured")
		}
	}
	no := o.change(serverCard, func(c *card) *broker.Refusal {
		var l limits
		if c.Limits != nil {
			l = *c.Limits
		}
		take(&l.Rooms, o.ask.Rooms)
		take(&l.Each, o.ask.Each)
		take(&l.Fixed, o.ask.On)
		take(&l.Files, o.ask.Files)
		take(&l.MemberFiles, o.ask.MemberFiles)
		c.Limits = &l
		return nil
	})
	if no != nil {
		return ruled{}, no
	}
	return ruled{Limits: o.limitsNote()}, nil
}

// take puts a value in the place of another, if it was said.
func take[T any](into, said *T) {
	if said != nil {
		*into = *said
	}
}

// notice tells a room, or everyone, something: in a room it is an entry of its log; to everyone it is retained until it is taken back by
// an empty text, or its time is over.
func (o *ruling) notice() (ruled, *broker.Refusal) {
	text := strings.TrimSpace(o.Text)
	if len(text) > maxNotice {
		return ruled{}, refuseTooLong("a notice", len(text), maxNotice)
	}
	if o.Room != "" {
		if text == "" {
			return ruled{}, refusePayload("empty", "this notice is empty: write something")
		}
		_, no := o.announce(o.Room, text, nil)
		return ruled{Room: o.Room}, no
	}
	at, no := o.until(0)
	if no != nil {
		return ruled{}, no
	}
	no = o.change(serverCard, func(c *card) *broker.Refusal {
		c.Notice = nil
		if text != "" {
			c.Notice = &noticeNote{Text: text, By: o.st.name(), At: stamp(time.Now()), until: at}
			if !at.IsZero() {
				c.Notice.Until = stamp(at)
			}
		}
		return nil
	})
	return ruled{}, no
}
