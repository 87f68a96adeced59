package broker

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// samples are well-formed packets of every kind that a client sends after CONNECT.
func samples(version byte) map[string][]byte {
	all := map[string][]byte{
		"publish 0":   publishBytes(version, "a/b", "payload", 0, 0),
		"publish 1":   publishBytes(version, "a/b", "payload", 2, 7),
		"publish 2":   publishBytes(version, "a/b", "payload", 4, 8),
		"puback":      packet(0x40, []byte{0, 1}),
		"pubrec":      packet(0x50, []byte{0, 1}),
		"pubrel":      packet(0x62, []byte{0, 1}),
		"pubcomp":     packet(0x70, []byte{0, 1}),
		"subscribe":   subscribeBytes(version, "a/+", 1, 0),
		"unsubscribe": packet(0xa2, appendText([]byte{0, 1}, "a/+")),
		"pingreq":     {0xc0, 0},
		"disconnect":  {0xe0, 0},
	}
	if version == v5 {
		props := []byte{propPayloadFormat, 1, propMessageExpiry, 0, 0, 0, 9}
		props = appendText(append(props, propContentType), "text/plain")
		props = appendText(append(props, propResponseTopic), "r")
		props = appendText(append(props, propCorrelation), "\x01\x02")
		props = appendUser(props, []Prop{{"k", "v"}})
		body := appendText(nil, "a/b")
		body = append(append(appendVarint(body, len(props)), props...), "payload"...)
		all["publish with properties"] = packet(0x30, body)
		all["puback with reason"] = packet(0x40, append([]byte{0, 1, 0x10, 4}, 31, 0, 1, 'x'))
		all["subscribe with id"] = subscribeBytes(version, "a/+", 0x2d, 300)
		all["unsubscribe"] = packet(0xa2, appendText([]byte{0, 1, 0}, "a/+"))
		all["disconnect with reason"] = packet(0xe0, append([]byte{4, 5}, expiryProp(0)...))
	}
	return all
}

// Every packet cut at every byte, with the length made to fit, ends that session with a reason or is a shorter packet that is
// right; nobody else notices. Cut without the length, it is waited for.
func TestPacketsCutAtEveryByte(t *testing.T) {
	for _, version := range []byte{v311, v5} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			x := newBench(t, Config{}, nil)
			bob := x.join("tcp", version, hello{user: "bob", id: "b"})
			for name, pkt := range samples(version) {
				for cut := range body(pkt) {
					ada := x.join("tcp", version, hello{user: "ada", id: "a"})
					ada.name = fmt.Sprintf("%s cut at %d", name, cut)
					ada.send(packet(pkt[0], body(pkt)[:cut]))
					ada.send([]byte{0xc0, 0})
					for {
						g, err := ada.read()
						if err != nil || g.kind() == typePingresp {
							break // ended, or it was right
						}
						if g.kind() == typeDisconnect && (version < v5 || Reason(g.body[0]) != MalformedPacket && Reason(g.body[0]) != ProtocolError) {
							t.Errorf("%s: DISCONNECT % x", ada.name, g.body)
						}
					}
					ada.nc.Close()
				}
				for cut := 1; cut < len(pkt); cut++ {
					ada := x.join("tcp", version, hello{user: "eve", id: "e"})
					ada.send(pkt[:cut])
					ada.nc.Close()
				}
			}
			hi := hello{user: "ada", id: "a", secret: "s", willTopic: "w", willPayload: "p"}.bytes(version)
			for cut := range body(hi) {
				c := x.dial("tcp", version)
				c.send(packet(0x10, body(hi)[:cut]))
				c.wantClosed()
			}
			bob.ping()
		})
	}
}

