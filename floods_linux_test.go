package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"tincan/broker/mqtttest"
)

var floods = []flood{
	{"QoS 0 into the lobby", publishing(0, "chat/room/lobby/say", 1000)},
	{"QoS 1 into the lobby", publishing(1, "chat/room/lobby/say", 1000)},
	{"QoS 2 into the lobby", publishing(2, "chat/room/lobby/say", 1000)},
	{"QoS 0 into a topic", publishing(0, "flood/topic", 1000)},
	{"QoS 1 into a topic", publishing(1, "flood/topic", 1000)},
	{"QoS 2 into a topic", publishing(2, "flood/topic", 1000)},
	{"large into a topic", publishing(0, "flood/topic", 250_000)},
	{"readers that do not read", deaf},
	{"absent sessions", absent},
	{"retained, many", retaining(100, func(n int64) string { return fmt.Sprintf("flood/%d/%d", n%100, n) })},
	{"retained, deep", retaining(10, func(int64) string { return levels(30) })},
	{"retained, large", retaining(250_000, func(n int64) string { return fmt.Sprintf("flood/%d", n) })},
	{"subscriptions", subscribing},
	{"silent sockets", silent},
	{"refused CONNECTs", refused},
	{"connects under new names", churning},
	{"history requests", asking(false)},
	{"history that is not read", asking(true)},
	{"websocket frames", framing},
	{"HTTP headers", heading},
}

// room is how many publishes a flooder has under way that obeys the Receive Maximum.
const room = 60

// A flooder is an attacker that publishes.
type flooder struct {
	*mqtttest.Client
	free chan struct{} // holds a token for each publish that may be under way; nil: it does not care
}

// flooder joins as number i. Every other one obeys the Receive Maximum, so that it is not cut, and goes on and on.
func (a *attack) flooder(i int, keep bool) *flooder {
	f := &flooder{}
	if i&1 == 0 {
		f.free = make(chan struct{}, 2*room)
		for range room {
			f.free <- struct{}{}
		}
	}
	f.Client = a.join(i, mqtttest.Options{Hear: f.hear, Keep: keep, Expiry: 60})
	if f.Client == nil {
		return nil
	}
	return f
}

func (f *flooder) hear(p mqtttest.Packet) bool {
	switch p.Type {
	case mqtttest.Connack, mqtttest.Suback:
		return false
	case mqtttest.Pubrec:
		if p.Code < 0x80 {
			_ = f.Send(mqtttest.Frame(mqtttest.Pubrel<<4|2, []byte{byte(p.ID >> 8), byte(p.ID)}))
			return true
		}
	case mqtttest.Puback, mqtttest.Pubcomp:
	default:
		return true
	}
	select {
	case f.free <- struct{}{}:
	default:
	}
	return true
}

// publish publishes; false: the connection is over.
func (a *attack) publish(f *flooder, p mqtttest.Pub) bool {
	var id uint16
	if p.QoS > 0 {
		id = f.NextID()
		if f.free != nil {
			select {
			case <-f.free:
			case <-a.over:
				return false
			case <-time.After(10 * time.Millisecond): // it may have ended
				return !f.Ended()
			}
		}
	}
	if f.Send(f.PublishPacket(p, id)) != nil {
		return false
	}
	a.count.Add(1)
	return true
}

// subscribe subscribes and waits for the answer.
func (a *attack) subscribe(c *mqtttest.Client, options byte, filters ...string) bool {
	id := c.NextID()
	if c.Send(c.SubscribePacket(id, options, filters...)) != nil {
		return false
	}
	_, err := c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Suback && p.ID == id })
	return err == nil
}

// again runs f for 0 to n-1 at the same time, again and again.
func (a *attack) again(n int, f func(i int)) {
	a.each(n, func(i int) {
		for !a.ended() {
			f(i)
		}
	})
}

func big(n int) string { return strings.Repeat("x", n) }

// levels is a topic of n levels that nobody has used before.
func levels(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	text := hex.EncodeToString(b)
	var parts []string
	for i := range n {
		parts = append(parts, text[2*i:2*i+2])
	}
	return strings.Join(parts, "/")
}

// publishing floods a topic, which two of the flooders also read.
func publishing(qos byte, topic string, size int) func(*attack) {
	payload := big(size)
	return func(a *attack) {
		a.again(6, func(i int) {
			f := a.flooder(i, false)
			if f == nil {
				return
			}
			if i < 2 {
				a.subscribe(f.Client, 1, topic)
			}
			for a.publish(f, mqtttest.Pub{Topic: topic, Payload: payload, QoS: qos}) {
			}
			f.Cut()
		})
	}
}

