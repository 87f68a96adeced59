package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// mosquittoConfig lets everyone do everything, as the others do here, keeps nothing on disk, drops nothing, delays nothing, and
// has as many QoS 1 messages under way to a session as tincan.
const mosquittoConfig = `listener %d 127.0.0.1
allow_anonymous true
persistence false
log_dest stderr
log_type error
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 64
max_connections -1
set_tcp_nodelay true
`

// mosquittoPath is where mosquitto is; empty when it is not installed.
func mosquittoPath() string {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// mosquitto starts it with a configuration of ours. It returns nil when it is not installed.
func (b *bench) mosquitto(ctx context.Context) (*server, error) {
	path := mosquittoPath()
	if path == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // it cannot choose a port itself
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	file := filepath.Join(b.scratch, "mosquitto.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, mosquittoConfig, addr.Port), 0o600); err != nil {
		return nil, err
	}
	return start(ctx, "mosquitto", addr.String(), exec.Command(path, "-c", file))
}
