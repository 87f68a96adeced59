package history

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// revBlock is how many Revs are set aside at once, so that a grant needs no write of its own to make its Rev unique.
const revBlock = 1 << 20

// claims decides who holds a name. Memory is the truth, one mutex makes check and act one step; the store takes what has
// changed (take) and tells how it went (stored). It knows no database and no wall clock.
type claims struct {
	kick    func() // asks the store to take; must not block
	started time.Time
	lived   time.Duration // the store's lived at started
	lost    *mailbox[LostClaim]
	freed   *mailbox[Claim]
	poke    chan struct{} // capacity 1: the earliest end has changed

	mu      sync.Mutex // guards what follows; map work only
	byRev   map[uint64]*holding
	byFold  map[string]*holding
	byKey   [2]map[string]*holding
	ends    endHeap // those that wait for their owner
	rev     uint64  // of the newest holding
	limit   uint64  // Revs up to here are set aside, once stored
	dirty   map[uint64]struct{}
	changes uint64 // counts changes of rows
	durable uint64 // the last change that is on disk
	down    bool   // the store cannot write now
	news    chan struct{}
}

// newClaims returns claims that start with the stored rows at lived. Revs up to reserved may have been given before.
func newClaims(rows []claimRow, lived time.Duration, reserved uint64, kick func()) *claims {
	c := &claims{
		kick:    kick,
		started: time.Now(),
		lived:   lived,
		lost:    newMailbox[LostClaim](),
		freed:   newMailbox[Claim](),
		poke:    make(chan struct{}, 1),
		byRev:   map[uint64]*holding{},
		byFold:  map[string]*holding{},
		byKey:   [2]map[string]*holding{{}, {}},
		rev:     reserved,
		limit:   reserved,
		dirty:   map[uint64]struct{}{},
	}
	for _, row := range rows {
		h := &holding{name: row.name, fold: row.fold, keys: row.keys, verifier: row.verifier, rev: row.rev, ident: row.ident, kept: row.kept,
			hold: time.Duration(row.hold) * time.Millisecond, place: -1}
		if h.kept {
			c.addLocked(h)
			continue
		}
		rest := time.Duration(row.ends)*time.Millisecond - lived
		if row.ends < 0 { // it was connected when the last run ended: the whole hold begins now
			rest = h.hold
			c.dirty[h.rev] = struct{}{}
		}
		if h.verifier == nil || rest <= 0 {
			c.dirty[h.rev] = struct{}{}
			c.freed.put(h.claim(""))
			continue
		}
		c.addLocked(h)
		c.waitLocked(h, rest)
	}
	return c
}

// run frees names whose hold is over and delivers Lost and Freed, until stop is closed.
func (c *claims) run(stop <-chan struct{}) {
	var wg sync.WaitGroup
	wg.Go(func() { c.lost.run(stop) })
	wg.Go(func() { c.freed.run(stop) })
	defer wg.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next, ok := c.expire(); ok {
			timer.Reset(next)
		} else {
			timer.Stop()
		}
		select {
		case <-timer.C:
		case <-c.poke:
		case <-stop:
			return
		}
	}
}

// expire frees what has waited long enough and returns how long it is to the next end, if there is one.
func (c *claims) expire() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.ends) > 0 {
		h := c.ends[0]
		if rest := time.Until(h.until); rest > 0 {
			return rest, true
		}
		heap.Pop(&c.ends)
		c.freeLocked(h, "")
	}
	return 0, false
}

// Claim asks for a name; see Claims.
func (c *claims) Claim(ctx context.Context, r ClaimRequest, prove func([]byte) bool) (Claim, error) {
	if err := ctx.Err(); err != nil {
		return Claim{}, err
	}
	proven := map[string]bool{} // by verifier, which may change meanwhile
	for {
		claim, change, ask, err := c.try(r, proven)
		if err != nil {
			return Claim{}, err
		}
		if ask == nil {
			if err := c.await(ctx, change); err != nil {
				c.Release(claim)
				return Claim{}, err
			}
			return claim, nil
		}
		proven[string(ask)] = prove != nil && prove(ask)
	}
}

