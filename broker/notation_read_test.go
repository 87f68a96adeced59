package broker

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A reading takes a packet of the server apart, to write it in the notation. What is missing is a fault of the packet.
type reading struct {
	b     []byte
	line  strings.Builder
	fault string
}

func (r *reading) take(n int) []byte {
	if n > len(r.b) {
		r.fault = "it ends too early"
		n = len(r.b)
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reading) num(n int) uint64 {
	var all [8]byte
	copy(all[8-n:], r.take(n))
	return binary.BigEndian.Uint64(all[:])
}

func (r *reading) varint() (n int) {
	for shift := 0; ; shift += 7 {
		b := r.num(1)
		n |= int(b&127) << shift
		if b < 128 || shift > 21 {
			return n
		}
	}
}

func (r *reading) text() string { return string(r.take(int(r.num(2)))) }

func (r *reading) say(format string, args ...any) { fmt.Fprintf(&r.line, " "+format, args...) }

// props writes a property list.
func (r *reading) props() {
	list := reading{b: r.take(r.varint())}
	for len(list.b) > 0 && list.fault == "" {
		id := list.num(1)
		var p property
		for _, q := range propertyTable {
			if uint64(q.id) == id {
				p = q
			}
		}
		switch p.form {
		case '1', '2', '4':
			list.say("%s=%d", p.name, list.num(int(p.form-'0')))
		case 'v':
			list.say("%s=%d", p.name, list.varint())
		case 's':
			list.say("%s=%s", p.name, quote(list.text()))
		case 'p':
			key := list.text()
			list.say("%s=%s:%s", p.name, key, list.text())
		default:
			list.fault = fmt.Sprintf("property %d", id)
		}
	}
	r.line.WriteString(list.line.String())
	if list.fault != "" {
		r.fault = list.fault
	}
}

// decodeNote writes a packet that the server sent in the notation.
func decodeNote(first byte, body []byte, version byte) string {
	r := &reading{b: body}
	kind := kinds[first>>4]
	r.line.WriteString(kind)
	props := func() {
		if version == 5 {
			r.props()
		}
	}
	reason := func() {
		if len(r.b) > 0 {
			r.say("code=%#02x", r.num(1))
		}
		if len(r.b) > 0 {
			r.props()
		}
	}
	flags := byte(0)
	switch kind {
	case "CONNACK":
		present := r.num(1)
		r.say("code=%#02x", r.num(1))
		if present > 0 {
			r.say("present=%d", present)
		}
		props()
	case "PUBLISH":
		r.publish(first, props)
		flags = first & 15
	case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP":
		if kind == "PUBREL" {
			flags = 2
		}
		r.say("id=%d", r.num(2))
		reason()
	case "SUBACK", "UNSUBACK":
		r.say("id=%d", r.num(2))
		props()
		for len(r.b) > 0 {
			r.say("%#02x", r.num(1))
		}
	case "DISCONNECT":
		reason()
	case "PINGRESP":
	default:
		r.fault = "a server does not send it"
	}
	if r.fault == "" && len(r.b) > 0 {
		r.fault = fmt.Sprintf("%d bytes are left over", len(r.b))
	}
	if r.fault == "" && first&15 != flags {
		r.fault = "flags of the fixed header"
	}
	if r.fault != "" {
		r.say("MALFORMED: %s", r.fault)
	}
	return r.line.String()
}

func (r *reading) publish(first byte, props func()) {
	topic := r.text()
	qos := first >> 1 & 3
	after := ""
	if qos > 0 {
		after = fmt.Sprintf(" qos=%d id=%d", qos, r.num(2))
	}
	var before string
	before, r.line = r.line.String(), strings.Builder{}
	props()
	listed := r.line.String()
	r.line = strings.Builder{}
	r.line.WriteString(before)
	r.say("%s %s%s", quote(topic), quote(string(r.take(len(r.b)))), after)
	if first&1 != 0 {
		r.say("retain")
	}
	if first&8 != 0 {
		r.say("dup")
	}
	r.line.WriteString(listed)
}
