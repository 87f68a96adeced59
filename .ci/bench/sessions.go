package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// sessionCount is how many sessions are connected to measure one.
const sessionCount = 1000

// sessions measures what a session costs to come and to be there: memory and CPU time.
func (b *bench) sessions(ctx context.Context) error {
	for _, k := range []struct {
		name, goal string
		dial       func(context.Context, *server, string) (*client, error)
	}{
		{"tcp", "≤ 24.0 KB", func(ctx context.Context, s *server, name string) (*client, error) { return dial(ctx, s.mqtt, name) }},
		{"websocket", "≤ 32.0 KB", func(ctx context.Context, s *server, name string) (*client, error) { return dialWS(ctx, s.http, name) }},
	} {
		if err := b.sessionsOver(ctx, k.name, k.goal, k.dial); err != nil {
			return fmt.Errorf("over %s: %w", k.name, err)
		}
	}
	return nil
}

func (b *bench) sessionsOver(ctx context.Context, kind, goal string, dial func(context.Context, *server, string) (*client, error)) error {
	s, err := b.start(ctx, filepath.Join(b.scratch, "sessions-"+kind))
	if err != nil {
		return err
	}
	defer s.kill()
	before, err := s.rss(ctx)
	if err != nil {
		return err
	}
	cpu, err := s.cpu()
	if err != nil {
		return err
	}
	clients, err := crowd(ctx, sessionCount, func(name string) (*client, error) { return dial(ctx, s, name) }, "chat/room/lobby/messages")
	defer func() {
		for _, c := range clients {
			c.close()
		}
	}()
	if err != nil {
		return err
	}
	after, err := s.cpu()
	if err != nil {
		return err
	}
	// What connecting left to the garbage collector is in it, as far as the runtime keeps it.
	settle, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	rss, err := s.rss(settle)
	if err != nil {
		return err
	}
	if kind == "tcp" {
		b.table.add(row{what: "memory of an empty server", ours: fmt.Sprintf("%.1f MB", float64(before)/1e6), goal: "≤ 30 MB"})
	}
	b.table.add(row{what: "memory of an idle session, " + kind, ours: fmt.Sprintf("%.1f KB", float64(rss-before)/1024/sessionCount), goal: goal})
	b.table.add(row{what: "connect, claim, subscribe, " + kind, ours: fmt.Sprintf("%.0f µs CPU", float64((after-cpu).Microseconds())/sessionCount)})
	return nil
}

// crowd connects n clients and subscribes each, 32 at a time. It returns those that it has, also with an error.
func crowd(ctx context.Context, n int, dial func(name string) (*client, error), filter string) ([]*client, error) {
	var (
		mu      sync.Mutex // guards what follows
		clients []*client
		fault   error
		wg      sync.WaitGroup
	)
	names := make(chan string)
	for range 32 {
		wg.Go(func() {
			for name := range names {
				c, err := dial(name)
				if err == nil {
					if err = c.subscribe(filter); err != nil {
						c.close()
					}
				}
				mu.Lock()
				if err != nil {
					fault = err
				} else {
					clients = append(clients, c)
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		names <- fmt.Sprintf("member-%d", i)
	}
	close(names)
	wg.Wait()
	if fault == nil && ctx.Err() != nil {
		fault = ctx.Err()
	}
	return clients, fault
}
