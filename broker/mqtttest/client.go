package mqtttest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Patience is how long a test waits for something that has to come. Machines that run tests are busy.
const Patience = time.Minute

// Options say who connects, and how.
type Options struct {
	Version    byte // 4 (3.1.1) or 5; 0 is 5
	ID         string
	Name       string // user name; empty: none is sent
	Secret     string // password; empty: none is sent
	Keep       bool   // not a clean start
	Keepalive  uint16 // seconds
	Expiry     uint32 // session expiry interval in seconds (MQTT 5)
	ReceiveMax uint16 // MQTT 5; 0: not sent
	MaxPacket  uint32 // MQTT 5; 0: not sent
	User       []Prop // MQTT 5
	Will       *Will
	NoAcks     bool   // leave QoS 1 and 2 packets from the server unanswered
	From       string // the local IP address to come from; empty: any

	// Hear, when not nil, gets each packet first, in the goroutine that reads. What it takes (true) is not kept for Want.
	Hear func(Packet) bool
}

// A Will is a last will.
type Will struct {
	Topic, Payload string
	QoS            byte
	Retain         bool
	Delay          uint32 // seconds (MQTT 5)
}

// A Client is one connection. Its Want methods fail the test when what they want does not come in time.
type Client struct {
	Connack Packet // the answer to CONNECT

	t       testing.TB
	version byte
	conn    io.ReadWriteCloser
	noAcks  bool
	hear    func(Packet) bool
	deaf    atomic.Bool

	writeMu sync.Mutex // guards conn's writes and lastID
	lastID  uint16

	mu     sync.Mutex // guards what follows
	got    []Packet   // not yet taken, in the order of arrival
	err    error      // why reading ended
	change chan struct{}
}

// Open opens a connection without sending anything. addr is host:port for TCP, or ws://host:port/mqtt.
func Open(t testing.TB, addr string, version byte) *Client {
	t.Helper()
	return opened(t, addr, Options{Version: version})
}

func opened(t testing.TB, addr string, o Options) *Client {
	t.Helper()
	c, err := open(addr, o)
	if err != nil {
		t.Fatalf("open %s: %v", addr, err)
	}
	c.t = t
	t.Cleanup(c.Cut)
	return c
}

func open(addr string, o Options) (*Client, error) {
	if o.Version == 0 {
		o.Version = 5
	}
	c := &Client{version: o.Version, noAcks: o.NoAcks, hear: o.Hear, change: make(chan struct{}, 1)}
	dialer := net.Dialer{Timeout: Patience}
	if o.From != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(o.From)}
	}
	if strings.HasPrefix(addr, "ws://") {
		d := websocket.Dialer{Subprotocols: []string{"mqtt"}, HandshakeTimeout: Patience, NetDialContext: dialer.DialContext}
		ws, _, err := d.Dial(addr, nil)
		if err != nil {
			return nil, err
		}
		c.conn = &wsConn{Conn: ws}
	} else {
		tcp, err := dialer.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		c.conn = tcp
	}
	go c.read()
	return c, nil
}

// Dial connects and wants to be let in.
func Dial(t testing.TB, addr string, o Options) *Client {
	t.Helper()
	c := TryDial(t, addr, o)
	if c.Connack.Code != 0 {
		t.Fatalf("%s was not let in: %#x %q", o.Name, c.Connack.Code, c.Connack.Props.Reason)
	}
	return c
}

// TryDial connects and returns with whatever CONNACK says.
func TryDial(t testing.TB, addr string, o Options) *Client {
	t.Helper()
	c := opened(t, addr, o)
	c.Send(ConnectPacket(o))
	c.Connack = c.Want("CONNACK", func(p Packet) bool { return p.Type == Connack })
	return c
}

// ConnectPacket encodes a CONNECT.
func ConnectPacket(o Options) []byte {
	if o.Version == 0 {
		o.Version = 5
	}
	var flags byte
	b := appendString(nil, "MQTT")
	b = append(b, o.Version)
	if !o.Keep {
		flags |= 2
	}
	if o.Will != nil {
		flags |= 4 | o.Will.QoS<<3
		if o.Will.Retain {
			flags |= 0x20
		}
	}
	if o.Name != "" {
		flags |= 0x80
	}
	if o.Secret != "" {
		flags |= 0x40
	}
	b = append(b, flags)
	b = binary.BigEndian.AppendUint16(b, o.Keepalive)
	if o.Version == 5 {
		var p []byte
		if o.Expiry > 0 {
			p = binary.BigEndian.AppendUint32(append(p, 0x11), o.Expiry)
		}
		if o.ReceiveMax > 0 {
			p = binary.BigEndian.AppendUint16(append(p, 0x21), o.ReceiveMax)
		}
		if o.MaxPacket > 0 {
			p = binary.BigEndian.AppendUint32(append(p, 0x27), o.MaxPacket)
		}
		b = appendProps(b, appendUser(p, o.User))
	}
	b = appendString(b, o.ID)
	if o.Will != nil {
		if o.Version == 5 {
			var p []byte
			if o.Will.Delay > 0 {
				p = binary.BigEndian.AppendUint32(append(p, 0x18), o.Will.Delay)
			}
			b = appendProps(b, p)
		}
		b = appendString(appendString(b, o.Will.Topic), o.Will.Payload)
	}
	if o.Name != "" {
		b = appendString(b, o.Name)
	}
	if o.Secret != "" {
		b = appendString(b, o.Secret)
	}
	return Frame(Connect<<4, b)
}

