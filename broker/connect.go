package broker

import "time"

// A connect is a decoded CONNECT (§3.1).
type connect struct {
	version   byte
	clean     bool
	keepalive uint16 // seconds
	clientID  string
	user      string
	secret    []byte // nil: none
	props     properties
	will      *will
}

// maxPacket is the size of a packet that the client takes, in bytes [MQTT-3.1.2-24].
func (p *connect) maxPacket() int {
	if p.props.maximumPacket == 0 { // none, or the fault for which it is refused
		return unlimited
	}
	return int(min(p.props.maximumPacket, unlimited))
}

// A will is the message that a session leaves behind (§3.1.2.5).
type will struct {
	m     *Message
	delay time.Duration
}

// decodeConnect reads a CONNECT; body is the packet without its fixed header. Where the version could be read it is set also when
// the rest is at fault.
func decodeConnect(body []byte) (p *connect, f *fault) {
	p = &connect{}
	c := cursor{b: body}
	name := string(c.bytes())
	version := c.byte()
	switch {
	case c.short:
		return p, malformed("it ends too early")
	case name == "MQIsdp" && version == v31, name == "MQTT" && (version == v311 || version == v5):
		p.version = version
	case name == "MQTT":
		p.version = v311
		if version > v5 {
			p.version = v5
		}
		return p, &fault{UnsupportedVersion, "this server speaks MQTT 3.1.1 and 5"} // [MQTT-3.1.2-2]
	default:
		return p, malformed("this is not MQTT")
	}
	flags := c.byte()
	p.keepalive = c.uint16()
	p.clean = flags&2 != 0
	willFlag, willQoS, willRetain := flags&4 != 0, flags>>3&3, flags&32 != 0
	hasSecret, hasUser := flags&64 != 0, flags&128 != 0
	switch {
	case c.short:
	case flags&1 != 0:
		return p, malformed("a reserved flag in CONNECT") // [MQTT-3.1.2-3]
	case willQoS == 3, !willFlag && (willQoS != 0 || willRetain):
		return p, malformed("will flags that do not go together") // [MQTT-3.1.2-11] to [MQTT-3.1.2-13]
	case p.version < v5 && hasSecret && !hasUser:
		return p, malformed("a password without a user name") // 3.1.1 [MQTT-3.1.2-22]
	}
	p.props.problemInfo = 1 // the default (§3.1.2.11.7)
	if p.version == v5 {
		if f := p.props.decode(&c, inConnect); f != nil {
			return p, f
		}
	}
	p.clientID = c.string()
	if willFlag {
		if f := p.readWill(&c, willQoS, willRetain); f != nil {
			return p, f
		}
	}
	if hasUser {
		p.user = c.string()
	}
	if hasSecret {
		p.secret = append([]byte{}, c.bytes()...)
	}
	if f := c.end(); f != nil {
		return p, f
	}
	switch {
	case p.props.has(propAuthMethod):
		return p, &fault{BadAuthMethod, "no extended authentication here: use the user name as your name, and a password as its secret"}
	case p.props.has(propAuthData):
		return p, protocol("authentication data without a method") // §3.1.2.11.10
	case p.clientID == "" && !p.clean && p.version < v5:
		return p, &fault{BadClientID, "a session that is kept needs a client id"} // 3.1.1 [MQTT-3.1.3-8]
	}
	return p, nil
}

func (p *connect) readWill(c *cursor, qos byte, retain bool) *fault {
	var props properties
	if p.version == v5 {
		if f := props.decode(c, inWill); f != nil {
			return f
		}
	}
	m := &Message{Topic: c.string(), Payload: append([]byte{}, c.bytes()...), QoS: qos, Retain: retain, Will: true}
	if f := c.fault(); f != nil {
		return f
	}
	if !ValidTopic(m.Topic) {
		return &fault{BadTopic, "the will's topic is not a topic name"}
	}
	props.message(m)
	p.will = &will{m: m, delay: time.Duration(props.willDelay) * time.Second}
	return nil
}
