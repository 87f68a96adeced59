package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

const (
	pacedRate    = 10_000 // deliveries a second
	pacedTime    = 3 * time.Second
	fullTime     = 2 * time.Second
	fullBurst    = 50 // messages under way at once when saturated
	fanoutRounds = 2
)

// An audience is one server with readers and one who speaks.
type audience struct {
	*server
	speaker *client
	topic   string
	payload []byte
	readers []*client
	got     atomic.Int64 // deliveries to all readers

	// Spent by all rounds so far.
	paced, full spending
}

// A spending is what deliveries cost a server.
type spending struct {
	cpu, time  time.Duration
	deliveries int64
}

func (s spending) perDelivery() float64 {
	return float64(s.cpu.Nanoseconds()) / 1e3 / float64(s.deliveries)
}

// fanouts measures the CPU time of a delivery, in turns on tincan and on stock mochi.
func (b *bench) fanouts(ctx context.Context) error {
	for _, n := range []int{200, 1000} {
		if err := b.fanout(ctx, n); err != nil {
			return fmt.Errorf("to %d: %w", n, err)
		}
	}
	return nil
}

func (b *bench) fanout(ctx context.Context, n int) error {
	tincan, err := b.start(ctx, filepath.Join(b.scratch, fmt.Sprint("fanout-", n)))
	if err != nil {
		return err
	}
	defer tincan.kill()
	stock, err := startStock(ctx)
	if err != nil {
		return err
	}
	defer stock.kill()

	ours := &audience{server: tincan, topic: "chat/room/lobby/say", payload: []byte(strings.Repeat("The kettle is on. ", 6))}
	defer ours.leave()
	if err := ours.gather(ctx, n, "chat/room/lobby/messages"); err != nil {
		return fmt.Errorf("tincan: %w", err)
	}
	// Stock mochi delivers what it gets; tincan makes a message of it. Both shall deliver the same bytes.
	message, err := ours.sample()
	if err != nil {
		return fmt.Errorf("tincan: %w", err)
	}
	theirs := &audience{server: stock, topic: "chat/room/lobby/messages", payload: message}
	defer theirs.leave()
	if err := theirs.gather(ctx, n, "chat/room/lobby/messages"); err != nil {
		return fmt.Errorf("stock mochi: %w", err)
	}
	for _, a := range []*audience{ours, theirs} {
		for _, c := range a.readers {
			go c.count(func() { a.got.Add(1) }) // ends when the connection does; what was not delivered shows in got
		}
	}
	for range fanoutRounds {
		for _, a := range []*audience{ours, theirs} {
			if err := a.speakPaced(ctx); err != nil {
				return fmt.Errorf("%s, paced: %w", a.cmd.Path, err)
			}
		}
		for _, a := range []*audience{ours, theirs} {
			if err := a.speakFull(ctx); err != nil {
				return fmt.Errorf("%s, saturated: %w", a.cmd.Path, err)
			}
		}
	}
	for _, c := range []struct {
		what         string
		ours, theirs spending
		goal         string
	}{
		{fmt.Sprintf("delivery to %d, %d a second", n, pacedRate), ours.paced, theirs.paced, "≤ 0.70"},
		{fmt.Sprintf("delivery to %d, saturated", n), ours.full, theirs.full, "≤ 0.30"},
	} {
		b.table.add(row{
			what:  c.what,
			ours:  fmt.Sprintf("%.2f µs CPU", c.ours.perDelivery()),
			stock: fmt.Sprintf("%.2f µs CPU", c.theirs.perDelivery()),
			ratio: fmt.Sprintf("%.2f", c.ours.perDelivery()/c.theirs.perDelivery()),
			goal:  c.goal,
		})
	}
	b.table.add(row{
		what:  fmt.Sprintf("deliveries to %d, saturated", n),
		ours:  fmt.Sprintf("%.0f/s", float64(ours.full.deliveries)/ours.full.time.Seconds()),
		stock: fmt.Sprintf("%.0f/s", float64(theirs.full.deliveries)/theirs.full.time.Seconds()),
	})
	return nil
}

// gather connects n readers and the speaker.
func (a *audience) gather(ctx context.Context, n int, filter string) (err error) {
	a.readers, err = crowd(ctx, n, func(name string) (*client, error) { return dial(ctx, a.mqtt, name) }, filter)
	if err != nil {
		return err
	}
	a.speaker, err = dial(ctx, a.mqtt, "speaker")
	return err
}

func (a *audience) leave() {
	for _, c := range a.readers {
		c.close()
	}
	if a.speaker != nil {
		a.speaker.close()
	}
}

// sample speaks once and returns the payload that the readers get.
func (a *audience) sample() ([]byte, error) {
	if err := a.say(1); err != nil {
		return nil, err
	}
	var payload []byte
	for _, c := range a.readers {
		head, body, err := c.read()
		if err != nil || head&0xf0 != publishByte {
			return nil, errors.Join(err, fmt.Errorf("a reader got packet %#x", head))
		}
		payload = body[2+int(body[0])<<8+int(body[1]):] // after the topic; QoS 0 has no packet id
	}
	return payload, nil
}

// say publishes n times and waits for the acknowledgements.
func (a *audience) say(n int) error {
	if _, err := a.speaker.conn.Write(a.speaker.publishes(n, a.topic, a.payload)); err != nil {
		return err
	}
	for range n {
		if _, err := a.speaker.want(pubackByte); err != nil {
			return err
		}
	}
	return nil
}

// speakPaced speaks so often that pacedRate deliveries a second come of it.
func (a *audience) speakPaced(ctx context.Context) error {
	every := time.Second * time.Duration(len(a.readers)) / pacedRate
	return a.spend(ctx, &a.paced, func() (int, error) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		n := int(pacedTime / every)
		for range n {
			<-tick.C
			if err := a.say(1); err != nil {
				return 0, err
			}
		}
		return n, nil
	})
}

// speakFull speaks as fast as it is delivered: the next burst when all readers have the last.
func (a *audience) speakFull(ctx context.Context) error {
	return a.spend(ctx, &a.full, func() (n int, err error) {
		before := a.got.Load()
		for end := time.Now().Add(fullTime); time.Now().Before(end); {
			if err := a.say(fullBurst); err != nil {
				return 0, err
			}
			n += fullBurst
			if err := a.wait(ctx, before+int64(n*len(a.readers))); err != nil {
				return 0, err
			}
		}
		return n, nil
	})
}

// spend adds what speak costs until everything is delivered. speak returns how many messages it sent.
func (a *audience) spend(ctx context.Context, on *spending, speak func() (int, error)) error {
	got, begun := a.got.Load(), time.Now()
	before, err := a.cpu()
	if err != nil {
		return err
	}
	n, err := speak()
	if err != nil {
		return err
	}
	if err := a.wait(ctx, got+int64(n*len(a.readers))); err != nil {
		return err
	}
	after, err := a.cpu()
	if err != nil {
		return err
	}
	on.cpu += after - before
	on.time += time.Since(begun)
	on.deliveries += a.got.Load() - got
	return nil
}

// wait waits until so many deliveries have come.
func (a *audience) wait(ctx context.Context, deliveries int64) error {
	for a.got.Load() < deliveries {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d deliveries came: %w", a.got.Load(), deliveries, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}
