package bridge

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
)

// A ticket lets whoever has it read what a member may read: a browser that loads a picture sends no password. It says until when, and
// whose it is, and its stub proves that it was made here, for the name as it was held then and the door as it was. So it ends before its
// time with the hold of the name, with another secret, and with another passphrase of the door.
const (
	ticketHours = 12 // how long a ticket is good at most
	stubSize    = 16
)

// Ticket makes one for a visitor who has proved who it is.
func (b *Bridge) Ticket(v *Visitor) (ticket string, until time.Time) {
	until = time.Now().Add(ticketHours * time.Hour)
	return b.ticketUntil(v, until), until
}

func (b *Bridge) ticketUntil(v *Visitor, until time.Time) string {
	fold := v.st.member.fold
	t := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))
	t = append(t, byte(len(fold))) // a name has 32 runes
	t = append(t, fold...)
	t = append(t, v.Ident...)
	var h history.Holder
	if n, err := names.Parse(fold); err == nil {
		h, _ = b.store.Lookup(n.Keys)
	}
	return base64.RawURLEncoding.EncodeToString(append(t, b.stub(t, h)...))
}

// Holder is whom a ticket was made for, if that one may still come in from remote: as for a connect, it is asked whether the name is let
// in, and whether it or the address is banned. Whoever has a ticket that is none, or no longer, is a stranger; but a ticket that is only
// over still tells whom bans mean, so that no ban ends for whoever waits.
func (b *Bridge) Holder(ticket, remote string) (*Visitor, *Denial) {
	t, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil || len(t) < 9+stubSize {
		return b.Stranger(remote)
	}
	t, stub := t[:len(t)-stubSize], t[len(t)-stubSize:]
	end := 9 + int(t[8])
	if end > len(t) {
		return b.Stranger(remote)
	}
	n, err := names.Parse(string(t[9:end]))
	if err != nil {
		return b.Stranger(remote)
	}
	h, _ := b.store.Lookup(n.Keys)
	if !hmac.Equal(stub, b.stub(t, h)) {
		return b.Stranger(remote)
	}
	if time.Now().Unix() > int64(binary.BigEndian.Uint64(t)) {
		return b.admit(&Visitor{st: &seat{member: &member{fold: n.Fold}}}, remote)
	}
	if no := lockedRefusal(b.lock(n), n); no != nil {
		return nil, deny(no)
	}
	ident := string(t[end:])
	m := b.members.find(n.Fold)
	if m == nil || m.ident != ident {
		m = &member{name: n.Canonical, fold: n.Fold, ident: ident, kind: device, pace: b.paces.of(n.Fold)}
	}
	return b.admit(&Visitor{Name: m.name, Ident: ident, st: &seat{member: m}}, remote)
}

// stub is what proves that a ticket was made here, for a name that somebody held, or nobody.
func (b *Bridge) stub(t []byte, h history.Holder) []byte {
	return b.secrets.sum("ticket", t, []byte(h.Ident), h.Proof[:], []byte(b.cfg.Door))[:stubSize]
}
