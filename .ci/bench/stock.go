package main

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// stockArg makes this program the broker that tincan is compared with.
const stockArg = "stock-mochi"

// openDoor lets everyone do everything.
type openDoor struct{ mochi.HookBase }

func (*openDoor) ID() string { return "open-door" }

func (*openDoor) Provides(b byte) bool {
	return bytes.Contains([]byte{mochi.OnConnectAuthenticate, mochi.OnACLCheck}, []byte{b})
}

func (*openDoor) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

func (*openDoor) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// serveStock serves mochi-mqtt as it comes, until a signal.
func serveStock() error {
	s := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := s.AddHook(&openDoor{}, nil); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := s.AddListener(listeners.NewNet("tcp", l)); err != nil {
		return err
	}
	if err := s.Serve(); err != nil {
		return err
	}
	slog.New(slog.NewTextHandler(os.Stderr, nil)).Info("ready", "mqtt", l.Addr().String())
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	<-end
	return s.Close()
}
