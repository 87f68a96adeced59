package bridge

import (
	"context"
	"encoding/json"
	"slices"

	"tincan/bridge/history"
)

// foldStep is how many messages are folded by one question to the log: they may have maxChanges each.
const foldStep = 20

// A folded is what became of a message by what was said about it later.
type folded struct {
	edit      *history.Entry  // the newest; nil: none
	data      json.RawMessage // of the newest edit that has some
	reactions []reaction      // in the order of their first
	votes     []vote          // the newest of each member, in the order of the log
	closed    *history.Entry  // what closed a poll; nil: nothing did
	changes   int             // how many entries, but votes
}

// A reaction is one emoji on a message, and who reacted so.
type reaction struct {
	Text string   `json:"text"`
	From []string `json:"from"`
}

// fold gathers what was said about a message, in the order of the log.
func fold(target history.Entry, about []history.Entry) (f folded) {
	for i := range about {
		e := &about[i]
		var b body
		if json.Unmarshal(e.Body, &b) != nil || b.RefSeq != target.Seq {
			continue
		}
		if e.Kind != kindVote {
			f.changes++
		}
		switch e.Kind {
		case kindVote:
			f.vote(e.From, b.Choice, b.Undo) // what is logged was taken before it was closed
		case kindClose:
			if f.closed == nil {
				f.closed = e
			}
		case kindEdit:
			f.edit = e
			if b.Data != nil {
				f.data = b.Data
			}
		case kindReact:
			f.react(b.Text, e.From, b.Undo)
		}
	}
	return f
}

// of finds the reaction of an emoji.
func (f *folded) of(text string) *reaction {
	for i := range f.reactions {
		if f.reactions[i].Text == text {
			return &f.reactions[i]
		}
	}
	return nil
}

func (f *folded) reacted(text, from string) bool {
	r := f.of(text)
	return r != nil && slices.Contains(r.From, from)
}

func (f *folded) react(text, from string, undo bool) {
	r := f.of(text)
	switch {
	case undo && r != nil:
		r.From = slices.DeleteFunc(r.From, func(name string) bool { return name == from })
		f.reactions = slices.DeleteFunc(f.reactions, func(r reaction) bool { return len(r.From) == 0 })
	case undo:
	case r == nil:
		f.reactions = append(f.reactions, reaction{text, []string{from}})
	case !slices.Contains(r.From, from):
		r.From = append(r.From, from)
	}
}

// appendFolded appends a message as appendMessage does, with what became of it: the text of its newest edit and when that was, and the
// reactions.
func appendFolded(b []byte, room string, e history.Entry, f folded) []byte {
	if f.edit != nil {
		var was, is body
		if json.Unmarshal(e.Body, &was) == nil && json.Unmarshal(f.edit.Body, &is) == nil {
			was.Text = is.Text
			if f.data != nil {
				was.Data = f.data
			}
			e.Body = encode(was)
		}
	}
	b = appendMessage(b, room, e)
	if e.Kind == kindPoll && !e.Erased {
		var poll body
		if json.Unmarshal(e.Body, &poll) == nil {
			b = f.appendPoll(b, len(poll.Options))
		}
	}
	if f.edit != nil {
		b = append(b[:len(b)-1], `,"edited":"`...)
		b = f.edit.Time.UTC().AppendFormat(b, wireTime)
		b = append(b, `"}`...)
	}
	if len(f.reactions) > 0 {
		b = append(b[:len(b)-1], `,"reactions":`...)
		b = append(b, encode(f.reactions)...)
		b = append(b, '}')
	}
	return b
}

// A Referrer is a log that tells what refers to its entries, as history.View does.
type Referrer interface {
	Referring(ctx context.Context, room string, targets []uint64, limit int) ([]history.Entry, error)
}

// Folded gives those of some entries that stand by themselves as history answers do: with what became of them. It is for those who read
// a log without a bridge.
func Folded(ctx context.Context, log Referrer, room string, es []history.Entry) ([]json.RawMessage, error) {
	all, err := foldsOf(ctx, log, room, es)
	if err != nil {
		return nil, err
	}
	var messages []json.RawMessage
	for _, e := range es {
		if isSaid(e.Kind) || e.Kind == kindNotice {
			messages = append(messages, appendFolded(nil, room, e, all[e.Seq]))
		}
	}
	return messages, nil
}

// folds finds what became of the texts among some entries; those without changes are left out.
func (b *Bridge) folds(ctx context.Context, key string, es []history.Entry) (map[uint64]folded, error) {
	return foldsOf(ctx, b.store, key, es)
}

func foldsOf(ctx context.Context, log Referrer, key string, es []history.Entry) (map[uint64]folded, error) {
	var texts []history.Entry
	for _, e := range es {
		if isSaid(e.Kind) && !e.Erased {
			texts = append(texts, e)
		}
	}
	all := map[uint64]folded{}
	for len(texts) > 0 {
		step := texts[:min(foldStep, len(texts))]
		texts = texts[len(step):]
		seqs := make([]uint64, len(step))
		for i, e := range step {
			seqs[i] = e.Seq
		}
		about, err := log.Referring(ctx, key, seqs, foldStep*(maxAbout+1))
		if err != nil {
			return nil, err
		}
		bySeq := map[uint64][]history.Entry{}
		for _, a := range about {
			var to struct{ RefSeq uint64 }
			if json.Unmarshal(a.Body, &to) == nil {
				bySeq[to.RefSeq] = append(bySeq[to.RefSeq], a)
			}
		}
		for _, e := range step {
			if about := bySeq[e.Seq]; len(about) > 0 {
				all[e.Seq] = fold(e, about)
			}
		}
	}
	return all, nil
}
