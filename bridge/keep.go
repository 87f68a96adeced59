package bridge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// A name for good is kept by a passphrase, by its owner (account: keep, give up) or by whoever runs the server (register, reset, release).
// Its ident stays what it was, so it stays the same person when the passphrase changes.
const (
	keptMost        = 10000
	keepsPerHour    = 20 // names kept from one address
	passphraseLeast = 6  // bytes of a passphrase that comes as it is; the page looks after its own
	passphraseMost  = 1000
)

// verifierOf makes the verifier of a passphrase, when it is its turn.
func (b *Bridge) verifierOf(ctx context.Context, fold string, secret []byte) ([]byte, *broker.Refusal) {
	if no := checkPassphrase(secret); no != nil {
		return nil, no
	}
	var v []byte
	err := b.proofs.slow.do(ctx, slowWaiting, func() { v = b.secrets.keptOf(fold, secret) })
	switch {
	case errors.Is(err, errCrowded):
		return nil, refuseBusy()
	case err != nil:
		return nil, refuseStore(err)
	}
	return v, nil
}

// keptOf is kept of a secret that is not derived yet.
func (s secrets) keptOf(fold string, secret []byte) []byte {
	return s.kept(fold, derive(secret, s.salt(fold), roundsKept))
}

func checkPassphrase(secret []byte) *broker.Refusal {
	var d derived
	switch {
	case d.read(secret):
	case len(secret) < passphraseLeast:
		return speaking(refusePayload("short-passphrase", "a passphrase has at least %d characters: use a few words", passphraseLeast), "n", passphraseLeast)
	case len(secret) > passphraseMost:
		return refuseTooLong("a passphrase", len(secret), passphraseMost)
	}
	return nil
}

// keepName makes the member's name its own for good, or changes the passphrase of one that is.
func (b *Bridge) keepName(ctx context.Context, a *accountAsk) (any, *broker.Refusal) {
	var q struct {
		Secret string `json:"secret"`
		Old    string `json:"old"`
	}
	if no := a.read(&q); no != nil {
		return nil, no
	}
	st, m := a.st, a.st.member
	if !proven(m.ident) {
		return nil, refuseUnproven(m.name)
	}
	h, ok := b.holder(m.fold, st.claim.Rev)
	switch {
	case !ok:
		return nil, refuseLost(m.name)
	case h.Kept: // somebody may have found the page open
		if no := b.prove(ctx, m, q.Old, st.session.Remote()); no != nil {
			return nil, no
		}
	case len(b.store.Kept()) >= keptMost:
		return nil, refuseNames("ask a host to release some")
	case !b.keeps.allow(hostOf(st.session.Remote())):
		return nil, refuseNow(broker.QuotaExceeded, "too-many-names", "too many names were kept from this address: wait an hour")
	}
	v, no := b.verifierOf(ctx, m.fold, []byte(q.Secret))
	if no != nil {
		return nil, no
	}
	if err := b.store.Keep(ctx, st.claim.Rev, v); err != nil {
		return nil, refuseKeep(err, m.name)
	}
	b.visitors.forget()
	if h.Kept {
		b.endOthers(m.fold, st)
	}
	return accountKept{true}, nil
}

type accountKept struct {
	Kept bool `json:"kept"`
}

// giveUpName makes the member's name one as any other.
func (b *Bridge) giveUpName(ctx context.Context, a *accountAsk) (any, *broker.Refusal) {
	var q struct {
		Old string `json:"old"`
	}
	if no := a.read(&q); no != nil {
		return nil, no
	}
	m := a.st.member
	if h, ok := b.holder(m.fold, a.st.claim.Rev); !ok || !h.Kept {
		return nil, refuseNotKept(m.name)
	}
	if no := b.prove(ctx, m, q.Old, a.st.session.Remote()); no != nil {
		return nil, no
	}
	if err := b.store.GiveUp(ctx, a.st.claim.Rev); err != nil {
		return nil, refuseKeep(err, m.name)
	}
	return accountKept{false}, nil
}

// prove refuses unless a secret is that of a connected member.
func (b *Bridge) prove(ctx context.Context, m *member, secret, remote string) *broker.Refusal {
	n, err := names.Parse(m.name)
	if err != nil {
		return refuseName(err)
	}
	if b.tries.spent(tryKey(m.fold, remote)) { // not late as for CONNECT: others wait behind it
		return refuseTaken(m.name, nil, true)
	}
	_, no := b.signIn(ctx, n, []byte(secret), remote)
	return no
}

// holder finds a holding of a name that is still there.
func (b *Bridge) holder(fold string, rev uint64) (history.Holder, bool) {
	n, err := names.Parse(fold)
	if err != nil {
		return history.Holder{}, false
	}
	h, held := b.store.Lookup(n.Keys)
	return h, held && h.Rev == rev
}

// endOthers ends the sessions of a name but one, which may be nil: they come back if they know the passphrase of now.
func (b *Bridge) endOthers(fold string, but *seat) {
	m := b.members.find(fold)
	if m == nil {
		return
	}
	var others []*seat
	b.members.do(func() {
		for s := range m.seats.all() {
			if s != but {
				others = append(others, s)
			}
		}
	})
	for _, s := range others {
		no := refuse(broker.ServerBusy, "passphrase-changed", "the passphrase of %s was changed: connect with the new one", m.name)
		b.br.Disconnect(s.session, broker.CauseKicked, speaking(no, "name", m.name))
	}
}

