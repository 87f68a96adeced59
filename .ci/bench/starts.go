package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"tincan/bridge/history"
)

// startCount is how often is started for one figure.
const startCount = 5

// starts measures the time from the start of the process to the first CONNACK.
func (b *bench) starts(ctx context.Context) error {
	var fresh, clean, killed launches
	for i := range startCount {
		s, err := b.tincan(ctx, fmt.Sprint("empty-", i))
		if err != nil {
			return err
		}
		err = fresh.add(s)
		s.kill()
		if err != nil {
			return err
		}
	}
	b.startRow("start to CONNACK, new folder", fresh, 100)

	data := filepath.Join(b.scratch, "large")
	if err := b.fill(ctx, data); err != nil {
		return fmt.Errorf("fill a folder: %w", err)
	}
	for range startCount {
		s, err := b.tincan(ctx, "large")
		if err != nil {
			return err
		}
		if err := errors.Join(clean.add(s), s.stop(ctx)); err != nil {
			return err
		}
	}
	b.startRow(fmt.Sprintf("start to CONNACK, %d messages", b.messages), clean, 100)

	for i := range startCount + 1 {
		s, err := b.tincan(ctx, "large")
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
			if _, err = c.conn.Write(c.publishes(50, 1, say, spoken)); err == nil {
				_, err = c.want(pubackByte)
			}
			c.close()
		}
		s.kill()
		if err != nil {
			return err
		}
	}
	b.startRow("… after kill -9", killed, 300)
	return nil
}

// launches are starts of one kind, in milliseconds.
type launches struct{ took, cpu []float64 }

// add takes down a server that has just let the first client in.
func (l *launches) add(s *server) error {
	cpu, err := s.cpu()
	l.took, l.cpu = append(l.took, s.took.Seconds()*1e3), append(l.cpu, cpu.Seconds()*1e3)
	return err
}

func (b *bench) startRow(what string, l launches, most float64) {
	b.table.add(figure{what: what, format: "%.0f ms", of: [bare + 1][]float64{ours: l.took}}, atMost(most, "ms"))
	b.table.add(figure{what: "… CPU", format: "%.0f ms", of: [bare + 1][]float64{ours: l.cpu}})
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
