package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"tincan/broker/mqtttest"
)

// soakFilters are what soakers subscribe to, beside their inbox.
var soakFilters = []string{
	"chat/room/lobby/messages", "chat/room/attic/messages", "chat/room/cellar/#", "chat/room/+/messages", "chat/room/#", "chat/#", "soak/box/#",
	"chat/room/+/roster", "chat/room/+/presence", "chat/user/+/presence", "chat/user/+/inbox", "chat/room/+/state/#", "chat/room/lobby/typing/+",
	"$share/soak/chat/room/lobby/messages", "$share/soak/soak/#", "$SYS/#", "chat/server/+", "soak/+/kept", "soak/wills/#",
}

// mostUnder is how many of its publishes a soaker that behaves has under way.
const mostUnder = 32

// A soaker is a member that does at random what members, phones and broken devices do, and remembers what it has said.
type soaker struct {
	w      *soak
	name   string
	friend string // whom it tells things in private
	pick   *rand.Rand
	cable  *mqtttest.Cable // a way to the server that may be lost; nil: it has none
	ws     bool            // where the cable leads

	// Owned by live.
	lastID uint16   // packet id: sessions outlive connections, so ids go on
	left   []*visit // were left open, to be taken over
	anew   bool     // it has to begin anew: its session gets more than it could read

	mu      sync.Mutex // guards what follows
	lines   []entry    // all that it has said, by number
	pending []int      // what was sent at QoS 1 or 2 and not acknowledged, in order
	now     *mqtttest.Client
}

// An entry is something that was said.
type entry struct {
	log   string // a room, or the other one of two
	acked bool
	kept  bool // found in the log when the soak was over
	late  bool // refused at least once, so that it may come after later ones
}

// text is what a soaker says as its line n; the same each time it says it.
func (k *soaker) text(n int) string {
	size := n * 37 % 400
	if n%97 == 0 {
		size = 6000
	}
	return fmt.Sprintf("line %d of %s to %s %s", n, k.name, k.lines[n].log, strings.Repeat("x", size))
}

// noLine stands for what is under way and no line.
const noLine = -1

// A visit is one connection of a soaker.
type visit struct {
	k    *soaker
	c    *mqtttest.Client
	life int           // of the server
	rude bool          // it did what it may be cut for
	deaf bool          // it reads no more
	more chan struct{} // capacity 1: something was acknowledged

	under map[uint16]int // lines under way, by packet id; guarded by k.mu
}

// live visits the server until the soak is over.
func (k *soaker) live() {
	for !k.w.ended() {
		v := k.come()
		if v == nil {
			time.Sleep(20 * time.Millisecond) // before the next try, as clients do
			continue
		}
		v.stay()
		v.leave()
	}
}

// come connects in a way drawn at random, and takes up what was not acknowledged. It returns nil when there is no server.
func (k *soaker) come() *visit {
	o := mqtttest.Options{
		Version: 4 + byte(k.pick.IntN(2)), Name: k.name, ID: k.name + "-1", Secret: "secret of " + k.name, Keep: k.pick.IntN(2) == 0 && !k.anew,
		Keepalive: []uint16{0, 20, 60}[k.pick.IntN(3)], Expiry: 3600, From: fmt.Sprintf("127.0.0.%d", 1+k.pick.IntN(8)),
	}
	if k.pick.IntN(3) == 0 {
		o.Will = &mqtttest.Will{Topic: "soak/wills/" + k.name, Payload: "gone", QoS: byte(k.pick.IntN(3))}
	}
	v := k.connect(o)
	if v == nil {
		return nil
	}
	k.anew = false
	filters := []string{"chat/user/me/inbox"}
	for range k.pick.IntN(4) {
		filters = append(filters, soakFilters[k.pick.IntN(len(soakFilters))])
	}
	v.subscribe(byte(k.pick.IntN(3)), filters...)
	v.resend()
	return v
}

// connect connects as o says. Who proves a name is let in, whatever happens around it.
func (k *soaker) connect(o mqtttest.Options) *visit {
	v := &visit{k: k, more: make(chan struct{}, 1), under: map[uint16]int{}}
	o.Hear = v.hear
	where, life := k.w.where()
	v.life = life
	addr := where[k.pick.IntN(2)]
	if k.cable != nil && k.pick.IntN(2) == 0 {
		if addr = k.cable.Addr(); k.ws {
			addr = "ws://" + addr + "/mqtt"
		}
		o.From = ""
	}
	c, err := mqtttest.Reach(addr, o)
	if err == nil {
		k.mu.Lock()
		v.c, k.now = c, c
		k.mu.Unlock()
		_ = c.Send(mqtttest.ConnectPacket(o)) // an end shows
		if c.Connack, err = c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Connack }); err != nil {
			c.Cut()
		}
	}
	if err != nil {
		k.w.excuse(life, "%s could not come: %v", k.name, err)
		return nil
	}
	if c.Connack.Code != 0 {
		k.w.fault("%s was not let in: %s", k.name, c.Connack)
		c.Cut()
		return nil
	}
	k.w.count("visits")
	return v
}

