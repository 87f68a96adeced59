package export

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"tincan/bridge/history"
)

// columns of a table.
var columns = []string{"seq", "time", "from", "kind", "text", "edited", "deleted", "reactions", "poll", "reply", "file", "id"}

// Table writes a log as CSV (RFC 4180, UTF-8 with a mark, so that spreadsheets know it): one row for each message, as it is after its
// edits.
func Table(ctx context.Context, w io.Writer, a *history.Archive, l history.LogInfo, tell Tell) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(columns); err != nil {
		return err
	}
	err := messages(ctx, a, l, tell, func(m *message) error {
		deleted, file := "", ""
		if m.Deleted {
			deleted = "yes"
		}
		if m.File != nil {
			file = m.File.Name
		}
		return out.Write([]string{strconv.FormatUint(m.Seq, 10), stamped(m.Time), cell(m.From), cell(m.Kind), cell(m.Text), m.Edited, deleted,
			cell(m.reacted()), cell(m.voted()), cell(m.Reply), cell(file), cell(m.ID)})
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// cell is a text that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front, which they do not show.
func cell(s string) string {
	if strings.ContainsAny(firstOf(strings.TrimLeft(s, " \t\r\n")), "=+-@＝＋－＠") || strings.ContainsAny(firstOf(s), "\t\r\n") {
		return "'" + s
	}
	return s
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
