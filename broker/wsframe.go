package broker

import (
	"encoding/binary"
	"unicode/utf8"
)

// Opcodes of websocket frames (RFC 6455 §5.2). Those of control frames have bit 8.
const (
	wsContinuation = 0x0
	wsText         = 0x1
	wsBinary       = 0x2
	wsClose        = 0x8
	wsPing         = 0x9
	wsPong         = 0xA
	wsControl      = 0x8
)

// Bits of a frame's first and second byte (RFC 6455 §5.2).
const (
	wsFin      = 0x80
	wsReserved = 0x70
	wsMasked   = 0x80
)

// Close codes (RFC 6455 §7.4.1).
const (
	wsNormal      = 1000
	wsProtocol    = 1002
	wsUnsupported = 1003
)

// mostControl is the size of a control frame's payload, in bytes (RFC 6455 §5.5).
const mostControl = 125

// A wsFault is what is wrong with a frame: a close code, and what it is in words.
type wsFault struct {
	code uint16
	tell string
}

// A wsFrames takes the frames of a client apart where they were read, and keeps no bytes of messages: MQTT is a stream in them, and
// packets may span frames and messages [MQTT-6.0.0-2].
type wsFrames struct {
	// What came since they were last cleared.
	ponged bool
	pinged bool
	ping   []byte // payload of the last ping

	// Set when the last bytes have come: nothing after them counts.
	closed bool // by a close frame
	code   uint16
	bad    *wsFault

	more    bool     // a message has begun and not ended
	inside  bool     // head is complete, left bytes of payload follow
	turn    uint8    // the byte of the mask that is next
	have    uint8    // bytes of head
	head    [14]byte // of the frame: at most 2 bytes, 8 of length, 4 of mask
	left    int64
	control []byte // payload of a control frame so far
}

// unwrap moves what p has of binary messages to the front of p, and returns how many bytes that are. Frames may be cut anywhere.
func (w *wsFrames) unwrap(p []byte) int {
	rest, n := p, 0
	for !w.closed && w.bad == nil {
		if !w.inside {
			rest = rest[w.begin(rest):]
			if !w.inside {
				break
			}
		}
		part := rest[:min(w.left, int64(len(rest)))]
		rest = rest[len(part):]
		w.left -= int64(len(part))
		w.unmask(part)
		if w.head[0]&wsControl == 0 {
			n += copy(p[n:], part)
		} else {
			w.control = append(w.control, part...)
		}
		if w.left > 0 {
			break
		}
		w.end()
	}
	return n
}

// begin takes a frame's head from p, as far as it is there, and returns how many bytes it took.
func (w *wsFrames) begin(p []byte) int {
	n := 0
	for ; n < len(p) && int(w.have) < w.size(); n++ {
		w.head[w.have] = p[n]
		w.have++
		if w.have == 2 {
			if w.bad = w.judge(); w.bad != nil {
				return n
			}
		}
	}
	if int(w.have) < w.size() {
		return n
	}
	w.left = int64(w.head[1] &^ wsMasked)
	switch w.left {
	case 126:
		w.left = int64(binary.BigEndian.Uint16(w.head[2:]))
	case 127:
		w.left = int64(binary.BigEndian.Uint64(w.head[2:]))
	}
	if w.left < 0 {
		w.bad = &wsFault{wsProtocol, "a length beyond all bounds"}
		return n
	}
	w.inside, w.turn = true, 0
	return n
}

// size is how long the head is, as far as that is known.
func (w *wsFrames) size() int {
	switch {
	case w.have < 2:
		return 2
	case w.head[1]&^wsMasked == 126:
		return 2 + 2 + 4
	case w.head[1]&^wsMasked == 127:
		return 2 + 8 + 4
	}
	return 2 + 4
}

// judge looks at the first two bytes of a head (RFC 6455 §5.1, §5.2, §5.4, §5.5).
func (w *wsFrames) judge() *wsFault {
	fin, op, length := w.head[0]&wsFin != 0, w.head[0]&15, w.head[1]&^wsMasked
	switch {
	case w.head[0]&wsReserved != 0:
		return &wsFault{wsProtocol, "a reserved bit, but no extension was agreed on"}
	case w.head[1]&wsMasked == 0:
		return &wsFault{wsProtocol, "a frame of a client without a mask"}
	case op&wsControl != 0:
		switch {
		case op > wsPong:
			return &wsFault{wsProtocol, "an unknown control frame"}
		case !fin || length > mostControl:
			return &wsFault{wsProtocol, "a control frame that is cut or too long"}
		}
		return nil
	case op == wsContinuation && !w.more:
		return &wsFault{wsProtocol, "a frame that continues nothing"}
	case op != wsContinuation && w.more:
		return &wsFault{wsProtocol, "a message within a message"}
	case op == wsText:
		return &wsFault{wsUnsupported, "MQTT comes in binary frames"} // [MQTT-6.0.0-1]
	case op > wsBinary:
		return &wsFault{wsProtocol, "an unknown frame"}
	}
	w.more = !fin
	return nil
}

// unmask takes the mask off a part of the payload (RFC 6455 §5.3).
func (w *wsFrames) unmask(p []byte) {
	mask := w.head[w.size()-4 : w.size()]
	for len(p) > 0 && w.turn != 0 {
		p[0] ^= mask[w.turn]
		w.turn = (w.turn + 1) & 3
		p = p[1:]
	}
	if len(p) == 0 {
		return
	}
	word := binary.NativeEndian.Uint32(mask)
	for both := uint64(word)<<32 | uint64(word); len(p) >= 8; p = p[8:] {
		binary.NativeEndian.PutUint64(p, binary.NativeEndian.Uint64(p)^both)
	}
	for i := range p {
		p[i] ^= mask[i&3]
	}
	w.turn = uint8(len(p) & 3)
}

// end obeys a frame that is complete.
func (w *wsFrames) end() {
	payload := w.control
	w.control, w.inside, w.have = nil, false, 0
	switch w.head[0] & 15 {
	case wsPing:
		w.pinged, w.ping = true, payload
	case wsPong:
		w.ponged = true
	case wsClose:
		w.closed = true
		if len(payload) == 0 {
			return
		}
		if len(payload) > 1 {
			w.code = binary.BigEndian.Uint16(payload)
		}
		if !closeCode(w.code) || !utf8.Valid(payload[2:]) {
			w.bad = &wsFault{wsProtocol, "a close frame that says nothing known"}
		}
	}
}

// closeCode tells whether a code may stand in a close frame (RFC 6455 §7.4).
func closeCode(code uint16) bool {
	switch {
	case code < 1000, code >= 5000, code >= 1004 && code <= 1006, code > 1014 && code < 3000:
		return false
	}
	return true
}

// appendHead appends the head of a frame of a server, which has no mask.
func appendHead(b []byte, op byte, size int) []byte {
	b = append(b, wsFin|op)
	switch {
	case size <= mostControl:
		return append(b, byte(size))
	case size < 1<<16:
		return appendUint16(append(b, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(b, 127), uint64(size))
}
