package broker

import (
	"net"
	"sync/atomic"
	"time"
)

// A Traffic is what went over one connection: MQTT packets of any type, and their bytes.
type Traffic struct {
	PacketsIn, PacketsOut int64
	BytesIn, BytesOut     int64
}

// A traffic counts it.
type traffic struct {
	packetsIn, packetsOut, bytesIn, bytesOut atomic.Int64
}

func (t *traffic) came(frame []byte) {
	t.packetsIn.Add(1)
	t.bytesIn.Add(int64(len(frame)))
}

func (t *traffic) left(batch net.Buffers) {
	size := 0
	for _, pkt := range batch {
		size += len(pkt)
	}
	t.packetsOut.Add(int64(len(batch)))
	t.bytesOut.Add(int64(size))
}

// Traffic tells what went over the session's connection so far. It may be asked at any time.
func (s *Session) Traffic() Traffic {
	t := &s.c.traffic
	return Traffic{t.packetsIn.Load(), t.packetsOut.Load(), t.bytesIn.Load(), t.bytesOut.Load()}
}

// Since is when the connection was accepted.
func (s *Session) Since() time.Time { return s.c.began }