// try is the critical section of Claim: granted with the change to wait for, or a verifier to be asked for proof, or an error.
func (c *claims) try(r ClaimRequest, proven map[string]bool) (_ Claim, change uint64, ask []byte, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	same := c.sameLocked(r.Fold, r.Keys)
	if len(same) == 0 {
		h := c.beginLocked(r)
		c.joinLocked(h, r)
		return h.claim(r.Session), c.changes, nil, nil
	}
	for _, h := range same {
		switch {
		case (h.verifier == nil) != (r.Verifier == nil): // with a secret and without never share a name
		case h.verifier == nil:
			if i := h.byClient(r.Client); i >= 0 {
				c.joinLocked(h, r)
				return h.claim(r.Session), c.changes, nil, nil
			}
		default:
			ok, asked := proven[string(h.verifier)]
			if !asked {
				return Claim{}, 0, h.verifier, nil
			}
			if ok {
				c.joinLocked(h, r)
				return h.claim(r.Session), c.changes, nil, nil
			}
		}
	}
	h := same[0]
	return Claim{}, 0, nil, &TakenError{Holder: h.holder(), Alike: h.fold != r.Fold, Wrong: h.verifier != nil && r.Verifier != nil}
}

// Release ends one session of a claim; see Claims.
func (c *claims) Release(cl Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.byRev[cl.Rev]
	if h == nil {
		return
	}
	i := h.bySession(cl.Session)
	if i < 0 {
		return
	}
	h.sessions = slices.Delete(h.sessions, i, i+1)
	if len(h.sessions) > 0 {
		return
	}
	if h.kept {
		return
	}
	if h.verifier == nil || h.hold <= 0 {
		c.freeLocked(h, cl.Session)
		return
	}
	c.waitLocked(h, h.hold)
	c.changedLocked(h)
}

// Valid tells whether cl is still served; see Claims.
func (c *claims) Valid(cl Claim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.byRev[cl.Rev]
	return h != nil && h.bySession(cl.Session) >= 0
}

// Lookup tells who holds a name; see Claims.
func (c *claims) Lookup(keys [2]string) (Holder, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, m := range c.byKey {
		if h := m[keys[i]]; h != nil && keys[i] != "" {
			return h.holder(), true
		}
	}
	return Holder{}, false
}

// Lost and Freed: see Claims.
func (c *claims) Lost() <-chan LostClaim { return c.lost.out }
func (c *claims) Freed() <-chan Claim    { return c.freed.out }

// sameLocked returns the holdings whose name is the same as the one asked for, the closest first.
func (c *claims) sameLocked(fold string, keys [2]string) []*holding {
	if h := c.byFold[fold]; h != nil {
		return []*holding{h}
	}
	var same []*holding
	for i, m := range c.byKey {
		if h := m[keys[i]]; h != nil && !slices.Contains(same, h) {
			same = append(same, h)
		}
	}
	return same
}

// beginLocked begins the holding that r asks for, without a session.
func (c *claims) beginLocked(r ClaimRequest) *holding {
	c.rev++
	if c.rev+revBlock/2 > c.limit {
		c.limit = c.rev + revBlock
	}
	h := &holding{name: r.Name, fold: r.Fold, keys: r.Keys, verifier: r.Verifier, rev: c.rev, ident: r.Ident, place: -1}
	c.addLocked(h)
	return h
}

func (c *claims) addLocked(h *holding) {
	c.byRev[h.rev] = h
	c.byFold[h.fold] = h
	for i, k := range h.keys {
		if k != "" {
			c.byKey[i][k] = h
		}
	}
}

// joinLocked adds the session of r to h, in place of one with the same client id.
func (c *claims) joinLocked(h *holding, r ClaimRequest) {
	if i := h.bySession(r.Session); i >= 0 {
		h.sessions = slices.Delete(h.sessions, i, i+1)
	} else if i := h.byClient(r.Client); i >= 0 {
		c.lost.put(LostClaim{Claim: h.claim(h.sessions[i].id), By: r.Session})
		h.sessions = slices.Delete(h.sessions, i, i+1)
	}
	if h.place >= 0 {
		heap.Remove(&c.ends, h.place)
	}
	if len(h.sessions) == 0 || h.hold != r.Hold {
		h.hold = r.Hold
		c.changedLocked(h)
	}
	h.sessions = append(h.sessions, session{id: r.Session, client: r.Client})
}

// waitLocked lets h wait for its owner.
func (c *claims) waitLocked(h *holding, rest time.Duration) {
	h.until = time.Now().Add(rest)
	heap.Push(&c.ends, h)
	if h.place == 0 {
		select {
		case c.poke <- struct{}{}:
		default:
		}
	}
}

// freeLocked forgets h. session is its last one, if it has just ended.
func (c *claims) freeLocked(h *holding, session string) {
	delete(c.byRev, h.rev)
	delete(c.byFold, h.fold)
	for i, k := range h.keys {
		if c.byKey[i][k] == h {
			delete(c.byKey[i], k)
		}
	}
	c.changedLocked(h)
	c.freed.put(h.claim(session))
}

func (c *claims) changedLocked(h *holding) {
	c.changes++
	c.dirty[h.rev] = struct{}{}
	c.kick()
}
