package broker

import (
	"bytes"
	"unicode/utf8"
)

// Control packet types (§2.1.2), the upper four bits of the first byte.
const (
	typeConnect     = 1
	typeConnack     = 2
	typePublish     = 3
	typePuback      = 4
	typePubrec      = 5
	typePubrel      = 6
	typePubcomp     = 7
	typeSubscribe   = 8
	typeSuback      = 9
	typeUnsubscribe = 10
	typeUnsuback    = 11
	typePingreq     = 12
	typePingresp    = 13
	typeDisconnect  = 14
	typeAuth        = 15
)

// Protocol versions as CONNECT carries them (§3.1.2.2).
const (
	v31  = 3
	v311 = 4
	v5   = 5
)

// A fault is what is wrong with a packet: a reason code for DISCONNECT or CONNACK, and what it is in words.
type fault struct {
	code Reason
	tell string
}

func malformed(tell string) *fault { return &fault{MalformedPacket, "malformed packet: " + tell} }
func protocol(tell string) *fault  { return &fault{ProtocolError, "protocol error: " + tell} }

// A cursor reads the fields of one packet. After the first field that is not there, all further ones are zero and short is set.
type cursor struct {
	b     []byte
	short bool
	utf8  bool // set when a string was not valid (§1.5.4)
}

