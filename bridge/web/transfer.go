package web

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"tincan/bridge/files"
)

// A transfer that moves no byte for so long is over: a phone that went away must not hold a place.
const stillTime = time.Minute

var (
	errStopped = errors.New("web: the transfer was stopped")
	errSlow    = errors.New("web: nothing came for too long")
)

// A transfer is a body that is on its way, in or out. Its deadline moves as it does.
type transfer struct {
	set func(time.Time) error // the deadline of the connection, for one direction

	mu      sync.Mutex // guards what follows, and set
	stopped bool
	moved   time.Time
}

// begin makes a transfer whose deadline is set by set. The caller ends it.
func (h *Files) begin(set func(time.Time) error) *transfer {
	t := &transfer{set: set}
	t.move()
	h.mu.Lock()
	h.running[t] = true
	stopped := h.stopped
	h.mu.Unlock()
	if stopped {
		t.stop()
	}
	return t
}

func (h *Files) end(t *transfer) {
	h.mu.Lock()
	delete(h.running, t)
	h.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped {
		_ = t.set(time.Time{}) // a connection that is gone has no deadline
	}
}

// move says that bytes have moved: the time of the next ones begins.
func (t *transfer) move() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); !t.stopped && now.Sub(t.moved) > stillTime/20 {
		t.moved = now
		_ = t.set(now.Add(stillTime)) // else it is the server's own
	}
}

// stop ends the transfer, in the middle of a read or write. Safe for concurrent use.
func (t *transfer) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	_ = t.set(time.Now())
}

// fault is why a transfer ended with err.
func (t *transfer) fault(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.stopped:
		return errStopped
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	}
	return err
}

// An incoming is the body of a request as it comes.
type incoming struct {
	*transfer
	body io.Reader
}

func (i incoming) Read(p []byte) (int, error) {
	n, err := i.body.Read(p)
	if n > 0 {
		i.move()
	}
	if err != nil && err != io.EOF {
		err = i.fault(err)
	}
	return n, err
}

// A checksum is what a part of an upload is to be.
type checksum struct {
	hash hash.Hash
	sum  []byte
}

// receive takes the body of a request into an upload. What has come before the client went is kept, and no error of it is told.
func (h *Files) receive(ctx context.Context, w http.ResponseWriter, r *http.Request, id, owner string, at int64, c *checksum) (files.Upload, error) {
	t := h.begin(http.NewResponseController(w).SetReadDeadline)
	defer h.end(t)
	src := files.Source{Reader: incoming{t, r.Body}, Length: r.ContentLength, Stop: t.stop}
	if c != nil {
		src.Hash, src.Sum = c.hash, c.sum
	}
	return h.store.Write(ctx, id, owner, at, src)
}

// sendStep is how much is sent before the deadline moves: enough that the kernel copies in one go, little enough for a slow phone.
const sendStep = 1 << 20

// An outgoing is a response as it goes. It lets the kernel copy a file (sendfile) where the connection can.
type outgoing struct {
	http.ResponseWriter
	*transfer
	size    int64 // of the whole file
	sent    int64
	refused bool // what comes instead of the file is written already
}

// WriteHeader says in the words of every other refusal that there are no such bytes: what serves the file has its own.
func (o *outgoing) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		o.ResponseWriter.WriteHeader(status)
		return
	}
	o.refused = true
	head := o.Header()
	head.Del("Content-Disposition")
	head.Set("Cache-Control", "no-store")
	refuse(o.ResponseWriter, status, "range", fmt.Sprintf("The file has %d bytes, and none where the header Range asks for them.", o.size))
}

func (o *outgoing) Write(p []byte) (int, error) {
	if o.refused {
		return len(p), nil
	}
	n, err := o.ResponseWriter.Write(p)
	o.sent += int64(n)
	o.move()
	return n, err
}

func (o *outgoing) ReadFrom(src io.Reader) (int64, error) {
	left := int64(1) << 62
	if l, ok := src.(*io.LimitedReader); ok { // only of a file itself the kernel copies
		src, left = l.R, l.N
	}
	var total int64
	for left > 0 {
		n, err := io.Copy(o.ResponseWriter, &io.LimitedReader{R: src, N: min(left, sendStep)})
		total += n
		left -= n
		o.sent += n
		o.move()
		if err != nil {
			return total, err
		}
		if n == 0 {
			break
		}
	}
	return total, nil
}

// sizeText is a size for people.
func sizeText(n int64) string {
	const unit = 1 << 10
	for _, u := range []struct {
		size int64
		name string
	}{{unit * unit * unit, "GiB"}, {unit * unit, "MiB"}, {unit, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(u.size), u.name)
		}
	}
	return fmt.Sprint(n, " bytes")
}
