package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// labelMost bounds the label of a session, in runes.
const labelMost = 24

// Connect lets a session in under a name, or says why not: the user name, else a client id that is a free name, else a guest's.
func (b *Bridge) Connect(ctx context.Context, s *broker.Session, c broker.ConnectRequest) (broker.Welcome, *broker.Refusal) {
	if b.stopping.Load() {
		return broker.Welcome{}, refuseStopping()
	}
	if no := b.openDoor(ctx, &c, s.Remote()); no != nil {
		return broker.Welcome{}, no
	}
	if c.Full && !b.mayProve(c) {
		return broker.Welcome{}, refuseCrowd()
	}
	client := c.ClientID
	if client == "" {
		client = "tincan-" + s.ID()
	}
	claim, n, guest, no := b.claim(ctx, s, c, client)
	if no != nil { // the broker logs it
		return broker.Welcome{}, no
	}
	st := &seat{session: s, claim: claim, label: label(prop(c.User5, "label")), since: time.Now()}
	m := member{
		name:  claim.Name,
		fold:  n.Fold,
		ident: identOf(n.Fold, claim, len(c.Secret) > 0, client),
		kind:  memberKind(prop(c.User5, "kind"), s.Transport()),
		guest: guest,
		pace:  b.paces.of(n.Fold),
	}
	if no := b.mayConnect(&m, s.Remote(), client); no != nil {
		b.store.Release(claim)
		return broker.Welcome{}, no
	}
	s.Value = st
	b.states.own(m.fold, m.ident)
	b.members.enter(st, m)
	if !b.store.Valid(claim) { // the claim was lost before there was a seat to end
		b.members.exit(st)
		return broker.Welcome{}, refuseOvertaken()
	}
	b.diary.came("name", claim.Name, "session", client, "remote", s.Remote(), "transport", s.Transport())
	w := broker.Welcome{Name: claim.Name, Ident: m.ident, Holder: m.ident, Proven: proven(m.ident), ClientID: client}
	if w.Proven { // its MQTT session belongs to whoever sends this password, however long it waits
		w.Ident = b.secrets.owner(n.Fold, c.Secret)
	}
	w.Props = []broker.Prop{{Key: "name", Value: claim.Name}}
	return w, nil
}

// mayProve tells whether a CONNECT asks for a name that is held, with a secret: of a stranger not even a claim is taken when there
// is no room, or it would come back as the holder of one.
func (b *Bridge) mayProve(c broker.ConnectRequest) bool {
	wanted := c.User
	if wanted == "" {
		wanted = c.ClientID
	}
	n, err := names.Parse(wanted)
	if err != nil || len(c.Secret) == 0 {
		return false
	}
	_, held := b.store.Lookup(n.Keys)
	return held
}

// claim gets the name for a session; guest when the name is one that tincan made up.
func (b *Bridge) claim(ctx context.Context, s *broker.Session, c broker.ConnectRequest, client string) (claim history.Claim, n names.Name, guest bool, no *broker.Refusal) {
	wanted := c.User
	if wanted == "" {
		wanted = c.ClientID
	}
	n, err := names.Parse(wanted)
	if err == nil {
		err = b.lock(n)
	}
	if err == nil {
		if claim, err = b.ask(ctx, s, n, client, c.Secret); err == nil {
			if claim.Name != n.Canonical { // it proved a name that is spelled in another way
				n, err = names.Parse(claim.Name)
			}
			if err != nil {
				return claim, n, false, refuseName(err)
			}
			return claim, n, false, nil
		}
		// A client id that is somebody's name is no attempt at that name, unless a secret came with it.
		if c.User != "" || len(c.Secret) > 0 || !errors.Is(err, history.ErrTaken) {
			return claim, n, false, b.refuseClaim(ctx, s.Remote(), n, err)
		}
	} else if no = lockedRefusal(err, n); no != nil && (c.User != "" || b.cfg.RegisteredOnly) {
		return claim, n, false, no
	} else if c.User != "" {
		no = refuseName(err)
		no.Code = broker.BadUserOrPassword
		return claim, n, false, no
	}
	if b.cfg.RegisteredOnly {
		return claim, n, true, lockedRefusal(errUnregistered, n)
	}
	for {
		n = names.Guest()
		if claim, err = b.ask(ctx, s, n, client, nil); err == nil {
			return claim, n, true, nil
		}
		if !errors.Is(err, history.ErrTaken) {
			return claim, n, true, b.refuseClaim(ctx, s.Remote(), n, err)
		}
	}
}

