package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tincan/broker/mqtttest"
)

// A rubbish is what a hostile sender puts into one connection.
type rubbish struct {
	what    string
	version byte
	ws      bool
	first   bool   // instead of a CONNECT; else after one
	bytes   []byte // followed by a PINGREQ and the end
	fatal   bool   // the server must not go on behind it
}

// TestDamagedPacketsHurtTheirSenderAlone sends every packet type cut at every byte, and damaged ones, in session and as the first
// packet, while honest members talk.
func TestDamagedPacketsHurtTheirSenderAlone(t *testing.T) {
	s := startServer(t, t.TempDir(), "--set", "metrics=127.0.0.1:0")
	metrics := s.err.want(t, regexp.MustCompile(`msg=ready .*metrics=(\S+)`), s.ended)[1]
	h := joinHonest(t, s)
	calm := h.calm()
	all := append(cutPackets(), damagedPackets(1600)...)
	var refused, passed atomic.Int64
	quiet := strings.Count(s.err.String(), "\n")
	under, trouble := h.during(func() {
		work := make(chan rubbish)
		var senders sync.WaitGroup
		for range 8 {
			senders.Go(func() {
				for r := range work {
					if s.throw(r) {
						passed.Add(1)
					} else {
						refused.Add(1)
					}
				}
			})
		}
		for _, r := range all {
			work <- r
		}
		close(work)
		senders.Wait()
	})
	t.Logf("%d connections with rubbish: %d ended by it, %d went on behind it", len(all), refused.Load(), passed.Load())
	t.Logf("honest members hear themselves in (p99/worst ms) %s before, %s meanwhile", calm, under)
	if long := trouble + under.tooLong(calm); long != "" {
		t.Error(long)
	}
	figures := scrape(t, metrics)
	if n := figures["tincan_panics_total"]; n > 0 {
		t.Errorf("%d panics", n)
	}
	if n := strings.Count(s.err.String(), "\n") - quiet; n > fewLines {
		t.Errorf("%d log lines, want at most %d", n, fewLines)
	}
	wantSessions(t, metrics, honestMembers)
}

var nextRubbish atomic.Int64

// throw sends r, and wants that its connection ends by what it did, or at the latest by its end, and that what was answered is what
// the standard lets a server answer. It tells whether the server went on behind the rubbish.
func (s *server) throw(r rubbish) (passed bool) {
	addr := s.mqtt
	if r.ws {
		addr = "ws://" + s.http + "/mqtt"
	}
	var c *mqtttest.Client
	var err error
	o := mqtttest.Options{Version: r.version, ID: fmt.Sprintf("rubbish-%d", nextRubbish.Add(1)), NoAcks: true}
	if r.first {
		c, err = mqtttest.Reach(addr, o)
	} else {
		c, err = mqtttest.Attempt(addr, o)
	}
	if err != nil {
		s.t.Errorf("%s: %v", r.what, err)
		return false
	}
	defer c.Cut()
	stream := append(r.bytes[:len(r.bytes):len(r.bytes)], mqtttest.Pingreq<<4, 0)
	_ = c.Send(stream) // it may have ended before all of it was sent
	if whole(stream) {
		if p, err := c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Pingresp }); err == nil {
			passed = p.Type == mqtttest.Pingresp
		}
	}
	c.Finish()
	got, err := c.AwaitEnd()
	if errors.Is(err, mqtttest.ErrLate) || errors.Is(err, mqtttest.ErrBroken) {
		s.t.Errorf("%s: % x: %v; it got %v", r.what, r.bytes, err, got)
	}
	for i, p := range got {
		switch {
		case p.Type == mqtttest.Disconnect && (r.version < 5 || p.Code < 0x80 || p.Props.Reason == "" || i != len(got)-1),
			p.Type == mqtttest.Connack && (!r.first || i > 0 || p.Code != 0 && i != len(got)-1):
			s.t.Errorf("%s: % x: it got %v", r.what, r.bytes, got)
		}
	}
	if passed && r.fatal {
		s.t.Errorf("%s: % x: the server went on behind it: %v", r.what, r.bytes, got)
	}
	return passed
}

// whole tells whether the last two bytes of a stream are a packet of their own, or there is a length that is none before: then the
// server need not wait for more to answer or to end.
func whole(stream []byte) bool {
	for len(stream) != 2 {
		length, i := 0, 1
		for ; ; i++ {
			if i > 4 {
				return true
			}
			if i >= len(stream) {
				return false
			}
			length |= int(stream[i]&0x7f) << (7 * (i - 1))
			if stream[i]&0x80 == 0 {
				break
			}
		}
		if length > len(stream)-i-1 {
			return false
		}
		stream = stream[i+1+length:]
	}
	return true
}

// A sample is a well-formed packet of one type.
type sample struct {
	name  string
	first byte
	body  []byte
	whole []int // lengths to which the body can be cut and still is one
}

