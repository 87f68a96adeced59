package history_test

import (
	"context"
	"log/slog"
	"testing"

	"tincan/bridge/conform"
	"tincan/bridge/history"
)

// subject is the SQLite store for the suite. The disk is filled by a small file system of its own, where the tests may mount one.
var subject = conform.Subject{
	Open: func(ctx context.Context, dir string) (conform.Node, error) {
		s, err := history.Open(ctx, dir, history.Config{Read: testReader}, slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		return s, s.Freeze(func() error { return nil }) // the index is open: the suite counts goroutines
	},
}

func TestMain(m *testing.M) { conform.Main(m, subject) }

func TestConform(t *testing.T) { conform.Run(t, subject) }