func refuseKeep(err error, name string) *broker.Refusal {
	switch {
	case errors.Is(err, history.ErrNoHolding):
		return refuseLost(name)
	case errors.Is(err, history.ErrTaken):
		no := refuse(broker.BadPayloadFormat, keyNameTaken, "the name %s is in use, or looks like one that is: whoever has it can keep it for good in the settings of the page", name)
		return speaking(no, "name", name)
	}
	return refuseStore(err)
}

// A keptName is a name for good, as hosts see it.
type keptName struct {
	Name      string `json:"name"`
	Connected bool   `json:"connected"`
	Host      bool   `json:"host,omitempty"`
}

// listNames answers with the names that are kept for good.
func (b *Bridge) listNames(context.Context, *order) (any, *broker.Refusal) {
	l := []keptName{}
	for _, h := range b.store.Kept() {
		l = append(l, keptName{h.Name, h.Connected, b.isHost(h.Ident)})
	}
	return struct {
		Names []keptName `json:"names"`
	}{l}, nil
}

// A newPassphrase tells a host what to tell the owner of a name. It is nowhere else.
type newPassphrase struct {
	Passphrase string `json:"passphrase"`
}

// registerName keeps a name for somebody who will come with the passphrase that is answered.
func (b *Bridge) registerName(ctx context.Context, o *order) (any, *broker.Refusal) {
	p := newPassphrase{MakePassphrase()}
	if len(b.store.Kept()) >= keptMost {
		return nil, refuseNames("release some")
	}
	return p, b.setName(ctx, o.Name, p.Passphrase, false)
}

// resetName gives a name another passphrase, for an owner who has lost it.
func (b *Bridge) resetName(ctx context.Context, o *order) (any, *broker.Refusal) {
	p := newPassphrase{MakePassphrase()}
	return p, b.setName(ctx, o.Name, p.Passphrase, true)
}

// setName keeps a new name, or changes the passphrase of one that is kept.
func (b *Bridge) setName(ctx context.Context, name, passphrase string, change bool) *broker.Refusal {
	n, err := names.Parse(name)
	if err != nil {
		return refuseName(err)
	}
	v, no := b.verifierOf(ctx, n.Fold, []byte(passphrase))
	if no != nil {
		return no
	}
	if err := setName(ctx, b.store, n, v, b.cfg.Hold, change); err != nil {
		return refuseSet(err, n.Canonical)
	}
	if change {
		b.visitors.forget()
		b.endOthers(n.Fold, nil)
	}
	return nil
}

// releaseName makes a kept name one as any other.
func (b *Bridge) releaseName(ctx context.Context, o *order) (any, *broker.Refusal) {
	n, err := names.Parse(o.Name)
	if err != nil {
		return nil, refuseName(err)
	}
	if h, held := b.store.Lookup(n.Keys); held && h.Kept && b.isHost(h.Ident) {
		return nil, speaking(refuse(broker.NotAuthorized, "is-host", "%s is a host: take that first (unhost)", h.Name), "name", h.Name)
	}
	if err := releaseName(ctx, b.store, n); err != nil {
		return nil, refuseSet(err, n.Canonical)
	}
	return nil, nil
}

func refuseSet(err error, name string) *broker.Refusal {
	if errors.Is(err, errNotKept) {
		return refuseNotKept(name)
	}
	return refuseKeep(err, name)
}

func refuseNotKept(name string) *broker.Refusal {
	return speaking(refuse(broker.BadPayloadFormat, "not-kept", "the name %s is not kept for good", name), "name", name)
}

// refuseNames says that no more names are kept, and what to do.
func refuseNames(do string) *broker.Refusal {
	return speaking(refuse(broker.QuotaExceeded, "names-full", "%d names are kept here: %s", keptMost, do), "n", keptMost)
}

var errNotKept = errors.New("bridge: the name is not kept for good")

// setName keeps a new name with a verifier, or changes that of one that is kept.
func setName(ctx context.Context, store history.Claims, n names.Name, verifier []byte, hold time.Duration, change bool) error {
	if change {
		h, held := store.Lookup(n.Keys)
		if !held || !h.Kept || h.Fold != n.Fold {
			return errNotKept
		}
		return store.Keep(ctx, h.Rev, verifier)
	}
	var who [saltSize]byte
	rand.Read(who[:]) // never fails
	_, err := store.Register(ctx, history.ClaimRequest{
		Name: n.Canonical, Fold: n.Fold, Keys: n.Keys, Verifier: verifier, Ident: "n" + hex.EncodeToString(who[:]), Hold: hold,
	})
	return err
}

func releaseName(ctx context.Context, store history.Claims, n names.Name) error {
	h, held := store.Lookup(n.Keys)
	if !held || !h.Kept || h.Fold != n.Fold {
		return errNotKept
	}
	return store.GiveUp(ctx, h.Rev)
}

// MakePassphrase makes a passphrase that can be said aloud: four words of four letters, 50 bits.
func MakePassphrase() string {
	const consonants, vowels = "bdfghjklmnprstvz", "aeiou"
	pick := func(from string) byte {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			panic(err) // never fails
		}
		return from[i.Int64()]
	}
	words := make([]string, 4)
	for i := range words {
		words[i] = string([]byte{pick(consonants), pick(vowels), pick(consonants), pick(vowels)})
	}
	return strings.Join(words, "-")
}
