package broker

import (
	"context"
	"errors"
	"net"
	"time"
)

// deadPeers finds out about peers that vanished without a word: a 3.1.1 client with keepalive 0 cannot be told to speak.
var deadPeers = net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4}

// Serve accepts MQTT over TCP from l until ctx ends, Close is called, or l fails for good. It closes l.
func (b *Broker) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	stopClose := context.AfterFunc(b.ctx, cancel)
	defer stopClose()
	defer l.Close()
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			if t, ok := nc.(*net.TCPConn); ok {
				_ = t.SetKeepAliveConfig(deadPeers)
			}
			b.start(newConn(b, nc, nil))
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		// Out of descriptors, or the like: those inside talk on, and it is tried again when some may have gone.
		b.quiet.Warn("cannot accept connections", "", "err", err, "addr", l.Addr().String())
		pause = min(max(2*pause, 5*time.Millisecond), 500*time.Millisecond)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// start lets a connection live, unless the broker is closing.
func (b *Broker) start(c *conn) {
	ok, oldest := b.conns.add(c)
	if !ok {
		_ = c.nc.Close()
		return
	}
	if oldest != nil {
		oldest.end(CauseTimeout, Success, "")
		_ = oldest.nc.Close() // its descriptor is needed now
	}
	go b.serve(c)
}
