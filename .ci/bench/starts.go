package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tincan/bridge/history"
)

// startCount is how often is started for one figure.
const startCount = 5

// starts measures the time from the start of the process to the first CONNACK.
func (b *bench) starts(ctx context.Context) error {
	var fresh, clean, killed launches
	for i := range startCount {
		s, err := b.start(ctx, filepath.Join(b.scratch, fmt.Sprint("empty-", i)))
		if err != nil {
			return err
		}
		err = fresh.add(s)
		s.kill()
		if err != nil {
			return err
		}
	}
	b.table.add(row{what: "start to CONNACK, new folder", ours: fresh.String(), goal: "≤ 100 ms"})

	data := filepath.Join(b.scratch, "large")
	if err := b.fill(ctx, data); err != nil {
		return fmt.Errorf("fill a folder: %w", err)
	}
	for range startCount {
		s, err := b.start(ctx, data)
		if err != nil {
			return err
		}
		if err := errors.Join(clean.add(s), s.stop(ctx)); err != nil {
			return err
		}
	}
	b.table.add(row{what: fmt.Sprintf("start to CONNACK, %d messages", b.messages), ours: clean.String(), goal: "≤ 100 ms"})

	for i := range startCount + 1 {
		s, err := b.start(ctx, data)
		if err != nil {
			return err
		}
		if i > 0 { // before the first, nothing was killed
			err = killed.add(s)
		}
		var c *client
		if err == nil {
			c, err = dial(ctx, s.mqtt, "speaker")
		}
		if err == nil {
			err = (&audience{speaker: c, topic: "chat/room/lobby/say", payload: []byte("The kettle is on.")}).say(50)
			c.close()
		}
		s.kill()
		if err != nil {
			return err
		}
	}
	b.table.add(row{what: fmt.Sprintf("the same after kill -9, %d messages", b.messages), ours: killed.String(), goal: "≤ 300 ms"})
	return nil
}

// launches are starts of one kind.
type launches struct{ took, cpu []time.Duration }

// add takes down a server that has just let the first client in.
func (l *launches) add(s *server) error {
	cpu, err := s.cpu()
	l.took, l.cpu = append(l.took, s.took), append(l.cpu, cpu)
	return err
}

// String is the median and the worst, and the median of the CPU time.
func (l *launches) String() string {
	slices.Sort(l.took)
	slices.Sort(l.cpu)
	middle := len(l.took) / 2
	return fmt.Sprintf("%.0f ms, worst %.0f, %.0f ms CPU", l.took[middle].Seconds()*1e3, l.took[len(l.took)-1].Seconds()*1e3, l.cpu[middle].Seconds()*1e3)
}

// fill writes b.messages messages of 20 rooms into a new data folder, as the bridge would.
func (b *bench) fill(ctx context.Context, data string) (err error) {
	store, err := history.Open(ctx, data, history.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	var (
		mu    sync.Mutex // guards fault
		fault error
		wg    sync.WaitGroup
	)
	room := make(chan struct{}, 8000) // places under way
	body := []byte(`{"kind":"text","text":"The kettle is on, and there is cake in the kitchen."}`)
	for i := range b.messages {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			wg.Wait()
			return fmt.Errorf("%d of %d messages: %w", i, b.messages, ctx.Err())
		}
		wg.Add(1)
		err := store.Append(fmt.Sprint("room-", i%20), history.Entry{ID: fmt.Sprint(i), From: fmt.Sprint("member-", i%50), Kind: "text", V: 1, Body: body},
			func(_ history.Receipt, err error) {
				if err != nil {
					mu.Lock()
					fault = err
					mu.Unlock()
				}
				<-room
				wg.Done()
			})
		if err != nil {
			wg.Done()
			return err
		}
	}
	wg.Wait()
	return fault
}
