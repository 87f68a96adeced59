package broker

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// masked makes a frame of a client: first is its first byte.
func masked(first byte, payload []byte) []byte {
	b := appendHead(nil, 0, len(payload))
	b[0] = first
	b[1] |= wsMasked
	mask := []byte{1, 0xfe, 3, 0x7f}
	b = append(b, mask...)
	for i, x := range payload {
		b = append(b, x^mask[i%4])
	}
	return b
}

// A rawWS is a websocket of which the test writes and reads the frames.
type rawWS struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

func (x *bench) dialRaw(t *testing.T) *rawWS {
	t.Helper()
	nc, err := net.Dial("tcp", x.ws)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(nc, "GET /mqtt HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", x.ws)
	w := &rawWS{t: t, nc: nc, r: bufio.NewReader(nc)}
	resp, err := http.ReadResponse(w.r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("no websocket: %v %v", resp, err)
	}
	return w
}

func (w *rawWS) send(b []byte) {
	w.t.Helper()
	if _, err := w.nc.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// read returns the next frame of the server.
func (w *rawWS) read() (first byte, payload []byte) {
	w.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(w.r, head); err != nil {
		w.t.Fatalf("no frame: %v", err)
	}
	size := int(head[1])
	if size >= 126 {
		long := make([]byte, map[int]int{126: 2, 127: 8}[size])
		if _, err := io.ReadFull(w.r, long); err != nil {
			w.t.Fatal(err)
		}
		size = 0
		for _, b := range long {
			size = size<<8 | int(b)
		}
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(w.r, payload); err != nil {
		w.t.Fatal(err)
	}
	return head[0], payload
}

func (w *rawWS) want(first byte, payload string) {
	w.t.Helper()
	if f, p := w.read(); f != first || string(p) != payload {
		w.t.Fatalf("frame %#x % x, not %#x % x", f, p, first, payload)
	}
}

// What a client may do with frames, it may do here (RFC 6455 §5).
func TestWebsocketFramesThatAreRight(t *testing.T) {
	x := newBench(t, Config{}, nil)
	hi := hello{user: "ada", id: "a"}.bytes(v311)
	connack := func(w *rawWS) { w.want(wsFin|wsBinary, "\x20\x02\x00\x00") }
	pingresp := func(w *rawWS) { w.want(wsFin|wsBinary, "\xd0\x00") }
	for name, talk := range map[string]func(w *rawWS){
		"one frame": func(w *rawWS) { w.send(masked(wsFin|wsBinary, hi)); connack(w) },
		"byte by byte": func(w *rawWS) {
			for _, b := range masked(wsFin|wsBinary, hi) {
				w.send([]byte{b})
			}
			connack(w)
		},
		"in parts, empty ones too, with pings between them": func(w *rawWS) {
			w.send(masked(wsBinary, hi[:3]))
			w.send(masked(wsFin|wsPing, []byte("first")))
			w.want(wsFin|wsPong, "first")
			w.send(masked(wsContinuation, nil))
			w.send(masked(wsFin|wsPing, nil))
			w.want(wsFin|wsPong, "")
			w.send(masked(wsContinuation, hi[3:]))
			connack(w)
			w.send(masked(wsFin|wsContinuation, []byte{0xc0, 0}))
			pingresp(w)
		},
		"two messages for one packet, and two packets in one": func(w *rawWS) {
			w.send(append(masked(wsFin|wsBinary, hi[:9]), masked(wsFin|wsBinary, append(hi[9:], 0xc0, 0))...))
			for got := ""; got != "\x20\x02\x00\x00\xd0\x00"; { // in one message, or in two
				first, payload := w.read()
				if got += string(payload); first != wsFin|wsBinary || len(got) > 6 {
					w.t.Fatalf("frame %#x, % x in all", first, got)
				}
			}
		},
		"a pong that nobody asked for": func(w *rawWS) {
			w.send(append(masked(wsFin|wsPong, []byte("?")), masked(wsFin|wsBinary, hi)...))
			connack(w)
		},
		"lengths of 16 and of 64 bits": func(w *rawWS) {
			w.send(masked(wsFin|wsBinary, hi))
			connack(w)
			for _, size := range []int{126, 65535, 65536, 200000} {
				w.send(masked(wsFin|wsBinary, publishBytes(v311, "a", strings.Repeat("x", size), 2, 7)))
				w.want(wsFin|wsBinary, "\x40\x02\x00\x07")
			}
		},
		"close, with a code and a reason": func(w *rawWS) {
			w.send(masked(wsFin|wsClose, []byte("\x0f\x9fbye")))
			w.want(wsFin|wsClose, "\x0f\x9f")
		},
		"close, without one": func(w *rawWS) { w.send(masked(wsFin|wsClose, nil)); w.want(wsFin|wsClose, "") },
		"a packet, and close behind it": func(w *rawWS) {
			w.send(masked(wsFin|wsBinary, hi))
			connack(w)
			w.send(append(masked(wsFin|wsBinary, []byte{0xc0, 0}), masked(wsFin|wsClose, []byte{3, 232})...))
			pingresp(w)
			w.want(wsFin|wsClose, "\x03\xe8")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := x.dialRaw(t)
			talk(w)
		})
	}
}

// What it may not, ends the connection with the code that says so (RFC 6455 §7.4.1).
func TestWebsocketFramesThatAreWrong(t *testing.T) {
	x := newBench(t, Config{}, nil)
	begun := masked(wsBinary, []byte{0x10})
	long := masked(wsFin|wsBinary, nil)
	long = append(append(long[:1:1], wsMasked|127, 0xff, 0, 0, 0, 0, 0, 0, 0), 0, 0, 0, 0)
	for name, bad := range map[string]struct {
		frames []byte
		code   uint16
	}{
		"a text frame":              {masked(wsFin|wsText, []byte("hello")), wsUnsupported},
		"a reserved bit":            {masked(wsFin|wsBinary|0x40, []byte{0x10}), wsProtocol},
		"another reserved bit":      {masked(wsFin|wsPing|0x10, nil), wsProtocol},
		"no mask":                   {[]byte{wsFin | wsBinary, 1, 0x10}, wsProtocol},
		"opcode 3":                  {masked(wsFin|3, nil), wsProtocol},
		"opcode 7":                  {masked(wsFin|7, nil), wsProtocol},
		"opcode 11":                 {masked(wsFin|11, nil), wsProtocol},
		"opcode 15":                 {masked(wsFin|15, nil), wsProtocol},
		"a ping in parts":           {masked(wsPing, nil), wsProtocol},
		"a ping of 126 bytes":       {masked(wsFin|wsPing, make([]byte, 126)), wsProtocol},
		"a close in parts":          {masked(wsClose, nil), wsProtocol},
		"nothing to continue":       {masked(wsFin|wsContinuation, []byte{0x10}), wsProtocol},
		"nothing left to continue":  {append(masked(wsFin|wsBinary, []byte{0x10}), masked(wsFin|wsContinuation, nil)...), wsProtocol},
		"a message in a message":    {append(begun, masked(wsFin|wsBinary, nil)...), wsProtocol},
		"a length with a sign":      {long, wsProtocol},
		"close with half a code":    {masked(wsFin|wsClose, []byte{3}), wsProtocol},
		"close with code 999":       {masked(wsFin|wsClose, []byte{3, 231}), wsProtocol},
		"close with code 1005":      {masked(wsFin|wsClose, []byte{3, 237}), wsProtocol},
		"close with code 1006":      {masked(wsFin|wsClose, []byte{3, 238}), wsProtocol},
		"close with code 2999":      {masked(wsFin|wsClose, []byte{11, 183}), wsProtocol},
		"close with code 5000":      {masked(wsFin|wsClose, []byte{19, 136}), wsProtocol},
		"close with broken letters": {masked(wsFin|wsClose, []byte{3, 232, 0xff}), wsProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			w := x.dialRaw(t)
			w.send(bad.frames)
			w.want(wsFin|wsClose, string(appendUint16(nil, bad.code)))
		})
	}
}