func (b *Bridge) ask(ctx context.Context, s *broker.Session, n names.Name, client string, secret []byte) (history.Claim, error) {
	return b.askFor(ctx, n, secret, s.Remote(), history.ClaimRequest{Session: s.ID(), Client: client})
}

// askFor claims a name by a secret, which may be none, for whoever r says beside. It may wait for its turn to prove a passphrase.
func (b *Bridge) askFor(ctx context.Context, n names.Name, secret []byte, remote string, r history.ClaimRequest) (history.Claim, error) {
	r.Name, r.Fold, r.Keys, r.Hold = n.Canonical, n.Fold, n.Keys, b.cfg.Hold
	var d derived
	if len(secret) > 0 {
		var err error
		if d, err = b.proofs.derive(ctx, n.Fold, secret); err != nil {
			return history.Claim{}, err
		}
		r.Verifier, r.Ident = b.secrets.brief(n.Fold, d), b.secrets.ident(n.Fold, d)
	}
	var crowded error
	claim, err := b.store.Claim(ctx, r, func(verifier []byte) bool {
		if !isKept(verifier) {
			return b.secrets.proves(secret, d, n.Fold, verifier)
		}
		ok, err := b.proofs.kept(ctx, secret, verifier, b.tries.spent(tryKey(n.Fold, remote)))
		crowded = err
		return ok
	})
	if err != nil && crowded != nil {
		err = crowded
	}
	return claim, err
}

// tryKey is what wrong secrets for a name are counted under.
func tryKey(fold, remote string) string { return fold + "\x00" + hostOf(remote) }

// refuseClaim says why a name was not granted, and counts wrong secrets. A wrong secret beyond the limit is answered late, so that
// guessing is slow; the right one is let in at once all the same, or a stranger could lock the owner out.
func (b *Bridge) refuseClaim(ctx context.Context, remote string, n names.Name, err error) *broker.Refusal {
	var taken *history.TakenError
	switch {
	case errors.Is(err, errCrowded):
		return refuseNow(broker.ServerBusy, "busy", "too many secrets are being checked right now: try again in a moment")
	case !errors.As(err, &taken):
		return refuseStore(err)
	}
	limited := taken.Wrong && b.guessed(ctx, tryKey(n.Fold, remote))
	return refuseTaken(n.Canonical, taken, limited)
}

// guessed counts a wrong secret. true, and late, when there were too many.
func (b *Bridge) guessed(ctx context.Context, key string) bool {
	if b.tries.allow(key) {
		return false
	}
	select {
	case <-time.After(tooManyWait):
	case <-ctx.Done():
	}
	return true
}

// Disconnect takes the seat of a session away, and with the last one the name begins to wait for its owner.
func (b *Bridge) Disconnect(s *broker.Session, why broker.Cause) {
	st := s.Value.(*seat)
	if w := st.will.Load(); w != nil {
		w.wait()
	}
	if last := b.members.exit(st); last {
		if st.member.guest {
			b.states.drop(st.member.fold)
		}
		if !proven(st.member.ident) {
			b.marks.forget(st.member.ident)
		}
	}
	b.store.Release(st.claim)
	b.diary.went("name", st.name(), "session", s.ClientID(), "remote", s.Remote(), "reason", string(why))
}

// identOf says who a member is, for what is kept for it (direct messages, device state, read marks, rights). With a secret it is who
// began the holding, which is the same next week: see secrets.owner. Without, it is the name and the client id, which is all that such
// a member is known by.
func identOf(fold string, claim history.Claim, secret bool, client string) string {
	if secret {
		return holderIdent(history.Holder{Rev: claim.Rev, Ident: claim.Ident})
	}
	h := sha256.Sum256([]byte(fold + "\x00" + client))
	return "c" + hex.EncodeToString(h[:10])
}

// holderIdent is the ident of whoever can prove a holding of a name. A holding of an older tincan has no ident: its number is one for
// as long as it lasts.
func holderIdent(h history.Holder) string {
	if h.Ident != "" {
		return h.Ident
	}
	return "r" + strconv.FormatUint(h.Rev, 10)
}

// proven tells whether an ident is one of those, so that what is kept under it will be asked for again.
func proven(ident string) bool { return ident != "" && ident[0] != 'c' }

func memberKind(said, transport string) string {
	switch {
	case said == person || said == device:
		return said
	case transport == "ws":
		return person
	}
	return device
}

// label takes a session's label as far as it can be shown.
func label(s string) string {
	n, err := names.Parse(s)
	if err != nil {
		return ""
	}
	if r := []rune(n.Canonical); len(r) > labelMost {
		return string(r[:labelMost])
	}
	return n.Canonical
}
