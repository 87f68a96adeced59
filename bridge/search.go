package bridge

import (
	"context"
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/bridge/words"
	"tincan/broker"
)

// Searching: in a room, in what two members said to each other, and over everything that a member may read.
const (
	searchesOf = 4       // of one member under way: others get their turn
	searchers  = 2       // searches at the same time: history never waits for them
	mostMarks  = 20      // of one word in one message
	mostHidden = 300     // rooms that the index is told to leave out; of more, each hit is looked at
	maxZone    = 18 * 60 // minutes
)

// A searchAnswer is a page of what was found, newest first.
type searchAnswer struct {
	Type    string      `json:"type"`
	Room    string      `json:"room,omitempty"`
	With    string      `json:"with,omitempty"`
	Request string      `json:"request,omitempty"`
	Hits    []searchHit `json:"hits"`
	More    bool        `json:"more"`
	Before  string      `json:"before,omitempty"` // to ask for those after these; it says nothing to anybody but the server
}

// A searchHit is one message, and where in its text the words are: from and to, in UTF-16 units.
type searchHit struct {
	Message json.RawMessage `json:"message"`
	Ranges  [][2]int        `json:"ranges,omitempty"`
}

// askEverywhere answers what is searched for over all that a member may read.
func (b *Bridge) askEverywhere(st *seat, t topic, m *broker.Message, ack func(broker.Ack)) {
	q, no := b.request(st, m)
	if no == nil && q.Search == nil {
		no = refusePayload("bad-request", `say what to search for, such as {"search":"tea from:ada"}`)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	b.askSearch(st, t, m, q, ack)
}

// askSearch answers what is searched for in a room, with a member, or everywhere.
func (b *Bridge) askSearch(st *seat, t topic, m *broker.Message, q request, ack func(broker.Ack)) {
	a := searchAnswer{Type: inboxSearch, Room: t.room, Request: q.Request}
	key := t.room
	var no *broker.Refusal
	if t.kind == userHistory {
		var who string
		a.With, who, no = b.partner(st, t)
		key = pairKey(st.member.ident, who)
	}
	var s sought
	var h history.SearchQuery
	if no == nil {
		s, h, no = b.sought(q)
	}
	if no != nil {
		b.refused(st, t, m, no, ack)
		return
	}
	if !b.seeking.begin(st.member) {
		b.refused(st, t, m, refuseFast("searches"), ack)
		return
	}
	answered := ack
	ack = func(a broker.Ack) {
		b.seeking.end(st.member)
		answered(a)
	}
	b.queue(b.searches, st, t, m, ack, func(ctx context.Context) ([]broker.Prop, *broker.Refusal) {
		a.Hits = []searchHit{}
		if b.within(&h, st.member, key, s) {
			found, err := b.store.Search(ctx, h)
			if err == nil {
				err = b.fillSearch(ctx, &a, found, s.words)
			}
			if err != nil {
				return nil, refuseStore(err)
			}
		}
		b.answer(st, m, encode(a))
		return nil, nil
	})
}

// seeking counts the searches of each member that are under way.
type seeking struct {
	mu sync.Mutex // guards of
	of map[*member]int
}

// begin counts one more, unless there are enough.
func (s *seeking) begin(m *member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[m] >= searchesOf {
		return false
	}
	if s.of == nil {
		s.of = map[*member]int{}
	}
	s.of[m]++
	return true
}

func (s *seeking) end(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[m]--; s.of[m] <= 0 {
		delete(s.of, m)
	}
}

// sought reads a request to search.
func (b *Bridge) sought(q request) (s sought, h history.SearchQuery, no *broker.Refusal) {
	var text string
	switch {
	case json.Unmarshal(*q.Search, &text) != nil:
		return s, h, refusePayload("bad-request", `search is a text, such as "tea from:ada"`)
	case len(text) > maxSearch:
		return s, h, refuseTooLong("what is searched for", len(text), maxSearch)
	case q.Zone < -maxZone || q.Zone > maxZone:
		return s, h, refusePayload("bad-request", "zone is how many minutes your clock is ahead of UTC, such as 120")
	case q.After != nil || q.Before.seq > 0:
		return s, h, refusePayload("bad-request", "a search goes on with before, as the answer gave it, and has no after")
	case q.Limit < 0 || q.Limit > historyMost:
		return s, h, refusePayload("bad-request", "limit is 1 to %d", historyMost)
	}
	s, parts := parseSought(text, time.FixedZone("", q.Zone*60), q.Prefix)
	switch {
	case parts == 0:
		return s, h, refusePayload("no-words", "say what to search for: a word, or a filter such as from:ada")
	case parts > maxSearchParts:
		no := refusePayload("too-many-words", "a search takes up to %d words and filters, and this has %d: leave some out", maxSearchParts, parts)
		return s, h, speaking(no, "n", maxSearchParts)
	}
	h = history.SearchQuery{Words: s.words, Limit: q.Limit}
	if h.Limit == 0 {
		h.Limit = historyUsual
	}
	if q.Before.place != "" {
		var ok bool
		if h.Before, ok = b.openPlace(q.Before.place); !ok {
			return s, h, refusePayload("bad-before", "before is what the answer before this one gave: search again without it")
		}
	}
	if len(s.from) > 0 {
		var from []string
		for _, name := range s.from {
			from = append(from, labelFrom(name))
		}
		h.Labels = append(h.Labels, from)
	}
	for _, label := range s.has {
		h.Labels = append(h.Labels, []string{label})
	}
	if len(s.times) > 0 {
		h.Time = func(at time.Time) bool {
			return !slices.ContainsFunc(s.times, func(i interval) bool { return !i.has(at) })
		}
		h.Span = func(low, high time.Time) bool {
			return !slices.ContainsFunc(s.times, func(i interval) bool { return !i.touches(low, high) })
		}
	}
	return s, h, nil
}

// within keeps a search to one log (key), or, where that is empty, to what a member may read; it is asked when the search begins, and the
// rights again for each room with hits. False: there is nothing to look through.
func (b *Bridge) within(h *history.SearchQuery, m *member, key string, s sought) bool {
	h.Room = func(key string) bool { return b.mayReadLog(m, key) }
	if key != "" {
		if !b.mayReadLog(m, key) {
			return false
		}
		h.Labels = append(h.Labels, b.labelsIn(key))
	}
	if len(s.in) > 0 {
		var in []string
		for _, where := range s.in {
			if key := b.logCalled(m, where); key != "" && b.mayReadLog(m, key) {
				in = append(in, b.labelsIn(key)...)
			}
		}
		h.Labels = append(h.Labels, in)
		return len(in) > 0
	}
	if key == "" {
		h.Labels = append(h.Labels, []string{labelRoom, labelOf(m.ident)})
		for _, slug := range b.cards.slugs(func(c *card) bool { return !c.free() }) {
			if !b.mayRead(m, slug) && len(h.Not) < mostHidden {
				h.Not = append(h.Not, b.labelsIn(slug)...)
			}
		}
	}
	return true
}

// mayReadLog tells whether a member may read a log: a room's as its rights are, of direct messages its own.
func (b *Bridge) mayReadLog(m *member, key string) bool {
	if !strings.HasPrefix(key, "@") {
		return b.mayRead(m, key)
	}
	one, other, ok := pairOf(key)
	return ok && (one == m.ident || other == m.ident)
}

// logCalled is the log that a filter names: a room, or @name for what was said to and by a member. Empty: there is none.
func (b *Bridge) logCalled(m *member, where string) string {
	if name, direct := strings.CutPrefix(where, "@"); direct {
		if who := b.who(name); who != "" {
			return pairKey(m.ident, who)
		}
		return ""
	}
	slug, err := names.Room(where)
	if err != nil {
		return ""
	}
	return b.cards.resolve(slug)
}

// labelsIn are the labels of what is in a log: under the names that its room had before, too.
func (b *Bridge) labelsIn(key string) []string {
	in := []string{labelIn(key)}
	if !strings.HasPrefix(key, "@") {
		for _, old := range b.cards.movedTo(key) {
			in = append(in, labelIn(old))
		}
	}
	return in
}

// fillSearch puts what was found into an answer of at most historyBytes.
func (b *Bridge) fillSearch(ctx context.Context, a *searchAnswer, found history.Found, q words.Query) error {
	folds := map[string]map[uint64]folded{} // by log
	changed := map[string][]history.Entry{}
	for _, h := range found.Hits {
		if h.About {
			changed[h.Room] = append(changed[h.Room], h.Entry)
		}
	}
	for key, es := range changed {
		var err error
		if folds[key], err = b.folds(ctx, key, es); err != nil {
			return err
		}
	}
	found.Hits = slices.DeleteFunc(found.Hits, func(h history.Hit) bool {
		return !strings.HasPrefix(h.Room, "@") && h.Entry.Seq <= b.hiddenUpTo(h.Room)
	})
	size := 0
	next := found.Next
	a.More = found.More
	for i, h := range found.Hits {
		room := h.Room
		if strings.HasPrefix(room, "@") {
			room = ""
		}
		msg := appendFolded(nil, room, h.Entry, folds[h.Room][h.Entry.Seq])
		if i > 0 && size+len(msg) > historyBytes {
			a.More, next = true, found.Hits[i-1].Place
			break
		}
		size += len(msg)
		var says struct{ Text string }
		if err := json.Unmarshal(msg, &says); err != nil {
			return err
		}
		a.Hits = append(a.Hits, searchHit{Message: msg, Ranges: utf16Ranges(says.Text, q.Find(says.Text, mostMarks))})
	}
	if a.More {
		a.Before = b.sealPlace(next)
	}
	return nil
}

// utf16Ranges turns ranges of bytes into those of UTF-16 units, as pages and many programs count.
func utf16Ranges(text string, ranges [][2]int) [][2]int {
	at, units := 0, 0
	count := func(to int) int {
		for ; at < to; units++ {
			r, size := utf8.DecodeRuneInString(text[at:])
			if at += size; r >= 0x10000 {
				units++
			}
		}
		return units
	}
	for i, r := range ranges {
		ranges[i] = [2]int{count(r[0]), count(r[1])}
	}
	return ranges
}

// A place of the log counts the entries of all rooms, also of those that the asker may not read: so nobody is shown one. It goes out as one
// block of AES under the server's key; who makes one up gets zeros that are none.

func (b *Bridge) sealPlace(place int64) string {
	var block [aes.BlockSize]byte
	binary.BigEndian.PutUint64(block[8:], uint64(place))
	b.placeCipher().Encrypt(block[:], block[:])
	return base64.RawURLEncoding.EncodeToString(block[:])
}

func (b *Bridge) openPlace(s string) (int64, bool) {
	block, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(block) != aes.BlockSize {
		return 0, false
	}
	b.placeCipher().Decrypt(block, block)
	place := int64(binary.BigEndian.Uint64(block[8:]))
	return place, binary.BigEndian.Uint64(block) == 0 && place > 0
}

func (b *Bridge) placeCipher() interface {
	Encrypt(dst, src []byte)
	Decrypt(dst, src []byte)
} {
	mac := hmac.New(sha256.New, b.secrets.key)
	mac.Write([]byte("places of the log"))
	c, err := aes.NewCipher(mac.Sum(nil)) // 32 bytes: AES-256
	if err != nil {
		panic(err) // only of another length
	}
	return c
}
