package bridge

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"tincan/broker"
)

// What concerns nobody but the member itself is asked for on chat/user/me/account, as an object with the verb in do, and answered like
// any request: {"do":"show","request":"r1"} → {"type":"account","do":"show","request":"r1", …}.

// An accountAsk is such a request.
type accountAsk struct {
	Do      string `json:"do"`
	Request string `json:"request,omitempty"`

	st      *seat
	payload []byte
}

// deeds are its verbs.
var deeds = map[string]func(b *Bridge, ctx context.Context, a *accountAsk) (answer any, no *broker.Refusal){
	"show":     (*Bridge).showAccount,
	"keep":     (*Bridge).keepName,
	"give-up":  (*Bridge).giveUpName,
	"code":     (*Bridge).offerCode,
	"withdraw": (*Bridge).withdrawCode,
	"accept":   (*Bridge).acceptLink,
	"erase":    (*Bridge).eraseMine,
}

// account takes such a request. They are done one after the other, apart from the orders of hosts, who must not wait for passphrases.
func (b *Bridge) account(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	a, no := b.accountAsk(st, m)
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	queue := b.accounts
	if a.Do == "accept" {
		queue = b.orders // where hosts are made
	}
	b.queue(queue, st, t, m, ack, func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
		answer, no := deeds[a.Do](b, ctx, a)
		if no != nil {
			return nil, no
		}
		b.answer(st, m, merge(encode(struct {
			Type string `json:"type"`
			accountAsk
		}{inboxAccount, *a}), answer))
		return nil, nil
	})
}

func (b *Bridge) accountAsk(st *seat, m *broker.Message) (*accountAsk, *broker.Refusal) {
	if _, no := b.request(st, m); no != nil {
		return nil, no
	}
	a := &accountAsk{st: st, payload: m.Payload}
	if no := a.read(a); no != nil {
		return nil, no
	}
	if deeds[a.Do] == nil {
		return nil, refusePayload("unknown-verb", "nothing is called %.40q here: see docs/protocol.md", a.Do)
	}
	if m.Will {
		return nil, refusePayload("kind-unsupported", "a will says a text, and asks nothing")
	}
	if a.Do != "show" && !st.member.pace.limit(paceOrders).Allow() {
		return nil, refuseFast("requests")
	}
	return a, nil
}

// read takes the fields that only this verb has.
func (a *accountAsk) read(into any) *broker.Refusal {
	if err := json.Unmarshal(a.payload, into); err != nil {
		return refusePayload("bad-request", `this request is a JSON object, such as {"do":"show"}: %v`, err)
	}
	return nil
}

// An accountAnswer is what a member should know of itself.
type accountAnswer struct {
	Name   string `json:"name"`
	Secret bool   `json:"secret"` // it has one, and is somebody from day to day
	Kept   bool   `json:"kept"`   // for good
	Host   bool   `json:"host"`

	Sessions []accountSession `json:"sessions"`
}

// An accountSession is one of the member's sessions.
type accountSession struct {
	Label string `json:"label"`
	Since string `json:"since"`
	Here  bool   `json:"here,omitempty"` // the one that asks
}

func (b *Bridge) showAccount(_ context.Context, a *accountAsk) (any, *broker.Refusal) {
	m := a.st.member
	h, _ := b.holder(m.fold, a.st.claim.Rev)
	answer := accountAnswer{Name: m.name, Secret: proven(m.ident), Kept: h.Kept, Host: b.isHost(m.ident), Sessions: []accountSession{}}
	b.members.do(func() {
		for s := range m.seats.all() {
			answer.Sessions = append(answer.Sessions, accountSession{s.label, stamp(s.since), s == a.st})
		}
	})
	slices.SortFunc(answer.Sessions, func(a, b accountSession) int { return strings.Compare(a.Since, b.Since) })
	return answer, nil
}

// acceptLink makes the member a host by the token of a link.
func (b *Bridge) acceptLink(ctx context.Context, a *accountAsk) (any, *broker.Refusal) {
	var q struct {
		Token string `json:"token"`
	}
	if no := a.read(&q); no != nil {
		return nil, no
	}
	m := a.st.member
	if no := b.hosts.accept(ctx, q.Token, m.ident, hostRow{Name: m.name}); no != nil {
		return nil, no
	}
	b.note(ctx, m.name, a.st.author(), noted{Do: "accept", Name: m.name})
	b.tellHost(m.name, m.ident)
	return nil, nil
}
