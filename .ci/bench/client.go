package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
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

// A client is one MQTT 3.1.1 session without a keepalive that waits for its answers. Not safe for concurrent use.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	name string
	id   uint16 // of the last packet
}

// dial connects and waits for the CONNACK.
func dial(ctx context.Context, addr, name string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, r: bufio.NewReaderSize(conn, 8<<10), name: name}
	if d, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(d) // for all that follows: no step outlives its time
	}
	if _, err := conn.Write(connectPacket(name, "")); err != nil {
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
	if _, err := c.conn.Write(subscribePacket(c.id, 0, filter)); err != nil {
		return err
	}
	answer, err := c.want(subackByte)
	if err == nil && answer[2] != 0 {
		err = fmt.Errorf("%s may not subscribe to %s: code %#x", c.name, filter, answer[2])
	}
	return err
}

// publishes encodes n publishes.
func (c *client) publishes(n int, qos byte, topic string, payload []byte) []byte {
	var b []byte
	for range n {
		body := text(topic)
		if qos > 0 {
			if c.id++; c.id == 0 {
				c.id++
			}
			body = binary.BigEndian.AppendUint16(body, c.id)
		}
		b = append(b, packet(publishByte|qos<<1, append(body, payload...))...)
	}
	return b
}

// deaf reads and throws away all that comes from now on.
func (c *client) deaf() { go io.Copy(io.Discard, c.r) } // ends with the connection

// want reads until a packet of kind and passes over PUBLISH packets.
func (c *client) want(kind byte) ([]byte, error) {
	for {
		head, body, err := readPacket(c.r)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s waits for packet %#x: %w", c.name, kind, err)
		case head&0xf0 == kind&0xf0:
			return body, nil
		case head&0xf0 != publishByte:
			return nil, fmt.Errorf("%s waits for packet %#x and got %#x", c.name, kind, head)
		}
	}
}

// readPacket reads one packet (§2).
func readPacket(r *bufio.Reader) (head byte, body []byte, err error) {
	if head, err = r.ReadByte(); err != nil {
		return 0, nil, err
	}
	size, err := binary.ReadUvarint(r) // the same encoding (§2.2.3)
	if err != nil {
		return 0, nil, err
	}
	body = make([]byte, size)
	_, err = io.ReadFull(r, body)
	return head, body, err
}

// connectPacket is a CONNECT with a clean session and no keepalive (§3.1.2); an empty secret is none.
func connectPacket(name, secret string) []byte {
	flags := byte(0x82)
	if secret != "" {
		flags |= 0x40
	}
	body := append([]byte("\x00\x04MQTT\x04"), flags, 0, 0)
	body = append(append(body, text(name)...), text(name)...)
	if secret != "" {
		body = append(body, text(secret)...)
	}
	return packet(connectByte, body)
}

func subscribePacket(id uint16, qos byte, filters ...string) []byte {
	body := binary.BigEndian.AppendUint16(nil, id)
	for _, f := range filters {
		body = append(append(body, text(f)...), qos)
	}
	return packet(subscribeByte, body)
}

func packet(head byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{head}, uint64(len(body))), body...)
}

func text(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}
