package web

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"tincan/bridge/names"
)

// A state says what would come of a CONNECT with a name now. It is no promise: the answer that counts is CONNACK.
type state string

const (
	free       state = "free"
	taken      state = "taken"      // in use by a session
	held       state = "held"       // nobody is connected with it; it waits for its owner
	alike      state = "alike"      // free, but not to be told apart from a name that is in use or held
	registered state = "registered" // somebody's for good: it takes its passphrase
	locked     state = "locked"     // only registered names are let in, and this is none
	reserved   state = "reserved"   // nobody may have it
	invalid    state = "invalid"    // not a name
)

// A nameAnswer is the answer to /api/name.
type nameAnswer struct {
	Name    string   `json:"name,omitempty"` // canonical form; left out when it is not a name
	State   state    `json:"state"`
	Like    string   `json:"like,omitempty"` // alike: the name that it looks like
	Text    string   `json:"text"`           // a sentence for the one who is typing
	Suggest []string `json:"suggest"`        // up to two names that are free now; none when the name itself is
	Salt    string   `json:"salt,omitempty"` // of its secrets, in hex
}

// name answers whether s may be claimed.
func (h *Handler) name(s string) nameAnswer {
	n, err := names.Parse(s)
	if err != nil {
		a := nameAnswer{State: invalid, Text: "This is not a name.", Suggest: list(names.Mend(s, h.free))}
		var e *names.Error
		if errors.As(err, &e) {
			a.Text = sentence(e.Tell)
			if e.Code == names.Reserved {
				a.State = reserved
			}
		}
		return a
	}
	a := nameAnswer{Name: n.Canonical, State: free, Text: n.Canonical + " is free.", Suggest: []string{}, Salt: h.gate.Salt(n.Fold)}
	holder, ok := h.claims.Lookup(n.Keys)
	lock := h.gate.NameLock(n)
	if !ok && lock == "" {
		return a
	}
	if lock != "registered-only" {
		a.Suggest = list(names.Suggest(n, h.free))
	}
	switch {
	case lock == "registered-only":
		a.State = locked
		a.Text = "Only names that are registered here are let in. Ask a host for one."
	case lock != "":
		a.State = reserved
		a.Text = "The name " + n.Canonical + " is reserved here. Pick another."
	case holder.Fold != n.Fold:
		a.State, a.Like = alike, holder.Name
		a.Text = n.Canonical + " looks too much like " + holder.Name + ". Pick another."
	case holder.Kept:
		a.State = registered
		a.Text = n.Canonical + " belongs to someone here. Enter its passphrase or pick another."
	case !holder.Connected:
		a.State = held
		a.Text = n.Canonical + " waits for its owner. Enter the secret if it is you, or pick another."
	case holder.Secret:
		a.State = taken
		a.Text = n.Canonical + " is in use right now. Pick another, or enter the secret if it is you."
	default: // held without a secret: nothing can prove it
		a.State = taken
		a.Text = n.Canonical + " is in use right now. Pick another."
	}
	return a
}

func (h *Handler) free(n names.Name) bool {
	_, taken := h.claims.Lookup(n.Keys)
	return !taken && h.gate.NameLock(n) == ""
}

// list is s, as [] in JSON also when there is nothing.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// sentence makes one of a refusal, which begins small and has no full stop, since it may be part of a line.
func sentence(tell string) string {
	r, size := utf8.DecodeRuneInString(tell)
	return string(unicode.ToUpper(r)) + tell[size:] + "."
}