// Send writes bytes as they are. An error of the connection shows also when something is wanted from it.
func (c *Client) Send(b []byte) error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	_, err := c.conn.Write(b)
	return err
}

// NextID is a packet id that this client has not used yet.
func (c *Client) NextID() uint16 {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	c.lastID++
	if c.lastID == 0 {
		c.lastID = 1
	}
	return c.lastID
}

// Subscribe subscribes and returns the reason codes.
func (c *Client) Subscribe(filters ...string) []byte {
	c.t.Helper()
	return c.SubscribeOpt(0, filters...)
}

// SubscribeOpt subscribes with these subscription options (§3.8.3.1) and returns the reason codes.
func (c *Client) SubscribeOpt(options byte, filters ...string) []byte {
	c.t.Helper()
	id := c.NextID()
	c.Send(c.SubscribePacket(id, options, filters...))
	return c.Want("SUBACK", func(p Packet) bool { return p.Type == Suback && p.ID == id }).Codes
}

// SubscribePacket encodes a SUBSCRIBE with the same options for all filters.
func (c *Client) SubscribePacket(id uint16, options byte, filters ...string) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	if c.version == 5 {
		b = append(b, 0)
	}
	for _, f := range filters {
		b = append(appendString(b, f), options)
	}
	return Frame(Subscribe<<4|2, b)
}

// Unsubscribe unsubscribes and waits for the answer.
func (c *Client) Unsubscribe(filters ...string) {
	c.t.Helper()
	id := c.NextID()
	c.Send(c.UnsubscribePacket(id, filters...))
	c.Want("UNSUBACK", func(p Packet) bool { return p.Type == Unsuback && p.ID == id })
}

// UnsubscribePacket encodes an UNSUBSCRIBE.
func (c *Client) UnsubscribePacket(id uint16, filters ...string) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	if c.version == 5 {
		b = append(b, 0)
	}
	for _, f := range filters {
		b = appendString(b, f)
	}
	return Frame(Unsubscribe<<4|2, b)
}

// A Pub is a message to publish.
type Pub struct {
	Topic, Payload string
	QoS            byte
	Retain         bool
	ContentType    string // MQTT 5 from here on
	Response       string
	Correlation    string
	User           []Prop
}

// PublishPacket encodes a PUBLISH.
func (c *Client) PublishPacket(p Pub, id uint16) []byte {
	first := byte(Publish<<4) | p.QoS<<1
	if p.Retain {
		first |= 1
	}
	b := appendString(nil, p.Topic)
	if p.QoS > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	if c.version == 5 {
		var props []byte
		if p.ContentType != "" {
			props = appendString(append(props, 0x03), p.ContentType)
		}
		if p.Response != "" {
			props = appendString(append(props, 0x08), p.Response)
		}
		if p.Correlation != "" {
			props = appendString(append(props, 0x09), p.Correlation)
		}
		b = appendProps(b, appendUser(props, p.User))
	}
	return Frame(first, append(b, p.Payload...))
}

// Go publishes without waiting, and returns the packet id (0 at QoS 0).
func (c *Client) Go(p Pub) uint16 {
	var id uint16
	if p.QoS > 0 {
		id = c.NextID()
	}
	c.Send(c.PublishPacket(p, id))
	return id
}

// Publish publishes at QoS 1 and returns the PUBACK.
func (c *Client) Publish(topic, payload string) Packet {
	c.t.Helper()
	return c.Do(Pub{Topic: topic, Payload: payload, QoS: 1})
}

