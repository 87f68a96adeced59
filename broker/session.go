package broker

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Session is one MQTT connection that the handler has let in, or is asked about.
type Session struct {
	// Value is the handler's own. It is set in Handler.Connect and only read after that.
	Value any

	// Set while the connection is established, by its own goroutine; not changed after.
	b         *Broker
	c         *conn
	id        string
	name      string
	clientID  string
	version   byte
	transport string
	remote    string
	keepalive time.Duration // 0: none
	imposed   bool          // keepalive is ours: CONNACK says so
	maxPacket int           // bytes, the peer's limit
	window    int           // unacknowledged messages towards it
	aliases   *aliases      // nil: none
	problems  bool          // reason strings may be sent (§3.1.2.11.7)
	assigned  bool          // the client id is ours: CONNACK says so
	capped    bool          // the session expiry is ours: CONNACK says so
	present   bool          // the session state was resumed
	welcome   []Prop
	st        *state
	settled   atomic.Bool   // st is the one that stays
	done      chan struct{} // closed when the session has ended and the handler has been told

	// Owned by the session's goroutine.
	granted bool // the handler let it in: Disconnect is owed
	holder  string
	proven  bool // as who holds its name
	entered bool // it is in the registry
	ident   identity
	will    *will
	expiry  time.Duration // how long the state outlives the connection
	topic   string        // the last topic that was published to: most clients use few
	request *request      // the SUBSCRIBE or UNSUBSCRIBE under way

	pulls pulls
}

// A request is a SUBSCRIBE or UNSUBSCRIBE on its way through mochi, and what is to be answered.
type request struct {
	subscribe
	codes []byte // reason codes of the SUBACK or UNSUBACK
	tell  string // reason string
	then  []pull // retained messages to send after the SUBACK
}

// ID is unique for each connection, also of the same client.
func (s *Session) ID() string { return s.id }

// Name is the member's name, as Welcome gave it; empty during Handler.Connect.
func (s *Session) Name() string { return s.name }

// ClientID is the MQTT client id; during Handler.Connect the one that was sent.
func (s *Session) ClientID() string { return s.clientID }

// Version is the protocol version: 3 (3.1), 4 (3.1.1) or 5.
func (s *Session) Version() byte { return s.version }

// Transport is "tcp" or "ws".
func (s *Session) Transport() string { return s.transport }

// Remote is the peer's address, ip:port.
func (s *Session) Remote() string { return s.remote }

// A state is what MQTT calls the session state (§4.1): it outlives the connection when the client asked for that.
type state struct {
	key   string // under which it is stored, and who it belongs to then; set before it is used, empty: it is not stored
	ident identity

	live atomic.Pointer[Session]
	out  window
	acks acks

	mu       sync.Mutex               // guards what follows; map work only
	holder   string                   // Welcome.Holder of its last connection
	subs     map[string]*subscription // by filter as the client wrote it
	deciding bool                     // Handler.Subscribe is being asked
	held     []*Message               // told meanwhile, to be matched after

	// Guarded by the registry, while absent.
	until  time.Time // when it is forgotten
	parted parted
}

// A subscription is one granted topic filter.
type subscription struct {
	filter         string // as the client wrote it
	group          string // of a shared subscription; else empty
	topic          string // the filter to match by
	level          int
	as             string // when not empty, level of a delivered topic reads so
	qos            byte
	noLocal        bool
	asPublished    bool
	retainHandling byte
	subID          uint32
	since          uint64 // the shelf's turn when it was granted; only for the pull that follows
}

var lastSession atomic.Uint64

