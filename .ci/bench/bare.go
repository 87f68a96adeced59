package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// bareArg makes this program the bare loop: what remains of a broker when everything is left out that can be.
const bareArg = "bare"

// A bareLoop answers the handshake, writes what is published at QoS 0 to all who have subscribed to anything, one Write for each
// message and session, and appends what is published at QoS 1 to a file, which it acknowledges when it is on disk.
type bareLoop struct {
	file *os.File
	wake chan struct{} // one token: something is posted

	mu      sync.Mutex // guards what follows
	readers []net.Conn
	posted  []post
}

// A post waits for the disk.
type post struct {
	from net.Conn
	id   []byte
	body []byte
}

// serveBare serves until the process is killed.
func serveBare(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	files, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = serveBareFiles(files, filepath.Dir(file)) }() // it ends with the process
	slog.New(slog.NewTextHandler(os.Stderr, nil)).Info("ready", "http", files.Addr().String(), "mqtt", l.Addr().String())
	b := &bareLoop{file: f, wake: make(chan struct{}, 1)}
	go b.log()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go b.serve(conn)
	}
}

func (b *bareLoop) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		head, body, err := readPacket(r)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				b.forget(conn)
			}
			return
		}
		switch head {
		case connectByte:
			_, _ = conn.Write([]byte{connackByte, 2, 0, 0})
		case subscribeByte:
			_, _ = conn.Write([]byte{subackByte, 3, body[0], body[1], 0})
			b.mu.Lock()
			b.readers = append(b.readers, conn)
			b.mu.Unlock()
		case publishByte:
			b.fanout(packet(publishByte, body))
		case publish1Byte:
			id := 2 + int(binary.BigEndian.Uint16(body))
			b.mu.Lock()
			b.posted = append(b.posted, post{conn, body[id : id+2], body})
			b.mu.Unlock()
			select {
			case b.wake <- struct{}{}:
			default:
			}
		}
	}
}

func (b *bareLoop) fanout(pkt []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.readers {
		_, _ = conn.Write(pkt) // who has gone is no matter here
	}
}

func (b *bareLoop) forget(conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, c := range b.readers {
		if c == conn {
			b.readers = append(b.readers[:i], b.readers[i+1:]...)
			return
		}
	}
}

// log is group commit: whatever is posted while the disk is busy goes to it together.
func (b *bareLoop) log() {
	for range b.wake {
		b.mu.Lock()
		posted := b.posted
		b.posted = nil
		b.mu.Unlock()
		if len(posted) == 0 {
			continue
		}
		var all []byte
		acks := map[net.Conn][]byte{}
		for _, p := range posted {
			all = append(all, p.body...)
			acks[p.from] = append(acks[p.from], pubackByte, 2, p.id[0], p.id[1])
		}
		_, err := b.file.Write(all)
		if err = errors.Join(err, syscall.Fdatasync(int(b.file.Fd()))); err != nil {
			panic(err)
		}
		for conn, a := range acks {
			_, _ = conn.Write(a)
		}
	}
}
