package mqtttest

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/gorilla/websocket"
)

// Why reading ended, when it was not the connection's end.
var (
	ErrLate   = errors.New("not in time")
	ErrBroken = errors.New("the server broke the protocol")
)

// readPacket reads one packet.
func readPacket(r *bufio.Reader, version byte) (Packet, error) {
	first, err := r.ReadByte()
	if err != nil {
		return Packet{}, err
	}
	n, shift := 0, 0
	for {
		d, err := r.ReadByte()
		if err != nil {
			return Packet{}, err
		}
		n |= int(d&0x7f) << shift
		if shift += 7; d&0x80 == 0 {
			break
		}
		if shift > 21 {
			return Packet{}, fmt.Errorf("%w: a length of more than 4 bytes", ErrBroken)
		}
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return Packet{}, err
	}
	p, err := parse(first, body, version)
	if err != nil {
		err = fmt.Errorf("%w: %v", ErrBroken, err)
	}
	return p, err
}

var typeNames = [...]string{"?", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
	"UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"}

// String is a packet as a transcript shows it.
func (p Packet) String() string {
	s := typeNames[p.Type]
	switch p.Type {
	case Publish:
		s += fmt.Sprintf(" %s %.120q", p.Topic, p.Payload)
		if p.QoS() > 0 {
			s += fmt.Sprintf(" qos=%d", p.QoS())
		}
		if p.Retain() {
			s += " retain"
		}
	case Suback, Unsuback:
		s += fmt.Sprintf(" % x", p.Codes)
	case Pingresp:
	default:
		s += fmt.Sprintf(" %#02x", p.Code)
	}
	if p.Present {
		s += " present"
	}
	if p.Props.Reason != "" {
		s += fmt.Sprintf(" %q", p.Props.Reason)
	}
	return s
}

// A wsConn is a websocket as a stream of bytes: one binary message for each write.
type wsConn struct {
	*websocket.Conn
	r io.Reader
}

func (w *wsConn) Read(b []byte) (int, error) {
	for {
		if w.r == nil {
			kind, r, err := w.NextReader()
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				return 0, fmt.Errorf("%w: a text message, where MQTT sends binary ones", ErrBroken)
			}
			w.r = r
		}
		n, err := w.r.Read(b)
		if err == io.EOF {
			w.r = nil
			if n == 0 {
				continue
			}
			err = nil
		}
		return n, err
	}
}

func (w *wsConn) Write(b []byte) (int, error) {
	return len(b), w.WriteMessage(websocket.BinaryMessage, b)
}
