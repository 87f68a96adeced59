package broker

import "context"

// Handler decides for the broker what its sessions may do. The broker knows MQTT and asks; the handler knows what a topic means
// and answers. For one session the calls come one after the other, in the order of its packets, from that session's own
// goroutine: Connect, then any of Subscribe, Unsubscribe and Publish, then Disconnect. MayPublish and MayRead may come at any
// time and from any goroutine; they have no side effects, take no lock that is held over I/O, and cost O(1).
//
// The broker delivers nothing by itself: a message reaches other sessions only by [Broker.Publish], [Broker.Relay] or [Broker.Tell].
type Handler interface {
	// Connect is asked after a well-formed CONNECT and before its CONNACK. It may block (that session alone waits). A nil
	// Refusal lets the session in; from then on Disconnect is called exactly once for it, whatever happens.
	Connect(ctx context.Context, s *Session, c ConnectRequest) (Welcome, *Refusal)

	// Subscribe is asked once for a whole SUBSCRIBE, before retained messages are sent, and once for a session that is resumed,
	// with all its filters, before its CONNACK. The answer has one Decision for each filter, in the same order. What is told to s
	// (Broker.Tell) from within reaches it behind the answer.
	Subscribe(s *Session, filters []Subscription) []Decision

	// Unsubscribe tells that the session dropped these filters, as the client wrote them.
	Unsubscribe(s *Session, filters []string)

	// Publish hands over a message of s: a PUBLISH, or its will when m.Will is set. It must not block; ack may be called later
	// and from any goroutine, but exactly once, also for QoS 0, where the Ack is only counted. The broker sends
	// acknowledgements in the order of the publishes, however the acks come in. m and its payload belong to the handler. A will
	// comes before Disconnect, unless the client asked for a will delay (§3.1.3.2.2): then it may come after, from any goroutine.
	Publish(s *Session, m *Message, ack func(Ack))

	// Disconnect tells that the session's connection has ended and its will, if it had to be sent, has been published.
	Disconnect(s *Session, why Cause)

	// MayPublish tells whether s may publish to topic; it is asked about the will at CONNECT. nil means yes.
	MayPublish(s *Session, topic string) *Refusal

	// MayRead tells whether a message on topic may be sent to s. It is asked for every session whose filters match topic, when
	// the readers of a topic are gathered; the answer is kept until [Broker.Forget] or a subscription changes.
	MayRead(s *Session, topic string) bool
}

// A ConnectRequest is what a CONNECT said (MQTT 5 §3.1, 3.1.1 §3.1).
type ConnectRequest struct {
	ClientID  string // as sent; empty when the client left it to the server
	User      string // user name; empty when there is none
	Secret    []byte // password; nil when there is none
	Clean     bool   // clean start, or clean session for 3.1.1
	User5     []Prop // user properties
	Keepalive uint16 // seconds; 0 is none

	// Full says that there is no room for strangers: let in only who proves to be a member, and answer Welcome.Proven.
	Full bool
}

// A Welcome completes a granted CONNECT.
type Welcome struct {
	Name     string // the member's canonical name
	ClientID string // the id that the session has from now on, where the client sent none
	Props    []Prop // user properties of the CONNACK

	// Ident says who the session belongs to; empty: the name itself. A session that is taken over or resumed must be of the same one,
	// so that whoever gets a name later does not inherit what waited for the one before. It is the same after a restart.
	Ident string

	// Holder says who holds the name now, for [Message.Holder].
	Holder string

	// Proven says that the session has shown to be the one who holds the name. Where there are too many sessions it is let in all
	// the same, in place of the one that came last of those that have not.
	Proven bool
}

// A Prop is an MQTT 5 user property (§2.2.2.2).
type Prop struct{ Key, Value string }

// A Subscription is one topic filter of a SUBSCRIBE.
type Subscription struct {
	Filter string // as the client wrote it, with $share/group/ if it has that
	Group  string // the share name; empty when not shared
	Topic  string // the filter without $share/group/
	QoS    byte
}

// A Decision answers one Subscription.
type Decision struct {
	Refusal *Refusal // not nil: refused, and the rest means nothing
	Topic   string   // the filter to match by, without $share/group/; empty: the one that was asked for
	// Level, when As is not empty, is the level (from 0) of a delivered topic that is replaced by As: a session that asked for
	// chat/user/me/inbox is matched by chat/user/ada/inbox and still reads its own spelling.
	Level int
	As    string
}

// A Message is one application message (§3.3), from a session, or for sessions.
type Message struct {
	Topic       string
	Payload     []byte
	QoS         byte
	Retain      bool
	Dup         bool   // only inwards
	Will        bool   // only inwards: a will, sent for a session that has died
	UTF8        bool   // payload format indicator 1
	ContentType string // MQTT 5 properties from here on; empty: absent
	Response    string // response topic
	Correlation []byte // correlation data
	Expiry      uint32 // message expiry interval in seconds; 0: none
	User        []Prop
	From        *Session // who published it, for no-local; nil: the server

	// Holder, when not empty, is who it is for: it waits only for sessions whose last Welcome.Holder was the same.
	Holder string

	// Pulled says that the reader asked for this message (history). It is fed to the reader as its queue drains and never
	// counts against the limit of a slow reader. Only for Broker.Tell.
	Pulled bool

	receipt *receipt // of whoever waits until it is kept; nil: nobody. Set by Broker.Relay
}

// An Ack answers a Publish: a nil Refusal takes the message over.
type Ack struct {
	Refusal *Refusal
	Props   []Prop // user properties of the PUBACK or PUBREC, for MQTT 5
}

// A Cause says why a session's connection ended. Its text is a log value and a counter's label.
type Cause string

// Causes of an end.
const (
	CauseClient    Cause = "disconnected"     // the client sent DISCONNECT
	CauseClosed    Cause = "connection lost"  // the socket closed or broke without DISCONNECT
	CauseKeepalive Cause = "keepalive"        // silent for 1.5 × keepalive, or no pong over websocket
	CauseTakeover  Cause = "taken over"       // the same client id of the same name connected again
	CauseSlow      Cause = "slow"             // more bytes waited for it than its queue may hold
	CauseCrowded   Cause = "crowded out"      // a member that proved its name needed the place of a stranger
	CauseProtocol  Cause = "protocol error"   // it broke the standard or a limit of it
	CauseRefused   Cause = "refused"          // a 3.1.1 publish was refused and cannot be told otherwise
	CauseKicked    Cause = "kicked"           // Broker.Disconnect
	CauseStopping  Cause = "stopping"         // the server stops
	CauseTimeout   Cause = "connect time-out" // no CONNECT in time
	CausePanic     Cause = "panic"            // a bug of ours or of a library, contained to this session
)
