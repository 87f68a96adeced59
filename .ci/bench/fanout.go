package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	pacedRate    = 10_000 // deliveries a second
	pacedTime    = 1500 * time.Millisecond
	fullTime     = time.Second
	fanoutRounds = 5
)

// cast are the stages of a fan-out, on one process for each broker.
type cast struct {
	servers []*server
	stages  []*stage

	tincan, room, ws, mosquitto, mochi, bare *stage // QoS 0
	tincan1, mosquitto1, mochi1              *stage // QoS 1
}

func (c *cast) close() {
	for _, st := range c.stages {
		st.close()
	}
	for _, s := range c.servers {
		s.kill()
	}
}

// fanouts measures what a delivery costs: to 200 in every way, to 1,000 at QoS 0.
func (b *bench) fanouts(ctx context.Context) error {
	if err := b.fanout200(ctx); err != nil {
		return fmt.Errorf("to 200: %w", err)
	}
	if err := b.fanout1000(ctx); err != nil {
		return fmt.Errorf("to 1000: %w", err)
	}
	return nil
}

// castQoS0 starts the servers and gathers a crowd of n on each.
func (b *bench) castQoS0(ctx context.Context, n int) (c *cast, text []byte, err error) {
	c = &cast{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	tincan, err1 := b.tincan(ctx, fmt.Sprint("fanout-", n))
	mosquitto, err2 := b.mosquitto(ctx)
	mochi, err3 := b.mochi(ctx)
	bare, err4 := b.bare(ctx, "posts.log")
	c.servers = []*server{tincan, mosquitto, mochi, bare}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return c, nil, err
	}
	if text, err = roomPayload(ctx, tincan); err != nil {
		return c, nil, err
	}
	g := gathering{n: n, names: "reader-", filters: []string{plain}}
	for _, s := range []struct {
		stage  **stage
		server *server
	}{{&c.tincan, tincan}, {&c.mosquitto, mosquitto}, {&c.mochi, mochi}, {&c.bare, bare}} {
		if err := c.add(ctx, s.stage, s.server, g, plain, text, 0); err != nil {
			return c, nil, err
		}
	}
	g.names, g.filters = "room-", []string{"chat/room/lobby/messages"}
	return c, text, c.add(ctx, &c.room, tincan, g, say, spoken, 1)
}

func (c *cast) add(ctx context.Context, to **stage, s *server, g gathering, topic string, payload []byte, qos byte) (err error) {
	if *to, err = newStage(ctx, s, g, topic, payload, qos); err == nil && *to != nil {
		c.stages = append(c.stages, *to)
	}
	return err
}

func (b *bench) fanout200(ctx context.Context) error {
	c, text, err := b.castQoS0(ctx, 200)
	if err != nil {
		return err
	}
	defer c.close()
	g := gathering{n: 200, names: "ws-", ws: true, filters: []string{"hall/room/other/messages"}}
	if err := c.add(ctx, &c.ws, c.tincan.server, g, g.filters[0], text, 0); err != nil {
		return err
	}
	g = gathering{n: 200, names: "acker-", qos: 1, filters: []string{"hall/room/exact/messages"}}
	err1 := c.add(ctx, &c.tincan1, c.tincan.server, g, g.filters[0], text, 1)
	var err2 error
	if c.mosquitto != nil {
		err2 = c.add(ctx, &c.mosquitto1, c.mosquitto.server, g, g.filters[0], text, 1)
	}
	err3 := c.add(ctx, &c.mochi1, c.mochi.server, g, g.filters[0], text, 1)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	for range fanoutRounds {
		for _, st := range c.stages {
			if err := st.spend(&st.paced, func() error { return st.speakPaced(ctx, pacedRate, pacedTime) }); err != nil {
				return fmt.Errorf("paced: %w", err)
			}
		}
		for _, st := range c.stages {
			if st == c.ws || st.qos == 1 && st != c.room {
				continue
			}
			if err := st.spend(&st.full, func() error { return st.speakFull(ctx, fullTime) }); err != nil {
				return fmt.Errorf("saturated: %w", err)
			}
		}
	}
	b.pacedRows(c)
	full := func(st *stage) []float64 { return st.full }
	f := figure{what: "delivery to 200, saturated", format: "%.2f µs"}
	f.of = [bare + 1][]float64{ours: c.tincan.full, mosquitto: c.mosquitto.values(full), mochi: c.mochi.full, bare: c.bare.full}
	b.table.add(f, times(0.15, c.mochi.full, "mochi"))
	f.what, f.of[ours] = "… of a room, each on disk first", c.room.full
	b.table.add(f, times(0.15, c.mochi.full, "mochi"))

	paced := func(st *stage) []float64 { return st.paced }
	f = figure{what: "delivery to 200 at QoS 1, 10,000/s", format: "%.2f µs"}
	f.of = [bare + 1][]float64{ours: c.tincan1.paced, mosquitto: c.mosquitto1.values(paced), mochi: c.mochi1.paced}
	b.table.add(f, times(0.9, f.of[mosquitto], "mosquitto"))
	b.table.add(figure{what: "… allocations", format: "%.2f", of: [bare + 1][]float64{ours: c.tincan1.mallocs}})
	b.table.add(figure{what: "delivery to 200 over websocket, 10,000/s", format: "%.2f µs", of: [bare + 1][]float64{ours: c.ws.paced}},
		times(1.1, c.tincan.paced, "our TCP"))
	return nil
}

func (b *bench) fanout1000(ctx context.Context) error {
	c, _, err := b.castQoS0(ctx, 1000)
	if err != nil {
		return err
	}
	defer c.close()
	for range fanoutRounds {
		for _, st := range c.stages {
			if err := st.spend(&st.paced, func() error { return st.speakPaced(ctx, pacedRate, pacedTime) }); err != nil {
				return err
			}
		}
	}
	b.pacedRows(c)
	return nil
}

// pacedRows are what the paced rounds have found at QoS 0.
func (b *bench) pacedRows(c *cast) {
	paced := func(st *stage) []float64 { return st.paced }
	f := figure{what: fmt.Sprintf("delivery to %d, 10,000/s", c.tincan.crowd.n), format: "%.2f µs"}
	f.of = [bare + 1][]float64{ours: c.tincan.paced, mosquitto: c.mosquitto.values(paced), mochi: c.mochi.paced, bare: c.bare.paced}
	against := []bound{times(1, f.of[mosquitto], "mosquitto"), times(1.2, f.of[bare], "bare loop")}
	b.table.add(f, against...)
	b.table.add(figure{what: "… allocations", format: "%.3f", of: [bare + 1][]float64{ours: c.tincan.mallocs}}, atMost(0.1, "a delivery"))
	f.what, f.of[ours] = "… of a room, each on disk first", c.room.paced
	b.table.add(f, against...)
	b.table.add(figure{what: "… allocations", format: "%.3f", of: [bare + 1][]float64{ours: c.room.mallocs}})
}
