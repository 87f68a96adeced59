package broker

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The notation of packets in testdata/standard: a type, then fields and properties by name. What the server sent is written in it
// as well, with its bytes below. It shares no code with the broker, so that a mistake is not made twice.

var kinds = []string{"", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE",
	"UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"}

// A property is one of MQTT 5 (§2.2.2.2), and how its value is written: 1, 2 or 4 bytes, v for a variable byte integer, s for a
// string or binary data, p for a pair of strings.
type property struct {
	id   byte
	form byte
	name string
}

var propertyTable = []property{
	{1, '1', "payload-format"}, {2, '4', "message-expiry"}, {3, 's', "content-type"}, {8, 's', "response-topic"}, {9, 's', "correlation"},
	{11, 'v', "subscription-id"}, {17, '4', "session-expiry"}, {18, 's', "assigned-id"}, {19, '2', "server-keepalive"},
	{21, 's', "auth-method"}, {22, 's', "auth-data"}, {23, '1', "problem-info"}, {24, '4', "delay"}, {25, '1', "response-info"},
	{26, 's', "response-information"}, {28, 's', "server-reference"}, {31, 's', "reason"}, {33, '2', "receive-max"},
	{34, '2', "alias-max"}, {35, '2', "alias"}, {36, '1', "max-qos"}, {37, '1', "retain-available"}, {38, 'p', "user-property"},
	{39, '4', "max-packet"}, {40, '1', "wildcards"}, {41, '1', "subscription-ids"}, {42, '1', "shared"},
}

func propertyNamed(name string) (property, bool) {
	for _, p := range propertyTable {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}

// words splits a line at spaces that are not in quotes.
func words(line string) (ws []string) {
	var w strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			w.WriteString(line[i : i+2])
			i++
		case c == ' ' && !quoted:
			if w.Len() > 0 {
				ws = append(ws, w.String())
			}
			w.Reset()
		default:
			quoted = quoted != (c == '"')
			w.WriteByte(c)
		}
	}
	if w.Len() > 0 {
		ws = append(ws, w.String())
	}
	return ws
}

// unquote takes the quotes off a value, if it has them; "x"*3 is xxx.
func unquote(s string) string {
	quoted, times := s, uint64(1)
	if i := strings.LastIndex(s, `"*`); i > 0 {
		quoted, times = s[:i+1], number(s[i+2:])
	}
	if t, err := strconv.Unquote(quoted); err == nil {
		return strings.Repeat(t, int(times))
	}
	return s
}

// quote puts them on where it must.
func quote(s string) string {
	if s == "" || strings.ContainsAny(s, " \"\\@=") || strconv.Quote(s) != `"`+s+`"` {
		return strconv.Quote(s)
	}
	return s
}

func number(s string) uint64 {
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		panic("not a number: " + s)
	}
	return n
}

