package bridge

import (
	"crypto/subtle"
	"slices"
	"strings"

	"tincan/bridge/names"
	"tincan/broker"
)

// Who is in a private room, and who runs a room.

// A target is a member that a request is about.
type target struct {
	someone
	fold string
}

// target finds the member that the request names.
func (o *ruling) target() (target, *broker.Refusal) {
	n, err := names.Parse(o.Name)
	if o.Name == me {
		n, err = names.Parse(o.st.name())
	}
	if err != nil {
		return target{}, refuseName(err)
	}
	ident := o.b.who(n.Canonical)
	if ident == "" {
		return target{}, refuseNobody(n.Canonical)
	}
	return target{someone{ident, o.b.spelling(n)}, n.Fold}, nil
}

// known finds the member that the request names among some; they need not be here.
func (o *ruling) known(who ...[]someone) (someone, *broker.Refusal) {
	fold := foldOf(o.Name)
	for _, l := range who {
		for _, s := range l {
			if fold != "" && foldOf(s.Name) == fold {
				return s, nil
			}
		}
	}
	return someone{}, speaking(refuse(broker.BadTopic, "nobody", "nobody in %s is called %.64s", o.Room, o.Name), "name", o.Name, "room", o.Room)
}

func refuseNotPrivate(room string) *broker.Refusal {
	return speaking(refuse(broker.BadTopic, "not-private", "%s is open to everybody: there is nothing to be invited to", room), "room", room)
}

func refuseNotInside(name, room string) *broker.Refusal {
	return speaking(refuse(broker.BadTopic, "nobody", "%s is no member of %s: invite them first", name, room), "name", name, "room", room)
}

// refuseNotOwner says that only the owner of a room does something, and who that is.
func refuseNotOwner(c *card, room, does string) *broker.Refusal {
	owner, name := "a host of this tincan", ""
	if c.Owner != nil {
		owner, name = c.Owner.Name, c.Owner.Name
	}
	return speaking(refuse(broker.NotAuthorized, "not-owner", "only the owner "+does+": ask %s", room, owner), "room", room, "name", name)
}

// invite makes somebody a member of a private room. It is told, and is in the room when it subscribes.
func (o *ruling) invite() (ruled, *broker.Refusal) {
	who, no := o.target()
	if no != nil {
		return ruled{}, no
	}
	a, no := o.decide(func(c *card) *broker.Refusal { return c.admit(o.Room, who.someone) })
	if no == nil {
		o.tell(who.someone, act{Name: who.Name, Text: o.b.cards.of(o.Room).Title})
		o.b.tellPrivate(who.someone)
	}
	return a, no
}

// admit takes somebody into a private room.
func (c *card) admit(slug string, who someone) *broker.Refusal {
	switch {
	case !c.Private:
		return refuseNotPrivate(slug)
	case has(c.Members, who.Ident):
		return nil
	case len(c.Members) >= mostInside:
		no := refuse(broker.QuotaExceeded, "full", "%s has %d members already: that is as many as a private room may have", c.said(slug), mostInside)
		return speaking(no, "room", c.said(slug), "n", mostInside)
	}
	if s := find(c.Banned, func(s *sanction) bool {
		return s.Ident != "" && s.Ident == who.Ident || s.Fold != "" && s.Fold == foldOf(who.Name)
	}); s != nil {
		return refuseBannedHere(c.said(slug), s)
	}
	c.Members = append(c.Members, who)
	return nil
}

// setCode makes a private room one that a code lets into, or, with on false, takes the code away. The answer tells it.
func (o *ruling) setCode() (ruled, *broker.Refusal) {
	code := randomCode()
	if o.ask.On != nil && !*o.ask.On {
		code = ""
	}
	a, no := o.said(onOff(code != "")).decide(func(c *card) *broker.Refusal {
		if !c.Private {
			return refuseNotPrivate(o.Room)
		}
		c.Code = code
		return nil
	})
	a.Code = code
	return a, no
}