// wrong are packets that must end the session, and the reason that MQTT 5 is told.
var wrong = []struct {
	name    string
	version byte // 0: both
	pkt     []byte
	code    Reason
}{
	{"a second CONNECT", 0, packet(0x10, []byte{0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'}), ProtocolError},
	{"packet type 0", 0, []byte{0x00, 0}, MalformedPacket},
	{"CONNACK from a client", 0, []byte{0x20, 2, 0, 0}, ProtocolError},
	{"SUBACK from a client", 0, []byte{0x90, 3, 0, 1, 0}, ProtocolError},
	{"UNSUBACK from a client", 0, []byte{0xb0, 2, 0, 1}, ProtocolError},
	{"PINGRESP from a client", 0, []byte{0xd0, 0}, ProtocolError},
	{"AUTH", 0, []byte{0xf0, 0}, ProtocolError},
	{"SUBSCRIBE with flags 0", 0, []byte{0x80, 6, 0, 1, 0, 1, 'a', 0}, MalformedPacket},
	{"UNSUBSCRIBE with flags 0", 0, []byte{0xa0, 5, 0, 1, 0, 1, 'a'}, MalformedPacket},
	{"PUBREL with flags 0", 0, []byte{0x60, 2, 0, 1}, MalformedPacket},
	{"PUBACK with flags", 0, []byte{0x41, 2, 0, 1}, MalformedPacket},
	{"PINGREQ with flags", 0, []byte{0xc1, 0}, MalformedPacket},
	{"PINGREQ with content", 0, []byte{0xc0, 1, 0}, MalformedPacket},
	{"DISCONNECT with flags", 0, []byte{0xe1, 0}, MalformedPacket},
	{"DISCONNECT with content", v311, []byte{0xe0, 1, 0}, MalformedPacket},
	{"PUBLISH with QoS 3", 0, []byte{0x36, 5, 0, 1, 'a', 0, 1}, MalformedPacket},
	{"PUBLISH with QoS 0 and DUP", 0, []byte{0x38, 4, 0, 1, 'a', 0}, MalformedPacket},
	{"PUBLISH with packet id 0", 0, []byte{0x32, 6, 0, 1, 'a', 0, 0, 0}, ProtocolError},
	{"PUBLISH to an empty topic", 0, []byte{0x30, 3, 0, 0, 0}, ProtocolError},
	{"PUBLISH to a wildcard", 0, []byte{0x30, 4, 0, 1, '#', 0}, BadTopic},
	{"PUBLISH to a topic that is not UTF-8", 0, []byte{0x30, 4, 0, 1, 0xff, 0}, MalformedPacket},
	{"PUBLISH to a topic with U+0000", 0, []byte{0x30, 4, 0, 1, 0, 0}, MalformedPacket},
	{"PUBLISH to a topic with a surrogate", 0, []byte{0x30, 6, 0, 3, 0xed, 0xa0, 0x80, 0}, MalformedPacket},
	{"PUBLISH with a topic longer than the packet", 0, []byte{0x30, 4, 0, 9, 'a', 0}, MalformedPacket},
	{"PUBLISH with a topic alias", v5, []byte{0x30, 7, 0, 1, 'a', 3, 35, 0, 1}, BadTopicAlias},
	{"PUBLISH with an alias and no topic", v5, []byte{0x30, 6, 0, 0, 3, 35, 0, 1}, BadTopicAlias},
	{"PUBLISH with a subscription identifier", v5, []byte{0x30, 6, 0, 1, 'a', 2, 11, 1}, ProtocolError},
	{"PUBLISH with a CONNECT property", v5, []byte{0x30, 9, 0, 1, 'a', 5, 17, 0, 0, 0, 1}, ProtocolError},
	{"PUBLISH with an unknown property", v5, []byte{0x30, 6, 0, 1, 'a', 2, 99, 1}, MalformedPacket},
	{"PUBLISH with a property twice", v5, []byte{0x30, 8, 0, 1, 'a', 4, 1, 0, 1, 0}, ProtocolError},
	{"PUBLISH with payload format 2", v5, []byte{0x30, 6, 0, 1, 'a', 2, 1, 2}, ProtocolError},
	{"PUBLISH with a wildcard response topic", v5, []byte{0x30, 8, 0, 1, 'a', 4, 8, 0, 1, '#'}, ProtocolError},
	{"PUBLISH with properties beyond the packet", v5, []byte{0x30, 5, 0, 1, 'a', 9, 1}, MalformedPacket},
	{"PUBLISH with a property length of five bytes", v5, []byte{0x30, 8, 0, 1, 'a', 0x80, 0x80, 0x80, 0x80, 0}, MalformedPacket},
	{"PUBLISH with a property length that is too long a form", v5, []byte{0x30, 5, 0, 1, 'a', 0x80, 0}, MalformedPacket},
	{"SUBSCRIBE cut in a filter", v311, []byte{0x82, 3, 0, 1, 0}, MalformedPacket},
	{"SUBSCRIBE without filters", v311, []byte{0x82, 2, 0, 1}, ProtocolError},
	{"SUBSCRIBE without filters", v5, []byte{0x82, 3, 0, 1, 0}, ProtocolError},
	{"SUBSCRIBE with packet id 0", v5, []byte{0x82, 7, 0, 0, 0, 0, 1, 'a', 0}, ProtocolError},
	{"SUBSCRIBE without options byte", v5, []byte{0x82, 6, 0, 1, 0, 0, 1, 'a'}, MalformedPacket},
	{"SUBSCRIBE without options byte, 3.1.1", v311, []byte{0x82, 5, 0, 1, 0, 1, 'a'}, MalformedPacket},
	{"SUBSCRIBE with QoS 3", v5, []byte{0x82, 7, 0, 1, 0, 0, 1, 'a', 3}, MalformedPacket},
	{"SUBSCRIBE with reserved option bits", v5, []byte{0x82, 7, 0, 1, 0, 0, 1, 'a', 0x40}, MalformedPacket},
	{"SUBSCRIBE with MQTT 5 options", v311, []byte{0x82, 6, 0, 1, 0, 1, 'a', 4}, MalformedPacket},
	{"SUBSCRIBE with retain handling 3", v5, []byte{0x82, 7, 0, 1, 0, 0, 1, 'a', 0x30}, ProtocolError},
	{"SUBSCRIBE with subscription identifier 0", v5, []byte{0x82, 9, 0, 1, 2, 11, 0, 0, 1, 'a', 0}, ProtocolError},
	{"SUBSCRIBE with two subscription identifiers", v5, []byte{0x82, 11, 0, 1, 4, 11, 1, 11, 2, 0, 1, 'a', 0}, ProtocolError},
	{"SUBSCRIBE shared with no local", v5, append([]byte{0x82, 16, 0, 1, 0, 0, 10}, "$share/g/a\x04"...), ProtocolError},
	{"SUBSCRIBE to what is not UTF-8", v5, []byte{0x82, 7, 0, 1, 0, 0, 1, 0xff, 0}, MalformedPacket},
	{"UNSUBSCRIBE without filters", v5, []byte{0xa2, 3, 0, 1, 0}, ProtocolError},
	{"UNSUBSCRIBE cut in a filter", v5, []byte{0xa2, 5, 0, 1, 0, 0, 1}, MalformedPacket},
	{"PUBACK with packet id 0", 0, []byte{0x40, 2, 0, 0}, ProtocolError},
	{"PUBACK too long", v311, []byte{0x40, 3, 0, 1, 0}, MalformedPacket},
	{"PUBACK with an unknown reason", v5, []byte{0x40, 3, 0, 1, 0x42}, ProtocolError},
	{"PUBREL with a PUBACK reason", v5, []byte{0x62, 3, 0, 1, 0x87}, ProtocolError},
	{"DISCONNECT with an unknown reason", v5, []byte{0xe0, 1, 1}, ProtocolError},
	{"DISCONNECT that prolongs a session of none", v5, packet(0xe0, append([]byte{0, 5}, expiryProp(9)...)), ProtocolError},
	{"a length of five bytes", 0, []byte{0x30, 0xff, 0xff, 0xff, 0xff, 1}, MalformedPacket},
	{"a length in too long a form", v5, []byte{0xc0, 0x80, 0}, MalformedPacket},
	{"a packet of 256 MiB", 0, []byte{0x30, 0xff, 0xff, 0xff, 0x7f}, PacketTooLarge},
	{"a packet a little too large", 0, []byte{0x30, 0x80, 0x80, 0x10}, PacketTooLarge},
}

func TestWrongPacketsEndTheirSessionOnly(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		for _, w := range wrong {
			if w.version != 0 && w.version != version {
				continue
			}
			c := x.join(transport, version, hello{user: "ada", id: "a"})
			c.name = w.name
			c.send(w.pkt)
			c.wantReason(w.code)
		}
		bob.ping()
	})
}

func TestWrongConnects(t *testing.T) {
	good := hello{user: "ada", id: "a"}
	edit := func(version byte, f func(b []byte) []byte) []byte {
		return packet(0x10, f(append([]byte{}, body(good.bytes(version))...)))
	}
	for _, w := range []struct {
		name string
		pkt  []byte
		code int // of the CONNACK; -1: none
	}{
		{"not MQTT", []byte("GET / HTTP/1.1\r\n\r\n"), -1},
		{"another packet first", []byte{0xc0, 0}, -1},
		{"an empty CONNECT", []byte{0x10, 0}, -1},
		{"another protocol", edit(v5, func(b []byte) []byte { b[2] = 'X'; return b }), -1},
		{"version 6", edit(v5, func(b []byte) []byte { b[6] = 6; return b }), 0x84},
		{"version 1", edit(v311, func(b []byte) []byte { b[6] = 1; return b }), 1},
		{"a reserved flag, 5", edit(v5, func(b []byte) []byte { b[7] |= 1; return b }), 0x81},
		{"a reserved flag, 3.1.1", edit(v311, func(b []byte) []byte { b[7] |= 1; return b }), -1},
		{"will QoS without will", edit(v5, func(b []byte) []byte { b[7] |= 8; return b }), 0x81},
		{"password without user name", edit(v311, func(b []byte) []byte { b[7] = b[7]&^128 | 64; return b }), -1},
		{"bytes left over", edit(v5, func(b []byte) []byte { return append(b, 0) }), 0x81},
		{"a user name that is not UTF-8", edit(v5, func(b []byte) []byte { b[len(b)-1] = 0xff; return b }), 0x81},
		{"a client id with U+0000", hello{user: "ada", id: "a\x00"}.bytes(v5), 0x81},
		{"receive maximum 0", hello{user: "ada", props: []byte{33, 0, 0}}.bytes(v5), 0x82},
		{"maximum packet size 0", hello{user: "ada", props: []byte{39, 0, 0, 0, 0}}.bytes(v5), 0x82},
		{"a PUBLISH property", hello{user: "ada", props: []byte{35, 0, 1}}.bytes(v5), 0x82},
		{"an authentication method", hello{user: "ada", props: appendText([]byte{21}, "SCRAM")}.bytes(v5), 0x8c},
		{"a will to a wildcard", hello{user: "ada", willTopic: "a/#", willPayload: "x"}.bytes(v5), 0x90},
		{"65 user properties", hello{user: "ada", props: bytes.Repeat(appendUser(nil, []Prop{{"a", "b"}}), 65)}.bytes(v5), 0x82},
		{"a CONNECT of 17 KiB", hello{user: "ada", secret: strings.Repeat("x", 17<<10)}.bytes(v5), -1},
	} {
		t.Run(w.name, func(t *testing.T) {
			x := newBench(t, Config{}, nil)
			c := x.dial("tcp", v5)
			_, _ = c.nc.Write(w.pkt)
			gs := c.wantClosed()
			switch {
			case w.code < 0 && len(gs) > 0:
				t.Errorf("answered %v", gs)
			case w.code >= 0 && (len(gs) != 1 || gs[0].kind() != typeConnack || int(gs[0].body[1]) != w.code):
				t.Errorf("wanted CONNACK %#x, got %v", w.code, gs)
			}
		})
	}
}

// Trap 1: an MQTT 5 SUBSCRIBE that is cut before its options byte ended the process of mochi; here it ends its session.
func TestTrap01MalformedSubscribeEndsOnlyItsSession(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		bob := x.join(transport, version, hello{user: "bob", id: "b"})
		bob.sub("a", 0)
		eve := x.join(transport, v5, hello{user: "eve", id: "e"})
		eve.send([]byte{0x82, 6, 0, 1, 0, 0, 1, 'a'})
		eve.wantReason(MalformedPacket)
		_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("still here")})
		bob.wantMessage("a", "still here")
		if n := x.b.Stats().Panics; n != 0 {
			t.Errorf("%d panics were needed", n)
		}
	})
}

