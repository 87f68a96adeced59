package main

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// mochiArg makes this program a broker of unchanged mochi-mqtt.
const mochiArg = "mochi"

// openDoor lets everyone do everything.
type openDoor struct{ mqtt.HookBase }

func (*openDoor) ID() string { return "open-door" }

func (*openDoor) Provides(b byte) bool {
	return bytes.Contains([]byte{mqtt.OnConnectAuthenticate, mqtt.OnACLCheck}, []byte{b})
}

func (*openDoor) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

func (*openDoor) OnACLCheck(*mqtt.Client, string, bool) bool { return true }

// serveMochi serves mochi-mqtt as it comes, until a signal.
func serveMochi() error {
	s := mqtt.New(&mqtt.Options{Logger: slog.New(slog.DiscardHandler)})
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