// enterByCode makes whoever knows the code of a private room its member.
func (o *ruling) enterByCode() (ruled, *broker.Refusal) {
	wrong := speaking(refuse(broker.NotAuthorized, "wrong-code", "this code opens no room %s: ask for the code again, it may have been changed", o.Room), "room", o.Room)
	if !o.st.member.pace.limit(paceCodes).Allow() {
		return ruled{}, refuseFast("codes")
	}
	o.Room = o.b.cards.resolve(o.Room) // an invitation may be older than the name
	c := o.b.cards.of(o.Room)
	given := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(o.ask.Code))
	if !c.Private || c.Code == "" || subtle.ConstantTimeCompare([]byte(given), []byte(c.Code)) != 1 {
		return ruled{}, wrong
	}
	if c.Closed != nil {
		return ruled{}, refuseRoomClosed(o.Room, c.Closed)
	}
	if s := o.b.barredHere(o.st, o.Room); s != nil {
		return ruled{}, refuseBannedHere(o.Room, s)
	}
	no := o.change(o.Room, func(c *card) *broker.Refusal {
		if c.Code == "" || subtle.ConstantTimeCompare([]byte(given), []byte(c.Code)) != 1 {
			return wrong
		}
		return c.admit(o.Room, o.me())
	})
	if no != nil {
		return ruled{}, no
	}
	o.b.tellPrivate(o.me())
	return o.withCard(o.Room), nil
}

// leaveRoom ends one's own membership of a private room. An owner hands it over by that: to a host, else to who has been a member for
// longest; the last one dissolves it.
func (o *ruling) leaveRoom() (ruled, *broker.Refusal) {
	me, c := o.me(), o.b.cards.of(o.Room)
	if !c.Private || !c.inside[me.Ident] {
		return ruled{}, refuseNoRoom(o.Room)
	}
	if len(c.Members) == 1 {
		return ruled{Room: o.Room}, o.end(c)
	}
	var heir *someone
	no := o.change(o.Room, func(c *card) *broker.Refusal {
		c.Members, c.Hosts = without(c.Members, me.Ident), without(c.Hosts, me.Ident)
		if c.owned(me.Ident) {
			next := append(slices.Clone(c.Hosts), c.Members...)[0]
			c.Owner, heir = &next, &next
			c.Hosts = without(c.Hosts, next.Ident)
		}
		return nil
	})
	if no != nil {
		return ruled{}, no
	}
	if heir != nil {
		o.tell(*heir, act{Name: heir.Name})
	}
	o.b.tellPrivate(me)
	return ruled{Room: o.Room}, nil
}

// handOver gives a room to another member; who had it stays a host of it.
func (o *ruling) handOver() (ruled, *broker.Refusal) {
	who, no := o.target()
	if no != nil {
		return ruled{}, no
	}
	if no := o.notLobby(); no != nil {
		return ruled{}, no
	}
	a, no := o.decide(func(c *card) *broker.Refusal {
		switch {
		case !c.owned(o.me().Ident) && (c.Private || !o.b.isHost(o.me().Ident)):
			return refuseNotOwner(c, o.Room, "hands %s over")
		case c.Private && !has(c.Members, who.Ident):
			return refuseNotInside(who.Name, o.Room)
		}
		if c.Owner != nil && c.Owner.Ident != who.Ident {
			c.Hosts = append(c.Hosts, *c.Owner)
		}
		c.Hosts = without(c.Hosts, who.Ident)
		c.Owner = &who.someone
		return nil
	})
	if no == nil {
		o.tell(who.someone, act{Name: who.Name})
	}
	return a, no
}

// addHost lets somebody run the room beside its owner.
func (o *ruling) addHost() (ruled, *broker.Refusal) {
	who, no := o.target()
	if no != nil {
		return ruled{}, no
	}
	a, no := o.decide(func(c *card) *broker.Refusal {
		switch {
		case c.Private && !has(c.Members, who.Ident):
			return refuseNotInside(who.Name, o.Room)
		case has(c.Hosts, who.Ident), c.owned(who.Ident):
			return nil
		case len(c.Hosts) >= mostHosts:
			return speaking(refuse(broker.QuotaExceeded, "full", "a room has up to %d hosts", mostHosts), "n", mostHosts)
		}
		c.Hosts = append(c.Hosts, who.someone)
		return nil
	})
	if no == nil {
		o.tell(who.someone, act{Name: who.Name})
	}
	return a, no
}

// dropHost takes that back. A host may give it up; of another one only the owner or a host of the server takes it.
func (o *ruling) dropHost() (ruled, *broker.Refusal) {
	c := o.b.cards.of(o.Room)
	who, no := o.known(c.Hosts)
	if no != nil {
		return ruled{}, no
	}
	if mine := o.me().Ident; who.Ident != mine && !c.owned(mine) && (c.Private || !o.b.isHost(mine)) {
		return ruled{}, refuseNotOwner(c, o.Room, "does that in %s")
	}
	a, no := o.decide(func(c *card) *broker.Refusal {
		c.Hosts = without(c.Hosts, who.Ident)
		return nil
	})
	if no == nil {
		o.tell(who, act{Name: who.Name})
	}
	return a, no
}
