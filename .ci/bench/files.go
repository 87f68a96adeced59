package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	fileRounds  = 3
	fileSize    = 256 << 20
	manyUploads = 10
	manySize    = 1 << 30   // what each says it has
	manySent    = 128 << 20 // what is sent of it
)

// shares measures how files go up and down, one at a time, beside a bare file server of net/http that neither hashes nor syncs: at
// least 0.7 of its bytes a second; and the memory while ten large uploads run.
func (b *bench) shares(ctx context.Context) error {
	tincan, err1 := b.tincan(ctx, "files")
	defer tincan.kill()
	loop, err2 := b.bare(ctx, "files.log")
	defer loop.kill()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	up, upCPU := figure{what: "upload of 256 MiB, for each GB", format: "%.2f s"}, figure{what: "… CPU", format: "%.2f s"}
	down, downCPU := figure{what: "download of 256 MiB, for each GB", format: "%.2f s"}, figure{what: "… CPU", format: "%.2f s"}
	for range fileRounds {
		for _, s := range []struct {
			of int
			s  *server
		}{{ours, tincan}, {bare, loop}} {
			var where string
			each, cpu, err := perGB(ctx, s.s, func() (err error) { where, err = putFile(ctx, s.s); return err })
			if err != nil {
				return fmt.Errorf("%s: %w", s.s.name, err)
			}
			up.of[s.of], upCPU.of[s.of] = append(up.of[s.of], each), append(upCPU.of[s.of], cpu)
			each, cpu, err = perGB(ctx, s.s, func() error { return getFile(ctx, s.s, where) })
			if err != nil {
				return fmt.Errorf("%s: %w", s.s.name, err)
			}
			down.of[s.of], downCPU.of[s.of] = append(down.of[s.of], each), append(downCPU.of[s.of], cpu)
		}
	}
	b.table.add(up, times(1.43, up.of[bare], "bare loop"))
	b.table.add(upCPU)
	b.table.add(down, times(1.43, down.of[bare], "bare loop"))
	b.table.add(downCPU)

	fresh, err := b.tincan(ctx, "many")
	defer fresh.kill()
	if err != nil {
		return err
	}
	grown, err := manyGrow(ctx, fresh)
	if err != nil {
		return err
	}
	b.table.add(figure{what: "memory for 10 uploads of 1 GiB", format: "%.1f MB", of: [bare + 1][]float64{ours: {float64(grown) / 1e6}}}, atMost(32, "MB"))
	return nil
}

// perGB does something with a file of fileSize, and returns seconds by the clock and of the server's CPU time for each GB.
func perGB(ctx context.Context, s *server, do func() error) (each, cpu float64, err error) {
	before, err := s.quiet(ctx)
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if err := do(); err != nil {
		return 0, 0, err
	}
	took := time.Since(begun)
	after, err := s.cpu()
	return took.Seconds() * 1e9 / fileSize, (after - before).Seconds() * 1e9 / fileSize, err
}

// A stuff is bytes that no other file has, made at next to no cost.
type stuff struct {
	block [256 << 10]byte
	at    int
}

func newStuff() *stuff {
	s := &stuff{}
	rand.Read(s.block[:]) // never fails
	return s
}

func (s *stuff) Read(p []byte) (int, error) {
	if s.at == len(s.block) {
		s.at = 0
		binary.LittleEndian.PutUint64(s.block[:], binary.LittleEndian.Uint64(s.block[:])+1)
	}
	n := copy(p, s.block[s.at:])
	s.at += n
	return n, nil
}

// putFile uploads a new file, and tells its path.
func putFile(ctx context.Context, s *server) (where string, err error) {
	res, err := ask(ctx, s, "PUT", "/files/lobby/big.bin", io.LimitReader(newStuff(), fileSize), fileSize, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("the upload was refused: %s", res.Status)
	}
	return res.Header.Get("Location"), nil
}

func getFile(ctx context.Context, s *server, where string) error {
	res, err := ask(ctx, s, "GET", where, nil, 0, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n != fileSize {
		return errors.Join(err, fmt.Errorf("%d bytes came, with %s", n, res.Status))
	}
	return nil
}

func ask(ctx context.Context, s *server, method, path string, body io.Reader, size int64, head map[string]string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.http+path, body)
	if err != nil {
		return nil, err
	}
	r.ContentLength = size
	r.SetBasicAuth("sharer", "secret")
	for k, v := range head {
		r.Header.Set(k, v)
	}
	return (&http.Transport{WriteBufferSize: 256 << 10, ReadBufferSize: 256 << 10, DisableKeepAlives: true}).RoundTrip(r)
}

// manyGrow tells by how many bytes the server's memory grows at most while many uploads run.
func manyGrow(ctx context.Context, s *server) (int64, error) {
	if _, err := s.quiet(ctx); err != nil {
		return 0, err
	}
	before, err := s.resident()
	if err != nil {
		return 0, err
	}
	fault := make(chan error, manyUploads)
	var wg sync.WaitGroup
	for range manyUploads {
		wg.Go(func() { fault <- sendSome(ctx, s) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	most := before
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-tick.C:
			now, err := s.resident()
			if err != nil {
				return 0, err
			}
			most = max(most, now)
		}
	}
	for range manyUploads {
		err = errors.Join(err, <-fault)
	}
	return most - before, err
}

// sendSome begins a large upload by tus and sends the beginning of it.
func sendSome(ctx context.Context, s *server) error {
	res, err := ask(ctx, s, "POST", "/api/upload", nil, 0, map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(manySize)})
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("an upload was refused: %s", res.Status)
	}
	where := res.Header.Get("Location")
	res, err = ask(ctx, s, "PATCH", where, io.LimitReader(newStuff(), manySent), manySent, map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
	})
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("an upload did not go on: %s", res.Status)
	}
	return nil
}

// serveBareFiles is a file server as the documentation of net/http has it: PUT writes a file, GET reads it.
func serveBareFiles(l net.Listener, folder string) error {
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := filepath.Join(folder, filepath.Base(r.URL.Path))
		if r.Method != http.MethodPut {
			http.ServeFile(w, r, path)
			return
		}
		f, err := os.Create(path)
		if err == nil {
			_, err = io.Copy(f, r.Body)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Location", r.URL.Path)
		w.WriteHeader(http.StatusCreated)
	}))
}
