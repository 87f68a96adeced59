package broker

import (
	"net"
	"testing"
	"time"
)

// What came before a deadline was noticed is read, and nothing is waited for beyond the time that the notice was late.
func TestALateDeadlineIsJudgedByWhatHasCome(t *testing.T) {
	const late = 300 * time.Millisecond
	peer, s := socketPair(t)
	if _, err := peer.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	s.await(time.Now().Add(-late))
	if n, err := s.Read(b); n != 4 || err != nil {
		t.Fatalf("%d bytes, %v, of what had come", n, err)
	}
	s.await(s.due) // the rest of a packet, say
	began := time.Now()
	if _, err := s.Read(b); !timedOut(err) || time.Since(began) > patience/2 {
		t.Errorf("then %v, after %v", err, time.Since(began))
	}
	if _, err := peer.Write([]byte("drip")); err != nil {
		t.Fatal(err)
	}
	s.await(s.due)
	if n, err := s.Read(b); !timedOut(err) {
		t.Errorf("%d bytes, %v: what drips on stretches the deadline", n, err)
	}
	s.await(time.Now().Add(patience))
	if n, err := s.Read(b); n != 4 || err != nil {
		t.Errorf("%d bytes, %v, after a new deadline", n, err)
	}
}

// A socket that is woken reads no more, however late its deadline is.
func TestAWokenSocketDoesNotWait(t *testing.T) {
	_, s := socketPair(t)
	s.await(time.Now().Add(time.Hour))
	time.AfterFunc(10*time.Millisecond, s.wake)
	for _, due := range []time.Time{s.due, time.Now().Add(-time.Hour), {}} {
		s.await(due)
		if _, err := s.Read(make([]byte, 1)); !timedOut(err) {
			t.Errorf("with a deadline at %v: %v", due, err)
		}
	}
}

func socketPair(t *testing.T) (net.Conn, *socket) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close(); nc.Close() })
	return peer, &socket{Conn: nc}
}
