package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// sessionCount is how many sessions are connected to measure one.
const sessionCount = 1000

// A house is a server whose sessions are idle, or were.
type house struct {
	*server
	ws            bool
	crowd         *crowd
	empty         int64     // bytes, before anybody came
	idle, after   []float64 // KB for a session, once, before and after traffic
	topic         string
	text          []byte
	bursts, burst int
}

// sessions measures what a session costs in memory, before and after traffic.
func (b *bench) sessions(ctx context.Context) error {
	tcp, err1 := b.tincan(ctx, "sessions-tcp")
	ws, err2 := b.tincan(ctx, "sessions-ws")
	mosq, err3 := b.mosquitto(ctx)
	stock, err4 := b.mochi(ctx)
	for _, s := range []*server{tcp, ws, mosq, stock} {
		defer s.kill()
	}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	houses := []*house{{server: tcp}, {server: ws, ws: true}, {server: stock}}
	if mosq != nil {
		houses = append(houses, &house{server: mosq})
	}
	fault := make(chan error, len(houses))
	for _, h := range houses {
		h.topic, h.text, h.bursts, h.burst = plain, []byte(strings.Repeat("x", 1000)), 10, 20
		defer func() { h.crowd.close() }()
	}
	// One after the other comes in, all together settle, which takes time and no processor.
	together := func(do func(*house) error) error {
		var wg sync.WaitGroup
		for _, h := range houses {
			wg.Go(func() { fault <- do(h) })
		}
		wg.Wait()
		var err error
		for range houses {
			err = errors.Join(err, <-fault)
		}
		return err
	}
	if err := together(func(h *house) (err error) { h.empty, err = h.settled(ctx); return err }); err != nil {
		return err
	}
	for _, h := range houses {
		if err := h.fill(ctx); err != nil {
			return err
		}
	}
	if err := together(func(h *house) error { return h.weigh(ctx, &h.idle) }); err != nil {
		return err
	}
	for _, h := range houses {
		if err := h.talk(ctx); err != nil {
			return err
		}
	}
	if err := together(func(h *house) error { return h.weigh(ctx, &h.after) }); err != nil {
		return err
	}
	theirs := func(on func(*house) []float64) [bare + 1][]float64 {
		of := [bare + 1][]float64{mochi: on(houses[2]), mosquitto: {}}
		if mosq != nil {
			of[mosquitto] = on(houses[3])
		}
		return of
	}
	b.table.add(figure{what: "memory of an empty server", format: "%.1f MB", of: [bare + 1][]float64{ours: {float64(houses[0].empty) / 1e6}}}, atMost(30, "MB"))
	for _, k := range []struct {
		what string
		h    *house
		most float64
	}{{"memory of an idle session, tcp", houses[0], 16}, {"memory of an idle session, websocket", houses[1], 20}} {
		idle, after := theirs(func(h *house) []float64 { return h.idle }), theirs(func(h *house) []float64 { return h.after })
		if k.h.ws {
			idle, after = [bare + 1][]float64{}, [bare + 1][]float64{}
		}
		idle[ours], after[ours] = k.h.idle, k.h.after
		b.table.add(figure{what: k.what, format: "%.1f KB", of: idle}, atMost(k.most, "KB"))
		b.table.add(figure{what: "… after 200 messages of 1 KB to each", format: "%.1f KB", of: after}, atMost(k.most, "KB"))
	}
	return nil
}

func (h *house) fill(ctx context.Context) (err error) {
	addr := h.mqtt
	if h.ws {
		addr = h.http
	}
	h.crowd, err = gather(ctx, gathering{addr: addr, ws: h.ws, names: "idle-", n: sessionCount, filters: []string{h.topic, "chat/room/lobby/messages"}})
	if err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	return nil
}

// talk sends everybody bursts of messages.
func (h *house) talk(ctx context.Context) error {
	speaker, err := dial(ctx, h.mqtt, "speaker")
	if err != nil {
		return err
	}
	defer speaker.close()
	for i := range h.bursts {
		if _, err := speaker.conn.Write(speaker.publishes(h.burst, 0, h.topic, h.text)); err != nil {
			return err
		}
		if err := h.crowd.wait(ctx, int64((i+1)*h.burst*sessionCount)); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
	}
	return nil
}

func (h *house) weigh(ctx context.Context, to *[]float64) error {
	now, err := h.settled(ctx)
	*to = []float64{float64(now-h.empty) / 1024 / sessionCount}
	return err
}

// settled is the server's memory in bytes, once that has not changed by more than 1% for three seconds, or after twelve: what
// a moment's work has left to the garbage collector is in it, as far as the runtime keeps it.
func (h *house) settled(ctx context.Context) (int64, error) {
	last, since, begun := int64(0), time.Now(), time.Now()
	for {
		now, err := h.resident()
		if err != nil {
			return 0, err
		}
		if diff := now - last; diff > last/100 || diff < -last/100 {
			last, since = now, time.Now()
		} else if time.Since(since) > 3*time.Second {
			return now, nil
		}
		if time.Since(begun) > 12*time.Second {
			return now, nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