// deaf is twenty who do not read what four others publish, and come back when they are cut.
func deaf(a *attack) {
	a.again(20, func(i int) {
		c := a.join(i, mqtttest.Options{Hear: nothing, NoAcks: true})
		if c == nil || !a.subscribe(c, byte(i%2), "flood/#", "chat/room/lobby/messages") {
			return
		}
		c.Deafen()
		for !a.ended() && c.Send([]byte{mqtttest.Pingreq << 4, 0}) == nil {
			time.Sleep(5 * time.Millisecond)
		}
		c.Cut()
	})
	publishers(a, func() mqtttest.Pub {
		return mqtttest.Pub{Topic: "flood/topic", Payload: big(4000), QoS: byte(a.count.Load() % 2)}
	})
}

// publishers are four who publish what next tells.
func publishers(a *attack, next func() mqtttest.Pub) {
	a.again(4, func(i int) {
		f := a.flooder(100+2*i, false)
		if f == nil {
			return
		}
		for a.publish(f, next()) {
		}
		f.Cut()
	})
}

// absent is two hundred sessions that have gone, each with a topic of its own, on which others publish.
func absent(a *attack) {
	const sessions = 200
	for i := range sessions {
		if c := a.join(1000+i, mqtttest.Options{Hear: nothing, Keep: true, Expiry: 3600}); c != nil {
			a.subscribe(c, 1, fmt.Sprintf("flood/absent/%d", i))
			c.Cut()
		}
	}
	publishers(a, func() mqtttest.Pub {
		return mqtttest.Pub{Topic: fmt.Sprintf("flood/absent/%d", a.count.Load()%sessions), Payload: big(100_000), QoS: 1}
	})
}

// retaining stores retained messages, of which two readers want all and read none.
func retaining(size int, topic func(n int64) string) func(*attack) {
	payload := big(size)
	return func(a *attack) {
		publishers(a, func() mqtttest.Pub {
			return mqtttest.Pub{Topic: topic(a.count.Load()), Payload: payload, Retain: true}
		})
		a.again(2, func(i int) {
			if c := a.join(i, mqtttest.Options{Hear: nothing}); c != nil {
				_ = c.Send(c.SubscribePacket(1, 0, "#")) // its end shows soon
				c.Deafen()
				time.Sleep(100 * time.Millisecond)
				c.Cut()
			}
		})
	}
}

// subscribing is fifty sessions with as many filters as they get, deep and wide, and topics that match many of them.
func subscribing(a *attack) {
	a.each(50, func(i int) {
		c := a.join(i, mqtttest.Options{Hear: nothing})
		if c == nil {
			return
		}
		for n := 0; n < 200 && !a.ended(); n += 20 {
			var filters []string
			for range 20 {
				f := strings.Split(levels(32), "/")
				if i%2 == 1 { // wide: which levels are + is chosen at random
					for l := range f {
						if f[l] < "80" {
							f[l] = "+"
						} else {
							f[l] = "a"
						}
					}
				}
				filters = append(filters, strings.Join(f, "/"))
			}
			if !a.subscribe(c, 0, filters...) {
				return
			}
			a.count.Add(int64(len(filters)))
		}
		for !a.ended() {
			if c.Send(c.PublishPacket(mqtttest.Pub{Topic: strings.TrimSuffix(strings.Repeat("a/", 32), "/")}, 0)) != nil {
				return
			}
			if c.Send(c.PublishPacket(mqtttest.Pub{Topic: levels(32)}, 0)) != nil {
				return
			}
		}
	})
}

// silent is a thousand sockets at a time, on both doors, that say nothing.
func silent(a *attack) {
	a.again(2, func(i int) {
		open := make(chan net.Conn, 500)
		defer func() {
			close(open)
			for c := range open {
				c.Close()
			}
		}()
		for !a.ended() {
			c, err := net.Dial("tcp", []string{a.mqtt, a.http}[i])
			if err != nil {
				return
			}
			a.count.Add(1)
			select {
			case open <- c:
			default:
				(<-open).Close()
				open <- c
			}
		}
	})
}

// refused is CONNECTs that are refused for their name or their secret; nobody waits for the answer.
func refused(a *attack) {
	a.again(4, func(i int) {
		var last []*mqtttest.Client
		for n := 0; !a.ended(); n++ {
			o := mqtttest.Options{Version: byte(4 + n&1), ID: fmt.Sprint(n), Name: "honest-0", Secret: "guessed", Hear: nothing}
			if n%4 == 0 {
				o.Name = fmt.Sprintf("not#a+name %d", n)
			}
			c, err := mqtttest.Reach(a.mqtt, o)
			if err != nil {
				break
			}
			_ = c.Send(mqtttest.ConnectPacket(o)) // either way is right
			a.count.Add(1)
			if last = append(last, c); len(last) > 200 {
				last[0].Cut()
				last = last[1:]
			}
		}
		for _, c := range last {
			c.Cut()
		}
	})
}

