package broker

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Websocket life: who has answered a ping before and then does not for wsSilence is gone. Both are counted in ticks of the broker,
// one a second while it runs: while the process is stopped it asks nobody, and nobody can answer.
const (
	wsPing    = 15
	wsSilence = 25
)

// wsMessages is how many packets of the largest size one websocket message may hold; it is a stream, so this costs no memory.
const wsMessages = 16

// WebSocket is the handler for the path /mqtt: MQTT over websocket with the subprotocol mqtt, without compression (a small message
// could unpack into a large one). The page must be this server's own, or one of Config.Origins.
func (b *Broker) WebSocket() http.Handler {
	up := websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second,
		ReadBufferSize:   readSize,
		WriteBufferSize:  2 << 10,
		WriteBufferPool:  &sync.Pool{},
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
		h := &hijacker{ResponseWriter: w}
		ws, err := up.Upgrade(h, r, nil)
		if err != nil {
			return // it has answered
		}
		ws.SetReadLimit(int64(wsMessages * b.cfg.MaxPacket))
		b.start(newConn(b, h.s, ws))
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

// A wsReader is the stream of bytes in a websocket's binary messages; packets may span them [MQTT-6.0.0-2].
type wsReader struct {
	ws *websocket.Conn
	r  io.Reader // the current message, or nil
}

func (w *wsReader) Read(p []byte) (int, error) {
	for {
		if w.r == nil {
			kind, r, err := w.ws.NextReader()
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				return 0, errTextFrame // [MQTT-6.0.0-1]
			}
			w.r = r
		}
		n, err := w.r.Read(p)
		if err == io.EOF {
			w.r = nil
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// pong runs in the reading goroutine. A pong is life: hidden tabs slow a page's timers to one a minute.
func (c *conn) pong(string) error {
	c.life = time.Now()
	c.lastPong.Store(c.b.ticks.Load())
	c.arm()
	return nil
}

// pingWS asks for a sign of life each wsPing, and ends who stopped giving one. It is called with each tick.
func (c *conn) pingWS(tick int64) {
	if last := c.lastPong.Load(); last > 0 && tick-last > wsSilence {
		c.end(CauseKeepalive, KeepaliveTimeout, "the websocket answered pings before, and no longer does")
		return
	}
	if pingAt(tick - c.born) {
		c.pingDue.Store(true)
		c.q.wake()
	}
}

// pingAt tells whether a connection of this age is to be pinged, when that is asked at each tick.
func pingAt(age int64) bool { return age > 0 && age%wsPing == 0 }

// scratch holds the memory in which batches for websockets are put together.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// writeWS writes a batch as one binary message.
func (c *conn) writeWS(batch net.Buffers) error {
	if c.pingDue.Swap(false) {
		if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Time{}); err != nil {
			return err
		}
	}
	c.b.count.left(batch)
	switch len(batch) {
	case 0:
		return nil
	case 1:
		return c.ws.WriteMessage(websocket.BinaryMessage, batch[0])
	}
	p := scratch.Get().(*[]byte)
	defer scratch.Put(p)
	all := (*p)[:0]
	for _, pkt := range batch {
		all = append(all, pkt...)
	}
	if cap(all) <= pullBatch*2 {
		*p = all
	}
	return c.ws.WriteMessage(websocket.BinaryMessage, all)
}

// closeWS says goodbye in websocket's own words.
func (c *conn) closeWS() {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(lingerTime))
}

var errTextFrame = errors.New("broker: a text frame over the websocket")
