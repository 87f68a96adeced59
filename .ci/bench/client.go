package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// First bytes of MQTT 3.1.1 packets (§2.2), with the flags that they have here.
const (
	connectByte   = 0x10
	connackByte   = 0x20
	publishByte   = 0x30
	publish1Byte  = 0x32 // QoS 1
	pubackByte    = 0x40
	subscribeByte = 0x82
	subackByte    = 0x90
)

// A client is one MQTT 3.1.1 session without a keepalive. Not safe for concurrent use, but for one reader and one writer.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	name string
	id   uint16 // of the last packet
}

// dial connects over TCP and waits for the CONNACK.
func dial(ctx context.Context, addr, name string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return connect(ctx, conn, name)
}

// dialWS connects over a websocket.
func dialWS(ctx context.Context, addr, name string) (*client, error) {
	d := websocket.Dialer{Subprotocols: []string{"mqtt"}}
	ws, _, err := d.DialContext(ctx, "ws://"+addr+"/mqtt", nil)
	if err != nil {
		return nil, err
	}
	return connect(ctx, &wsConn{Conn: ws}, name)
}

func connect(ctx context.Context, conn net.Conn, name string) (*client, error) {
	c := &client{conn: conn, r: bufio.NewReaderSize(conn, 8<<10), name: name}
	if d, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(d) // for all that follows: no step outlives its time
	}
	// Protocol name and level, clean session with a user name, no keepalive (§3.1.2).
	body := append([]byte("\x00\x04MQTT\x04\x82\x00\x00"), text(name)...)
	if _, err := conn.Write(packet(connectByte, append(body, text(name)...))); err != nil {
		c.close()
		return nil, err
	}
	answer, err := c.want(connackByte)
	if err == nil && answer[1] != 0 {
		err = fmt.Errorf("%s was refused with return code %d", name, answer[1])
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *client) close() { _ = c.conn.Close() }

// subscribe subscribes to one filter at QoS 0.
func (c *client) subscribe(filter string) error {
	c.id++
	body := binary.BigEndian.AppendUint16(nil, c.id)
	body = append(append(body, text(filter)...), 0)
	if _, err := c.conn.Write(packet(subscribeByte, body)); err != nil {
		return err
	}
	answer, err := c.want(subackByte)
	if err == nil && answer[2] != 0 {
		err = fmt.Errorf("%s may not subscribe to %s: code %#x", c.name, filter, answer[2])
	}
	return err
}

// publishes encodes n QoS 1 publishes.
func (c *client) publishes(n int, topic string, payload []byte) []byte {
	var b []byte
	for range n {
		if c.id++; c.id == 0 {
			c.id++
		}
		body := binary.BigEndian.AppendUint16(text(topic), c.id)
		b = append(b, packet(publish1Byte, append(body, payload...))...)
	}
	return b
}

// want reads until a packet of kind and passes over PUBLISH packets.
func (c *client) want(kind byte) ([]byte, error) {
	for {
		head, body, err := c.read()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s waits for packet %#x: %w", c.name, kind, err)
		case head == kind:
			return body, nil
		case head&0xf0 != publishByte:
			return nil, fmt.Errorf("%s waits for packet %#x and got %#x", c.name, kind, head)
		}
	}
}

func (c *client) read() (head byte, body []byte, err error) {
	head, n, err := c.readHead()
	if err != nil {
		return 0, nil, err
	}
	body = make([]byte, n)
	_, err = io.ReadFull(c.r, body)
	return head, body, err
}

// count passes over everything that comes and calls got for each PUBLISH, until the connection ends.
func (c *client) count(got func()) error {
	for {
		head, n, err := c.readHead()
		if err != nil {
			return err
		}
		if _, err := c.r.Discard(n); err != nil {
			return err
		}
		if head&0xf0 == publishByte {
			got()
		}
	}
}

// readHead reads a fixed header (§2.2).
func (c *client) readHead() (head byte, n int, err error) {
	if head, err = c.r.ReadByte(); err != nil {
		return 0, 0, err
	}
	length, err := binary.ReadUvarint(c.r) // the same encoding (§2.2.3)
	return head, int(length), err
}

func packet(head byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{head}, uint64(len(body))), body...)
}

func text(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

// A wsConn is a websocket as a stream of bytes.
type wsConn struct {
	*websocket.Conn
	r io.Reader // of the frame that is being read; nil between frames
}

func (c *wsConn) Read(p []byte) (int, error) {
	for {
		if c.r == nil {
			_, r, err := c.NextReader()
			if err != nil {
				return 0, err
			}
			c.r = r
		}
		n, err := c.r.Read(p)
		if err == io.EOF {
			c.r, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *wsConn) Write(p []byte) (int, error) {
	return len(p), c.WriteMessage(websocket.BinaryMessage, p)
}

func (c *wsConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}
