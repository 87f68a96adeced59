package bridge

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"strings"
	"sync"
	"time"

	"tincan/broker"
)

// A code lets a second device of a member in: the first one shows it, the second brings it and gets the name and its secret. The server
// hands over what it is told with every CONNECT anyway; sealing it against the network would need a key that does not travel, and a code
// that is short enough to type is none. So a code is good once, for minutes, is kept in memory only, and guessing is limited.
const (
	codeLetters = "23456789abcdefghjkmnpqrstuvwxyz" // nothing that looks like another
	codeLength  = 8                                 // some 40 bits
	codeValid   = 5 * time.Minute
	codesMost   = 1000
)

// codes are those that are open.
type codes struct {
	mu     sync.Mutex // guards byCode; map work only
	byCode map[string]handover
}

// A handover is what a second device gets.
type handover struct {
	name, fold, secret string
	until              time.Time
}

// offer makes a code for what it hands over; the one before of the same name is void. Empty when too many are open.
func (c *codes) offer(h handover) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for code, other := range c.byCode {
		if other.fold == h.fold || time.Now().After(other.until) {
			delete(c.byCode, code)
		}
	}
	if len(c.byCode) >= codesMost {
		return ""
	}
	var b strings.Builder
	for range codeLength {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			panic(err) // never fails
		}
		b.WriteByte(codeLetters[i.Int64()])
	}
	c.byCode[b.String()] = h
	return b.String()
}

// take gives what a code hands over, once.
func (c *codes) take(code string) (h handover, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok = c.byCode[code]
	delete(c.byCode, code)
	return h, ok && time.Now().Before(h.until)
}

// withdraw voids the code of a name.
func (c *codes) withdraw(fold string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for code, h := range c.byCode {
		if h.fold == fold {
			delete(c.byCode, code)
		}
	}
}

// A codeAnswer shows a code.
type codeAnswer struct {
	Code  string `json:"code"`
	Valid int    `json:"valid"` // seconds
}

// offerCode makes a code for a second device of the member, which must tell its secret.
func (b *Bridge) offerCode(ctx context.Context, a *accountAsk) (any, *broker.Refusal) {
	var q struct {
		Secret string `json:"secret"`
	}
	if no := a.read(&q); no != nil {
		return nil, no
	}
	m := a.st.member
	if !proven(m.ident) {
		return nil, refuseUnproven(m.name)
	}
	if no := b.prove(ctx, m, q.Secret, a.st.session.Remote()); no != nil {
		return nil, no
	}
	code := b.codes.offer(handover{name: m.name, fold: m.fold, secret: q.Secret, until: time.Now().Add(codeValid)})
	if code == "" {
		return nil, refuseBusy()
	}
	return codeAnswer{code, int(codeValid.Seconds())}, nil
}

// withdrawCode voids the code that the member shows.
func (b *Bridge) withdrawCode(_ context.Context, a *accountAsk) (any, *broker.Refusal) {
	b.codes.withdraw(a.st.member.fold)
	return nil, nil
}

// A DeviceNote tells a member that its code was used.
type deviceNote struct {
	Type string `json:"type"`
}

// Redeem gives the name and the secret that a code hands over, and the passphrase of the door. Wrong codes are limited, and beyond that
// not even looked at. The error is a sentence for the person.
func (b *Bridge) Redeem(ctx context.Context, code, remote string) (name, secret, door string, err error) {
	key := "\x00code\x00" + hostOf(remote)
	if b.tries.spent(key) {
		b.guessed(ctx, key)
		return "", "", "", errors.New("too many wrong codes: wait a minute")
	}
	code = strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(code))
	h, ok := b.codes.take(code)
	if !ok {
		b.tries.allow(key)
		return "", "", "", errors.New("this code was used already, or is older than five minutes: show a new one on the other device")
	}
	b.publish(&broker.Message{Topic: topicInbox(h.name), Payload: encode(deviceNote{inboxDevice})})
	return h.name, h.secret, b.cfg.Door, nil
}