func str16(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func varint(b []byte, n uint64) []byte {
	for ; n > 127; n /= 128 {
		b = append(b, byte(n%128)|128)
	}
	return append(b, byte(n))
}

// value encodes one property.
func (p property) value(b []byte, v string) []byte {
	b = append(b, p.id)
	switch p.form {
	case '1':
		return append(b, byte(number(v)))
	case '2':
		return binary.BigEndian.AppendUint16(b, uint16(number(v)))
	case '4':
		return binary.BigEndian.AppendUint32(b, uint32(number(v)))
	case 'v':
		return varint(b, number(v))
	case 'p':
		key, val, _ := strings.Cut(v, ":")
		return str16(str16(b, unquote(key)), unquote(val))
	}
	return str16(b, unquote(v))
}

// A note is a packet in the notation, taken apart.
type note struct {
	kind   byte
	bare   []string          // words without a name: topics, filters, payloads, flags
	fields map[string]string // words with one
	props  []byte            // encoded, in the order of the words
	will   []byte            // properties of the will
}

func readNote(line string) (n note) {
	ws := words(line)
	n.fields = map[string]string{}
	for i, k := range kinds {
		if k == ws[0] && i > 0 {
			n.kind = byte(i)
		}
	}
	if n.kind == 0 {
		panic("no packet: " + line)
	}
	for _, w := range ws[1:] {
		key, v, named := strings.Cut(w, "=")
		inWill := strings.HasPrefix(key, "will.")
		p, ok := propertyNamed(strings.TrimPrefix(key, "will."))
		switch {
		case !named || w[0] == '"':
			n.bare = append(n.bare, unquote(w))
		case ok && inWill:
			n.will = p.value(n.will, v)
		case ok:
			n.props = p.value(n.props, v)
		default:
			n.fields[key] = v
		}
	}
	return n
}

func (n note) number(name string, otherwise uint64) uint64 {
	if v, ok := n.fields[name]; ok {
		return number(v)
	}
	return otherwise
}

func (n note) flag(name string) bool {
	for _, w := range n.bare {
		if w == name {
			return true
		}
	}
	return false
}

// encodeNote encodes a line of the notation for a protocol version; who is the client id where none is given. A line of hexadecimal
// digits is the bytes themselves, and 61*1000 stands for a thousand bytes of 61.
func encodeNote(line string, version byte, who string) []byte {
	if raw, ok := rawBytes(line); ok {
		return raw
	}
	n := readNote(line)
	b, first := []byte{}, n.kind<<4
	list := func(b, props []byte) []byte {
		if version == 5 {
			return append(varint(b, uint64(len(props))), props...)
		}
		if len(props) > 0 {
			panic("properties for 3.1.1: " + line)
		}
		return b
	}
	var id []byte
	if kinds[n.kind] != "CONNECT" {
		id = binary.BigEndian.AppendUint16(nil, uint16(n.number("id", 0)))
	}
	switch kinds[n.kind] {
	case "CONNECT":
		b = n.connect(list, version, who)
	case "PUBLISH":
		qos := n.number("qos", 0)
		first |= byte(qos << 1)
		if n.flag("retain") {
			first |= 1
		}
		if n.flag("dup") {
			first |= 8
		}
		b = str16(b, n.bare[0])
		if qos > 0 {
			b = append(b, id...)
		}
		b = append(list(b, n.props), n.bare[1]...)
	case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP":
		b = append(b, id...)
		b = n.reason(b)
	case "SUBSCRIBE":
		b = list(append(b, id...), n.props)
		for _, f := range n.bare {
			filter, options, _ := strings.Cut(f, "@")
			b = append(str16(b, unquote(filter)), subscribeOptions(options))
		}
	case "UNSUBSCRIBE":
		b = list(append(b, id...), n.props)
		for _, f := range n.bare {
			b = str16(b, f)
		}
	case "DISCONNECT", "AUTH":
		b = n.reason(b)
	}
	switch kinds[n.kind] {
	case "PUBREL", "SUBSCRIBE", "UNSUBSCRIBE":
		first |= 2
	}
	return append(varint([]byte{first}, uint64(len(b))), b...)
}

// reason appends a code and properties, as far as they are given.
func (n note) reason(b []byte) []byte {
	if code, ok := n.fields["code"]; ok || len(n.props) > 0 {
		if code == "" {
			code = "0"
		}
		b = append(b, byte(number(code)))
	}
	if len(n.props) > 0 {
		b = append(varint(b, uint64(len(n.props))), n.props...)
	}
	return b
}

// connect encodes the body of a CONNECT: id, user, password, keepalive, will=topic:payload with will-qos; the words keep (no clean
// start), will-retain; flags=0x01 is added to the flags, and v and name stand in for version and protocol name.
func (n note) connect(list func(b, props []byte) []byte, version byte, who string) []byte {
	flags := byte(0)
	topic, payload, hasWill := strings.Cut(n.fields["will"], ":")
	user, hasUser := n.fields["user"]
	password, hasPassword := n.fields["password"]
	for bit, on := range map[byte]bool{2: !n.flag("keep"), 4: hasWill, 32: n.flag("will-retain"), 64: hasPassword, 128: hasUser} {
		if on {
			flags |= bit
		}
	}
	flags |= byte(n.number("will-qos", 0)<<3) | byte(n.number("flags", 0))
	name, ok := n.fields["name"]
	if !ok {
		name = "MQTT"
	}
	id, ok := n.fields["id"]
	if !ok {
		id = who
	}
	b := append(str16(nil, name), byte(n.number("v", uint64(version))), flags)
	b = list(binary.BigEndian.AppendUint16(b, uint16(n.number("keepalive", 0))), n.props)
	b = str16(b, unquote(id))
	if hasWill {
		b = str16(str16(list(b, n.will), unquote(topic)), payload)
	}
	if hasUser {
		b = str16(b, unquote(user))
	}
	if hasPassword {
		b = str16(b, unquote(password))
	}
	return b
}

// subscribeOptions reads 1,no-local,as-published,retain-handling-2 (§3.8.3.1).
func subscribeOptions(s string) (o byte) {
	for _, w := range strings.Split(s, ",") {
		switch {
		case w == "no-local":
			o |= 4
		case w == "as-published":
			o |= 8
		case strings.HasPrefix(w, "retain-handling-"):
			o |= byte(number(w[len("retain-handling-"):])) << 4
		case w != "":
			o |= byte(number(w))
		}
	}
	return o
}

// rawBytes reads a line of bytes in hexadecimal.
func rawBytes(line string) (b []byte, ok bool) {
	for _, w := range strings.Fields(line) {
		digits, times, many := strings.Cut(w, "*")
		p, err := hex.DecodeString(digits)
		if err != nil {
			return nil, false
		}
		count := 1
		if many {
			count = int(number(times))
		}
		for range count {
			b = append(b, p...)
		}
	}
	return b, true
}

// writeHex writes bytes as rawBytes reads them.
func writeHex(p []byte) []string {
	var lines []string
	for ; len(p) > 32; p = p[32:] {
		lines = append(lines, fmt.Sprintf("% x", p[:32]))
	}
	return append(lines, fmt.Sprintf("% x", p))
}
