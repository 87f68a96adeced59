package export

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tincan/bridge"
	"tincan/bridge/history"
)

// A message is what members read, with what became of it: docs/protocol.md.
type message struct {
	Seq       uint64
	ID        string
	Time      time.Time
	From      string
	Kind      string
	Text      string
	Reply     string
	Deleted   bool
	Edited    string
	Reactions []struct {
		Text string
		From []string
	}
	Options []string // of a poll, as the next
	Tally   []int
	File    *attachment
}

// An attachment is the file of a message.
type attachment struct {
	URL  string
	Name string
	Type string
	Size int64
}

// messages calls f with what was said in a log, folded.
func messages(ctx context.Context, a *history.Archive, l history.LogInfo, tell Tell, f func(m *message) error) error {
	return pages(ctx, a, l, func(es []history.Entry) error {
		all, err := bridge.Folded(ctx, a, l.Name, es)
		if err != nil {
			return err
		}
		for _, wire := range all {
			var m message
			if err := json.Unmarshal(wire, &m); err != nil {
				return fmt.Errorf("a message cannot be read: %w", err) // we wrote it in this moment
			}
			if err := f(&m); err != nil {
				return err
			}
		}
		tell(int64(len(es)), 0)
		return nil
	})
}

// reacted lists the reactions in words: 👍 ada, bob; 🎉 eve.
func (m *message) reacted() string {
	var all []string
	for _, r := range m.Reactions {
		all = append(all, r.Text+" "+strings.Join(r.From, ", "))
	}
	return strings.Join(all, "; ")
}

// voted lists the options of a poll with their votes: Rice 3; Soup 1.
func (m *message) voted() string {
	var all []string
	for i, o := range m.Options {
		all = append(all, fmt.Sprintf("%s %d", o, m.votes(i)))
	}
	return strings.Join(all, "; ")
}

func (m *message) votes(option int) int {
	if option < len(m.Tally) {
		return m.Tally[option]
	}
	return 0
}
