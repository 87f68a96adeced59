package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A gathering is what a crowd is made of.
type gathering struct {
	addr    string // of the server
	ws      bool
	names   string // what all names begin with
	secret  bool   // each claims its name with a secret
	n       int
	filters []string // what each subscribes to; none: it only connects
	qos     byte
	atOnce  int // how many may be on their way in; 0: few

	hear func(m *member, payload []byte, at time.Time) // called for each PUBLISH by the crowd's goroutine; may be nil
}

// A crowd is many MQTT 3.1.1 sessions served by one thread with epoll, so that they cost the machine little beside what a server
// costs. They never send a PINGREQ, and acknowledge QoS 1.
type crowd struct {
	gathering
	epoll   int
	members []*member
	ended   chan struct{} // closed when nobody is left

	got   atomic.Int64 // PUBLISH packets of all
	bytes atomic.Int64 // all that came, as it was on the wire
	lost  atomic.Int64 // who was put out by the server

	mu sync.Mutex // guards the descriptors of members

	// Owned by the goroutine that polls.
	in   int // who has got to where the gathering ends
	open int
	buf  []byte
	acks []byte
}

// gather connects a crowd and returns when all are in.
func gather(ctx context.Context, g gathering) (*crowd, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	c := &crowd{gathering: g, epoll: epoll, ended: make(chan struct{}), buf: make([]byte, 256<<10)}
	if c.atOnce == 0 {
		c.atOnce = 32
	}
	err = c.enter(ctx)
	go c.run()
	if err != nil {
		c.close()
		return nil, fmt.Errorf("%d of %d are in: %w", c.in, g.n, err)
	}
	return c, nil
}

func (c *crowd) enter(ctx context.Context) error {
	for c.in < c.n {
		for len(c.members) < c.n && len(c.members)-c.in < c.atOnce {
			if err := c.dial(); err != nil {
				return err
			}
		}
		if err := c.poll(100); err != nil {
			return err
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case c.lost.Load() > 0:
			return errors.New("one was put out")
		}
	}
	return nil
}

// dial opens the connection of one more.
func (c *crowd) dial() error {
	addr, err := netip.ParseAddrPort(c.addr)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	m := &member{name: fmt.Sprint(c.names, len(c.members)), fd: fd}
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		syscall.Close(fd)
		return fmt.Errorf("%s cannot connect: %w", m.name, err)
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(len(c.members))}
	if err := syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		syscall.Close(fd)
		return err
	}
	c.members = append(c.members, m)
	c.open++
	if c.ws {
		return m.write(false, []byte("GET /mqtt HTTP/1.1\r\nHost: "+c.addr+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"))
	}
	return c.greet(m)
}

// greet sends the CONNECT.
func (c *crowd) greet(m *member) error {
	m.step = connecting
	secret := ""
	if c.secret {
		secret = "secret of " + m.name
	}
	return m.write(c.ws, connectPacket(m.name, secret))
}

// run serves the crowd until nobody is left.
func (c *crowd) run() {
	defer close(c.ended)
	defer syscall.Close(c.epoll)
	for c.open > 0 {
		if c.poll(-1) != nil {
			c.lost.Add(1) // it broke the protocol: those who wait for deliveries are told
			c.dropAll()
		}
	}
}

// poll reads once from all who have something. timeout is in milliseconds, -1 is for ever.
func (c *crowd) poll(timeout int) error {
	var events [256]syscall.EpollEvent
	n, err := syscall.EpollWait(c.epoll, events[:], timeout)
	if err == syscall.EINTR {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range events[:max(n, 0)] {
		m := c.members[e.Fd]
		n, err := syscall.Read(m.fd, c.buf)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			c.gone(m)
			continue
		}
		c.bytes.Add(int64(n))
		if err := c.feed(m, c.buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// feed takes what was read.
func (c *crowd) feed(m *member, b []byte) error {
	if m.step == upgrading {
		m.rest = append(m.rest, b...)
		end := bytes.Index(m.rest, []byte("\r\n\r\n"))
		if end < 0 {
			return nil
		}
		if !bytes.HasPrefix(m.rest, []byte("HTTP/1.1 101")) {
			return fmt.Errorf("%s got no websocket: %.80q", m.name, m.rest)
		}
		m.rest = nil // the server speaks after the CONNECT
		return c.greet(m)
	}
	if c.ws {
		b = m.unframe(b)
	}
	if len(m.rest) > 0 {
		m.rest = append(m.rest, b...)
		b = m.rest
	}
	at, before := time.Now(), m.got
	c.acks = c.acks[:0]
	for {
		head, body, rest, ok := cut(b)
		if !ok {
			break
		}
		b = rest
		if err := c.take(m, head, body, at); err != nil {
			return err
		}
	}
	m.rest = append(m.rest[:0], b...)
	c.got.Add(int64(m.got - before))
	if len(c.acks) > 0 {
		return m.write(c.ws, c.acks)
	}
	return nil
}

// take takes one packet.
func (c *crowd) take(m *member, head byte, body []byte, at time.Time) error {
	switch head & 0xf0 {
	case publishByte:
		m.got++
		id, p := payload(head, body)
		if id != 0 {
			c.acks = append(c.acks, pubackByte, 2, byte(id>>8), byte(id))
		}
		if c.hear != nil {
			c.hear(m, p, at)
		}
		return nil
	case connackByte:
		if body[1] != 0 {
			return fmt.Errorf("%s was refused with return code %d", m.name, body[1])
		}
		if len(c.filters) > 0 {
			m.step = subscribing
			return m.write(c.ws, subscribePacket(1, c.qos, c.filters...))
		}
	case subackByte:
		for i, code := range body[2:] {
			if code > 2 {
				return fmt.Errorf("%s may not subscribe to %s: code %#x", m.name, c.filters[i], code)
			}
		}
	default:
		return fmt.Errorf("%s got packet %#x", m.name, head)
	}
	m.step = listening
	c.in++
	return nil
}

func (c *crowd) gone(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !m.dropped {
		c.lost.Add(1)
	}
	syscall.Close(m.fd)
	m.fd = -1
	c.open--
}

// mute reads no more from a member.
func (c *crowd) mute(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.muted = true
	_ = syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_DEL, m.fd, nil)
}

// drop cuts connections, without a DISCONNECT.
func (c *crowd) drop(who []*member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range who {
		if m.fd < 0 || m.dropped {
			continue
		}
		m.dropped = true
		if m.muted {
			event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(slices.Index(c.members, m))}
			_ = syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_ADD, m.fd, &event)
		}
		_ = syscall.Shutdown(m.fd, syscall.SHUT_RDWR) // then a read ends, and closes it
	}
}

func (c *crowd) dropAll() { c.drop(c.members) }

// close cuts all connections and waits until they are closed.
func (c *crowd) close() {
	if c != nil {
		c.dropAll()
		<-c.ended
	}
}

// wait waits until so many PUBLISH packets have come.
func (c *crowd) wait(ctx context.Context, deliveries int64) error {
	for c.got.Load() < deliveries {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d deliveries came: %w", c.got.Load(), deliveries, ctx.Err())
		case <-time.After(time.Millisecond):
		}
		if n := c.lost.Load(); n > 0 {
			return fmt.Errorf("%d readers were cut", n)
		}
	}
	return nil
}