// samples are packets of all types, those that only a server sends included.
func samples(version byte) []sample {
	props := func(p ...byte) []byte {
		if version < 5 {
			return nil
		}
		return append([]byte{byte(len(p))}, p...)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	str := func(s string) []byte { return append([]byte{0, byte(len(s))}, s...) }
	id, user := []byte{0, 7}, []byte{0x26, 0, 1, 'k', 0, 1, 'v'}
	connect := mqtttest.ConnectPacket(mqtttest.Options{Version: version, ID: "cut", Name: "cut", Secret: "cut", Keepalive: 60, Expiry: 9,
		ReceiveMax: 9, User: []mqtttest.Prop{{Key: "k", Value: "v"}}, Will: &mqtttest.Will{Topic: "will", Payload: "gone", QoS: 1, Delay: 1}})
	header := join(str("rubbish/a"), id, props(append([]byte{1, 1, 2, 0, 0, 0, 9, 3, 0, 1, 't', 8, 0, 1, 'r', 9, 0, 1, 'c'}, user...)...))
	publish := sample{"PUBLISH", 0x32, join(header, []byte("payload")), nil}
	for n := range len("payload") {
		publish.whole = append(publish.whole, len(header)+n)
	}
	all := []sample{
		{"CONNECT", 0x10, connect[2:], nil},
		{"CONNACK", 0x20, join([]byte{0, 0}, props(user...)), nil},
		publish,
		{"PUBLISH QoS 2", 0x34, join(str("rubbish/b"), id, props(), []byte("p")), []int{13 + len(props())}},
		{"SUBSCRIBE", 0x82, join(id, props(append([]byte{0x0b, 5}, user...)...), str("rubbish/+"), []byte{1}), nil},
		{"SUBACK", 0x90, join(id, props(), []byte{0}), nil},
		{"UNSUBSCRIBE", 0xa2, join(id, props(user...), str("rubbish/+")), nil},
		{"UNSUBACK", 0xb0, join(id, props(), []byte{0}), nil},
		{"PINGREQ", 0xc0, nil, nil},
		{"PINGRESP", 0xd0, nil, nil},
	}
	answer, bye := id, []byte(nil)
	var shorter []int
	if version == 5 {
		answer, shorter = join(id, []byte{0x00}, props(append([]byte{0x1f, 0, 1, 'r'}, user...)...)), []int{2, 3}
		bye = join([]byte{0x04}, props(append([]byte{0x1f, 0, 1, 'r'}, user...)...))
	}
	for name, first := range map[string]byte{"PUBACK": 0x40, "PUBREC": 0x50, "PUBREL": 0x62, "PUBCOMP": 0x70} {
		all = append(all, sample{name, first, answer, shorter})
	}
	all = append(all, sample{"DISCONNECT", 0xe0, bye, nil})
	if version == 5 {
		all = append(all, sample{"AUTH", 0xf0, join([]byte{0x18}, props(append([]byte{0x15, 0, 1, 'm'}, user...)...)), nil})
	}
	return all
}

// cutPackets are all types cut at every byte: with a length that fits, and with the length of the whole packet.
func cutPackets() []rubbish {
	var all []rubbish
	for _, version := range []byte{4, 5} {
		for _, p := range samples(version) {
			for cut := range p.body {
				fatal := true
				for _, n := range p.whole {
					fatal = fatal && n != cut
				}
				whole := mqtttest.Frame(p.first, p.body)
				for i := range 4 {
					ws, first := i&1 > 0, i&2 > 0
					what := fmt.Sprintf("%d, ws %v, first %v: %s cut at %d", version, ws, first, p.name, cut)
					all = append(all, rubbish{what, version, ws, first, mqtttest.Frame(p.first, p.body[:cut]), fatal || first})
				}
				all = append(all, rubbish{fmt.Sprintf("%d: %s broken off at %d", version, p.name, cut), version, cut&1 > 0, cut&2 > 0, whole[:cut+1], false})
			}
		}
	}
	return all
}

// damagedPackets are n packets with random damage, the same ones each time.
func damagedPackets(n int) []rubbish {
	r := rand.New(rand.NewPCG(4, 5))
	all := make([]rubbish, n)
	for i := range all {
		version := byte(4 + i&1)
		ps := samples(version)
		p, other := ps[r.IntN(len(ps))], ps[r.IntN(len(ps))]
		b := mqtttest.Frame(p.first, p.body)
		kinds := []struct {
			name   string
			damage func() []byte
		}{
			{"flipped bits", func() []byte {
				for range 1 + r.IntN(8) {
					b[r.IntN(len(b))] ^= 1 << r.IntN(8)
				}
				return b
			}},
			{"a wrong length", func() []byte { return append([]byte{p.first, byte(r.IntN(128))}, p.body...) }},
			{"a length announced too large", func() []byte { return append([]byte{p.first, 0xff, 0xff, 0xff, byte(r.IntN(256))}, p.body...) }},
			{"another type", func() []byte { return mqtttest.Frame(other.first, p.body) }},
			{"cut properties", func() []byte {
				cut := p.body[:len(p.body)-r.IntN(len(p.body)+1)]
				return mqtttest.Frame(p.first, append(cut[:len(cut):len(cut)], b[r.IntN(len(b)):]...))
			}},
			{"repeated", func() []byte { return bytes.Repeat(b, 2+r.IntN(64)) }},
			{"noise", func() []byte {
				noise := make([]byte, 1+r.IntN(200))
				for j := range noise {
					noise[j] = byte(r.Uint32())
				}
				return append([]byte{p.first}, noise...)
			}},
		}
		k := kinds[i/2%len(kinds)]
		all[i] = rubbish{fmt.Sprintf("%d, number %d: %s with %s", version, i, p.name, k.name), version, r.IntN(4) == 0, r.IntN(4) == 0, k.damage(), false}
	}
	return all
}
