package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	connectCount  = 2000
	connectRounds = 5
)

// connects measures a crowd that comes at once: at tincan each connects, claims its name and joins the lobby, at mochi it connects
// and no more.
func (b *bench) connects(ctx context.Context) error {
	tincan, err1 := b.tincan(ctx, "connects")
	defer tincan.kill()
	stock, err2 := b.mochi(ctx)
	defer stock.kill()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	cpu := figure{what: "2,000 connect, claim, join at once; at mochi: connect", format: "%.0f ms"}
	wall := figure{what: "… until all are in, by the clock", format: "%.0f ms"}
	for round := range connectRounds {
		g := gathering{names: fmt.Sprint("member-", round, "-"), n: connectCount, atOnce: connectCount}
		for _, c := range []struct {
			of      int
			server  *server
			secret  bool
			filters []string
		}{{ours, tincan, true, []string{"chat/room/lobby/messages"}}, {mochi, stock, false, nil}} {
			g.addr, g.secret, g.filters = c.server.mqtt, c.secret, c.filters
			spent, took, err := comeIn(ctx, c.server, g)
			if err != nil {
				return fmt.Errorf("%s: %w", c.server.name, err)
			}
			cpu.of[c.of] = append(cpu.of[c.of], spent.Seconds()*1e3)
			wall.of[c.of] = append(wall.of[c.of], took.Seconds()*1e3)
		}
	}
	b.table.add(cpu, times(0.6, cpu.of[mochi], "mochi"))
	b.table.add(wall, atMost(300, "ms"))
	return nil
}

// comeIn lets a crowd in and out again. It returns the server's CPU time, with what it does when all are in, and how long that took
// by the clock.
func comeIn(ctx context.Context, s *server, g gathering) (spent, took time.Duration, err error) {
	before, err := s.quiet(ctx)
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	c, err := gather(ctx, g)
	if err != nil {
		return 0, 0, err
	}
	defer c.close()
	took = time.Since(begun)
	after, err := s.quiet(ctx)
	return after - before, took, err
}
