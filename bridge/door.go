package bridge

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"slices"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/broker"
)

// Who is let in at all: whoever knows the passphrase of the door, under a name that is not reserved, or only under one that is registered.

// opens tells whether a passphrase is that of the door, in constant time. Without a door everything opens.
func (b *Bridge) opens(given string) bool {
	return b.cfg.Door == "" || subtle.ConstantTimeCompare([]byte(given), []byte(b.cfg.Door)) == 1
}

// HasDoor tells whether there is a door.
func (b *Bridge) HasDoor() bool { return b.cfg.Door != "" }

// Opens tells whether somebody at an address knows the passphrase of the door. Wrong ones are limited like wrong secrets.
func (b *Bridge) Opens(ctx context.Context, given, remote string) bool {
	if b.opens(given) {
		return true
	}
	if given != "" {
		b.guessed(ctx, doorKey(remote))
	}
	return false
}

// doorKey is what wrong passphrases of the door are counted under; no name has a NUL.
func doorKey(remote string) string { return "\x00door\x00" + hostOf(remote) }

// openDoor lets a CONNECT through that brings the passphrase: as the user property door, or behind its password as secret@passphrase,
// which MQTT 3.1.1 can say too. It takes it off the password.
func (b *Bridge) openDoor(ctx context.Context, c *broker.ConnectRequest, remote string) *broker.Refusal {
	if b.cfg.Door == "" {
		return nil
	}
	if secret, ok := bytes.CutSuffix(c.Secret, []byte("@"+b.cfg.Door)); ok {
		c.Secret = secret
		return nil
	}
	given := prop(c.User5, "door")
	if b.opens(given) {
		return nil
	}
	if given == "" && len(c.Secret) == 0 {
		return refuseDoor("this tincan has a door: bring its passphrase, as the user property door, or as the password @passphrase")
	}
	if b.guessed(ctx, doorKey(remote)) {
		return refuse(broker.ConnectionRate, keyTooManyTries, "too many wrong passphrases for the door: wait a minute, or ask who invited you")
	}
	return refuseDoor("this is not the passphrase of the door: ask who invited you")
}

var (
	errReserved     = errors.New("bridge: the name is reserved")
	errUnregistered = errors.New("bridge: only registered names are let in")
)

// lock tells whether a name may be asked for: it is not reserved, and registered where only such names are let in. Who has it for good
// may always.
func (b *Bridge) lock(n names.Name) error {
	reserved := slices.ContainsFunc(b.reserved, n.Same)
	if !reserved && !b.cfg.RegisteredOnly {
		return nil
	}
	if h, held := b.store.Lookup(n.Keys); held && h.Kept {
		return nil
	}
	if reserved {
		return errReserved
	}
	return errUnregistered
}

// lockedRefusal is what lock said, for the member; nil when it was something else.
func lockedRefusal(err error, n names.Name) *broker.Refusal {
	switch {
	case errors.Is(err, errReserved):
		return speaking(refuse(broker.BadUserOrPassword, keyNameReserved, "the name %s is reserved here: choose another", n.Canonical), "name", n.Canonical)
	case errors.Is(err, errUnregistered):
		return refuse(broker.BadUserOrPassword, keyUnregistered, "only names that are registered here are let in: ask a host for one")
	}
	return nil
}

// NameLock says what keeps a name from being taken, for the page: a word, empty when nothing does.
func (b *Bridge) NameLock(n names.Name) string {
	if no := lockedRefusal(b.lock(n), n); no != nil {
		return no.Key
	}
	return ""
}

// signIn finds out who has a name, by its secret, as CONNECT would: a name that is held must be proven, a free one is held for the secret
// from now on.
func (b *Bridge) signIn(ctx context.Context, n names.Name, secret []byte, remote string) (history.Claim, *broker.Refusal) {
	if len(secret) == 0 {
		return history.Claim{}, refuseUnproven(n.Canonical)
	}
	id := newID()
	claim, err := b.askFor(ctx, n, secret, remote, history.ClaimRequest{Session: id, Client: id})
	if err != nil {
		return history.Claim{}, b.refuseClaim(ctx, remote, n, err)
	}
	b.store.Release(claim)
	return claim, nil
}
