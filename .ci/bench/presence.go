package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

const (
	presentCount   = 500 // one of them only reads the roster
	dropCount      = 250
	presenceRounds = 3
)

// presence measures half of a full room that drops out at once: how long it takes until everybody else knows, and how many bytes
// that takes, beside sending everybody the whole list again with each change.
func (b *bench) presence(ctx context.Context) error {
	s, err := b.tincan(ctx, "presence")
	if err != nil {
		return err
	}
	defer s.kill()
	took := figure{what: "500 members, 250 drop: until the rest is told", format: "%.0f ms"}
	sent := figure{what: "… bytes", format: "%.0f KB"}
	var lists []float64
	for round := range presenceRounds {
		d, told, list, err := dropOut(ctx, s, fmt.Sprint("member-", round, "-"))
		if err != nil {
			return err
		}
		took.of[ours] = append(took.of[ours], d.Seconds()*1e3)
		sent.of[ours] = append(sent.of[ours], float64(told)/1024)
		lists = append(lists, float64(list)/1024)
	}
	b.table.add(took, atMost(300, "ms"))
	b.table.add(sent, times(0.01, lists, "whole lists"))
	return nil
}

// dropOut lets half of a room drop out. list is what whole lists would be, in bytes.
func dropOut(ctx context.Context, s *server, names string) (took time.Duration, told, list int64, err error) {
	var left, last atomic.Int64 // names that were told as gone, to everybody in all, and when, in nanoseconds
	rest := map[string]bool{}   // those who stay; read only
	for i := dropCount; i < presentCount-1; i++ {
		rest[fmt.Sprint(names, i)] = true
	}
	c, err := gather(ctx, gathering{addr: s.mqtt, names: names, n: presentCount - 1, filters: []string{"chat/room/lobby/presence"},
		hear: func(m *member, payload []byte, at time.Time) {
			if !rest[m.name] {
				return
			}
			var change struct{ Leave []string }
			if json.Unmarshal(payload, &change) == nil && len(change.Leave) > 0 {
				left.Add(int64(len(change.Leave)))
				last.Store(at.UnixNano())
			}
		}})
	if err != nil {
		return 0, 0, 0, err
	}
	defer c.close()
	counter, err := dial(ctx, s.mqtt, names+"counter")
	if err != nil {
		return 0, 0, 0, err
	}
	defer counter.close()
	if err := counter.subscribe("chat/room/lobby/roster"); err != nil {
		return 0, 0, 0, err
	}
	roster, err := counter.want(publishByte)
	if err != nil {
		return 0, 0, 0, err
	}
	if n := strings.Count(string(roster), `"name"`); n != presentCount {
		return 0, 0, 0, fmt.Errorf("the roster has %d members", n)
	}
	if _, err := s.quiet(ctx); err != nil { // the joins have been told
		return 0, 0, 0, err
	}
	bytes, leaves, all := c.bytes.Load(), left.Load(), int64(dropCount*len(rest))
	begun := time.Now()
	c.drop(c.members[:dropCount])
	for left.Load()-leaves < all {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return 0, 0, 0, fmt.Errorf("%d of %d leaves were told: %w", left.Load()-leaves, all, ctx.Err())
		}
	}
	for n := range dropCount { // with each change the list is one shorter; the rest gets it
		list += int64(len(roster) * (presentCount - 1 - n) / presentCount * len(rest))
	}
	return time.Unix(0, last.Load()).Sub(begun), c.bytes.Load() - bytes, list, nil
}