// Do publishes and waits for the PUBACK, or for PUBREC when it refuses and for PUBCOMP when it does not.
func (c *Client) Do(p Pub) Packet {
	c.t.Helper()
	id := c.Go(p)
	switch p.QoS {
	case 1:
		return c.Want("PUBACK", func(a Packet) bool { return a.Type == Puback && a.ID == id })
	case 2:
		rec := c.Want("PUBREC", func(a Packet) bool { return a.Type == Pubrec && a.ID == id })
		if rec.Code >= 0x80 {
			return rec
		}
		c.Send(Frame(Pubrel<<4|2, binary.BigEndian.AppendUint16(nil, id)))
		return c.Want("PUBCOMP", func(a Packet) bool { return a.Type == Pubcomp && a.ID == id })
	}
	return Packet{}
}

// Ping sends PINGREQ and wants PINGRESP: all that the server sent before has arrived then.
func (c *Client) Ping() {
	c.t.Helper()
	c.Send([]byte{Pingreq << 4, 0})
	c.Want("PINGRESP", func(p Packet) bool { return p.Type == Pingresp })
}

// Disconnect leaves politely, without the will.
func (c *Client) Disconnect() {
	c.Send([]byte{Disconnect << 4, 0})
	_ = c.conn.Close() // it is over either way
}

// Cut closes the socket without a word, as a pulled plug does.
func (c *Client) Cut() { _ = c.conn.Close() }

// Want takes the first packet that fits, leaving the others for later, and waits for it.
func (c *Client) Want(what string, fits func(Packet) bool) Packet {
	c.t.Helper()
	p, err := c.take(fits)
	if err != nil {
		c.t.Fatalf("no %s came: %v; unread: %s", what, err, c.Unread())
	}
	return p
}

// WantMessage takes the first PUBLISH on a topic.
func (c *Client) WantMessage(topic string) Packet {
	c.t.Helper()
	return c.Want("message on "+topic, func(p Packet) bool { return p.Type == Publish && p.Topic == topic })
}

// WantEnd waits until the server has ended the connection, and returns its DISCONNECT, or an empty packet when none came.
func (c *Client) WantEnd() Packet {
	c.t.Helper()
	deadline := time.Now().Add(Patience)
	for {
		c.mu.Lock()
		ended := c.err != nil
		var last Packet
		for _, p := range c.got {
			if p.Type == Disconnect {
				last = p
			}
		}
		c.mu.Unlock()
		if ended {
			return last
		}
		if !c.wait(deadline) {
			c.t.Fatalf("the connection was not ended; unread: %s", c.Unread())
		}
	}
}

// Ended tells whether the connection is over.
func (c *Client) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

// Unread describes what came and was not taken.
func (c *Client) Unread() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, p := range c.got {
		b.WriteString(p.String() + "; ")
	}
	return b.String()
}

// Take takes everything that has come so far and fits.
func (c *Client) Take(fits func(Packet) bool) []Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	var taken, left []Packet
	for _, p := range c.got {
		if fits(p) {
			taken = append(taken, p)
		} else {
			left = append(left, p)
		}
	}
	c.got = left
	return taken
}

func (c *Client) take(fits func(Packet) bool) (Packet, error) {
	deadline := time.Now().Add(Patience)
	for {
		c.mu.Lock()
		for i, p := range c.got {
			if fits(p) {
				c.got = append(c.got[:i:i], c.got[i+1:]...)
				c.mu.Unlock()
				return p, nil
			}
		}
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return Packet{}, err
		}
		if !c.wait(deadline) {
			return Packet{}, ErrLate
		}
	}
}

// wait returns true when something may have changed, false when it is too late.
func (c *Client) wait(deadline time.Time) bool {
	left := time.Until(deadline)
	if left <= 0 {
		return false
	}
	select {
	case <-c.change:
	case <-time.After(left):
	}
	return true
}

// read takes packets in until the connection ends.
func (c *Client) read() {
	r := bufio.NewReader(c.conn)
	for {
		p, err := readPacket(r, c.version)
		taken := err == nil && c.hear != nil && c.hear(p)
		c.mu.Lock()
		if err != nil {
			c.err = err
		} else if !taken {
			c.got = append(c.got, p)
		}
		c.mu.Unlock()
		select {
		case c.change <- struct{}{}:
		default:
		}
		if err != nil || c.deaf.Load() {
			return
		}
		if !c.noAcks {
			c.answer(p)
		}
	}
}

// answer acknowledges what the server sent.
func (c *Client) answer(p Packet) {
	var first byte
	switch {
	case p.Type == Publish && p.QoS() == 1:
		first = Puback << 4
	case p.Type == Publish && p.QoS() == 2:
		first = Pubrec << 4
	case p.Type == Pubrec:
		return // Do sends PUBREL
	case p.Type == Pubrel:
		first = Pubcomp << 4
	default:
		return
	}
	c.Send(Frame(first, binary.BigEndian.AppendUint16(nil, p.ID)))
}
