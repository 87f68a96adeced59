package broker

import (
	"errors"
	"fmt"
	"time"
)

// The first byte of every stored value is the version of its format.
const storedVersion = 1

// Flags of a stored message, above the two bits of its QoS.
const (
	storedRetain      = 1 << 2
	storedUTF8        = 1 << 3
	storedCorrelation = 1 << 4
	storedSent        = 1 << 5
	storedReceived    = 1 << 6
)

// Flags of a stored subscription, above the two bits of its QoS; bits 4 and 5 are its retain handling.
const (
	storedNoLocal     = 1 << 2
	storedAsPublished = 1 << 3
)

// storedLive is the flag of a record that was stored while the client was connected.
const storedLive = 1

// errStored is what is wrong with a value that is not what we have written.
var errStored = errors.New("it is not what was written")

// A stored is a message as it is kept over a restart: a retained one, or a flight.
type stored struct {
	m      *Message
	qos    byte
	retain bool
	expiry uint32 // seconds left; 0: none

	// Only of a flight.
	id       uint16 // packet id; 0: none yet
	sent     bool
	received bool   // PUBREC came; the payload is not needed any more
	spelled  string // the topic as its reader spells it
	subIDs   []uint32
}

// secondsLeft is what is left of m's expiry interval, at least 1; 0: it has none.
func secondsLeft(m *Message, at time.Time) uint32 {
	left, fresh := remaining(m, at)
	if !fresh {
		return 1
	}
	return left
}

func encodeStored(s *stored) []byte {
	m := s.m
	size := 32 + len(m.Topic) + len(s.spelled) + len(m.Payload) + len(m.ContentType) + len(m.Response) + len(m.Correlation) +
		userSize(m.User) + 4*len(s.subIDs)
	flags := s.qos
	for _, f := range []struct {
		on   bool
		flag byte
	}{{s.retain, storedRetain}, {m.UTF8, storedUTF8}, {m.Correlation != nil, storedCorrelation}, {s.sent, storedSent}, {s.received, storedReceived}} {
		if f.on {
			flags |= f.flag
		}
	}
	b := append(make([]byte, 0, size), storedVersion, flags)
	b = appendUint16(appendUint32(b, s.expiry), s.id)
	b = appendText(appendText(b, m.Topic), s.spelled)
	b = appendVarint(b, len(s.subIDs))
	for _, id := range s.subIDs {
		b = appendVarint(b, int(id))
	}
	b = appendText(appendText(b, m.ContentType), m.Response)
	if m.Correlation != nil {
		b = appendText(b, m.Correlation)
	}
	b = appendVarint(b, len(m.User))
	for _, p := range m.User {
		b = appendText(appendText(b, p.Key), p.Value)
	}
	if s.received {
		return b
	}
	return append(b, m.Payload...)
}

func decodeStored(value []byte) (*stored, error) {
	c, err := storedCursor(value)
	if err != nil {
		return nil, err
	}
	flags := c.byte()
	s := &stored{
		qos: flags & 3, retain: flags&storedRetain != 0, sent: flags&storedSent != 0, received: flags&storedReceived != 0,
		expiry: c.uint32(), id: c.uint16(),
	}
	m := &Message{Topic: c.string(), QoS: s.qos, Retain: s.retain, UTF8: flags&storedUTF8 != 0, Expiry: s.expiry}
	s.m, s.spelled = m, c.string()
	for range c.count(1) {
		s.subIDs = append(s.subIDs, uint32(c.varint()))
	}
	m.ContentType, m.Response = c.string(), c.string()
	if flags&storedCorrelation != 0 {
		m.Correlation = append([]byte{}, c.bytes()...)
	}
	for range c.count(4) {
		m.User = append(m.User, Prop{c.string(), c.string()})
	}
	if c.fault() != nil || s.qos == 3 || flags&128 != 0 || s.received && len(c.b) > 0 || !ValidTopic(m.Topic) {
		return nil, errStored
	}
	m.Payload = append([]byte{}, c.b...)
	return s, nil
}

// A sessionRecord is a session as it is kept over a restart.
type sessionRecord struct {
	ident  identity
	holder string
	live   bool   // its client was connected
	expiry uint32 // seconds that the session outlives the connection
	subs   []*subscription
}

func encodeRecord(r *sessionRecord) []byte {
	flags := byte(0)
	if r.live {
		flags = storedLive
	}
	b := appendUint32([]byte{storedVersion, flags}, r.expiry)
	b = appendText(appendText(appendText(b, r.ident.holder), r.ident.clientID), r.holder)
	b = appendVarint(b, len(r.subs))
	for _, s := range r.subs {
		options := s.qos | s.retainHandling<<4
		if s.noLocal {
			options |= storedNoLocal
		}
		if s.asPublished {
			options |= storedAsPublished
		}
		b = appendText(appendText(append(b, options), s.filter), s.topic)
		b = appendText(appendUint16(b, uint16(s.level)), s.as)
		b = appendVarint(b, int(s.subID))
	}
	return b
}

func decodeRecord(value []byte) (*sessionRecord, error) {
	c, err := storedCursor(value)
	if err != nil {
		return nil, err
	}
	flags := c.byte()
	r := &sessionRecord{live: flags == storedLive, expiry: c.uint32()}
	r.ident = identity{c.string(), c.string()}
	r.holder = c.string()
	for range c.count(10) {
		options := c.byte()
		s := &subscription{
			qos: options & 3, retainHandling: options >> 4, noLocal: options&storedNoLocal != 0, asPublished: options&storedAsPublished != 0,
			filter: c.string(), topic: c.string(), level: int(c.uint16()), as: c.string(), subID: uint32(c.varint()),
		}
		s.group, _, _ = SplitShare(s.filter)
		if s.qos == 3 || s.retainHandling > 2 || !ValidFilter(s.filter) || !ValidFilter(s.topic) {
			return nil, errStored
		}
		r.subs = append(r.subs, s)
	}
	if c.end() != nil || flags > storedLive {
		return nil, errStored
	}
	return r, nil
}

// storedCursor reads the version of a value and returns what follows it.
func storedCursor(value []byte) (*cursor, error) {
	switch {
	case len(value) == 0 || value[0] == 0:
		return nil, errStored
	case value[0] != storedVersion:
		return nil, fmt.Errorf("%w: format %d", ErrStoreNewer, value[0])
	}
	return &cursor{b: value[1:]}, nil
}

// count reads how many things of at least so many bytes follow; 0 when there are not as many bytes.
func (c *cursor) count(least int) int {
	n := c.varint()
	if n > len(c.b)/least {
		c.short = true
	}
	if c.short {
		return 0
	}
	return n
}