// churning is members that come under a new name each time and go at once.
func churning(a *attack) {
	a.again(8, func(i int) {
		n := a.count.Add(1)
		name := fmt.Sprintf("churn-%d", n)
		c, err := mqtttest.Attempt(a.mqtt, mqtttest.Options{Version: byte(4 + i&1), ID: name, Name: name, Secret: name, Hear: nothing})
		if err != nil {
			return
		}
		if n&1 == 0 {
			a.subscribe(c, 0, "chat/room/lobby/messages")
		}
		c.Disconnect()
	})
}

// asking is members that ask for as much history as they can, and read it, or not.
func asking(deaf bool) func(*attack) {
	return func(a *attack) {
		for i := range 4 {
			if f := a.flooder(100+2*i, false); f != nil {
				for range 300 {
					a.publish(f, mqtttest.Pub{Topic: "chat/room/lobby/say", Payload: big(1000), QoS: 1})
				}
			}
		}
		a.count.Store(0)
		a.again(12, func(i int) {
			f := a.flooder(2*i, false)
			if f == nil || !a.subscribe(f.Client, byte(i%2), "chat/user/me/inbox") {
				return
			}
			if deaf {
				f.free = nil
				f.Deafen()
			}
			for a.publish(f, mqtttest.Pub{Topic: "chat/room/lobby/history", Payload: `{"limit":200}`, QoS: byte(i / 2 % 2)}) {
				if deaf {
					time.Sleep(time.Millisecond)
				}
			}
			f.Cut()
		})
	}
}

// framing is websocket frames that cost more than they say: one byte in each, none, pings, lengths that are never sent.
func framing(a *attack) {
	hello := mqtttest.ConnectPacket(mqtttest.Options{Version: 5, Name: "frames"})
	const binaryFrame, more, ping, final = 2, 0, 9, 0x80
	kinds := []func(send func(...byte) bool){
		func(send func(...byte) bool) { // CONNECT in frames of a byte, and then ever more of a PUBLISH
			first := byte(binaryFrame)
			for _, b := range append(hello, 0x30, 0xff, 0x7f, 0, 1, 'a') {
				if !send(first, final|1, 0, 0, 0, 0, b) {
					return
				}
				first = more
			}
			for send(more, final|1, 0, 0, 0, 0, 'x') {
			}
		},
		func(send func(...byte) bool) { // nothing, in ever more frames
			if send(binaryFrame, final) {
				for send(more, final, 0, 0, 0, 0) {
				}
			}
		},
		func(send func(...byte) bool) { // pings, whose pongs nobody reads
			for send(append([]byte{final | ping, final | 125, 0, 0, 0, 0}, make([]byte, 125)...)...) {
			}
		},
		func(send func(...byte) bool) { // lengths
			for _, length := range [][]byte{{0xff, 0xff}, {0, 0, 0, 0, 0x40, 0, 0, 0}, {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
				kind := byte(final | 126)
				if len(length) == 8 {
					kind = final | 127
				}
				send(append(append([]byte{final | binaryFrame, kind}, length...), 0, 0, 0, 0)...)
			}
			for send(make([]byte, 1000)...) {
			}
		},
	}
	a.again(16, func(i int) {
		c, err := net.Dial("tcp", a.http)
		if err != nil {
			return
		}
		defer c.Close()
		a.keep(func() { c.Close() })
		if _, err := fmt.Fprintf(c, "GET /mqtt HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", a.http); err != nil {
			return
		}
		kinds[i%len(kinds)](func(b ...byte) bool {
			_, err := c.Write(b)
			a.count.Add(1)
			return err == nil && !a.ended()
		})
	})
}

// heading is requests that are slow to say what they want, or say too much of it, or keep their connection for nothing.
func heading(a *attack) {
	a.again(400, func(i int) {
		c, err := net.Dial("tcp", a.http)
		if err != nil {
			return
		}
		defer c.Close()
		a.keep(func() { c.Close() })
		send := func(s string) bool {
			_, err := io.WriteString(c, s)
			a.count.Add(1)
			return err == nil && !a.ended()
		}
		if !send("GET / HTTP/1.1\r\nHost: " + a.http + "\r\n") {
			return
		}
		switch i % 4 {
		case 0: // a byte at a time
			for send("X") {
				time.Sleep(50 * time.Millisecond)
			}
		case 1: // one header without an end
			for send("X: " + big(4000)) {
			}
		case 2: // many
			for send("X-" + levels(8)[:3] + ": " + big(100) + "\r\n") {
			}
		case 3: // kept open
			if send("\r\n") {
				_, _ = io.CopyN(io.Discard, c, 1000) // the answer begins
				for send("") {
					time.Sleep(50 * time.Millisecond)
				}
			}
		}
	})
}
