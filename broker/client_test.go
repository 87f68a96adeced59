package broker

import (
	"bufio"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A client speaks MQTT byte by byte.
type client struct {
	t       testing.TB
	nc      net.Conn
	w       io.Writer
	r       *bufio.Reader
	version byte
	name    string
}

type wsWriter struct{ ws *websocket.Conn }

func (w wsWriter) Write(p []byte) (int, error) {
	return len(p), w.ws.WriteMessage(websocket.BinaryMessage, p)
}

// A wsReader is the stream of bytes in a websocket's binary messages.
type wsReader struct {
	ws *websocket.Conn
	r  io.Reader // the current message, or nil
}

func (w *wsReader) Read(p []byte) (int, error) {
	for {
		if w.r == nil {
			_, r, err := w.ws.NextReader()
			if err != nil {
				return 0, err
			}
			w.r = r
		}
		n, err := w.r.Read(p)
		if err == io.EOF {
			w.r, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// dial opens a socket and says nothing.
func (x *bench) dial(transport string, version byte) *client {
	x.t.Helper()
	c := &client{t: x.t, version: version}
	if transport == "ws" {
		d := websocket.Dialer{Subprotocols: []string{"mqtt"}}
		ws, _, err := d.Dial("ws://"+x.ws+"/mqtt", nil)
		if err != nil {
			x.t.Fatal(err)
		}
		c.nc, c.w, c.r = ws.NetConn(), wsWriter{ws}, bufio.NewReader(&wsReader{ws: ws})
	} else {
		nc, err := net.Dial("tcp", x.tcp)
		if err != nil {
			x.t.Fatal(err)
		}
		c.nc, c.w, c.r = nc, nc, bufio.NewReader(nc)
	}
	x.t.Cleanup(func() { _ = c.nc.Close() })
	return c
}

// A hello is what a test client says in CONNECT.
type hello struct {
	user, secret, id string
	keep             bool   // not clean
	keepalive        uint16 // 0: none
	props            []byte // MQTT 5
	willTopic        string
	willPayload      string
	willProps        []byte
	willFlags        byte
}

func (o hello) bytes(version byte) []byte {
	name := "MQTT"
	if version == v31 {
		name = "MQIsdp"
	}
	b := appendText(nil, name)
	flags := byte(0)
	if !o.keep {
		flags |= 2
	}
	if o.user != "" {
		flags |= 128
	}
	if o.secret != "" {
		flags |= 64
	}
	if o.willTopic != "" {
		flags |= 4 | o.willFlags
	}
	b = append(b, version, flags)
	b = appendUint16(b, o.keepalive)
	if version == v5 {
		b = append(appendVarint(b, len(o.props)), o.props...)
	}
	b = appendText(b, o.id)
	if o.willTopic != "" {
		if version == v5 {
			b = append(appendVarint(b, len(o.willProps)), o.willProps...)
		}
		b = appendText(appendText(b, o.willTopic), o.willPayload)
	}
	if o.user != "" {
		b = appendText(b, o.user)
	}
	if o.secret != "" {
		b = appendText(b, o.secret)
	}
	return packet(0x10, b)
}

// packet puts a fixed header in front of a body.
func packet(header byte, body []byte) []byte {
	return append(appendVarint([]byte{header}, len(body)), body...)
}

func (c *client) send(p []byte) {
	c.t.Helper()
	if _, err := c.w.Write(p); err != nil {
		c.t.Fatalf("%s: write: %v", c.name, err)
	}
}

// A got is a packet that a client received.
type got struct {
	header byte
	body   []byte
}

func (g got) kind() byte { return g.header >> 4 }

func (c *client) read() (got, error) {
	_ = c.nc.SetReadDeadline(time.Now().Add(patience))
	h, err := c.r.ReadByte()
	if err != nil {
		return got{}, err
	}
	n, shift := 0, 0
	for {
		b, err := c.r.ReadByte()
		if err != nil {
			return got{}, err
		}
		n |= int(b&0x7f) << shift
		if shift += 7; b&0x80 == 0 {
			break
		}
	}
	g := got{h, make([]byte, n)}
	_, err = io.ReadFull(c.r, g.body)
	return g, err
}

// want reads the next packet, which must be of that type.
func (c *client) want(kind byte) got {
	c.t.Helper()
	g, err := c.read()
	if err != nil {
		c.t.Fatalf("%s: wanted packet type %d, got %v", c.name, kind, err)
	}
	if g.kind() != kind {
		c.t.Fatalf("%s: wanted packet type %d, got %d: % x", c.name, kind, g.kind(), g.body)
	}
	return g
}

// wantClosed reads to the end of the connection, and returns the packets on the way there.
func (c *client) wantClosed() []got {
	c.t.Helper()
	var gs []got
	for {
		g, err := c.read()
		if err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				c.t.Fatalf("%s: the connection is still open", c.name)
			}
			return gs
		}
		gs = append(gs, g)
	}
}

// join opens a session, which must be granted.
func (x *bench) join(transport string, version byte, o hello) *client {
	x.t.Helper()
	c := x.dial(transport, version)
	c.name = o.user
	c.send(o.bytes(version))
	g := c.want(typeConnack)
	if g.body[1] != 0 {
		x.t.Fatalf("%s was refused: % x", o.user, g.body)
	}
	return c
}

// sub subscribes and reads the SUBACK, whose code it returns.
func (c *client) sub(filter string, qos byte) byte {
	c.t.Helper()
	c.send(subscribeBytes(c.version, filter, qos, 0))
	g := c.want(typeSuback)
	return g.body[len(g.body)-1]
}

func subscribeBytes(version byte, filter string, options byte, subID int) []byte {
	b := []byte{0, 9}
	if version == v5 {
		props := []byte{}
		if subID > 0 {
			props = appendVarint(append(props, propSubscriptionID), subID)
		}
		b = append(appendVarint(b, len(props)), props...)
	}
	b = append(appendText(b, filter), options)
	return packet(0x82, b)
}

// pub publishes; id is used for QoS 1 and 2.
func (c *client) pub(topic, payload string, qos byte, id uint16) {
	c.t.Helper()
	c.send(publishBytes(c.version, topic, payload, qos<<1, id))
}

func publishBytes(version byte, topic, payload string, flags byte, id uint16) []byte {
	b := appendText(nil, topic)
	if flags&6 != 0 {
		b = appendUint16(b, id)
	}
	if version == v5 {
		b = append(b, 0)
	}
	return packet(0x30|flags, append(b, payload...))
}

// A heard is a PUBLISH that a client received.
type heard struct {
	topic, payload string
	qos            byte
	retain, dup    bool
	id             uint16
	props          []byte
}

func (g got) publish(version byte) heard {
	h := heard{qos: g.header >> 1 & 3, retain: g.header&1 != 0, dup: g.header&8 != 0}
	c := cursor{b: g.body}
	h.topic = c.string()
	if h.qos > 0 {
		h.id = c.uint16()
	}
	if version == v5 {
		h.props = c.take(c.varint())
	}
	h.payload = string(c.b)
	return h
}

// hear reads the next packet, which must be a PUBLISH.
func (c *client) hear() heard {
	c.t.Helper()
	return c.want(typePublish).publish(c.version)
}

// wantMessage reads a PUBLISH with that topic and payload.
func (c *client) wantMessage(topic, payload string) heard {
	c.t.Helper()
	h := c.hear()
	if h.topic != topic || h.payload != payload {
		c.t.Fatalf("%s: wanted %s %q, heard %s %q", c.name, topic, payload, h.topic, h.payload)
	}
	return h
}

// wantReason reads to the end; MQTT 5 must be told the reason in a DISCONNECT, 3.1.1 nothing.
func (c *client) wantReason(code Reason) {
	c.t.Helper()
	gs := c.wantClosed()
	if c.version < v5 {
		for _, g := range gs {
			if g.kind() == typeDisconnect {
				c.t.Fatalf("%s: a DISCONNECT to a 3.1.1 client", c.name)
			}
		}
		return
	}
	if len(gs) == 0 || gs[len(gs)-1].kind() != typeDisconnect || Reason(gs[len(gs)-1].body[0]) != code {
		c.t.Fatalf("%s: wanted DISCONNECT %#x, got %v", c.name, code, gs)
	}
}

// ping makes sure that everything sent before has been processed.
func (c *client) ping() {
	c.t.Helper()
	c.send([]byte{0xc0, 0})
	c.want(typePingresp)
}
