package bridge

import "time"

// A burst of a room's log goes out in parts of burstPart bytes with burstPause between them. It can be much more than may wait for a
// reader, and is read from memory faster than the writers of all its readers get their turn on a busy machine: without a pause those
// who read as fast as they can would be cut as slow.
const (
	burstPart  = 256 << 10
	burstPause = 10 * time.Millisecond
)

// A burst is what a room sends. Its zero value has sent nothing; it belongs to one goroutine.
type burst struct {
	bytes int       // since began
	began time.Time // when there was a pause
}

// sent notes that n bytes have been sent, and pauses when that was too much at once.
func (b *burst) sent(n int) {
	if now := time.Now(); now.Sub(b.began) >= burstPause {
		b.bytes, b.began = 0, now
	}
	if b.bytes += n; b.bytes < burstPart {
		return
	}
	time.Sleep(burstPause)
}