// A large message is one frame, whole or in parts as it left.
func TestWebsocketWritesLargeBatches(t *testing.T) {
	x := newBench(t, Config{}, nil)
	ada := x.join("ws", v5, hello{user: "ada", id: "a"})
	if code := ada.sub("a", 0); code != 0 {
		t.Fatalf("SUBACK %#x", code)
	}
	for _, size := range []int{1, 100, 125, 126, 127, 65000, 65535, 65536, 200000} {
		payload := strings.Repeat("x", size)
		_ = x.b.Publish(&Message{Topic: "a", Payload: []byte(payload)})
		ada.wantMessage("a", payload)
	}
}

// The stream that comes out is the one that went in, however frames are made and cut; the bytes are moved within what was read.
func TestWebsocketFramesComeOutAsTheyWentIn(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		var want, stream []byte
		more := false
		for range 1 + rnd.IntN(20) {
			if rnd.IntN(4) == 0 {
				stream = append(stream, masked(wsFin|[]byte{wsPing, wsPong}[rnd.IntN(2)], make([]byte, rnd.IntN(126)))...)
				continue
			}
			part := make([]byte, []int{0, 1, 3, 8, 125, 126, 1000, 70000}[rnd.IntN(8)])
			for i := range part {
				part[i] = byte(rnd.Uint32())
			}
			first := byte(wsBinary)
			if more {
				first = wsContinuation
			}
			if more = rnd.IntN(2) == 0; !more {
				first |= wsFin
			}
			want, stream = append(want, part...), append(stream, masked(first, part)...)
		}
		var w wsFrames
		if got := unwrapped(&w, stream, func() int { return 1 + rnd.IntN(1+rnd.IntN(1000)) }); w.bad != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v: %d bytes for %d", w.bad, len(got), len(want))
		}
	}
}

