package broker

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Websocket life: who has answered a ping before and then does not for wsSilence is gone. Both are counted in ticks of the broker,
// one a second while it runs: while the process is stopped it asks nobody, and nobody can answer.
const (
	wsInterval = 15
	wsSilence  = 25
)

// WebSocket is the handler for the path /mqtt: MQTT over websocket with the subprotocol mqtt, without compression (a small message
// could unpack into a large one). The page must be this server's own, or one of Config.Origins.
//
// gorilla does the handshake. The frames are ours: its connection has buffers and a depth of calls that cost 4 KB a session.
func (b *Broker) WebSocket() http.Handler {
	up := websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second,
		Subprotocols:     []string{"mqtt"},
		CheckOrigin:      b.originAllowed,
	}
	return b.GuardHost(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !websocket.IsWebSocketUpgrade(r) {
			http.Error(w, "this is MQTT over websocket: connect with an MQTT client, subprotocol mqtt", http.StatusUpgradeRequired)
			return
		}
		if !offersMQTT(r) {
			http.Error(w, "the websocket subprotocol must be mqtt", http.StatusBadRequest) // [MQTT-6.0.0-3]
			return
		}
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // it has answered
		}
		b.start(newConn(b, ws.NetConn(), &webSocket{})) // it has read nothing beyond the request
	}))
}

func offersMQTT(r *http.Request) bool {
	for _, p := range websocket.Subprotocols(r) {
		if p == "mqtt" {
			return true
		}
	}
	return false
}

// A webSocket is what a connection over websocket has besides one over TCP.
type webSocket struct {
	wsFrames // owned by the reading goroutine

	pingDue  atomic.Bool
	pongDue  atomic.Pointer[[]byte] // payload of a ping that is to be answered
	born     int64                  // the broker's tick when it was accepted
	lastPong atomic.Int64           // the broker's tick when a pong came; 0: never
}

// hear obeys the pings and pongs that have come. A pong is life: hidden tabs slow a page's timers to one a minute. It runs in the
// reading goroutine.
func (c *conn) hear() {
	w := c.ws
	if w.ponged {
		w.ponged = false
		c.alive()
		w.lastPong.Store(c.b.ticks.Load())
	}
	if w.pinged {
		payload := w.ping
		w.pinged, w.ping = false, nil
		w.pongDue.Store(&payload) // of several pings the last one may be answered alone (RFC 6455 §5.5.3)
		c.q.wake()
	}
}

// pingWS asks for a sign of life each wsInterval, and ends who stopped giving one. It is called with each tick.
func (c *conn) pingWS(tick int64) {
	if last := c.ws.lastPong.Load(); last > 0 && tick-last > wsSilence {
		c.end(CauseKeepalive, KeepaliveTimeout, "the websocket answered pings before, and no longer does")
		return
	}
	if pingAt(tick - c.ws.born) {
		c.ws.pingDue.Store(true)
		c.q.wake()
	}
}

// pingAt tells whether a connection of this age is to be pinged, when that is asked at each tick.
func pingAt(age int64) bool { return age > 0 && age%wsInterval == 0 }

// scratch holds the memory in which batches for websockets are put together, each up to scratchMost bytes.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

const scratchMost = 32 << 10

// writeWS writes a batch as one binary message, behind the control frames that are due, in one write.
func (c *conn) writeWS(batch net.Buffers) error {
	c.b.count.left(batch)
	c.traffic.left(batch)
	p := scratch.Get().(*[]byte)
	defer scratch.Put(p)
	b := (*p)[:0]
	if c.ws.pingDue.Swap(false) {
		b = appendHead(b, wsPing, 0)
	}
	if pong := c.ws.pongDue.Swap(nil); pong != nil {
		b = append(appendHead(b, wsPong, len(*pong)), *pong...)
	}
	size := 0
	for _, pkt := range batch {
		size += len(pkt)
	}
	if size > 0 {
		b = appendHead(b, wsBinary, size)
	}
	if size > scratchMost { // it is not worth a copy
		*p = b
		return c.writeMany(append(net.Buffers{b}, batch...))
	}
	for _, pkt := range batch {
		b = append(b, pkt...)
	}
	*p = b
	if len(b) == 0 {
		return nil
	}
	_, err := c.nc.Write(b)
	return err
}

// closeWS says goodbye in websocket's own words, when the queue has been written.
func (c *conn) closeWS() {
	code := uint16(wsNormal)
	switch w := c.ws; {
	case w.bad != nil:
		code = w.bad.code
	case w.closed:
		code = w.code // 0: it gave none
	}
	b := appendHead(nil, wsClose, 0)
	if code != 0 {
		b = appendUint16(appendHead(nil, wsClose, 2), code)
	}
	_, _ = c.nc.Write(b)
}