// hear takes everything in: it settles what was acknowledged, and sees that nobody is told what others say in private.
func (v *visit) hear(p mqtttest.Packet) bool {
	k := v.k
	switch p.Type {
	case mqtttest.Publish:
		if i := bytes.Index(p.Payload, []byte("in private: ")); i >= 0 && !bytes.Contains(p.Payload[i:], []byte(" "+k.name+" ")) {
			k.w.fault("%s was told %s %.200s", k.name, p.Topic, p.Payload)
		}
		return true
	case mqtttest.Puback, mqtttest.Pubrec, mqtttest.Pubcomp:
	default:
		return p.Type == mqtttest.Pingresp || p.Type == mqtttest.Pubrel || p.Type == mqtttest.Unsuback
	}
	k.mu.Lock()
	c := v.c // what is under way comes before the visit has begun
	if n, ok := v.under[p.ID]; ok && n != noLine {
		if p.Code < 0x80 {
			k.lines[n].acked = true
		} else {
			k.lines[n].late = true
			k.w.count("refused lines")
		}
	}
	if p.Type != mqtttest.Pubrec || p.Code >= 0x80 {
		delete(v.under, p.ID)
	}
	k.mu.Unlock()
	if p.Type == mqtttest.Pubrec && p.Code < 0x80 {
		_ = c.Send(mqtttest.Frame(mqtttest.Pubrel<<4|2, []byte{byte(p.ID >> 8), byte(p.ID)})) // an end shows
	}
	select {
	case v.more <- struct{}{}:
	default:
	}
	return true
}

// id is the next packet id.
func (k *soaker) id() uint16 {
	if k.lastID++; k.lastID == 0 {
		k.lastID = 1
	}
	return k.lastID
}

func (v *visit) subscribe(options byte, filters ...string) {
	id := v.k.id()
	_ = v.c.Send(v.c.SubscribePacket(id, options, filters...)) // an end shows
	_, _ = v.c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Suback && p.ID == id })
}

// resend says again what was not acknowledged.
func (v *visit) resend() {
	k := v.k
	k.mu.Lock()
	k.pending = slices.DeleteFunc(k.pending, func(n int) bool { return k.lines[n].acked })
	again := slices.Clone(k.pending)
	k.mu.Unlock()
	for _, n := range again {
		v.send(n, 1)
	}
}

// say says something new in a log.
func (v *visit) say(log string, qos byte) {
	k := v.k
	k.mu.Lock()
	n := len(k.lines)
	k.lines = append(k.lines, entry{log: log})
	if qos > 0 {
		k.pending = append(k.pending, n)
	}
	k.mu.Unlock()
	v.send(n, qos)
}

// send sends a line. Who behaves waits until few are under way.
func (v *visit) send(n int, qos byte) {
	k := v.k
	if qos > 0 && !v.rude {
		v.settle(mostUnder - 1)
	}
	var id uint16
	k.mu.Lock()
	topic := "chat/room/" + k.lines[n].log + "/say"
	text := k.text(n)
	if k.lines[n].log == k.friend {
		topic, text = "chat/user/"+k.friend+"/say", "in private: "+text+" and "+k.name+" "
	}
	if qos > 0 {
		id = k.id()
		v.under[id] = n
	}
	k.mu.Unlock()
	v.publish(mqtttest.Pub{Topic: topic, Payload: fmt.Sprintf(`{"id":"%s-%d","text":%q}`, k.name, n, text), QoS: qos}, id)
}

// publish publishes; an end of the connection shows later.
func (v *visit) publish(p mqtttest.Pub, id uint16) { _ = v.c.Send(v.c.PublishPacket(p, id)) }

// settle waits until at most so many lines are under way; false: the connection ended before.
func (v *visit) settle(most int) bool {
	for late := time.Now().Add(patience); ; {
		v.k.mu.Lock()
		under := len(v.under)
		v.k.mu.Unlock()
		switch {
		case under <= most:
			return true
		case v.c.Ended():
			return false
		case time.Now().After(late):
			if !v.rude {
				v.k.w.excuse(v.life, "%s is not told what became of %d lines", v.k.name, under)
			}
			return false
		}
		select {
		case <-v.more:
		case <-time.After(20 * time.Millisecond): // it may have ended
		}
	}
}

// stay does this and that, until the visit ends.
func (v *visit) stay() {
	for range 5 + v.k.pick.IntN(60) {
		if v.k.w.ended() || v.c.Ended() {
			break
		}
		if v.step(v.k.pick.IntN(100)); v.deaf {
			return
		}
		time.Sleep(time.Duration(v.k.pick.IntN(60)) * time.Millisecond) // members are not always busy
	}
	if v.c.Ended() && !v.rude {
		v.k.w.excuse(v.life, "%s was cut: %s", v.k.name, v.c.Unread())
	}
}

