package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// postTime is how long is posted in each way.
const postTime = 3 * time.Second

// posts measures how many messages a second are acknowledged, so are on disk, in one room.
func (b *bench) posts(ctx context.Context) error {
	s, err := b.start(ctx, filepath.Join(b.scratch, "posts"))
	if err != nil {
		return err
	}
	defer s.kill()
	for _, way := range []struct {
		publishers, underWay int
		goal                 string
	}{{1, 1, ""}, {1, 64, ""}, {16, 64, ""}, {256, 64, "≥ 20000/s"}} {
		what := fmt.Sprintf("durable posts, publishers × under way: %d × %d", way.publishers, way.underWay)
		rate, cpu, err := post(ctx, s, way.publishers, way.underWay)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		b.table.add(row{what: what, ours: fmt.Sprintf("%.0f/s, %.0f µs CPU", rate, float64(cpu.Nanoseconds())/1e3), goal: way.goal})
	}
	return nil
}

// post has publishers post for postTime, each with so many messages not yet acknowledged. It returns acknowledgements a second,
// and the server's CPU time for one.
func post(ctx context.Context, s *server, publishers, underWay int) (rate float64, cpu time.Duration, err error) {
	clients := make([]*client, publishers)
	for i := range clients {
		if clients[i], err = dial(ctx, s.mqtt, fmt.Sprintf("publisher-%d-%d-%d", publishers, underWay, i)); err != nil {
			return 0, 0, err
		}
		defer clients[i].close()
	}
	var (
		acked atomic.Int64
		wg    sync.WaitGroup
		fault = make(chan error, publishers)
	)
	before, err := s.cpu()
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	for _, c := range clients {
		wg.Go(func() { fault <- c.pump(underWay, begun.Add(postTime), &acked) })
	}
	wg.Wait()
	took := time.Since(begun)
	after, err := s.cpu()
	if err != nil {
		return 0, 0, err
	}
	for range clients {
		if err := <-fault; err != nil {
			return 0, 0, err
		}
	}
	n := acked.Load()
	return float64(n) / took.Seconds(), (after - before) / time.Duration(n), nil
}

// pump posts until end, with underWay messages not yet acknowledged, and then waits for the acknowledgements.
func (c *client) pump(underWay int, end time.Time, acked *atomic.Int64) error {
	payload := []byte(strings.Repeat("The kettle is on. ", 6))
	waiting := 0
	for more := underWay; ; {
		if more > 0 && time.Now().Before(end) {
			if _, err := c.conn.Write(c.publishes(more, "chat/room/lobby/say", payload)); err != nil {
				return err
			}
			waiting += more
		} else if waiting == 0 {
			return nil
		}
		more = 0
		for { // one, and all that came with it
			if _, err := c.want(pubackByte); err != nil {
				return err
			}
			acked.Add(1)
			waiting--
			if more++; waiting == 0 || c.r.Buffered() < 4 {
				break
			}
		}
	}
}
