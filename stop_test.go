package main

import (
	"net"
	"net/http"
	"testing"
)

// A slowListener is one whose Accept hears late that it is closed, as on a busy computer: not before its server closes it, too.
type slowListener struct {
	net.Listener
	asked, awake chan struct{}
}

func (l slowListener) Accept() (net.Conn, error) {
	close(l.asked)
	<-l.awake
	return l.Listener.Accept()
}

func (l slowListener) Close() error {
	defer close(l.awake)
	return l.Listener.Close()
}

func TestListenerClosedBeforeItsServerIsNoFault(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, ended := &http.Server{}, make(chan error, 1)
	l := slowListener{inner, make(chan struct{}), make(chan struct{})}
	go func() { ended <- s.Serve(l) }()
	<-l.asked
	inner.Close()
	if err := shutdown(t.Context(), s); err != nil {
		t.Errorf("a clean stop tells %v", err)
	}
	if err := <-ended; err != http.ErrServerClosed {
		t.Error(err)
	}
}
