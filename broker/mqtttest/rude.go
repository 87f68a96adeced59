package mqtttest

import (
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// Attempt connects, also where no test may be failed: from another goroutine, or where a refusal is as good. The client has to be
// Cut. Its Want methods are not to be used; Await is.
func Attempt(addr string, o Options) (*Client, error) {
	c, err := Reach(addr, o)
	if err != nil {
		return nil, err
	}
	if err := c.Send(ConnectPacket(o)); err != nil {
		c.Cut()
		return nil, err
	}
	if c.Connack, err = c.Await(func(p Packet) bool { return p.Type == Connack }); err != nil {
		c.Cut()
		return nil, err
	}
	return c, nil
}

// Reach is Attempt without the CONNECT: nothing has been sent.
func Reach(addr string, o Options) (*Client, error) { return open(addr, o) }

// Await is Want for clients of Attempt: it returns an error where that fails the test.
func (c *Client) Await(fits func(Packet) bool) (Packet, error) { return c.take(fits) }

// AwaitEnd waits until the server has ended the connection. It returns all packets that came and were not taken, and why reading
// ended: ErrLate when the connection lives, ErrBroken when what came was not MQTT.
func (c *Client) AwaitEnd() ([]Packet, error) {
	_, err := c.take(func(Packet) bool { return false })
	return c.Take(func(Packet) bool { return true }), err
}

// Finish tells the server that no more will come, and still reads what it sends.
func (c *Client) Finish() {
	switch conn := c.conn.(type) {
	case *wsConn:
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(Patience)) // the reader learns why not
	case *net.TCPConn:
		_ = conn.CloseWrite()
	}
}

// Deafen makes the client read no more, once the packet that it waits for has come: what the server sends from then on stays with
// the server.
func (c *Client) Deafen() { c.deaf.Store(true) }