// Trap 1 and 14: should a panic come all the same, from mochi, a handler or our own code, it ends that session and nothing of it stays.
func TestTrap14PanicEndsOnlyItsSession(t *testing.T) {
	h := &host{}
	h.subscribe = func(s *Session, fs []Subscription) []Decision {
		if s.Name() == "eve" && fs[0].Filter == "boom" {
			panic("a bug")
		}
		return make([]Decision, len(fs))
	}
	h.mayRead = func(s *Session, topic string) bool {
		if s.Name() == "mallory" {
			panic("a bug while sending")
		}
		return true
	}
	x := newBench(t, Config{}, h)
	bob := x.join("tcp", v5, hello{user: "bob", id: "b"})
	bob.sub("a", 0)
	eve := x.join("tcp", v5, hello{user: "eve", id: "e", keep: true, props: expiryProp(100)})
	eve.sub("a", 1)
	eve.send(subscribeBytes(v5, "boom", 0, 0))
	eve.wantReason(Unspecified)
	h.wantEnd(t, "eve", CausePanic)
	_ = x.b.Publish(&Message{Topic: "s/1", Payload: []byte("x"), Retain: true})
	mallory := x.join("tcp", v5, hello{user: "mallory", id: "m"})
	mallory.send(subscribeBytes(v5, "s/#", 0, 0)) // the panic is in the goroutine that sends
	mallory.wantClosed()
	h.wantEnd(t, "mallory", CausePanic)
	if n := x.b.Stats().Panics; n != 2 {
		t.Errorf("%d panics", n)
	}
	if n := len(x.b.fan.candidates("a")); n != 1 {
		t.Errorf("a is heard by %d sessions", n)
	}
	_ = x.b.Publish(&Message{Topic: "a", Payload: []byte("still here")})
	bob.wantMessage("a", "still here")
}