// unwrapped is what comes out of a stream that is read in pieces.
func unwrapped(w *wsFrames, stream []byte, piece func() int) (out []byte) {
	stream = bytes.Clone(stream)
	for len(stream) > 0 {
		p := stream[:min(piece(), len(stream))]
		stream = stream[len(p):]
		out = append(out, p[:w.unwrap(p)]...)
	}
	return out
}

// No bytes make it panic or keep more than a control frame, and where they were cut makes no difference.
func FuzzWebsocketFrames(f *testing.F) {
	f.Add(append(masked(wsFin|wsBinary, []byte("hello")), masked(wsFin|wsPing, []byte("x"))...), 3)
	f.Add(append(masked(wsBinary, make([]byte, 300)), masked(wsFin|wsContinuation, nil)...), 1)
	f.Add(append(masked(wsFin|wsClose, []byte("\x03\xe8bye")), 1, 2, 3), 7)
	f.Fuzz(func(t *testing.T, stream []byte, piece int) {
		piece = max(piece, 1)
		var whole, cut wsFrames
		want := unwrapped(&whole, stream, func() int { return len(stream) })
		got := unwrapped(&cut, stream, func() int { return piece })
		if !bytes.Equal(got, want) || whole.closed != cut.closed || whole.code != cut.code || (whole.bad == nil) != (cut.bad == nil) {
			t.Errorf("cut at %d: %d bytes, closed %v, %v; whole: %d bytes, closed %v, %v", piece, len(got), cut.closed, cut.bad,
				len(want), whole.closed, whole.bad)
		}
		if len(whole.control)+len(whole.ping) > 2*mostControl || len(want) > len(stream) {
			t.Errorf("keeps %d bytes", len(whole.control)+len(whole.ping))
		}
	})
}
