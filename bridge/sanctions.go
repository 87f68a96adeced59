package bridge

import (
	"net/netip"
	"time"

	"tincan/bridge/names"
	"tincan/broker"
)

// What is imposed on members, and taken back.

// A sanctionNote is a mute or a ban as hosts read it.
type sanctionNote struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Client  string `json:"client,omitempty"`
	Until   string `json:"until,omitempty"`
	By      string `json:"by"`
	Reason  string `json:"reason,omitempty"`
	At      string `json:"at"`
}

func notes(all []sanction) []sanctionNote {
	var l []sanctionNote
	for _, s := range all {
		n := sanctionNote{Name: s.Name, Address: s.Address, Client: s.Client, By: s.By, Reason: s.Reason, At: stamp(s.At), Until: stampOrNone(s.Until)}
		l = append(l, n)
	}
	return l
}

// sanction is one on the member that the request names. Who runs the room cannot be meant.
func (o *ruling) sanction(usual time.Duration) (sanction, *broker.Refusal) {
	who, no := o.target()
	if no != nil {
		return sanction{}, no
	}
	if runs := o.Room != "" && o.b.mayRunAs(who.Ident, o.Room) || o.Room == "" && o.b.isHost(who.Ident); runs {
		return sanction{}, refuseHostToo(who.Name)
	}
	at, no := o.until(usual)
	return sanction{Name: who.Name, Fold: who.fold, Ident: who.Ident, Until: at, decision: o.decision()}, no
}

// refuseHostToo keeps those who run a room, or the server, from being put out of it.
func refuseHostToo(name string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "is-host", "%s is a host here too: take that back first", name), "name", name)
}

// act is what whom it concerns is told of a sanction.
func (s *sanction) act() act {
	return act{Name: s.whom(), Until: stampOrNone(s.Until)}
}

// mute keeps a member from writing in the room for a while; 10 minutes when nothing is said.
func (o *ruling) mute() (ruled, *broker.Refusal) {
	s, no := o.sanction(removedFor)
	if no != nil {
		return ruled{}, no
	}
	a, no := o.decide(func(c *card) (no *broker.Refusal) {
		c.Muted, no = impose(c.Muted, s)
		return no
	})
	return o.imposed(a, s, no)
}

// imposed answers with a sanction, when it holds, and tells whom it concerns.
func (o *ruling) imposed(a ruled, s sanction, no *broker.Refusal) (ruled, *broker.Refusal) {
	if no != nil {
		return a, no
	}
	a.Name, a.Until = s.whom(), s.act().Until
	if s.Ident != "" {
		o.tell(someone{s.Ident, s.Name}, s.act())
	}
	return a, nil
}

func (o *ruling) unmute() (ruled, *broker.Refusal) {
	return o.lift(o.Room, func(c *card) *[]sanction { return &c.Muted })
}

// lift takes a sanction back, and tells whom it concerned.
func (o *ruling) lift(slug string, of func(c *card) *[]sanction) (ruled, *broker.Refusal) {
	s, no := o.meant()
	if no != nil {
		return ruled{}, no
	}
	var lifted *sanction
	no = o.change(slug, func(c *card) *broker.Refusal {
		all := of(c)
		if *all, lifted = lift(*all, &s); lifted == nil {
			return speaking(refuse(broker.BadTopic, "no-sanction", "there is nothing against %.64s to take back", s.whom()), "name", s.whom())
		}
		return nil
	})
	if no != nil {
		return ruled{}, no
	}
	if lifted.Ident != "" && (o.Room == "" || o.b.reads(o.b.cards.of(o.Room), lifted.Ident)) {
		o.tell(someone{lifted.Ident, lifted.Name}, act{Name: lifted.Name})
	}
	return ruled{Room: o.Room, Name: lifted.whom()}, nil
}

// meant is the sanction that the request is about, without what it says: a name, an address or a client id.
func (o *ruling) meant() (sanction, *broker.Refusal) {
	given := 0
	for _, s := range []string{o.Name, o.ask.Address, o.ask.Client} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return sanction{}, refusePayload("bad-request", "say whom: one of name, address and client")
	}
	switch {
	case o.Name != "":
		n, err := names.Parse(o.Name)
		if err != nil {
			return sanction{}, refuseName(err)
		}
		return sanction{Name: o.b.spelling(n), Fold: n.Fold}, nil
	case o.ask.Address != "":
		p, ok := parsePrefix(o.ask.Address)
		if !ok {
			return sanction{}, refusePayload("bad-address", "an address is one such as 192.168.1.20, or a prefix such as 192.168.1.0/24")
		}
		if p.IsSingleIP() {
			return sanction{Address: p.Addr().String()}, nil
		}
		return sanction{Address: p.String()}, nil
	}
	return sanction{Client: o.ask.Client}, nil
}