// Trap 8: five bytes that announce 256 MiB allocate nothing, before CONNECT and after.
func TestTrap08NothingIsAllocatedByAnnouncement(t *testing.T) {
	x := newBench(t, Config{MaxPacket: 256 << 20, MaxConnect: 256 << 20}, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const publish, connect = 0x30, 0x10
	announce := func(c *client, header byte) {
		c.send([]byte{header, 0xf0, 0xff, 0xff, 0x7f})
		c.send(make([]byte, 100))
	}
	for i := range 10 {
		announce(x.dial("tcp", v5), connect)
		announce(x.join("tcp", v5, hello{user: "ada", id: fmt.Sprint(i)}), publish)
	}
	eventually(t, "the announcements", func() bool { s := x.b.Stats(); return s.Sessions == 10 && s.Pending == 10 },
		func() string { return fmt.Sprint(x.b.Stats()) })
	time.Sleep(50 * time.Millisecond) // for the bytes behind them; a slow machine can only hide a fault here, not make one
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

// Trap 8: topics and filters deeper or longer than the limit are refused, before the index sees them.
func TestTrap08DeepTopicsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, transport string, version byte) {
		x := newBench(t, Config{}, nil)
		c := x.join(transport, version, hello{user: "ada", id: "a"})
		bad := map[byte]byte{v311: 0x80, v5: 0x8f}[version]
		for filter, want := range map[string]byte{
			strings.Repeat("/", 31): 0, strings.Repeat("/", 32): bad, strings.Repeat("/", 65000): bad,
			strings.Repeat("a", 1024): 0, strings.Repeat("a", 1025): bad, "a#": bad, "$share/g/": bad, "+a/b": bad, "": bad,
		} {
			if code := c.sub(filter, 0); code != want {
				t.Errorf("%.20q (%d bytes): SUBACK %#x", filter, len(filter), code)
			}
		}
		c.pub(strings.Repeat("/", 4000), "x", 1, 1)
		if version < v5 {
			c.wantClosed()
			return
		}
		if g := c.want(typePuback); Reason(g.body[2]) != BadTopic || !contains(g.body, "32 levels") {
			t.Errorf("PUBACK % x", g.body)
		}
		for i := range 198 {
			c.sub(fmt.Sprint("f", i), 0)
		}
		if code := c.sub("one more", 0); Reason(code) != QuotaExceeded {
			t.Errorf("filter 201: %#x", code)
		}
		if code := c.sub("f7", 0); code != 0 {
			t.Errorf("in place of one: %#x", code)
		}
	})
}

