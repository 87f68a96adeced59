package broker

// A Session is one MQTT connection that the handler has let in, or is asked about.
type Session struct {
	// Value is the handler's own. It is set in Handler.Connect and only read after that.
	Value any

	id        string
	name      string
	clientID  string
	version   byte
	transport string
	remote    string
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
