package broker

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// FuzzGuard reads streams of packets, as the first of a connection and in sessions of both versions. No bytes make the guard or a
// decoder panic; the packets are the same in whatever pieces the bytes come; what is taken for well-formed is within the standard; and
// memory grows with the bytes that came, not with a length that was announced.
func FuzzGuard(f *testing.F) {
	for _, version := range []byte{v311, v5} {
		hi := hello{user: "ada", id: "a", secret: "s", willTopic: "w", willPayload: "x"}.bytes(version)
		f.Add(hi)
		all := hi
		for _, p := range samples(version) {
			f.Add(p)
			f.Add(append(append(append([]byte{}, hi...), p...), p...))
			all = append(all, p...)
		}
		f.Add(all)
	}
	for _, w := range wrong {
		f.Add(w.pkt)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		for _, version := range []byte{0, v311, v5} {
			whole := guard(t, version, stream, bytes.NewReader(stream))
			for _, r := range []io.Reader{iotest.OneByteReader(bytes.NewReader(stream)), iotest.HalfReader(bytes.NewReader(stream))} {
				if pieces := guard(t, version, stream, r); pieces != whole {
					t.Errorf("version %d: read as one: %+v, in pieces: %+v", version, whole, pieces)
				}
			}
		}
	})
}

// A guarded is how far a stream was read, and why not further.
type guarded struct {
	packets, bytes int
	version        byte
	tell           string // of the fault; empty: the stream ended
}

// guard reads a stream as a connection does. version is 0 when the stream begins one.
func guard(t *testing.T, version byte, stream []byte, r io.Reader) guarded {
	const limit = 16 << 10
	g, fr := guarded{version: version}, frames{r: r}
	for {
		frame, bad, err := fr.next(limit, g.version, func() {})
		if len(fr.buf) > 2*len(stream)+readMost {
			t.Errorf("%d bytes for a stream of %d", len(fr.buf), len(stream))
		}
		if bad == nil && err == nil {
			if !bytes.Equal(frame, stream[g.bytes:g.bytes+len(frame)]) {
				t.Fatalf("packet %d is not what was sent: % x", g.packets, frame)
			}
			g.packets, g.bytes = g.packets+1, g.bytes+len(frame)
			if len(frame) > limit {
				t.Errorf("a packet of %d bytes", len(frame))
			}
			bad = g.decode(t, frame)
		}
		switch {
		case bad != nil:
			g.tell = bad.tell
			return g
		case err != nil:
			return g
		}
	}
}

// decode decodes one packet as serve and receive do.
func (g *guarded) decode(t *testing.T, frame []byte) *fault {
	kind, b := frame[0]>>4, body(frame)
	if g.version == 0 {
		p, f := decodeConnect(b)
		if f == nil && (p.version < v31 || p.version > v5 || p.will != nil && !ValidTopic(p.will.m.Topic)) {
			t.Errorf("a CONNECT that is none: %+v", p)
		}
		g.version = p.version
		return f
	}
	switch kind {
	case typePublish:
		p, f := decodePublish(g.version, frame[0], b)
		if f == nil {
			g.encode(t, p)
		}
		return f
	case typePuback, typePubrec, typePubrel, typePubcomp:
		a, f := decodeAnswer(g.version, frame[0], b)
		if f == nil && a.id == 0 {
			t.Error("an acknowledgement without id")
		}
		return f
	case typeSubscribe, typeUnsubscribe:
		decode := decodeSubscribe
		if kind == typeUnsubscribe {
			decode = decodeUnsubscribe
		}
		s, f := decode(g.version, b)
		if f == nil && (s.id == 0 || len(s.filters) == 0) {
			t.Error("a SUBSCRIBE or UNSUBSCRIBE without id or filters")
		}
		return f
	case typeDisconnect:
		_, f := decodeDisconnect(g.version, b)
		return f
	}
	return nil
}

// encode wants that a PUBLISH, written again, says the same.
func (g *guarded) encode(t *testing.T, p publish) {
	if !ValidTopic(string(p.topic)) || p.qos > 2 || p.qos > 0 && p.id == 0 {
		t.Errorf("a PUBLISH that is none: %+v", p)
	}
	m := &Message{Topic: string(p.topic), Payload: p.payload}
	p.props.message(m)
	again := encodePublish(m, form{version: g.version, topic: m.Topic, qos: p.qos, id: p.id, retain: p.retain, dup: p.dup, expiry: m.Expiry})
	p2, f := decodePublish(g.version, again[0], body(again))
	if f != nil || !bytes.Equal(p2.topic, p.topic) || !bytes.Equal(p2.payload, p.payload) || p2.id != p.id || p2.qos != p.qos ||
		len(p2.props.user) != len(p.props.user) || !bytes.Equal(p2.props.response, p.props.response) {
		t.Errorf("written again it differs: %v % x", f, again)
	}
}
