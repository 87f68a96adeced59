package history

import (
	"crypto/sha256"
	"slices"
	"time"
)

// A holding is one name in use: connected while it has sessions, else waiting for its owner.
type holding struct {
	name, fold string
	keys       [2]string
	verifier   []byte
	rev        uint64
	ident      string
	kept       bool // for good: it waits without end
	hold       time.Duration
	sessions   []session
	until      time.Time // when it waits: the end, by the monotonic clock
	place      int       // in ends, -1 while connected
}

type session struct{ id, client string }

func (h *holding) claim(session string) Claim {
	return Claim{Name: h.name, Session: session, Rev: h.rev, Ident: h.ident}
}

func (h *holding) holder() Holder {
	is := Holder{Name: h.name, Fold: h.fold, Rev: h.rev, Ident: h.ident, Kept: h.kept, Connected: len(h.sessions) > 0, Secret: h.verifier != nil}
	if is.Secret {
		sum := sha256.Sum256(h.verifier)
		copy(is.Proof[:], sum[:])
	}
	return is
}

func (h *holding) bySession(id string) int {
	return slices.IndexFunc(h.sessions, func(s session) bool { return s.id == id })
}

// byClient finds the session of a client id; an empty id is nobody's.
func (h *holding) byClient(client string) int {
	if client == "" {
		return -1
	}
	return slices.IndexFunc(h.sessions, func(s session) bool { return s.client == client })
}

// An endHeap has the holding that ends first at its top.
type endHeap []*holding

func (e endHeap) Len() int           { return len(e) }
func (e endHeap) Less(i, j int) bool { return e[i].until.Before(e[j].until) }
func (e endHeap) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].place, e[j].place = i, j
}

func (e *endHeap) Push(x any) {
	h := x.(*holding)
	h.place = len(*e)
	*e = append(*e, h)
}

func (e *endHeap) Pop() any {
	old := *e
	h := old[len(old)-1]
	old[len(old)-1] = nil
	h.place = -1
	*e = old[:len(old)-1]
	return h
}
