package broker

import (
	"bytes"

	"log/slog"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// An engine is what we use of mochi-mqtt; no other file knows it. mochi decodes and answers SUBSCRIBE and UNSUBSCRIBE, encodes
// CONNACK, and keeps the index of topic filters. Its quirks end here:
//
//   - A client of mochi lives for one packet. It has no goroutines, no inflight messages, no will and no session to be taken over:
//     all that is ours, and so are acknowledgements, retained messages and fan-out.
//   - It never sees the socket, only packets that have been checked (conn, frame, packet), in the session's own goroutine, so that a
//     panic in it ends one session.
//   - Its listeners, event loop, read and write loops and Close are not used: they have dead locks and time-outs of their own, and
//     cost 12 KB a connection.
type engine struct{ server *mqtt.Server }

func newEngine() *engine {
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumClientWritesPending = 0 // nothing goes through its queue
	caps.TopicAliasMaximum = 0
	e := &engine{mqtt.New(&mqtt.Options{Capabilities: caps, Logger: slog.New(slog.DiscardHandler), ClientNetReadBufferSize: 16})}
	if err := e.server.AddHook(&hook{}, nil); err != nil {
		panic(err) // a hook of ours that cannot fail
	}
	return e
}

// client makes a client of mochi for one packet of s.
func (e *engine) client(s *Session) *mqtt.Client {
	cl := e.server.NewClient(s.c, s.transport, s.id, false)
	cl.Properties.ProtocolVersion = s.version
	cl.Properties.Props.RequestProblemInfoFlag = !s.problems // the value is 0 [MQTT-3.1.2-29]
	if s.maxPacket < unlimited {
		cl.Properties.Props.MaximumPacketSize = uint32(s.maxPacket) // [MQTT-3.1.2-24]
	}
	return cl
}

// welcome sends the CONNACK of a granted CONNECT.
func (e *engine) welcome(s *Session) error {
	return e.server.SendConnack(e.client(s), packets.CodeSuccess, s.present, nil)
}

// process decodes and answers a SUBSCRIBE or UNSUBSCRIBE; it calls s.subscribed or s.unsubscribed.
func (e *engine) process(s *Session, frame []byte) error {
	b := bytes.Clone(body(frame)) // its decoder keeps parts
	pk := packets.Packet{ProtocolVersion: s.version, FixedHeader: packets.FixedHeader{Type: frame[0] >> 4, Qos: 1, Remaining: len(b)}}
	decode := pk.SubscribeDecode
	if pk.FixedHeader.Type == packets.Unsubscribe {
		decode = pk.UnsubscribeDecode
	}
	if err := decode(b); err != nil {
		return err
	}
	return e.server.InjectPacket(e.client(s), pk)
}

// add puts filter into the index, to be found as key.
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

// A hook completes what mochi is about to answer. Its methods run in the session's own goroutine, since only that makes mochi
// write; they find the session by its conn.
type hook struct{ mqtt.HookBase }

func (h *hook) ID() string { return "tincan" }

func (h *hook) Provides(b byte) bool {
	switch b {
	case mqtt.OnPacketEncode, mqtt.OnSubscribe, mqtt.OnUnsubscribe:
		return true
	}
	return false
}

func sessionOf(cl *mqtt.Client) *Session { return cl.Net.Conn.(*conn).s.Load() }

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

// refusingConnack encodes the CONNACK of a refused CONNECT, with as much of the reason as fits into max bytes [MQTT-3.2.2-19],
// [MQTT-3.2.2-20].
func refusingConnack(version byte, r *Refusal, max int) []byte {
	user, tell := r.props(), r.Tell
	for {
		pk := connack(version, r.Code, tell, user)
		var buf bytes.Buffer
		if err := pk.ConnackEncode(&buf); err != nil {
			return nil
		}
		switch {
		case buf.Len() <= max:
			return buf.Bytes()
		case tell != "":
			tell = ""
		case user != nil:
			user = nil
		default:
			return nil
		}
	}
}
