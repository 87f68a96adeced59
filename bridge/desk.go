package bridge

import (
	"context"
	"errors"
	"time"

	"tincan/bridge/names"
	"tincan/broker"
)

// What whoever runs tincan does about names and hosts, from the command line: with a running chat, or with a folder in which none runs.

// A KeptName is a name for good.
type KeptName struct {
	Name string
	Host bool
}

// AddName keeps a name for good that nobody has. The error is a sentence for the person.
func (b *Bridge) AddName(ctx context.Context, name, passphrase string) error {
	return sentence(b.setName(ctx, name, passphrase, false))
}

// ChangeName gives a name for good another passphrase, and ends its sessions.
func (b *Bridge) ChangeName(ctx context.Context, name, passphrase string) error {
	return sentence(b.setName(ctx, name, passphrase, true))
}

// RemoveName makes a name for good one as any other.
func (b *Bridge) RemoveName(ctx context.Context, name string) error {
	_, no := b.releaseName(ctx, &order{Do: "release", Name: name})
	return sentence(no)
}

// KeptNames lists the names for good, by name.
func (b *Bridge) KeptNames(context.Context) ([]KeptName, error) {
	var l []KeptName
	for _, h := range b.store.Kept() {
		l = append(l, KeptName{h.Name, b.isHost(h.Ident)})
	}
	return l, nil
}

func sentence(no *broker.Refusal) error {
	if no == nil {
		return nil
	}
	return errors.New(no.Tell)
}

// A Desk does the same in a folder in which no tincan runs.
type Desk struct{ b *Bridge }

// OpenDesk takes up what store keeps about names and hosts. Names are held for hold once they are given up.
func OpenDesk(ctx context.Context, store Store, hold time.Duration) (*Desk, error) {
	b := &Bridge{cfg: Config{Hold: hold}, store: store, proofs: newProofs(), hosts: newHosts(store, nil)}
	var err error
	if b.secrets.key, err = b.serverKey(ctx); err != nil {
		return nil, err
	}
	b.proofs.secrets = b.secrets
	return &Desk{b}, b.hosts.load(ctx)
}

func (d *Desk) AddName(ctx context.Context, name, passphrase string) error {
	return d.set(ctx, name, passphrase, false)
}

func (d *Desk) ChangeName(ctx context.Context, name, passphrase string) error {
	return d.set(ctx, name, passphrase, true)
}

// set is Bridge.setName without sessions to end.
func (d *Desk) set(ctx context.Context, name, passphrase string, change bool) error {
	n, err := names.Parse(name)
	if err != nil {
		return sentence(refuseName(err))
	}
	v, no := d.b.verifierOf(ctx, n.Fold, []byte(passphrase))
	if no != nil {
		return sentence(no)
	}
	if err := setName(ctx, d.b.store, n, v, d.b.cfg.Hold, change); err != nil {
		return sentence(refuseSet(err, n.Canonical))
	}
	return nil
}

func (d *Desk) RemoveName(ctx context.Context, name string) error { return d.b.RemoveName(ctx, name) }

func (d *Desk) KeptNames(ctx context.Context) ([]KeptName, error) { return d.b.KeptNames(ctx) }

// HostLink makes the token of a link that makes whoever opens it first a host: it counts for an hour in which tincan runs.
func (d *Desk) HostLink(ctx context.Context) (string, error) { return d.b.hosts.invite(ctx) }
