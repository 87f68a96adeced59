package broker

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// How long an ending connection may take to send its last packets, and how long it then listens for the peer's close.
const lingerTime = time.Second

// past is a deadline that wakes a blocked read.
var past = time.Unix(1, 0)

// A conn is one socket, from accept to close: it reads whole packets under deadlines and limits, and writes through a queue. To
// mochi it is the net.Conn of a client; mochi writes its answers to it, and never touches the socket.
type conn struct {
	// Static after construction.
	b         *Broker
	nc        net.Conn
	in        *socket         // reads nc
	ws        *websocket.Conn // nil over tcp
	transport string          // tcp or ws
	began     time.Time

	q      queue
	vector net.Buffers // owned by the goroutine of q

	s       atomic.Pointer[Session] // set when CONNECT has been decoded
	greeted atomic.Bool             // CONNACK is queued, or about to be
	ending  atomic.Bool             // why is set
	gone    chan struct{}           // closed when why is set
	mu      sync.Mutex              // guards why
	why     Cause

	// Websocket life.
	pingDue  atomic.Bool
	born     int64        // the broker's tick then
	lastPong atomic.Int64 // the broker's tick when a pong came; 0: never

	// Owned by the reading goroutine.
	frames frames
	life   time.Time // when the last packet or pong came
	eof    bool      // the peer has closed or broken its side
}

func newConn(b *Broker, in *socket, ws *websocket.Conn) *conn {
	c := &conn{b: b, nc: in.Conn, in: in, ws: ws, transport: "tcp", began: time.Now(), gone: make(chan struct{})}
	c.life, c.born = c.began, b.ticks.Load()
	c.frames.r = in
	out := c.writeTCP
	if ws != nil {
		c.transport = "ws"
		c.frames.r = &wsReader{ws: ws}
		out = c.writeWS
		ws.SetPongHandler(c.pong)
	}
	c.q.init(b.cfg.QueueBytes, out, c.pull, c.writeFailed, c.pullDied)
	return c
}

func (c *conn) pull() {
	if s := c.s.Load(); s != nil {
		s.pullMore()
		return
	}
	c.q.pulling.Store(false)
}

func (c *conn) writeFailed(error) {
	c.end(CauseClosed, Success, "")
	c.q.drop()
}

func (c *conn) pullDied(p any) {
	c.b.panicked("sending", c, p)
	c.end(CausePanic, Unspecified, "an error of the server")
}

// end ends the connection: it wakes the reader, which cleans up and closes. The first cause stays. An MQTT 5 session is sent a
// DISCONNECT with code, unless that is Success. It does not block, and may be called from any goroutine.
func (c *conn) end(why Cause, code Reason, tell string) bool {
	c.mu.Lock()
	if c.why != "" {
		c.mu.Unlock()
		return false
	}
	c.why = why
	c.mu.Unlock()
	c.ending.Store(true)
	s := c.s.Load()
	if why == CauseSlow {
		c.q.drop()
		_ = c.nc.Close() // a flush may be blocked in a write
	} else {
		var last []byte
		if code != Success && s != nil && s.version == v5 && c.greeted.Load() {
			last = encodeDisconnect(code, tell, s.maxPacket)
		}
		c.q.close(last)
		c.in.wake()
	}
	close(c.gone)
	return true
}

// cause tells why the connection ended.
func (c *conn) cause() Cause {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// arm sets the deadline of the next read.
func (c *conn) arm() {
	var t time.Time
	if s := c.s.Load(); s == nil {
		t = c.began.Add(c.b.cfg.ConnectTimeout)
	} else if s.keepalive > 0 {
		t = c.life.Add(s.keepalive + s.keepalive/2) // 1.5 × keepalive: MQTT 5 [MQTT-3.1.2-22], 3.1.1 [MQTT-3.1.2-24]
	}
	c.in.await(t)
}

// readFrame returns the next whole packet; it is valid until the next call. When there is none the connection has been ended.
func (c *conn) readFrame() []byte {
	limit, version := c.b.cfg.MaxConnect, byte(0)
	if s := c.s.Load(); s != nil {
		limit, version = c.b.cfg.MaxPacket, s.version
	}
	frame, f, err := c.frames.next(limit, version, c.arm)
	switch {
	case c.ending.Load():
		c.eof = c.eof || err != nil && !timedOut(err)
		return nil
	case f != nil:
		c.end(CauseProtocol, f.code, f.tell)
		return nil
	case timedOut(err):
		if version == 0 {
			c.end(CauseTimeout, Success, "")
		} else {
			c.end(CauseKeepalive, KeepaliveTimeout, "nothing was heard for one and a half times the keepalive")
		}
		return nil
	case err != nil:
		c.eof = true
		c.end(CauseClosed, Success, "")
		return nil
	}
	c.life = time.Now()
	c.b.count.came(frame)
	return frame
}

// timedOut tells a deadline from a broken socket; gorilla hides the error itself.
func timedOut(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// Write queues what mochi writes: the answers to CONNECT, SUBSCRIBE and UNSUBSCRIBE.
func (c *conn) Write(p []byte) (int, error) {
	if p[0]>>4 == typeConnack {
		c.greeted.Store(true)
		if c.q.uncork(append([]byte{}, p...)) != queued {
			return 0, net.ErrClosed
		}
		return len(p), nil
	}
	if c.send(append([]byte{}, p...)) {
		return len(p), nil
	}
	return 0, net.ErrClosed
}

// send queues pkt, and cuts the session when its queue is full.
func (c *conn) send(pkt []byte) bool {
	switch c.q.push(pkt) {
	case queued:
		return true
	case tooMuch:
		c.end(CauseSlow, Success, "")
	}
	return false
}

// Read and Close are here for mochi, which shall do neither.
func (c *conn) Read([]byte) (int, error) { return 0, io.EOF }
func (c *conn) Close() error             { return nil }

// The deadlines of mochi are not used: they would stretch the keepalive and limit writes.
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

func (c *conn) LocalAddr() net.Addr  { return c.nc.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

func (c *conn) writeTCP(batch net.Buffers) error {
	c.b.count.left(batch)
	if len(batch) == 1 {
		_, err := c.nc.Write(batch[0])
		return err
	}
	if len(batch) == 0 {
		return nil
	}
	c.vector = batch // a local one would be allocated anew for each write
	_, err := c.vector.WriteTo(c.nc)
	return err
}

// linger sends what waits, tells the peer that no more will come, and gives it a moment to read that before the socket closes: a
// socket closed with unread input would throw the last packet away.
func (c *conn) linger() {
	defer c.nc.Close()
	c.q.close(nil)
	why := c.cause()
	if why == CauseSlow || c.eof {
		return
	}
	_ = c.nc.SetWriteDeadline(time.Now().Add(lingerTime))
	if !c.q.wait(2*lingerTime) || why == CauseClosed {
		return
	}
	if c.ws != nil {
		c.closeWS()
	} else if t, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
	if why == CauseClient {
		return
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, io.LimitReader(c.nc, 4<<20))
}
