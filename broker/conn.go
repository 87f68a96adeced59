package broker

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// How long an ending connection may take to send its last packets, and how long it then listens for the peer's close.
const lingerTime = time.Second

// calm is how long a connection must have been quiet before it gives back what traffic has made grow.
const calm = 5 * time.Second

// hurryTime is what is left of it where too many linger.
const hurryTime = 10 * time.Millisecond

// past is a deadline that wakes a blocked read.
var past = time.Unix(1, 0)

// A conn is one socket, from accept to close: it reads whole packets under deadlines and limits, and writes through a queue. To
// mochi it is the net.Conn of a client; mochi writes its answers to it, and never touches the socket.
type conn struct {
	// Static after construction.
	b         *Broker
	nc        net.Conn
	in        socket     // reads nc
	ws        *webSocket // nil over tcp
	transport string     // tcp or ws
	began     time.Time

	q      queue
	vector net.Buffers // owned by the goroutine of q

	traffic traffic

	s       atomic.Pointer[Session] // set when CONNECT has been decoded
	greeted atomic.Bool             // CONNACK is queued, or about to be
	ending  atomic.Bool             // why is set
	gone    chan struct{}           // closed when why is set
	mu      sync.Mutex              // guards why
	why     Cause

	// Guarded by the broker's roll.
	stage  stage
	proven bool // Welcome.Proven, once it is seated

	// Owned by the reading goroutine. Times are since began.
	frames  frames
	life    time.Duration // when the last packet or pong came
	armed   time.Duration // the read deadline; 0: none
	fired   bool          // armed is over: it must be set anew
	stirred bool          // there was something to do since the last rest
	eof     bool          // the peer has closed or broken its side
}

func newConn(b *Broker, nc net.Conn, ws *webSocket) *conn {
	c := &conn{b: b, nc: nc, in: socket{Conn: nc}, ws: ws, transport: "tcp", began: time.Now(), gone: make(chan struct{})}
	c.frames.r = &c.in
	out := c.writeTCP
	if ws != nil {
		c.transport = "ws"
		c.frames.ws = &ws.wsFrames
		ws.born = b.ticks.Load()
		out = c.writeWS
	}
	c.q.init(b.cfg.QueueBytes, &b.pressure, out, c.pull, c.writeFailed, c.pullDied)
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
// DISCONNECT with code and what goes with it, unless that is Success. It does not block, and may be called from any goroutine.
func (c *conn) end(why Cause, code Reason, tell string, user ...Prop) bool {
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
			last = encodeDisconnect(code, tell, user, s.maxPacket)
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

// alive notes that the peer has given a sign of life.
func (c *conn) alive() { c.life = time.Since(c.began) }

// limit is when the peer will have been silent for too long, since began; 0: never.
func (c *conn) limit() time.Duration {
	s := c.s.Load()
	if s == nil {
		return c.b.cfg.ConnectTimeout
	}
	if s.keepalive == 0 {
		return 0
	}
	return c.life + s.keepalive + s.keepalive/2 // 1.5 × keepalive: MQTT 5 [MQTT-3.1.2-22], 3.1.1 [MQTT-3.1.2-24]
}

// arm sets the deadline of the next read, unless one is set that comes before: it will be seen then that it was too early.
func (c *conn) arm() {
	if c.ws != nil {
		c.hear()
	}
	at := c.limit()
	if rest := c.life + calm; c.stirred && (at == 0 || rest < at) {
		at = rest
	}
	if !c.fired && (c.armed == at || c.armed > 0 && (at == 0 || c.armed < at)) {
		return
	}
	c.armed, c.fired = at, false
	var t time.Time
	if at > 0 {
		t = c.began.Add(at)
	}
	c.in.await(t)
}

// readFrame returns the next whole packet; it is valid until the next call. When there is none the connection has been ended, or
// has come to rest: what traffic has made grow has been given back, and the caller shall do the same with its stack.
func (c *conn) readFrame() []byte {
	limit, version := c.b.cfg.MaxConnect, byte(0)
	if s := c.s.Load(); s != nil {
		limit, version = c.b.cfg.MaxPacket, s.version
	}
	for {
		frame, f, err := c.frames.next(limit, version, c.arm)
		switch {
		case c.ending.Load():
			c.eof = c.eof || err != nil && !timedOut(err)
			return nil
		case f != nil:
			if version == 0 && c.ws == nil && c.b.cfg.HTTPPort > 0 && speaksHTTP(c.frames.begun()) {
				c.send(wrongPort(c.b.cfg.HTTPPort))
			}
			c.end(CauseProtocol, f.code, f.tell)
			return nil
		case timedOut(err):
			c.fired = true
			if c.overdue(version) || c.rest() {
				return nil
			}
			continue
		case err != nil:
			c.eof = c.ws == nil || !c.ws.closed
			c.end(CauseClosed, Success, "")
			return nil
		}
		c.alive()
		c.stirred = true
		c.b.count.came(frame)
		c.traffic.came(frame)
		return frame
	}
}

// overdue ends the connection when its peer has been silent for too long.
func (c *conn) overdue(version byte) bool {
	at := c.limit()
	switch {
	case at == 0 || time.Since(c.began) < at:
		return false
	case version == 0:
		c.end(CauseTimeout, Success, "")
	default:
		c.end(CauseKeepalive, KeepaliveTimeout, "nothing was heard for one and a half times the keepalive")
	}
	return true
}

// rest gives back what traffic has made grow, when there was none for a while.
func (c *conn) rest() bool {
	if !c.stirred || time.Since(c.began) < c.life+calm {
		return false
	}
	c.stirred = false
	c.frames.rest()
	return true
}

// timedOut tells a deadline from a broken socket.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

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
func (c *conn) send(pkt []byte) bool { return c.share(pkt, 1) }

// share queues pkt, which so many sessions have in common.
func (c *conn) share(pkt []byte, sessions int) bool {
	switch c.q.push(pkt, headerSize+len(pkt)/sessions) {
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
	c.traffic.left(batch)
	if len(batch) == 1 {
		_, err := c.nc.Write(batch[0])
		return err
	}
	if len(batch) == 0 {
		return nil
	}
	return c.writeMany(batch)
}

func (c *conn) writeMany(batch net.Buffers) error {
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
	crowd := c.b.conns.leave(c)
	if why == CauseSlow || why == CauseTimeout || c.eof {
		return
	}
	if crowd {
		c.q.wait(hurryTime)
		return
	}
	asked := c.ws != nil && c.ws.closed // the peer waits for our close frame
	_ = c.nc.SetWriteDeadline(time.Now().Add(lingerTime))
	if !c.q.wait(2*lingerTime) || why == CauseClosed && !asked {
		return
	}
	if c.ws != nil {
		c.closeWS()
	} else if t, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
	if why == CauseClient || asked {
		return
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, io.LimitReader(c.nc, 4<<20))
}