// step does one thing that members do.
func (v *visit) step(do int) {
	k := v.k
	room := soakRooms[k.pick.IntN(len(soakRooms))]
	switch qos := byte(k.pick.IntN(3)); {
	case do < 40:
		v.say(room, qos)
	case do < 48:
		v.say(k.friend, 1)
	case do < 54:
		v.publish(mqtttest.Pub{Topic: "chat/room/" + room + "/history", Payload: fmt.Sprintf(`{"limit":%d}`, 1+k.pick.IntN(50)), QoS: 1}, k.id())
	case do < 57:
		v.publish(mqtttest.Pub{Topic: "chat/user/" + k.friend + "/history", QoS: 1}, k.id())
	case do < 60:
		v.publish(mqtttest.Pub{Topic: "chat/room/" + room + "/read", Payload: fmt.Sprintf(`{"seq":%d}`, do), QoS: 1}, k.id())
	case do < 65:
		v.publish(mqtttest.Pub{Topic: "chat/room/" + room + "/state/me/" + fmt.Sprint(k.pick.IntN(3)), Payload: []string{"", "21.5"}[k.pick.IntN(2)]}, 0)
	case do < 69:
		v.publish(mqtttest.Pub{Topic: "soak/" + k.name + "/kept", Payload: []string{"", "kept"}[k.pick.IntN(2)], Retain: true, QoS: 1}, k.id())
	case do < 73:
		v.publish(mqtttest.Pub{Topic: "soak/box/" + k.friend, Payload: strings.Repeat("box ", 200), QoS: qos}, k.id())
	case do < 76:
		v.publish(mqtttest.Pub{Topic: "chat/user/me/away", Payload: fmt.Sprint(k.pick.IntN(2))}, 0)
	case do < 78:
		v.publish(mqtttest.Pub{Topic: "chat/room/" + room + "/typing/me", Payload: "1"}, 0)
	case do < 84:
		v.subscribe(qos, soakFilters[k.pick.IntN(len(soakFilters))])
	case do < 88:
		_ = v.c.Send(v.c.UnsubscribePacket(k.id(), soakFilters[k.pick.IntN(len(soakFilters))])) // an end shows
	case do < 91:
		v.pass("another session", mqtttest.Options{Name: k.name, ID: k.name + "-2", Secret: "secret of " + k.name}, true)
	case do < 93:
		v.pass("a guest", mqtttest.Options{}, true)
	case do < 94:
		v.pass("a thief", mqtttest.Options{Name: k.friend, ID: "thief", Secret: "guessed"}, false)
	case do < 96:
		v.flood("flood/soak", qos)
	case do < 97:
		v.rude = true
		for range 100 {
			v.say(room, qos)
		}
	case do < 98:
		v.deafen()
	default:
		_ = v.c.Send([]byte{mqtttest.Pingreq << 4, 0}) // an end shows
	}
}

// pass lets another session come, look around and go. welcome tells whether it has to be let in.
func (v *visit) pass(what string, o mqtttest.Options, welcome bool) {
	where, _ := v.k.w.where()
	o.Version, o.Hear = 4+byte(v.k.pick.IntN(2)), nothing
	c, err := mqtttest.Attempt(where[v.k.pick.IntN(2)], o)
	if err != nil {
		v.k.w.excuse(v.life, "%s beside %s could not come: %v", what, v.k.name, err)
		return
	}
	defer c.Cut()
	v.k.w.count(what)
	if (c.Connack.Code == 0) != welcome {
		v.k.w.fault("%s beside %s got %s", what, v.k.name, c.Connack)
	}
	_ = c.Send(c.SubscribePacket(1, 0, "#")) // an end shows
	_, _ = c.Await(func(p mqtttest.Packet) bool { return p.Type == mqtttest.Suback })
	if v.k.pick.IntN(2) == 0 {
		c.Disconnect()
	}
}

// flood publishes a burst without a look at what the server allows, for which it may be cut.
func (v *visit) flood(topic string, qos byte) {
	v.rude = true
	v.k.w.count("floods")
	for range 300 {
		v.publish(mqtttest.Pub{Topic: topic, Payload: big(4000), QoS: qos}, v.k.id())
	}
}

// deafen reads no more, and has much sent to it. The visit is over then.
func (v *visit) deafen() {
	v.subscribe(0, "flood/soak", "chat/room/lobby/messages")
	v.c.Deafen()
	v.deaf, v.k.anew = true, true
	v.flood("flood/soak", 0)
	for range 20 {
		v.say("lobby", 1)
		time.Sleep(20 * time.Millisecond) // it is there for a while
	}
}

// leave ends the visit, in one of the ways in which visits end.
func (v *visit) leave() {
	switch do := v.k.pick.IntN(10); {
	case do < 3:
		v.c.Disconnect()
	case do < 6:
		v.c.Cut()
	case do < 7 && !v.deaf:
		v.c.Finish()
		_, _ = v.c.AwaitEnd() // the server's turn; how it ends is no matter
		v.c.Cut()
	case do < 9 && v.k.cable != nil:
		v.k.cable.Lose() // the server hears nothing of it
		v.c.Cut()
	default: // it comes by another way, and is taken over
		v.k.w.count("roams")
		v.k.left = append(slices.DeleteFunc(v.k.left, func(v *visit) bool { return v.c.Ended() }), v)
	}
}