// What does not say CONNECT in time goes, and so does the oldest where too many say nothing.
func TestSilentSocketsGo(t *testing.T) {
	x := newBench(t, Config{ConnectTimeout: 300 * time.Millisecond}, nil)
	silent := x.dial("tcp", v5)
	half := x.dial("ws", v5)
	half.send([]byte{0x10})
	silent.wantClosed()
	half.wantClosed()
	x = newBench(t, Config{MaxPending: 2}, nil)
	first, second, third := x.dial("tcp", v5), x.dial("tcp", v5), x.dial("tcp", v5)
	first.wantClosed()
	for i, c := range []*client{second, third} {
		c.send(hello{user: "ada", id: fmt.Sprint(i)}.bytes(v5))
		c.want(typeConnack)
	}
}

func TestTooManySessionsAreToldSo(t *testing.T) {
	for name, cfg := range map[string]Config{"in all": {MaxSessions: 2}, "from an address": {MaxPerAddress: 2}} {
		t.Run(name, func(t *testing.T) {
			x := newBench(t, cfg, nil)
			a := x.join("tcp", v5, hello{user: "a", id: "a"})
			x.join("tcp", v311, hello{user: "b", id: "b"})
			c := x.dial("tcp", v5)
			c.send(hello{user: "c", id: "c"}.bytes(v5))
			if g := c.want(typeConnack); g.body[1] < 0x80 || !contains(g.body, "full") {
				t.Errorf("CONNACK % x", g.body)
			}
			c = x.dial("tcp", v311)
			c.send(hello{user: "c", id: "c"}.bytes(v311))
			if g := c.want(typeConnack); g.body[1] != 3 {
				t.Errorf("CONNACK % x", g.body)
			}
			a.nc.Close()
			eventually(t, "room", func() bool { return x.b.Stats().Sessions == 1 }, func() string { return fmt.Sprint(x.b.Stats()) })
			x.join("tcp", v5, hello{user: "c", id: "c"})
		})
	}
}

// The stream is cut into packets the same way, whole or byte by byte.
func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	var stream []byte
	var want [][]byte
	for range 3 {
		for _, p := range samples(v5) {
			want = append(want, p)
		}
		for _, size := range []int{1, 127, 128, 500, 511, 512, 513, 5000, 16383, 16384, 16385, 60000, 200000} {
			want = append(want, publishBytes(v5, "a", strings.Repeat("x", size), 0, 0))
		}
	}
	for _, p := range want {
		stream = append(stream, p...)
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(stream), "halves": iotest.HalfReader(bytes.NewReader(stream)), "bytes": iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		f := frames{r: r}
		for i, p := range want {
			got, bad, err := f.next(256<<10, v5, func() {})
			if bad != nil || err != nil || !bytes.Equal(got, p) {
				t.Fatalf("%s: packet %d: %v %v, %d bytes for %d", name, i, bad, err, len(got), len(p))
			}
		}
		if _, _, err := f.next(256<<10, v5, func() {}); err != io.EOF {
			t.Errorf("%s: at the end: %v", name, err)
		}
	}
}
