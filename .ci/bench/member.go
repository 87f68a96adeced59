package main

import (
	"encoding/binary"
	"fmt"
	"syscall"
)

// A member is one session of a crowd: a blocking socket that is read when epoll says that there is something.
type member struct {
	name string

	// Guarded by crowd.mu.
	fd      int  // -1 when closed
	muted   bool // it is not read from any more
	dropped bool // its end is our doing

	// Owned by the crowd's goroutine.
	step step
	rest []byte // of a packet, or of the answer to the upgrade, that has not come whole
	got  int    // PUBLISH packets

	// Of the websocket's framing.
	head []byte // of a frame header that has not come whole
	left int    // bytes of the frame that have not come
	data bool   // they are MQTT
}

// A step is what a member waits for.
type step int

const (
	upgrading step = iota // to a websocket
	connecting
	subscribing
	listening
)

// write sends bytes of MQTT. It blocks while the server does not read.
func (m *member) write(ws bool, b []byte) error {
	if ws {
		b = framed(b)
	}
	for len(b) > 0 {
		n, err := syscall.Write(m.fd, b)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s cannot write: %w", m.name, err)
		}
		b = b[n:]
	}
	return nil
}

// framed makes a binary frame of b, masked with zeroes (RFC 6455 §5.2), which is no work.
func framed(b []byte) []byte {
	f := []byte{0x82, 0x80 | byte(len(b))}
	if len(b) > 125 {
		f = binary.BigEndian.AppendUint16([]byte{0x82, 0x80 | 126}, uint16(len(b)))
	}
	return append(append(f, 0, 0, 0, 0), b...)
}

// unframe takes the websocket's framing away, in place, and what is not MQTT with it.
func (m *member) unframe(b []byte) []byte {
	if len(m.head) > 0 {
		b = append(m.head, b...)
		m.head = nil
	}
	out := b[:0]
	for len(b) > 0 {
		if m.left > 0 {
			n := min(len(b), m.left)
			if m.data {
				out = append(out, b[:n]...)
			}
			b, m.left = b[n:], m.left-n
			continue
		}
		size, n := frameSize(b)
		if n == 0 {
			m.head = append([]byte{}, b...)
			break
		}
		m.left, m.data = size, b[0]&0x0f <= 2 // a binary frame or more of one; else a ping or the close
		b = b[n:]
	}
	return out
}

// frameSize reads a server's frame header of n bytes; n is 0 when it has not come whole.
func frameSize(b []byte) (size, n int) {
	switch {
	case len(b) < 2:
		return 0, 0
	case b[1] < 126:
		return int(b[1]), 2
	case b[1] == 126 && len(b) >= 4:
		return int(binary.BigEndian.Uint16(b[2:])), 4
	case b[1] == 127 && len(b) >= 10:
		return int(binary.BigEndian.Uint64(b[2:])), 10
	}
	return 0, 0
}

// cut takes the first packet off b; ok is false when it has not come whole.
func cut(b []byte) (head byte, body, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, b, false
	}
	size, n := binary.Uvarint(b[1:min(len(b), 5)]) // the same encoding (§2.2.3)
	end := 1 + n + int(size)
	if n <= 0 || len(b) < end {
		return 0, nil, b, false
	}
	return b[0], b[1+n : end], b[end:], true
}

// payload is what a PUBLISH carries, and its packet id, which is 0 at QoS 0.
func payload(head byte, body []byte) (id uint16, p []byte) {
	p = body[2+int(binary.BigEndian.Uint16(body)):]
	if head&0x06 != 0 {
		return binary.BigEndian.Uint16(p), p[2:]
	}
	return 0, p
}
