package broker

import "io"

// idleSize is the buffer of an idle connection, in bytes: enough for a ping. It grows with what comes, to readSize and then by
// doubling, up to readMost unless a packet needs more.
const (
	idleSize = 64
	readSize = 512
	readMost = 16 << 10
)

// frames cuts a byte stream into packets. Memory grows with the bytes that have come, never with a length that was announced.
type frames struct {
	r          io.Reader
	ws         *wsFrames // takes the stream out of websocket frames; nil: there are none
	buf        []byte
	start, end int  // buf[start:end] has been read and not yet returned
	full       bool // the last read took all the room there was: more is waiting
	quiet      int  // small reads in a row
}

// next returns the next whole packet, valid until the next call. version is 0 before CONNECT, which then must be it. limit is the
// packet's size in bytes with its header. before is called ahead of each read.
func (f *frames) next(limit int, version byte, before func()) ([]byte, *fault, error) {
	if f.start == f.end {
		f.start, f.end = 0, 0
		if len(f.buf) > readMost || len(f.buf) > readSize && f.quiet > 3 {
			f.buf = nil
		}
	}
	for {
		size, bad := f.size(limit, version)
		if bad != nil {
			return nil, bad, nil
		}
		if size > 0 && f.end-f.start >= size {
			frame := f.buf[f.start : f.start+size : f.start+size]
			f.start += size
			return frame, nil, nil
		}
		if w := f.ws; w != nil {
			if w.bad != nil {
				return nil, protocol(w.bad.tell), nil
			}
			if w.closed {
				return nil, nil, io.EOF
			}
		}
		f.room(size)
		before()
		n, err := f.r.Read(f.buf[f.end:])
		f.full = f.end+n == len(f.buf)
		if n <= readSize/2 {
			f.quiet++
		} else {
			f.quiet = 0
		}
		if f.ws != nil && n > 0 {
			n = f.ws.unwrap(f.buf[f.end : f.end+n])
		}
		f.end += n
		if n == 0 && err != nil {
			return nil, nil, err
		}
	}
}

// begun is what has come of the next packet.
func (f *frames) begun() []byte { return f.buf[f.start:f.end] }

// rest gives the buffer back, unless there is a part of a packet in it.
func (f *frames) rest() {
	if f.start == f.end {
		f.start, f.end, f.buf = 0, 0, nil
	}
}

// size tells how long the packet at start is; 0 when that is not yet known.
func (f *frames) size(limit int, version byte) (int, *fault) {
	b := f.buf[f.start:f.end]
	if len(b) == 0 {
		return 0, nil
	}
	if bad := checkHeader(b[0], version); bad != nil {
		return 0, bad
	}
	length := 0
	for i := range 4 {
		if len(b) < i+2 {
			return 0, nil
		}
		length |= int(b[i+1]&0x7f) << (7 * i)
		if b[i+1]&0x80 != 0 {
			continue
		}
		if b[i+1] == 0 && i > 0 && version == v5 {
			return 0, malformed("a length in a longer form than needed") // [MQTT-1.5.5-1]
		}
		if 2+i+length > limit {
			return 0, &fault{PacketTooLarge, "a packet larger than the server takes"} // [MQTT-3.2.2-15]
		}
		return 2 + i + length, nil
	}
	return 0, malformed("a length of more than four bytes")
}

// room makes place for at least one more byte of a packet of the given size (0: not known). A length that was announced allocates
// nothing: the buffer is doubled when it is full.
func (f *frames) room(size int) {
	have := f.end - f.start
	want := max(len(f.buf), idleSize)
	if have == len(f.buf) && have > 0 || f.full && want < readMost {
		want = max(2*want, readSize)
	}
	f.full = false
	if size > readMost && want > size {
		want = size
	}
	switch {
	case want > len(f.buf):
		grown := make([]byte, want)
		copy(grown, f.buf[f.start:f.end])
		f.buf = grown
	case f.start == 0:
		return
	default:
		copy(f.buf, f.buf[f.start:f.end])
	}
	f.start, f.end = 0, have
}

// body is the packet without its fixed header.
func body(frame []byte) []byte {
	i := 1
	for frame[i]&0x80 != 0 {
		i++
	}
	return frame[i+1:]
}

// checkHeader judges the first byte of a packet (§2.1).
func checkHeader(h, version byte) *fault {
	kind, flags := h>>4, h&15
	if version == 0 && kind != typeConnect {
		return protocol("the first packet is not CONNECT") // [MQTT-3.1.0-1]
	}
	switch kind {
	case 0:
		return malformed("packet type 0")
	case typeConnack, typeSuback, typeUnsuback, typePingresp:
		return protocol("a packet that only a server sends")
	case typePublish:
		return nil
	case typePubrel, typeSubscribe, typeUnsubscribe:
		if flags != 2 {
			return malformed("reserved flags in the fixed header") // [MQTT-3.6.1-1], [MQTT-3.8.1-1], [MQTT-3.10.1-1]
		}
		return nil
	}
	if flags != 0 {
		return malformed("reserved flags in the fixed header") // [MQTT-2.1.3-1]
	}
	return nil
}