func (c *cursor) take(n int) []byte {
	if c.short || n > len(c.b) {
		c.short = true
		return nil
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) byte() byte {
	if p := c.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) uint16() uint16 {
	if p := c.take(2); p != nil {
		return uint16(p[0])<<8 | uint16(p[1])
	}
	return 0
}

func (c *cursor) uint32() uint32 {
	if p := c.take(4); p != nil {
		return uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
	}
	return 0
}

// varint reads a variable byte integer (§1.5.5). One of five bytes, or a longer form than needed, is not there.
func (c *cursor) varint() int {
	v := 0
	for i := range 4 {
		b := c.byte()
		v |= int(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			if b == 0 && i > 0 {
				c.short = true
			}
			return v
		}
	}
	c.short = true
	return 0
}

// bytes reads binary data (§1.5.6); the result is a part of the packet.
func (c *cursor) bytes() []byte { return c.take(int(c.uint16())) }

// text reads a string (§1.5.4) as a part of the packet.
func (c *cursor) text() []byte {
	p := c.bytes()
	if !utf8.Valid(p) || bytes.IndexByte(p, 0) >= 0 {
		c.utf8 = true
	}
	return p
}

func (c *cursor) string() string { return string(c.text()) }

// fault tells what went wrong in the fields read so far.
func (c *cursor) fault() *fault {
	switch {
	case c.short:
		return malformed("it ends too early")
	case c.utf8:
		return malformed("a string is not UTF-8 or has U+0000 in it")
	}
	return nil
}

// end is fault, and also complains about what was left over.
func (c *cursor) end() *fault {
	if f := c.fault(); f != nil {
		return f
	}
	if len(c.b) > 0 {
		return malformed("it is longer than what it holds")
	}
	return nil
}

// A publish is a decoded PUBLISH (§3.3). Its slices are parts of the packet.
type publish struct {
	topic       []byte
	id          uint16
	qos         byte
	dup, retain bool
	props       properties
	payload     []byte
}

// decodePublish reads a PUBLISH; body is the packet without its fixed header.
func decodePublish(version, header byte, body []byte) (p publish, f *fault) {
	p.qos, p.dup, p.retain = header>>1&3, header&8 != 0, header&1 != 0
	if p.qos == 3 {
		return p, malformed("a PUBLISH with QoS 3") // [MQTT-3.3.1-4]
	}
	if p.qos == 0 && p.dup {
		return p, malformed("a PUBLISH with QoS 0 and DUP") // [MQTT-3.3.1-2]
	}
	c := cursor{b: body}
	p.topic = c.text()
	if p.qos > 0 {
		p.id = c.uint16()
	}
	if version == v5 {
		if f := p.props.decode(&c, inPublish); f != nil {
			return p, f
		}
	}
	if f := c.fault(); f != nil {
		return p, f
	}
	p.payload = c.b
	switch {
	case p.qos > 0 && p.id == 0:
		return p, protocol("packet id 0") // [MQTT-2.2.1-3]
	case p.props.has(propTopicAlias):
		return p, &fault{BadTopicAlias, "a topic alias, but the server announced none"} // [MQTT-3.3.2-9]
	case len(p.topic) == 0:
		return p, protocol("a PUBLISH without a topic") // [MQTT-4.7.3-1]
	case bytes.ContainsAny(p.topic, "+#"):
		return p, &fault{BadTopic, "a topic name has no + or # in it"} // [MQTT-3.3.2-2]
	case bytes.ContainsAny(p.props.response, "+#"):
		return p, protocol("a response topic with + or # in it") // [MQTT-3.3.2-14]
	}
	return p, nil
}

// An answer is a decoded PUBACK, PUBREC, PUBREL or PUBCOMP (§3.4 to §3.7).
type answer struct {
	id   uint16
	code Reason
}

func decodeAnswer(version, header byte, body []byte) (a answer, f *fault) {
	c := cursor{b: body}
	a.id = c.uint16()
	if version == v5 && len(c.b) > 0 && !c.short {
		a.code = Reason(c.byte())
		if len(c.b) > 0 {
			var props properties
			if f := props.decode(&c, inAnswer); f != nil {
				return a, f
			}
		}
	}
	if f := c.end(); f != nil {
		return a, f
	}
	if a.id == 0 {
		return a, protocol("packet id 0")
	}
	ok := a.code == Success || a.code == PacketIDNotFound
	if kind := header >> 4; kind == typePuback || kind == typePubrec {
		switch a.code {
		case Success, NoMatchingSubscribers, Unspecified, ImplementationSpecific, NotAuthorized, BadTopic, PacketIDInUse, QuotaExceeded, BadPayloadFormat:
			ok = true
		default:
			ok = false
		}
	}
	if !ok {
		return a, protocol("an unknown reason code in an acknowledgement")
	}
	return a, nil
}

// A wanted is one filter of a SUBSCRIBE with its options (§3.8.3.1).
type wanted struct {
	filter         string
	qos            byte
	noLocal        bool
	asPublished    bool
	retainHandling byte
}

// A subscribe is a decoded SUBSCRIBE (§3.8) or UNSUBSCRIBE (§3.10); the latter has filters only.
type subscribe struct {
	id      uint16
	subID   uint32 // subscription identifier; 0: none
	filters []wanted
}

func decodeSubscribe(version byte, body []byte) (s subscribe, f *fault) {
	c := cursor{b: body}
	s.id = c.uint16()
	if version == v5 {
		var props properties
		if f := props.decode(&c, inSubscribe); f != nil {
			return s, f
		}
		s.subID = props.subID
	}
	for len(c.b) > 0 && c.fault() == nil {
		w := wanted{filter: c.string()}
		o := c.byte() // the options byte must be there: mochi's decoder does not look
		w.qos = o & 3
		reserved := byte(0xfc)
		if version == v5 {
			reserved = 0xc0
			w.noLocal, w.asPublished, w.retainHandling = o&4 != 0, o&8 != 0, o>>4&3
		}
		switch {
		case c.short:
		case o&reserved != 0:
			return s, malformed("reserved bits in subscription options") // [MQTT-3.8.3-5], 3.1.1 [MQTT-3-8.3-4]
		case w.qos == 3:
			return s, malformed("a subscription with QoS 3")
		case w.retainHandling == 3:
			return s, protocol("retain handling 3")
		case w.noLocal && len(w.filter) >= len(sharePrefix) && w.filter[:len(sharePrefix)] == sharePrefix:
			return s, protocol("no local on a shared subscription") // [MQTT-3.8.3-4]
		}
		s.filters = append(s.filters, w)
	}
	return s, s.check(&c)
}

func decodeUnsubscribe(version byte, body []byte) (s subscribe, f *fault) {
	c := cursor{b: body}
	s.id = c.uint16()
	if version == v5 {
		var props properties
		if f := props.decode(&c, inUnsubscribe); f != nil {
			return s, f
		}
	}
	for len(c.b) > 0 && c.fault() == nil {
		s.filters = append(s.filters, wanted{filter: c.string()})
	}
	return s, s.check(&c)
}

func (s *subscribe) check(c *cursor) *fault {
	switch f := c.end(); {
	case f != nil:
		return f
	case s.id == 0:
		return protocol("packet id 0")
	case len(s.filters) == 0:
		return protocol("no topic filter") // [MQTT-3.8.3-2], [MQTT-3.10.3-2]
	}
	return nil
}

// A disconnect is a decoded DISCONNECT (§3.14).
type disconnect struct {
	code  Reason
	props properties
}

func decodeDisconnect(version byte, body []byte) (d disconnect, f *fault) {
	c := cursor{b: body}
	if version == v5 && len(body) > 0 { // e0 01 04 is a whole packet: the properties may be left out (§3.14.2.2.1)
		d.code = Reason(c.byte())
		if len(c.b) > 0 {
			if f := d.props.decode(&c, inDisconnect); f != nil {
				return d, f
			}
		}
	}
	if f := c.end(); f != nil {
		return d, f
	}
	if d.code != Success && d.code != DisconnectWithWill && d.code < Unspecified {
		return d, protocol("an unknown reason code in DISCONNECT")
	}
	return d, nil
}
