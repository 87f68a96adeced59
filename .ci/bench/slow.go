package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

const (
	slowReaders = 20
	slowRate    = 1000 // messages a second
	slowSize    = 4 << 10
	slowTime    = time.Second // before the one stops, and after
	slowRounds  = 5
)

// A delay is what the stop of one reader does to the others and to the server.
type delay struct {
	before, after float64 // 99th percentile of the way from the speaker to a reader, milliseconds
	more          float64 // memory, MB
}

// slow measures what it does to a room of 20 that one of them stops reading.
func (b *bench) slow(ctx context.Context) error {
	tincan, err1 := b.tincan(ctx, "slow")
	defer tincan.kill()
	mosq, err2 := b.mosquitto(ctx)
	defer mosq.kill()
	stock, err3 := b.mochi(ctx)
	defer stock.kill()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	before := figure{what: "20 readers, 1,000 × 4 KB/s: 99th percentile", format: "%.2f ms"}
	after := figure{what: "… of the others, when one has stopped reading", format: "%.2f ms"}
	more := figure{what: "… memory", format: "%+.1f MB"}
	before.of[mosquitto], after.of[mosquitto], more.of[mosquitto] = []float64{}, []float64{}, []float64{}
	for range slowRounds {
		for _, s := range []struct {
			of int
			s  *server
		}{{ours, tincan}, {mosquitto, mosq}, {mochi, stock}} {
			if s.s == nil {
				continue
			}
			d, err := stopOne(ctx, s.s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.s.name, err)
			}
			before.of[s.of] = append(before.of[s.of], d.before)
			after.of[s.of] = append(after.of[s.of], d.after)
			more.of[s.of] = append(more.of[s.of], d.more)
		}
	}
	b.table.add(before)
	b.table.add(after, times(1.2, before.of[ours], "before"))
	b.table.add(more, atMost(2, "MB"))
	return nil
}

// stopOne lets 20 hear, and one of them stop. That the others miss something is an error.
func stopOne(ctx context.Context, s *server) (d delay, err error) {
	var stopped atomic.Pointer[member]
	var ways [2][]float64 // owned by the crowd's goroutine while it has something to read
	c, err := gather(ctx, gathering{addr: s.mqtt, names: "reader-", n: slowReaders, filters: []string{plain},
		hear: func(m *member, payload []byte, at time.Time) {
			phase := 0
			if one := stopped.Load(); one == m {
				return
			} else if one != nil {
				phase = 1
			}
			sent := time.Unix(0, int64(binary.BigEndian.Uint64(payload)))
			ways[phase] = append(ways[phase], at.Sub(sent).Seconds()*1e3)
		}})
	if err != nil {
		return d, err
	}
	defer c.close()
	speaker, err := dial(ctx, s.mqtt, "speaker")
	if err != nil {
		return d, err
	}
	defer speaker.close()
	speaker.deaf()

	high := [2]int64{} // memory
	for phase := range high {
		if phase == 1 {
			one := c.members[slowReaders/2]
			stopped.Store(one)
			c.mute(one)
		}
		next := time.Now()
		for i := range slowRate * int(slowTime/time.Millisecond) / 1000 {
			p := binary.BigEndian.AppendUint64(make([]byte, 0, slowSize), uint64(time.Now().UnixNano()))
			if _, err := speaker.conn.Write(speaker.publishes(1, 0, plain, p[:slowSize])); err != nil {
				return d, err
			}
			if i%50 == 0 {
				now, err := s.resident()
				if err != nil {
					return d, err
				}
				high[phase] = max(high[phase], now)
			}
			next = next.Add(time.Second / slowRate)
			time.Sleep(time.Until(next))
		}
		if phase == 0 {
			if err := c.wait(ctx, slowReaders*slowRate*int64(slowTime)/int64(time.Second)); err != nil {
				return d, err
			}
		}
	}
	all := (slowReaders - 1) * slowRate * int(slowTime/time.Millisecond) / 1000
	if err := c.wait(ctx, int64(all+all+all/(slowReaders-1))); err != nil {
		return d, fmt.Errorf("the others missed something: %w", err)
	}
	c.close() // ways is ours now
	d.before, d.after = percentile99(ways[0]), percentile99(ways[1])
	d.more = float64(high[1]-high[0]) / 1e6
	return d, nil
}

func percentile99(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)*99/100]
}
