package broker

import (
	"net"
	"sync/atomic"
	"time"
)

// lookTime is the longest that a socket is read beyond its deadline.
const lookTime = time.Second

// A socket reads from a connection under a deadline that is judged by what has come, not by when somebody looks. While the process
// was stopped (SIGSTOP, a laptop's lid) time went on and packets came in; Go tells only that time is over, and reads no more. So
// what is there is read as long again as the deadline was noticed late: at once over on a server that runs.
type socket struct {
	net.Conn
	woken atomic.Bool // reads end

	// Owned by the reading goroutine.
	due  time.Time // the peer must have been heard until then; zero: it need not
	look time.Time // and until then at the latest, once due has passed
}

// await sets the deadline of the reads that follow.
func (s *socket) await(due time.Time) {
	if !due.Equal(s.due) {
		s.due, s.look = due, time.Time{}
	}
	s.arm()
}

func (s *socket) arm() {
	t := s.due
	if !s.look.IsZero() {
		t = s.look
	}
	_ = s.Conn.SetReadDeadline(t)
	if s.woken.Load() {
		_ = s.Conn.SetReadDeadline(past)
	}
}

// wake ends a read that waits, and lets none wait any more. It may be called from any goroutine.
func (s *socket) wake() {
	s.woken.Store(true)
	_ = s.Conn.SetReadDeadline(past)
}

func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 || err == nil || !timedOut(err) || s.due.IsZero() || !s.look.IsZero() || s.woken.Load() {
		return n, err
	}
	now := time.Now()
	s.look = now.Add(min(now.Sub(s.due), lookTime))
	s.arm()
	return s.Conn.Read(p)
}
