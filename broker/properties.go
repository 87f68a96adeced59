package broker

// Property identifiers (§2.2.2.2).
const (
	propPayloadFormat   = 1
	propMessageExpiry   = 2
	propContentType     = 3
	propResponseTopic   = 8
	propCorrelation     = 9
	propSubscriptionID  = 11
	propSessionExpiry   = 17
	propAuthMethod      = 21
	propAuthData        = 22
	propProblemInfo     = 23
	propWillDelay       = 24
	propResponseInfo    = 25
	propReasonString    = 31
	propReceiveMaximum  = 33
	propAliasMaximum    = 34
	propTopicAlias      = 35
	propUser            = 38
	propMaximumPacket   = 39
	propertiesAreBelow  = 64
	maxUserPropertiesIn = 64 // in one packet; thousands are an attack, not an application
)

// Places where a property may stand, as a set.
const (
	inConnect = 1 << iota
	inWill
	inPublish
	inAnswer
	inSubscribe
	inUnsubscribe
	inDisconnect
)

// allowed tells in which packets of a client each property may stand (table 2-4).
var allowed = [propertiesAreBelow]uint8{
	propPayloadFormat:  inPublish | inWill,
	propMessageExpiry:  inPublish | inWill,
	propContentType:    inPublish | inWill,
	propResponseTopic:  inPublish | inWill,
	propCorrelation:    inPublish | inWill,
	propSubscriptionID: inSubscribe,
	propSessionExpiry:  inConnect | inDisconnect,
	propAuthMethod:     inConnect,
	propAuthData:       inConnect,
	propProblemInfo:    inConnect,
	propWillDelay:      inWill,
	propResponseInfo:   inConnect,
	propReasonString:   inAnswer | inDisconnect,
	propReceiveMaximum: inConnect,
	propAliasMaximum:   inConnect,
	propTopicAlias:     inPublish,
	propUser:           inConnect | inWill | inPublish | inAnswer | inSubscribe | inUnsubscribe | inDisconnect,
	propMaximumPacket:  inConnect,
}

// properties are the MQTT 5 properties of one packet from a client. Its slices are parts of the packet.
type properties struct {
	seen          uint64 // bit of each identifier that was there
	payloadFormat byte
	problemInfo   byte
	receiveMax    uint16
	aliasMax      uint16
	subID         uint32
	messageExpiry uint32 // seconds
	sessionExpiry uint32 // seconds
	willDelay     uint32 // seconds
	maximumPacket uint32
	contentType   []byte
	response      []byte
	correlation   []byte
	user          []Prop
}

func (p *properties) has(id int) bool { return p.seen&(1<<id) != 0 }

// decode reads a property list, with its length in front, of a packet of the given kind.
func (p *properties) decode(c *cursor, in uint8) *fault {
	n := c.varint()
	list := cursor{b: c.take(n)}
	if f := c.fault(); f != nil {
		return f
	}
	for len(list.b) > 0 {
		id := list.varint()
		if list.short || id >= propertiesAreBelow || allowed[id] == 0 {
			return malformed("an unknown property")
		}
		if allowed[id]&in == 0 {
			return protocol("a property that does not belong in this packet")
		}
		if id != propUser && p.has(id) {
			return protocol("a property twice")
		}
		p.seen |= 1 << id
		if f := p.value(&list, id); f != nil {
			return f
		}
	}
	return nil
}

// value reads the value of the property id.
func (p *properties) value(c *cursor, id int) *fault {
	bad := false
	switch id {
	case propPayloadFormat:
		p.payloadFormat = c.byte()
		bad = p.payloadFormat > 1
	case propMessageExpiry:
		p.messageExpiry = c.uint32()
	case propContentType:
		p.contentType = c.text()
	case propResponseTopic:
		p.response = c.text()
		bad = len(p.response) == 0
	case propCorrelation:
		p.correlation = c.bytes()
	case propSubscriptionID:
		p.subID = uint32(c.varint())
		bad = p.subID == 0 // §3.8.2.1.2
	case propSessionExpiry:
		p.sessionExpiry = c.uint32()
	case propAuthMethod, propReasonString:
		c.text()
	case propAuthData:
		c.bytes()
	case propProblemInfo:
		p.problemInfo = c.byte()
		bad = p.problemInfo > 1
	case propWillDelay:
		p.willDelay = c.uint32()
	case propResponseInfo:
		bad = c.byte() > 1
	case propReceiveMaximum:
		p.receiveMax = c.uint16()
		bad = p.receiveMax == 0
	case propAliasMaximum:
		p.aliasMax = c.uint16()
	case propTopicAlias:
		c.uint16()
	case propUser:
		if len(p.user) == maxUserPropertiesIn {
			return protocol("more than 64 user properties")
		}
		p.user = append(p.user, Prop{c.string(), c.string()})
	case propMaximumPacket:
		p.maximumPacket = c.uint32()
		bad = p.maximumPacket == 0
	}
	if f := c.fault(); f != nil {
		return f
	}
	if bad {
		return protocol("a property with a value that is not allowed")
	}
	return nil
}

// message moves the properties of an application message into m.
func (p *properties) message(m *Message) {
	if p.seen == 0 {
		return
	}
	m.UTF8 = p.payloadFormat == 1
	m.ContentType = string(p.contentType)
	m.Response = string(p.response)
	if p.has(propCorrelation) {
		m.Correlation = append([]byte{}, p.correlation...)
	}
	m.Expiry = p.messageExpiry
	m.User = p.user
}
