// Package export carries rooms out of a data folder and in again: as JSON lines, which are exact, as HTML that any browser reads, and as
// CSV for spreadsheets. It holds one page of a log at a time, however long that is.
package export

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"tincan/bridge/history"
)

// How much of a log is read at once.
const (
	pageEntries = 500
	pageBytes   = 1 << 20
)

// A Tell hears how many entries of all have been written or read.
type Tell func(done, all int64)

// about tells which earlier entry an entry is about: every body that is about one says so.
func about(e history.Entry) uint64 {
	var b struct {
		RefSeq uint64 `json:"refseq"`
	}
	if json.Unmarshal(e.Body, &b) != nil {
		return 0
	}
	return b.RefSeq
}

// pages calls f with what a log holds, page by page.
func pages(ctx context.Context, a *history.Archive, l history.LogInfo, f func([]history.Entry) error) error {
	for after := l.First - 1; after < l.Last; {
		es, err := a.Entries(ctx, l.Name, after, l.Last, pageEntries, pageBytes, about)
		if err != nil {
			return err
		}
		if len(es) == 0 {
			return nil // the rest was trimmed meanwhile
		}
		if after >= l.First && es[0].Seq != after+1 {
			return errTrimmed
		}
		if err := f(es); err != nil {
			return err
		}
		after = es[len(es)-1].Seq
	}
	return nil
}

// errTrimmed: retention has overtaken the export.
var errTrimmed = errors.New("messages were removed while they were exported, as their time had come: run it again")

// stamp writes a time as every payload does: UTC, milliseconds.
const stamp = "2006-01-02T15:04:05.000Z"

func stamped(t time.Time) string { return t.UTC().Format(stamp) }
