package bridge

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tincan/bridge/history"
	"tincan/broker"
)

// Hosts run the server: its names, its open rooms, who is let in. A host is a member that can prove who it is; it becomes one by a link
// that works once, or is made one by another host.
const (
	valueOfHost     = "host"      // history.Values kind: ident → hostRow
	valueOfHostLink = "host-link" // history.Values kind: hash of a token → nothing that matters
	hostLinkValid   = time.Hour
	hostsMost       = 100
	hostLinksMost   = 20 // beyond it the oldest are void
)

// A hostRow is a host as it is stored.
type hostRow struct {
	Name string `json:"name"`
	By   string `json:"by,omitempty"` // who made it one; empty: whoever runs this tincan
}

// hosts is who they are, and the links that make one.
type hosts struct {
	store Store
	quiet *broker.Quiet

	mu      sync.RWMutex // guards what follows; map work only
	byIdent map[string]hostRow
	links   map[string]time.Time // by the hash of the token: until when
}

func newHosts(store Store, quiet *broker.Quiet) *hosts {
	return &hosts{store: store, quiet: quiet, byIdent: map[string]hostRow{}, links: map[string]time.Time{}}
}

// load takes the stored hosts and links up again.
func (hs *hosts) load(ctx context.Context) error {
	err := hs.store.Each(ctx, valueOfHost, func(ident string, value []byte, _ time.Duration) {
		var h hostRow
		if err := json.Unmarshal(value, &h); err != nil || !proven(ident) {
			hs.quiet.Warn("a stored host is left out", ident, "err", err)
			return
		}
		hs.byIdent[ident] = h
	})
	if err != nil {
		return err
	}
	return hs.store.Each(ctx, valueOfHostLink, func(hash string, _ []byte, age time.Duration) {
		hs.links[hash] = time.Now().Add(hostLinkValid - age)
	})
}

// is tells whether somebody is a host.
func (hs *hosts) is(ident string) bool {
	hs.mu.RLock()
	defer hs.mu.RUnlock()
	_, ok := hs.byIdent[ident]
	return ok
}

// list are the hosts' names.
func (hs *hosts) list() []string {
	hs.mu.RLock()
	defer hs.mu.RUnlock()
	l := make([]string, 0, len(hs.byIdent))
	for _, h := range hs.byIdent {
		l = append(l, h.Name)
	}
	slices.Sort(l)
	return l
}

// some names a few hosts for a sentence.
func (hs *hosts) some() string {
	l := hs.list()
	if len(l) == 0 {
		return "there is none yet: whoever started tincan becomes one by the link it printed, or by tincan host"
	}
	return strings.Join(l[:min(len(l), 3)], ", ")
}

// add makes somebody a host; it returns when that is stored.
func (hs *hosts) add(ctx context.Context, ident string, h hostRow) *broker.Refusal {
	if !proven(ident) {
		return refuseUnproven(h.Name)
	}
	hs.mu.RLock()
	_, is := hs.byIdent[ident]
	full := len(hs.byIdent) >= hostsMost
	hs.mu.RUnlock()
	switch {
	case is:
		return nil
	case full:
		return speaking(refuse(broker.QuotaExceeded, "hosts-full", "there are %d hosts: that is enough", hostsMost), "n", hostsMost)
	}
	if err := putNow(ctx, hs.store, valueOfHost, ident, encode(h)); err != nil {
		return refuseStore(err)
	}
	hs.mu.Lock()
	hs.byIdent[ident] = h
	hs.mu.Unlock()
	return nil
}

// remove makes somebody a host no longer; it returns when that is stored.
func (hs *hosts) remove(ctx context.Context, ident string) *broker.Refusal {
	hs.mu.RLock()
	last := len(hs.byIdent) == 1
	hs.mu.RUnlock()
	if last {
		return refuse(broker.NotAuthorized, "last-host", "there would be no host any more: make somebody else one first")
	}
	if err := putNow(ctx, hs.store, valueOfHost, ident, nil); err != nil {
		return refuseStore(err)
	}
	hs.mu.Lock()
	delete(hs.byIdent, ident)
	hs.mu.Unlock()
	return nil
}

// find is the ident of a host of a name, empty when there is none.
func (hs *hosts) find(name string) string {
	hs.mu.RLock()
	defer hs.mu.RUnlock()
	for ident, h := range hs.byIdent {
		if h.Name == name {
			return ident
		}
	}
	return ""
}

// invite makes the token of a link that makes one member a host.
func (hs *hosts) invite(ctx context.Context) (string, error) {
	token, hash, err := storeHostLink(ctx, hs.store)
	if err != nil {
		return "", err
	}
	hs.mu.Lock()
	hs.links[hash] = time.Now().Add(hostLinkValid)
	hs.mu.Unlock()
	hs.fade()
	return token, nil
}

