package broker

import (
	"bytes"

	"log/slog"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// An engine is what we use of mochi-mqtt; no other file knows it. mochi does the handshake, decodes and answers SUBSCRIBE and
// UNSUBSCRIBE, and keeps the index of topic filters. Its quirks end here:
//
//   - It sees every connection as a new, clean session with an id of its own, without will, user or keepalive: takeover, session
//     state, wills, acknowledgements, retained messages and fan-out are ours.
//   - It never sees the socket, only packets that have been checked (conn, frame, packet), and a panic in it ends one session.
//   - Its listeners, event loop and Close are not used: they have dead locks and time-outs of their own.
type engine struct{ server *mqtt.Server }

func newEngine() *engine {
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumClientWritesPending = 1 // nothing goes through its queue
	caps.MaximumMessageExpiryInterval = 0
	caps.TopicAliasMaximum = 0
	caps.Compatibilities.NoInheritedPropertiesOnAck = true
	e := &engine{mqtt.New(&mqtt.Options{
		Capabilities:             caps,
		Logger:                   slog.New(slog.DiscardHandler),
		ClientNetReadBufferSize:  256, // our conn hands over one whole packet at a time
		ClientNetWriteBufferSize: 1,
	})}
	if err := e.server.AddHook(&hook{}, nil); err != nil {
		panic(err) // a hook of ours that cannot fail
	}
	return e
}

// run serves a session whose CONNECT was granted, until it ends.
func (e *engine) run(c *conn) error {
	hello, err := plainConnect(c.s.Load())
	if err != nil {
		return err
	}
	c.pass = hello
	return e.server.EstablishConnection("tincan", c)
}

// forget drops what mochi knows of a connection.
func (e *engine) forget(id string) { e.server.Clients.Delete(id) }

func (e *engine) add(key, filter string) {
	e.server.Topics.Subscribe(key, packets.Subscription{Filter: filter})
}

func (e *engine) remove(key, filter string) { e.server.Topics.Unsubscribe(filter, key) }

// candidates returns the keys of which a filter may match topic.
func (e *engine) candidates(topic string) []string {
	found := e.server.Topics.Subscribers(topic).Subscriptions
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	return keys
}

// plainConnect is the CONNECT that mochi gets: the session's version and limits, and nothing else.
func plainConnect(s *Session) ([]byte, error) {
	pk := packets.Packet{
		FixedHeader:     packets.FixedHeader{Type: packets.Connect},
		ProtocolVersion: s.version,
		Connect: packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, Keepalive: 60, ClientIdentifier: s.id,
		},
	}
	if s.version == v31 {
		pk.Connect.ProtocolName = []byte("MQIsdp")
	}
	if s.version == v5 {
		pk.Properties.RequestProblemInfoFlag = !s.problems // the value is 0
		if s.maxPacket < unlimited {
			pk.Properties.MaximumPacketSize = uint32(s.maxPacket)
		}
	}
	var buf bytes.Buffer
	err := pk.ConnectEncode(&buf)
	return buf.Bytes(), err
}

// A hook completes what mochi is about to answer. Its methods run in the session's own goroutine, since only that makes mochi
// write; they find the session by its conn.
type hook struct{ mqtt.HookBase }

func (h *hook) ID() string { return "tincan" }

func (h *hook) Provides(b byte) bool {
	switch b {
	case mqtt.OnConnectAuthenticate, mqtt.OnSessionEstablished, mqtt.OnPacketEncode, mqtt.OnSubscribe, mqtt.OnUnsubscribe, mqtt.OnPacketProcessed:
		return true
	}
	return false
}

func sessionOf(cl *mqtt.Client) *Session { return cl.Net.Conn.(*conn).s.Load() }

// OnConnectAuthenticate says yes: the handler has granted it.
func (h *hook) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

func (h *hook) OnSessionEstablished(cl *mqtt.Client, _ packets.Packet) { sessionOf(cl).established() }

// OnSubscribe decides the whole SUBSCRIBE; mochi is left with none of its filters and answers with the codes of OnPacketEncode.
func (h *hook) OnSubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	sessionOf(cl).subscribed()
	pk.Filters = nil
	return pk
}

func (h *hook) OnUnsubscribe(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	sessionOf(cl).unsubscribed()
	pk.Filters = nil
	return pk
}

func (h *hook) OnPacketProcessed(cl *mqtt.Client, pk packets.Packet, err error) {
	if err == nil {
		sessionOf(cl).answered()
	}
}

func (h *hook) OnPacketEncode(cl *mqtt.Client, pk packets.Packet) packets.Packet {
	s := sessionOf(cl)
	switch pk.FixedHeader.Type {
	case packets.Connack:
		ack := connack(s.version, Success, "", s.welcome)
		ack.SessionPresent = s.present
		s.announce(&ack.Properties)
		ack.Mods.MaxSize = pk.Mods.MaxSize
		return ack
	case packets.Suback, packets.Unsuback:
		pk.ReasonCodes = s.request.codes
		pk.Properties = packets.Properties{ReasonString: s.request.tell}
	}
	return pk
}

// announce tells the limits of the server (§3.2.2.3). What is left out means: no topic aliases, everything else is available.
func (s *Session) announce(p *packets.Properties) {
	p.ReceiveMaximum = uint16(s.b.cfg.MaxPublishes)
	p.MaximumPacketSize = uint32(s.b.cfg.MaxPacket)
	if s.imposed {
		p.ServerKeepAlive, p.ServerKeepAliveFlag = uint16(s.keepalive.Seconds()), true // [MQTT-3.2.2-21]
	}
	if s.capped {
		p.SessionExpiryInterval, p.SessionExpiryIntervalFlag = uint32(s.expiry.Seconds()), true
	}
	if s.assigned {
		p.AssignedClientID = s.clientID // [MQTT-3.2.2-16]
	}
}

// connack makes a CONNACK (§3.2) for either version.
func connack(version byte, code Reason, tell string, user []Prop) packets.Packet {
	pk := packets.Packet{
		FixedHeader:     packets.FixedHeader{Type: packets.Connack},
		ProtocolVersion: version,
		ReasonCode:      byte(code),
		Properties:      packets.Properties{ReasonString: tell},
	}
	if version < v5 && code != Success {
		pk.ReasonCode = code.connack3()
	}
	for _, p := range user {
		pk.Properties.User = append(pk.Properties.User, packets.UserProperty{Key: p.Key, Val: p.Value})
	}
	return pk
}

// refusingConnack encodes the CONNACK of a refused CONNECT.
func refusingConnack(version byte, r *Refusal) []byte {
	var user []Prop
	if r.Key != "" {
		user = []Prop{{"reason", r.Key}}
	}
	pk := connack(version, r.Code, r.Tell, user)
	var buf bytes.Buffer
	if err := pk.ConnackEncode(&buf); err != nil {
		return nil
	}
	return buf.Bytes()
}
