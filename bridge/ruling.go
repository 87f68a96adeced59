package bridge

import (
	"context"
	"time"

	"tincan/broker"
)

// A ruling is an order about rooms, their members or the server, while it is carried out.
type ruling struct {
	*order
	b   *Bridge
	ctx context.Context
	ask ruleAsk
}

// A ruleAsk is what these orders say beside what all do; each verb looks at some of it.
type ruleAsk struct {
	Address  string  `json:"address"` // or a prefix of addresses
	Client   string  `json:"client"`  // a client id
	Session  string  `json:"session"` // as the list of sessions names it
	To       string  `json:"to"`      // a new name for a room
	Title    *string `json:"title"`
	Topic    *string `json:"topic"`
	Private  bool    `json:"private"`
	On       *bool   `json:"on"`
	Code     string  `json:"code"`
	Days     int     `json:"days"`
	Messages int     `json:"messages"`
	Bytes    int64   `json:"bytes"`
	Day      string  `json:"day"` // 2026-05-01

	// Limits; nil: as it is.
	Rooms       *int   `json:"rooms"`
	Each        *int   `json:"each"`
	Files       *int64 `json:"files"`       // bytes of all files
	MemberFiles *int64 `json:"memberfiles"` // of one member's
}

// A ruled is the answer; each verb fills in some of it.
type ruled struct {
	Room  string `json:"room,omitempty"`
	Name  string `json:"name,omitempty"`
	Until string `json:"until,omitempty"`
	Code  string `json:"code,omitempty"`

	Card     *aboutNote     `json:"card,omitempty"`
	Muted    []sanctionNote `json:"muted,omitempty"`
	Banned   []sanctionNote `json:"banned,omitempty"`
	Sessions []sessionNote  `json:"sessions,omitempty"`
	Rooms    []roomNote     `json:"rooms,omitempty"`
	Private  *privateRooms  `json:"private,omitempty"`
	Limits   *limitsNote    `json:"limits,omitempty"`
	More     bool           `json:"more,omitempty"`
	Day      string         `json:"day,omitempty"`
	Present  []presentNote  `json:"present,omitempty"`
	CSV      string         `json:"csv,omitempty"`
}

// rule makes a verb of what is done to a room that is there.
func rule(f func(*ruling) (ruled, *broker.Refusal)) func(*Bridge, context.Context, *order) (any, *broker.Refusal) {
	return settle(func(r *ruling) (ruled, *broker.Refusal) {
		switch {
		case r.Room == "":
			return ruled{}, refusePayload("no-room", "say which room is meant: room is its name")
		case r.b.rooms.find(r.Room) == nil:
			return ruled{}, refuseNoRoom(r.Room)
		}
		return f(r)
	})
}

// settle makes a verb of what need not be about a room that is there.
func settle(f func(*ruling) (ruled, *broker.Refusal)) func(*Bridge, context.Context, *order) (any, *broker.Refusal) {
	return func(b *Bridge, ctx context.Context, o *order) (any, *broker.Refusal) {
		r := &ruling{order: o, b: b, ctx: ctx}
		if no := o.read(&r.ask); no != nil {
			return nil, no
		}
		for _, s := range []string{o.Reason, o.Text, r.ask.Address, r.ask.Client, r.ask.Code, r.ask.To} {
			if !printable(s) {
				return nil, refusePayload("bad-text", "what is written here must not contain control characters")
			}
		}
		if o.Room != "" {
			o.Room = b.leads(o.st.member, o.Room)
		}
		return f(r)
	}
}

// me is who asks.
func (o *ruling) me() someone { return someone{o.st.member.ident, o.st.name()} }

// decision is one of who asks, now.
func (o *ruling) decision() decision { return decision{o.st.name(), o.Reason, time.Now().UTC()} }

// said has the log say more of the order than was asked for.
func (o *ruling) said(text string) *ruling {
	o.Text = text
	return o
}

// change changes the card of a room (or of the server) and waits until that is on disk.
func (o *ruling) change(slug string, f func(c *card) *broker.Refusal) *broker.Refusal {
	stored := make(chan error, 1)
	if no := o.b.cards.change(slug, f, func(err error) { stored <- err }); no != nil {
		return no
	}
	select {
	case err := <-stored:
		if err != nil {
			no := refuseStore(err)
			no.Key = "unstored"
			no.Tell = "it holds from now on, but could not be stored, and is tried again: " + no.Tell
			return no
		}
		return nil
	case <-o.ctx.Done():
		return refuseBusy()
	}
}

// until reads how long something shall last; usual when nothing is said. For good is a zero time.
func (o *ruling) until(usual time.Duration) (time.Time, *broker.Refusal) {
	d := usual
	if o.For != "" {
		var no *broker.Refusal
		if d, no = o.span(); no != nil {
			return time.Time{}, no
		}
	}
	if d == 0 || d > longestSpan {
		return time.Time{}, nil
	}
	return time.Now().Add(d).UTC().Truncate(time.Millisecond), nil
}