// remove takes a member out: a private room loses it as a member; an open one does not let it in for a while, 10 minutes when
// nothing is said.
func (o *ruling) remove() (ruled, *broker.Refusal) {
	if c := o.b.cards.of(o.Room); c.Private {
		who, no := o.known(c.Members)
		if no != nil {
			return ruled{}, no
		}
		if c.owned(who.Ident) || c.hosted(who.Ident) && !c.owned(o.me().Ident) {
			return ruled{}, refuseHostToo(who.Name)
		}
		a, no := o.decide(func(c *card) *broker.Refusal {
			c.Members, c.Hosts = without(c.Members, who.Ident), without(c.Hosts, who.Ident)
			return nil
		})
		if no == nil {
			o.tell(who, act{Name: who.Name})
			o.b.tellPrivate(who)
			a.Name = who.Name
		}
		return a, no
	}
	s, no := o.sanction(removedFor)
	if no != nil {
		return ruled{}, no
	}
	a, no := o.decide(func(c *card) (no *broker.Refusal) {
		c.Banned, no = impose(c.Banned, s)
		return no
	})
	return o.imposed(a, s, no)
}

// where is the card that the request is about.
func (o *ruling) where() string {
	if o.Room != "" {
		return o.Room
	}
	return serverCard
}

// ban keeps a member, an address or a client id out of a room, or of the server; for good when nothing is said.
func (o *ruling) ban() (ruled, *broker.Refusal) {
	s, no := o.meant()
	if no == nil && s.Name != "" {
		if s, no = o.sanction(0); no != nil && no.Key == "nobody" {
			s, no = o.meant() // a name that nobody has may be banned all the same
		}
	}
	if no != nil {
		return ruled{}, no
	}
	if s.By == "" {
		s.decision = o.decision()
		if s.Until, no = o.until(0); no != nil {
			return ruled{}, no
		}
	}
	if s.means(o.st.member) || s.meansPlace(o.st.session.Remote(), o.st.session.ClientID()) {
		return ruled{}, refuse(broker.NotAuthorized, "yourself", "that would keep you out yourself")
	}
	if p, ok := parsePrefix(s.Address); ok && p.Bits() < widest(p.Addr()) {
		return ruled{}, speaking(refusePayload("too-wide", "%s is too much of the network: ban a smaller part of it", s.Address), "address", s.Address)
	}
	knows := o.Room == "" || o.b.reads(o.b.cards.of(o.Room), s.Ident)
	no = o.change(o.where(), func(c *card) (no *broker.Refusal) {
		if c.Banned, no = impose(c.Banned, s); no == nil && c.Private && s.Ident != "" {
			c.Members, c.Hosts = without(c.Members, s.Ident), without(c.Hosts, s.Ident)
		}
		return no
	})
	if no != nil {
		return ruled{}, no
	}
	a := ruled{Room: o.Room, Name: s.whom(), Until: s.act().Until}
	if knows { // whoever never was in a private room is not told that there is one
		a, _ = o.imposed(a, s, nil)
	}
	if o.Room == "" {
		o.b.endBanned()
	} else if s.Ident != "" {
		o.b.tellPrivate(someone{s.Ident, s.Name})
	}
	return a, no
}

// widest is the shortest prefix that may be banned.
func widest(a netip.Addr) int {
	if a.Is4() {
		return 16
	}
	return 32
}

// endBanned ends the sessions of those who are banned from the server now.
func (b *Bridge) endBanned() {
	for _, st := range b.members.seatsOf(func(*seat) bool { return true }) {
		if no := b.mayConnect(st.member, st.session.Remote(), st.session.ClientID()); no != nil {
			no.Code = broker.AdministrativeAction
			b.br.Disconnect(st.session, broker.CauseKicked, no)
		}
	}
}

func (o *ruling) unban() (ruled, *broker.Refusal) {
	return o.lift(o.where(), func(c *card) *[]sanction { return &c.Banned })
}

// listSanctions tells who is muted and who banned.
func (o *ruling) listSanctions() (ruled, *broker.Refusal) {
	c := o.b.cards.of(o.where())
	return ruled{Room: o.Room, Muted: notes(c.Muted), Banned: notes(c.Banned)}, nil
}