func newSession(c *conn, p *connect) *Session {
	b := c.b
	s := &Session{
		b: b, c: c,
		id:        "s" + strconv.FormatUint(lastSession.Add(1), 36),
		clientID:  p.clientID,
		version:   p.version,
		transport: c.transport,
		remote:    c.nc.RemoteAddr().String(),
		keepalive: time.Duration(p.keepalive) * time.Second,
		maxPacket: p.maxPacket(),
		problems:  p.props.problemInfo == 1,
		done:      make(chan struct{}),
	}
	window := b.cfg.MaxInflight
	if p.version == v5 {
		if s.keepalive == 0 || s.keepalive > b.cfg.Keepalive {
			s.keepalive, s.imposed = b.cfg.Keepalive, true // [MQTT-3.2.2-21]
		}
		if p.props.has(propReceiveMaximum) {
			window = min(window, int(p.props.receiveMax)) // [MQTT-3.3.4-9]
		}
		s.aliases = newAliases(p.props.aliasMax)
		s.expiry = time.Duration(p.props.sessionExpiry) * time.Second
	} else if !p.clean {
		s.expiry = b.cfg.SessionExpiry
	}
	if s.expiry > b.cfg.SessionExpiry {
		s.expiry, s.capped = b.cfg.SessionExpiry, true
	}
	s.st = newState(b)
	s.window, s.st.out.max = window, window
	s.pulls.load.of = &b.pressure
	return s
}

func newState(b *Broker) *state {
	st := &state{subs: map[string]*subscription{}}
	st.out.b, st.out.st = b, st
	st.acks.init(st)
	return st
}

// end ends the session; see conn.end.
func (s *Session) end(why Cause, code Reason, tell string) { s.c.end(why, code, tell) }

// step reads one packet and processes it. It is false when the session has ended, and after a packet whose work is deep: then the
// next one is read with a new stack.
func (s *Session) step() bool {
	frame := s.c.readFrame()
	if frame == nil {
		return false
	}
	kind := frame[0] >> 4
	s.receive(frame)
	s.c.alive() // the handler may have let it wait: that is not the client's silence
	return kind != typeSubscribe && kind != typeUnsubscribe
}

// receive processes one packet.
func (s *Session) receive(frame []byte) {
	var f *fault
	switch kind, b := frame[0]>>4, body(frame); kind {
	case typePublish:
		var p publish
		if p, f = decodePublish(s.version, frame[0], b); f == nil {
			s.publish(&p)
		}
	case typePuback, typePubrec, typePubrel, typePubcomp:
		var a answer
		if a, f = decodeAnswer(s.version, frame[0], b); f == nil {
			s.answer(kind, a)
		}
	case typeSubscribe:
		var r subscribe
		if r, f = decodeSubscribe(s.version, b); f == nil {
			s.obey(r, frame)
		}
	case typeUnsubscribe:
		var r subscribe
		if r, f = decodeUnsubscribe(s.version, b); f == nil {
			s.obey(r, frame)
		}
	case typePingreq:
		if len(b) > 0 {
			f = malformed("a PINGREQ with content")
			break
		}
		s.c.send(pingresp)
	case typeDisconnect:
		var d disconnect
		if d, f = decodeDisconnect(s.version, b); f == nil {
			f = s.disconnected(d)
		}
	case typeConnect:
		f = protocol("a second CONNECT") // [MQTT-3.1.0-2]
	case typeAuth:
		f = protocol("AUTH without an authentication method")
	}
	if f != nil {
		s.end(CauseProtocol, f.code, f.tell)
	}
}

// disconnected obeys a DISCONNECT (§3.14.4).
func (s *Session) disconnected(d disconnect) *fault {
	if d.props.has(propSessionExpiry) {
		if s.expiry == 0 && d.props.sessionExpiry > 0 {
			return protocol("a session expiry in DISCONNECT, but none in CONNECT") // §3.14.2.2.2
		}
		s.expiry = min(time.Duration(d.props.sessionExpiry)*time.Second, s.b.cfg.SessionExpiry)
	}
	if d.code == Success {
		s.will = nil // [MQTT-3.1.2-10]
	}
	s.end(CauseClient, Success, "")
	return nil
}

// answer obeys an acknowledgement.
func (s *Session) answer(kind byte, a answer) {
	switch kind {
	case typePuback:
		s.st.out.acked(a.id)
	case typePubrec:
		s.st.out.received(a.id, a.code)
	case typePubcomp:
		s.st.out.acked(a.id)
	case typePubrel:
		s.st.acks.released(a.id)
	}
	s.resumePulls()
}
