package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	postTime       = 2 * time.Second
	postRounds     = 3
	postPublishers = 64
)

// posts measures posts to one room, which are acknowledged when they are on disk, beside a bare loop that only logs them, and beside
// mochi, which keeps nothing. At tincan and mochi there is one reader.
func (b *bench) posts(ctx context.Context) error {
	tincan, err1 := b.tincan(ctx, "posts")
	defer tincan.kill()
	stock, err2 := b.mochi(ctx)
	defer stock.kill()
	loop, err3 := b.bare(ctx, "posts.log")
	defer loop.kill()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	for _, r := range []struct {
		s      *server
		filter string
	}{{tincan, "chat/room/lobby/messages"}, {stock, say}} {
		c, err := gather(ctx, gathering{addr: r.s.mqtt, names: "reader-", n: 1, filters: []string{r.filter}})
		if err != nil {
			return err
		}
		defer c.close()
	}
	for _, underWay := range []int{1, 64} {
		what := fmt.Sprintf("durable posts, 64 publishers, %d under way each", underWay)
		took, spent := figure{what: what, format: "%.1f µs"}, figure{what: "… CPU", format: "%.1f µs"}
		for round := range postRounds {
			for _, s := range []struct {
				of int
				s  *server
			}{{ours, tincan}, {mochi, stock}, {bare, loop}} {
				each, cpu, err := post64(ctx, s.s, fmt.Sprint("publisher-", underWay, "-", round, "-"), underWay)
				if err != nil {
					return fmt.Errorf("%s: %w", s.s.name, err)
				}
				took.of[s.of], spent.of[s.of] = append(took.of[s.of], each), append(spent.of[s.of], cpu)
			}
		}
		b.table.add(took, times(2, took.of[bare], "bare loop"))
		b.table.add(spent, times(1, spent.of[mochi], "mochi"))
	}
	return nil
}

// post64 posts for postTime with all publishers. It returns microseconds for a post, by the clock and of the server's CPU time.
func post64(ctx context.Context, s *server, names string, underWay int) (each, cpu float64, err error) {
	clients := make([]*client, postPublishers)
	for i := range clients {
		if clients[i], err = dial(ctx, s.mqtt, fmt.Sprint(names, i)); err != nil {
			return 0, 0, err
		}
		defer clients[i].close()
	}
	var (
		acked atomic.Int64
		wg    sync.WaitGroup
		fault = make(chan error, len(clients))
	)
	before, err := s.quiet(ctx)
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
	n := float64(acked.Load())
	return float64(took.Nanoseconds()) / 1e3 / n, float64((after - before).Nanoseconds()) / 1e3 / n, nil
}

// pump posts until end, with underWay messages not yet acknowledged, and then waits for the acknowledgements.
func (c *client) pump(underWay int, end time.Time, acked *atomic.Int64) error {
	waiting := 0
	for more := underWay; ; {
		if more > 0 && time.Now().Before(end) {
			if _, err := c.conn.Write(c.publishes(more, 1, say, spoken)); err != nil {
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
