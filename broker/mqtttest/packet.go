// Package mqtttest is a small MQTT 3.1.1 and 5 client for tests: it says exactly what it is told to, also what no proper client
// would, and keeps everything that comes back. It shares no code with the broker, so that a mistake is not made twice.
package mqtttest

import (
	"encoding/binary"
	"fmt"
)

// Packet types (§2.1.2).
const (
	Connect     = 1
	Connack     = 2
	Publish     = 3
	Puback      = 4
	Pubrec      = 5
	Pubrel      = 6
	Pubcomp     = 7
	Subscribe   = 8
	Suback      = 9
	Unsubscribe = 10
	Unsuback    = 11
	Pingreq     = 12
	Pingresp    = 13
	Disconnect  = 14
)

// A Prop is a user property.
type Prop struct{ Key, Value string }

// A Packet is one that came from the server.
type Packet struct {
	Type    byte
	Flags   byte
	ID      uint16 // packet id, where the type has one
	Code    byte   // reason or return code
	Codes   []byte // of SUBACK and UNSUBACK
	Present bool   // session present
	Topic   string
	Payload []byte
	Props   Props
}

// QoS of a PUBLISH.
func (p Packet) QoS() byte { return p.Flags >> 1 & 3 }

// Retain flag of a PUBLISH.
func (p Packet) Retain() bool { return p.Flags&1 != 0 }

// Props are MQTT 5 properties, those that tests ask for by name.
type Props struct {
	Reason      string
	ContentType string
	Response    string
	Correlation []byte
	AssignedID  string
	User        []Prop
	Number      map[byte]uint32 // every property with a number for a value, by identifier
	SubIDs      []uint32
}

// Get finds a user property.
func (p Props) Get(key string) string {
	for _, u := range p.User {
		if u.Key == key {
			return u.Value
		}
	}
	return ""
}

// Frame puts a fixed header before a body.
func Frame(first byte, body []byte) []byte {
	return append(appendVarint([]byte{first}, len(body)), body...)
}

func appendVarint(b []byte, n int) []byte {
	for {
		d := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			d |= 0x80
		}
		b = append(b, d)
		if n == 0 {
			return b
		}
	}
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func appendProps(b, props []byte) []byte {
	return append(appendVarint(b, len(props)), props...)
}

func appendUser(b []byte, user []Prop) []byte {
	for _, u := range user {
		b = appendString(appendString(append(b, 0x26), u.Key), u.Value)
	}
	return b
}

// parse reads the body of a packet of the given protocol version.
func parse(first byte, body []byte, version byte) (p Packet, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("packet %x % x: %v", first, body, r)
		}
	}()
	p.Type, p.Flags = first>>4, first&15
	b := body
	five := version == 5
	switch p.Type {
	case Connack:
		p.Present, p.Code, b = b[0] == 1, b[1], b[2:]
		if five {
			p.Props, b = props(b)
		}
	case Publish:
		p.Topic, b = str(b)
		if p.QoS() > 0 {
			p.ID, b = num16(b)
		}
		if five {
			p.Props, b = props(b)
		}
		p.Payload, b = b, nil
	case Puback, Pubrec, Pubrel, Pubcomp:
		p.ID, b = num16(b)
		if len(b) > 0 {
			p.Code, b = b[0], b[1:]
		}
		if len(b) > 0 {
			p.Props, b = props(b)
		}
	case Suback, Unsuback:
		p.ID, b = num16(b)
		if five {
			p.Props, b = props(b)
		}
		p.Codes, b = b, nil
	case Disconnect:
		if len(b) > 0 {
			p.Code, b = b[0], b[1:]
		}
		if len(b) > 0 {
			p.Props, b = props(b)
		}
	case Pingresp:
	default:
		return p, fmt.Errorf("a server does not send packets of type %d", p.Type)
	}
	if len(b) > 0 {
		return p, fmt.Errorf("%d bytes too many in packet %x % x", len(b), first, body)
	}
	return p, nil
}

func num16(b []byte) (uint16, []byte) { return binary.BigEndian.Uint16(b), b[2:] }

func str(b []byte) (string, []byte) {
	n, b := num16(b)
	return string(b[:n]), b[n:]
}

func varint(b []byte) (int, []byte) {
	n, shift := 0, 0
	for {
		d := b[0]
		b = b[1:]
		n |= int(d&0x7f) << shift
		if shift += 7; d&0x80 == 0 {
			return n, b
		}
	}
}

func props(b []byte) (p Props, rest []byte) {
	n, b := varint(b)
	b, rest = b[:n], b[n:]
	p.Number = map[byte]uint32{}
	for len(b) > 0 {
		id := b[0]
		b = b[1:]
		switch id {
		case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a:
			p.Number[id], b = uint32(b[0]), b[1:]
		case 0x13, 0x21, 0x22, 0x23:
			var v uint16
			v, b = num16(b)
			p.Number[id] = uint32(v)
		case 0x02, 0x11, 0x18, 0x27:
			p.Number[id], b = binary.BigEndian.Uint32(b), b[4:]
		case 0x0b:
			var v int
			v, b = varint(b)
			p.SubIDs = append(p.SubIDs, uint32(v))
		case 0x03:
			p.ContentType, b = str(b)
		case 0x08:
			p.Response, b = str(b)
		case 0x09:
			var s string
			s, b = str(b)
			p.Correlation = []byte(s)
		case 0x12:
			p.AssignedID, b = str(b)
		case 0x1f:
			p.Reason, b = str(b)
		case 0x1a, 0x1c, 0x15, 0x16:
			_, b = str(b)
		case 0x26:
			var u Prop
			u.Key, b = str(b)
			u.Value, b = str(b)
			p.User = append(p.User, u)
		default:
			panic(fmt.Sprintf("property %#x", id))
		}
	}
	return p, rest
}
