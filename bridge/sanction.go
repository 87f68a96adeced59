package bridge

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"tincan/bridge/names"
	"tincan/broker"
)

// Limits of sanctions.
const (
	mostSanctions = 500                  // of a kind in one room
	longestSpan   = 365 * 24 * time.Hour // beyond that it is for good
	removedFor    = 10 * time.Minute     // from an open room, when nothing else is said
)

// A sanction is a mute or a ban: of a member by who it is and by its name, of an address, or of a client id.
type sanction struct {
	Name    string    `json:"name,omitempty"`
	Fold    string    `json:"fold,omitempty"` // of the name
	Ident   string    `json:"ident,omitempty"`
	Address string    `json:"address,omitempty"` // or a prefix, such as 10.0.0.0/24
	Client  string    `json:"client,omitempty"`
	Until   time.Time `json:"until,omitzero"` // zero: for good
	decision
}

// over tells whether its time has passed.
func (s *sanction) over(now time.Time) bool { return !s.Until.IsZero() && !now.Before(s.Until) }

// whom is what the sanction names, as people read it.
func (s *sanction) whom() string {
	switch {
	case s.Name != "":
		return s.Name
	case s.Address != "":
		return s.Address
	}
	return s.Client
}

// same tells whether two sanctions name the same.
func (s *sanction) same(o *sanction) bool {
	return s.Fold == o.Fold && s.Address == o.Address && s.Client == o.Client
}

// means tells whether a member is meant, by who it is.
func (s *sanction) means(m *member) bool {
	return s.Ident != "" && s.Ident == m.ident || s.Fold != "" && s.Fold == m.fold
}

// meansPlace tells whether a connection is meant, by where it comes from.
func (s *sanction) meansPlace(remote, client string) bool {
	if s.Client != "" {
		return s.Client == client
	}
	if s.Address == "" {
		return false
	}
	prefix, ok := parsePrefix(s.Address)
	addr, err := netip.ParseAddr(hostOf(remote))
	return ok && err == nil && prefix.Contains(addr.Unmap().WithZone(""))
}

// parsePrefix reads an address, or a prefix of addresses.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), true
}

// find is the first of some sanctions that is in force and means somebody.
func find(all []sanction, means func(*sanction) bool) *sanction {
	now := time.Now()
	for i := range all {
		if s := &all[i]; !s.over(now) && means(s) {
			return s
		}
	}
	return nil
}

// impose adds a sanction, or puts it in the place of the one that means the same.
func impose(all []sanction, s sanction) ([]sanction, *broker.Refusal) {
	all, _ = lift(all, &s)
	if len(all) >= mostSanctions {
		no := refuse(broker.QuotaExceeded, "too-many", "there are %d of these already: take some back first", mostSanctions)
		return all, speaking(no, "n", mostSanctions)
	}
	return append(all, s), nil
}

// lift takes a sanction away, and tells which.
func lift(all []sanction, s *sanction) (rest []sanction, lifted *sanction) {
	i := slices.IndexFunc(all, func(o sanction) bool { return o.same(s) })
	if i < 0 {
		return all, nil
	}
	was := all[i]
	return slices.Delete(all, i, i+1), &was
}

// passed takes away those whose time is over, and says when the next one's will be; zero: never.
func passed(all []sanction, now time.Time) (rest []sanction, next time.Time) {
	rest = slices.DeleteFunc(all, func(s sanction) bool { return s.over(now) })
	for _, s := range rest {
		if !s.Until.IsZero() && (next.IsZero() || s.Until.Before(next)) {
			next = s.Until
		}
	}
	return rest, next
}

// until says how long a sanction lasts, as a part of a sentence.
func until(t time.Time) string {
	if t.IsZero() {
		return "for good"
	}
	left := time.Until(t).Round(time.Second)
	switch {
	case left < 2*time.Minute:
		return fmt.Sprintf("for %d seconds", max(1, int(left.Seconds())))
	case left < 2*time.Hour:
		return fmt.Sprintf("for %d minutes", int(left.Round(time.Minute).Minutes()))
	case left < 48*time.Hour:
		return fmt.Sprintf("for %d hours", int(left.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("for %d days", int(left.Round(24*time.Hour).Hours()/24))
}

// stampOrNone is a time as programs read it; empty when it is none.
func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// because is a reason as the end of a sentence.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": “" + reason + "”"
}

func refuseMuted(room string, s *sanction) *broker.Refusal {
	r := refuse(broker.NotAuthorized, "muted", "%s muted you in %s, %s%s", s.By, room, until(s.Until), because(s.Reason))
	return speaking(r, "by", s.By, "room", room, "until", stampOrNone(s.Until), "because", s.Reason)
}

func refuseBannedHere(room string, s *sanction) *broker.Refusal {
	r := refuse(broker.NotAuthorized, "banned", "%s does not let you into %s, %s%s", s.By, room, until(s.Until), because(s.Reason))
	return speaking(r, "by", s.By, "room", room, "until", stampOrNone(s.Until), "because", s.Reason)
}

func refuseBanned(s *sanction) *broker.Refusal {
	r := refuse(broker.Banned, "banned", "%s does not let you in, %s%s", s.By, until(s.Until), because(s.Reason))
	return speaking(r, "by", s.By, "until", stampOrNone(s.Until), "because", s.Reason)
}

func refuseRoomClosed(room string, d *decision) *broker.Refusal {
	r := refuse(broker.NotAuthorized, "room-closed", "%s closed the room %s%s", d.By, room, because(d.Reason))
	return speaking(r, "by", d.By, "room", room, "because", d.Reason)
}

func refuseHandOut(room string) *broker.Refusal {
	return speaking(refuse(broker.NotAuthorized, "hand-out", "only the hosts write in %s now: you can read", room), "room", room)
}

func refuseReadOnly(d *decision) *broker.Refusal {
	r := refuse(broker.NotAuthorized, "server-read-only", "%s made this tincan read-only for now%s: reading works, send it again later", d.By, because(d.Reason))
	return speaking(r, "by", d.By, "because", d.Reason)
}

func refuseSlow(room string, every int, at time.Time) *broker.Refusal {
	r := refuseNow(broker.ImplementationSpecific, "slow", "in %s everybody writes once in %d seconds: wait %d more", room, every, max(1, int(time.Until(at).Round(time.Second).Seconds())))
	return speaking(r, "room", room, "n", every, "until", stamp(at))
}

// fold is the key of a name in sanctions; empty when it is none.
func foldOf(name string) string {
	n, err := names.Parse(name)
	if err != nil {
		return ""
	}
	return n.Fold
}
