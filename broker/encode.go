package broker

import "math"

// unlimited is the packet size of a peer that announced none.
const unlimited = math.MaxInt32

// pingresp is shared by all sessions; nobody changes it.
var pingresp = []byte{typePingresp << 4, 0}

func appendVarint(b []byte, v int) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func varintSize(v int) int {
	switch {
	case v < 1<<7:
		return 1
	case v < 1<<14:
		return 2
	case v < 1<<21:
		return 3
	}
	return 4
}

func appendUint16(b []byte, v uint16) []byte { return append(b, byte(v>>8), byte(v)) }

func appendUint32(b []byte, v uint32) []byte {
	return append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// appendText appends a string with its length; s is at most 65535 bytes long.
func appendText[T string | []byte](b []byte, s T) []byte {
	return append(appendUint16(b, uint16(len(s))), s...)
}

func appendUser(b []byte, props []Prop) []byte {
	for _, p := range props {
		b = appendText(appendText(append(b, propUser), p.Key), p.Value)
	}
	return b
}

func userSize(props []Prop) int {
	n := 0
	for _, p := range props {
		n += 5 + len(p.Key) + len(p.Value)
	}
	return n
}

// A form is how one session, or a class of them, gets a message.
type form struct {
	version byte
	topic   string // as this reader spells it
	qos     byte
	retain  bool
	dup     bool
	id      uint16
	expiry  uint32   // seconds left; 0: none
	subIDs  []uint32 // subscription identifiers
	alias   uint16   // topic alias; 0: none
}

// encodePublish makes the PUBLISH (§3.3) of m in the given form: one allocation.
func encodePublish(m *Message, f form) []byte {
	props := 0
	if f.version == v5 {
		props = publishPropsSize(m, f)
	}
	size := 2 + len(f.topic) + len(m.Payload)
	if f.qos > 0 {
		size += 2
	}
	if f.version == v5 {
		size += varintSize(props) + props
	}
	b := make([]byte, 0, 1+varintSize(size)+size)
	header := byte(typePublish<<4) | f.qos<<1
	if f.retain {
		header |= 1
	}
	if f.dup {
		header |= 8
	}
	b = appendVarint(append(b, header), size)
	b = appendText(b, f.topic)
	if f.qos > 0 {
		b = appendUint16(b, f.id)
	}
	if f.version == v5 {
		b = appendPublishProps(appendVarint(b, props), m, f)
	}
	return append(b, m.Payload...)
}

func publishPropsSize(m *Message, f form) int {
	n := userSize(m.User)
	if m.UTF8 {
		n += 2
	}
	if f.expiry > 0 {
		n += 5
	}
	if m.ContentType != "" {
		n += 3 + len(m.ContentType)
	}
	if m.Response != "" {
		n += 3 + len(m.Response)
	}
	if m.Correlation != nil {
		n += 3 + len(m.Correlation)
	}
	for _, id := range f.subIDs {
		n += 1 + varintSize(int(id))
	}
	if f.alias > 0 {
		n += 3
	}
	return n
}

func appendPublishProps(b []byte, m *Message, f form) []byte {
	if m.UTF8 {
		b = append(b, propPayloadFormat, 1)
	}
	if f.expiry > 0 {
		b = appendUint32(append(b, propMessageExpiry), f.expiry)
	}
	if m.ContentType != "" {
		b = appendText(append(b, propContentType), m.ContentType)
	}
	if m.Response != "" {
		b = appendText(append(b, propResponseTopic), m.Response)
	}
	if m.Correlation != nil {
		b = appendText(append(b, propCorrelation), m.Correlation)
	}
	for _, id := range f.subIDs {
		b = appendVarint(append(b, propSubscriptionID), int(id))
	}
	if f.alias > 0 {
		b = appendUint16(append(b, propTopicAlias), f.alias)
	}
	return appendUser(b, m.User)
}

// encodeAnswer makes a PUBACK, PUBREC, PUBREL or PUBCOMP. Code, text and properties are left out for 3.1.1, and text and
// properties also where the peer did not ask for them or they do not fit into max bytes [MQTT-3.4.2-2], [MQTT-3.4.2-3].
func encodeAnswer(version, kind byte, id uint16, code Reason, tell string, user []Prop, max int) []byte {
	header := kind << 4
	if kind == typePubrel {
		header |= 2
	}
	if version < v5 || code == Success && tell == "" && len(user) == 0 {
		return []byte{header, 2, byte(id >> 8), byte(id)}
	}
	props := reasonProps(tell, user, max-16)
	if len(props) == 0 {
		return []byte{header, 3, byte(id >> 8), byte(id), byte(code)}
	}
	size := 3 + varintSize(len(props)) + len(props)
	b := appendVarint(append(make([]byte, 0, 8+size), header), size)
	b = append(appendUint16(b, id), byte(code))
	return append(appendVarint(b, len(props)), props...)
}

// encodeDisconnect makes the DISCONNECT of an MQTT 5 session (§3.14); 3.1.1 has none from a server.
func encodeDisconnect(code Reason, tell string, user []Prop, max int) []byte {
	props := reasonProps(tell, user, max-16)
	size := 1 + varintSize(len(props)) + len(props)
	b := appendVarint(append(make([]byte, 0, 8+size), typeDisconnect<<4), size)
	b = append(b, byte(code))
	return append(appendVarint(b, len(props)), props...)
}

// reasonProps encodes user properties and then a reason string, as far as they fit into max bytes.
func reasonProps(tell string, user []Prop, max int) (b []byte) {
	if len(user) > 0 && userSize(user) <= max {
		b = appendUser(b, user)
	}
	if tell != "" && len(b)+3+len(tell) <= max {
		b = appendText(append(b, propReasonString), tell)
	}
	return b
}
