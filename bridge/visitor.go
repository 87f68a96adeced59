package bridge

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// Limits of those who come by HTTP.
const (
	provedFor  = 10 * time.Minute // how long a proof is not asked for again
	provedMost = 10000            // that are remembered
)

// A Why is what kind of no a Denial is.
type Why int

const (
	Unproven Why = iota // who are you?
	Forbidden
	Unfit // what was sent cannot be taken, now or later
	Later // the same may be taken in a moment
	Full  // no space
)

// A Denial says no to a Visitor.
type Denial struct {
	Why  Why
	Key  string            // a stable word for programs
	Tell string            // a sentence for the person
	With map[string]string // what the sentence speaks of
}

func deny(no *broker.Refusal) *Denial {
	if no == nil {
		return nil
	}
	d := &Denial{Later, no.Key, no.Tell, valuesOf(no)}
	switch no.Code {
	case broker.BadUserOrPassword:
		d.Why = Unproven
	case broker.NotAuthorized, broker.Banned:
		d.Why = Forbidden
	case broker.BadTopic, broker.BadFilter, broker.BadPayloadFormat:
		d.Why = Unfit
	case broker.QuotaExceeded:
		d.Why = Full
	}
	return d
}

// A Visitor is somebody who acts without a session, over HTTP.
type Visitor struct {
	Name   string // canonical; empty for a stranger
	Ident  string // see member.ident
	remote string // where it comes from
	claim  history.Claim
	st     *seat // without a session; see Prove
}

// visitors remembers who has proved what, so that each piece of an upload is not a new claim of the name.
type visitors struct {
	mu     sync.Mutex // guards proved; map work only
	proved map[[32]byte]proof
}

// A proof is a name that was granted for a secret.
type proof struct {
	claim history.Claim
	keys  [2]string
	fold  string
	until time.Time
}

// Prove tells who comes from remote with a name and the secret of it, as a CONNECT with both would: a free name is held for the secret
// from now on.
func (b *Bridge) Prove(ctx context.Context, name, secret, remote string) (*Visitor, *Denial) {
	if b.stopping.Load() {
		return nil, deny(refuseStopping())
	}
	c := broker.ConnectRequest{User: name, Secret: []byte(secret)}
	if no := b.openDoor(ctx, &c, remote); no != nil {
		return nil, deny(no)
	}
	n, err := names.Parse(name)
	if err != nil {
		no := deny(refuseName(err))
		no.Why = Unproven
		return nil, no
	}
	if no := lockedRefusal(b.lock(n), n); no != nil {
		return nil, deny(no)
	}
	key := b.visitors.key(b.secrets, n.Fold, c.Secret)
	if p, ok := b.visitors.find(key); ok {
		if h, held := b.store.Lookup(p.keys); held && h.Rev == p.claim.Rev {
			return b.admit(b.visitor(p), remote)
		}
	}
	if _, held := b.store.Lookup(n.Keys); !held && !b.tries.allow("\x00new\x00"+hostOf(remote)) {
		return nil, &Denial{Why: Later, Key: "too-many-names", Tell: "too many new names come from your address: wait a minute, or use the name that you are connected under"}
	}
	claim, no := b.signIn(ctx, n, c.Secret, remote)
	if no != nil {
		return nil, deny(no)
	}
	if claim.Name != n.Canonical {
		if n, err = names.Parse(claim.Name); err != nil {
			return nil, deny(refuseName(err))
		}
	}
	p := proof{claim, n.Keys, n.Fold, time.Now().Add(provedFor)}
	b.visitors.add(key, p)
	return b.admit(b.visitor(p), remote)
}

// Stranger is whoever comes from remote and proves nothing: it reads what is open to everybody.
func (b *Bridge) Stranger(remote string) (*Visitor, *Denial) {
	return b.admit(&Visitor{st: &seat{member: &member{}}}, remote)
}

// admit lets a visitor in from where it comes, unless it is banned.
func (b *Bridge) admit(v *Visitor, remote string) (*Visitor, *Denial) {
	if no := b.mayConnect(v.st.member, remote, ""); no != nil {
		no.Code = broker.Banned
		return nil, deny(no)
	}
	v.remote = remote
	return v, nil
}

// visitor is the member that a proof is of.
func (b *Bridge) visitor(p proof) *Visitor {
	ident := identOf(p.fold, p.claim, true, "")
	m := b.members.find(p.fold)
	if m == nil || m.ident != ident {
		m = &member{name: p.claim.Name, fold: p.fold, ident: ident, kind: device, pace: b.paces.of(p.fold)}
	}
	return &Visitor{Name: p.claim.Name, Ident: ident, claim: p.claim, st: &seat{claim: p.claim, member: m}}
}