// accept makes somebody a host by the token of a link, which is void then. Only one goroutine calls it at a time.
func (hs *hosts) accept(ctx context.Context, token, ident string, h hostRow) *broker.Refusal {
	hash := hashToken(token)
	hs.mu.RLock()
	until, ok := hs.links[hash]
	hs.mu.RUnlock()
	switch {
	case !ok || time.Now().After(until):
		return refuse(broker.NotAuthorized, "bad-link", "this link was used already, or is older than an hour: ask whoever runs tincan for a new one (tincan host)")
	case !proven(ident):
		return refuseUnproven(h.Name)
	}
	hs.void(hash) // before the host is stored: values are stored in order, so no crash makes it work twice
	if no := hs.add(ctx, ident, h); no != nil {
		return no
	}
	hs.mu.Lock()
	delete(hs.links, hash)
	hs.mu.Unlock()
	return nil
}

// fade forgets links that are void.
func (hs *hosts) fade() {
	hs.mu.Lock()
	byAge := slices.SortedFunc(maps.Keys(hs.links), func(a, b string) int { return hs.links[a].Compare(hs.links[b]) })
	var gone []string
	for i, hash := range byAge {
		if len(byAge)-i > hostLinksMost || time.Now().After(hs.links[hash]) {
			delete(hs.links, hash)
			gone = append(gone, hash)
		}
	}
	hs.mu.Unlock()
	for _, hash := range gone {
		hs.void(hash)
	}
}

func (hs *hosts) void(hash string) {
	if err := hs.store.Put(valueOfHostLink, hash, nil, nil); err != nil {
		hs.quiet.Warn("a link that was used is still stored", "", "err", err)
	}
}

// storeHostLink makes a link and stores it, hashed.
func storeHostLink(ctx context.Context, store history.Values) (token, hash string, err error) {
	var b [13]byte // 104 bits: 21 letters, of which 20 are shown
	rand.Read(b[:])
	token = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))[:20]
	hash = hashToken(token)
	return token, hash, putNow(ctx, store, valueOfHostLink, hash, []byte("1"))
}

func hashToken(token string) string {
	h := sha256.Sum256([]byte("host link\x00" + token))
	return hex.EncodeToString(h[:])
}

// putNow stores a value and waits until it is on disk.
func putNow(ctx context.Context, store history.Values, kind, key string, value []byte) error {
	stored := make(chan error, 1)
	if err := store.Put(kind, key, value, func(err error) { stored <- err }); err != nil {
		return err
	}
	select {
	case err := <-stored:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// HasHost tells whether anybody is a host.
func (b *Bridge) HasHost() bool { return len(b.hosts.list()) > 0 }

// HostLink makes the token of a link that makes whoever opens it first a host, within an hour.
func (b *Bridge) HostLink(ctx context.Context) (token string, err error) { return b.hosts.invite(ctx) }

// isHost tells whether somebody is a host of the server.
func (b *Bridge) isHost(ident string) bool { return b.hosts.is(ident) }

// listHosts answers with the hosts' names: everybody may know whom to ask.
func (b *Bridge) listHosts(context.Context, *order) (any, *broker.Refusal) {
	return struct {
		Hosts []string `json:"hosts"`
	}{b.hosts.list()}, nil
}

// makeHost makes the member of a name a host; without a name it answers with the token of a link for whoever opens it.
func (b *Bridge) makeHost(ctx context.Context, o *order) (any, *broker.Refusal) {
	if o.Name == "" {
		token, err := b.hosts.invite(ctx)
		if err != nil {
			return nil, refuseStore(err)
		}
		return struct {
			Token string `json:"token"`
			Valid int    `json:"valid"` // seconds
		}{token, int(hostLinkValid.Seconds())}, nil
	}
	who, no := b.someone(o)
	if no == nil {
		no = b.hosts.add(ctx, who.Ident, hostRow{Name: who.Name, By: o.st.name()})
	}
	if no == nil {
		b.tellHost(who.Name, who.Ident)
	}
	return nil, no
}

// unmakeHost makes a host one no longer, whether or not it is here.
func (b *Bridge) unmakeHost(ctx context.Context, o *order) (any, *broker.Refusal) {
	ident := b.who(o.Name)
	if !b.hosts.is(ident) {
		ident = b.hosts.find(o.Name)
	}
	if ident == "" {
		return nil, speaking(refuse(broker.BadPayloadFormat, "no-host", "%s is no host: hosts are %s", o.Name, b.hosts.some()), "name", o.Name)
	}
	no := b.hosts.remove(ctx, ident)
	if no == nil {
		b.tellHost(o.Name, ident)
	}
	return nil, no
}

// A hostNote tells a member that it is a host from now on, or no longer.
type hostNote struct {
	Type string `json:"type"`
	Host bool   `json:"host"`
}

// tellHost tells all sessions of a member.
func (b *Bridge) tellHost(name, ident string) {
	if b.who(name) == ident {
		b.publish(&broker.Message{Topic: topicInbox(name), Payload: encode(hostNote{Type: inboxHost, Host: b.isHost(ident)})})
	}
}