func (c *visitors) key(s secrets, fold string, secret []byte) (key [32]byte) {
	return [32]byte(s.sum("visitor", []byte(fold), secret))
}

func (c *visitors) find(key [32]byte) (proof, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.proved[key]
	return p, ok && time.Now().Before(p.until)
}

func (c *visitors) add(key [32]byte, p proof) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proved == nil || len(c.proved) >= provedMost {
		c.proved = map[[32]byte]proof{} // they prove it again
	}
	c.proved[key] = p
}

// forget asks everybody for a proof again: a secret is another one.
func (c *visitors) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proved = nil
}

// MayReadFile tells whether somebody may read a file that messages of some rooms hold: in an open room everybody may, strangers too. One
// that no message holds is its owner's.
func (b *Bridge) MayReadFile(v *Visitor, f history.File, rooms []string) bool {
	if v.Ident != "" && f.Owner == v.Ident {
		return true
	}
	for _, key := range rooms {
		one, other, ok := strings.Cut(strings.TrimPrefix(key, "@"), "+")
		switch direct := strings.HasPrefix(key, "@"); {
		case direct && ok && v.Ident != "" && (v.Ident == one || v.Ident == other), !direct && b.mayReadFrom(v, key):
			return true
		}
	}
	return false
}

// A destination is where a visitor posts to.
type destination struct {
	key  string // of the log
	t    topic
	to   string                             // name of the member, for a direct message
	then func(e history.Entry, told func()) // see Bridge.append
}

// destination finds a room, or "@" and the name of a member.
func (b *Bridge) destination(v *Visitor, where string) (destination, *broker.Refusal) {
	if name, ok := strings.CutPrefix(where, "@"); ok {
		t := topic{kind: userSay, name: name}
		to, who, no := b.partner(v.st, t)
		if no != nil {
			return destination{}, no
		}
		return destination{key: pairKey(v.Ident, who), t: t, to: to, then: b.tellBoth(v.st, to, who)}, nil
	}
	slug, err := names.Room(where)
	if err != nil {
		return destination{}, refuseName(err)
	}
	slug = b.leads(v.st.member, slug)
	if s := b.barred(slug, v.remote, ""); s != nil && b.mayRead(v.st.member, slug) {
		return destination{}, refuseBannedHere(slug, s)
	}
	if no := b.mayChange(v.st.member, slug); no != nil {
		return destination{}, no
	}
	return destination{key: slug, t: topic{kind: roomSay, room: slug}}, nil
}

// MayUpload tells why a visitor may upload nothing now, nil if it may.
func (b *Bridge) MayUpload(v *Visitor) *Denial { return deny(b.mayWrite(v.st.member)) }

// MayPost tells why a visitor may not post a file with a text to a room, or to "@" and a name; nil if it may, as far as that is known
// before it does.
func (b *Bridge) MayPost(v *Visitor, where, text string) *Denial {
	_, no := b.destination(v, where)
	if no == nil {
		no = checkText(text)
	}
	return deny(no)
}

// A Posted is a message that a visitor posted.
type Posted struct {
	ID   string
	Seq  uint64
	File string // where its file is read
}

// PostFile posts a whole upload of a visitor to a room, or to "@" and a name, with a text. It returns when the message is on disk.
func (b *Bridge) PostFile(ctx context.Context, v *Visitor, where, upload, text string) (Posted, *Denial) {
	if !v.st.member.pace.limit(paceSay).Allow() {
		return Posted{}, deny(refuseFast("messages"))
	}
	to, no := b.destination(v, where)
	if no == nil && to.t.kind == roomSay {
		if _, no = b.rooms.enter(to.t.room, v.st.member); no == nil {
			no = b.maySay(v.st.member, to.t.room)
		}
	}
	p := post{kind: kindFile, upload: upload, body: body{Text: text, To: to.to}}
	if no == nil {
		no = p.check()
	}
	if no == nil {
		no = b.attach(ctx, &p, v.Ident)
	}
	if no != nil {
		return Posted{}, deny(no)
	}
	type answer struct {
		history.Receipt
		err error
	}
	logged := make(chan answer, 1)
	e := p.entry(v.st)
	err := b.store.Append(to.key, e, func(r history.Receipt, err error) {
		if err != nil || to.then == nil {
			logged <- answer{r, err}
			return
		}
		e.Seq, e.Time = r.Seq, r.Time
		to.then(e, func() { logged <- answer{r, nil} })
	})
	var a answer
	if err == nil {
		select {
		case a = <-logged:
			err = a.err
		case <-ctx.Done():
			err = errors.Join(history.ErrUncertain, ctx.Err())
		}
	}
	if err != nil {
		return Posted{}, deny(refuseStore(err))
	}
	return Posted{ID: p.id, Seq: a.Seq, File: p.body.File.URL}, nil
}
