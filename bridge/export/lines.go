package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
)

// valueOfCard is the kind of the values that say what rooms are besides their logs.
const valueOfCard = "card"

// maxLine bounds a line that is read: a body of 64 KiB, escaped six times over, and what stands before it.
const maxLine = 1 << 20

// Lines writes a log as JSON lines.
func Lines(ctx context.Context, w io.Writer, a *history.Archive, r Room, o Options, tell Tell) error {
	out := bufio.NewWriterSize(w, 64<<10)
	l, name := r.LogInfo, r.Name
	if o.Guest && l.Direct() {
		name = "@" + r.Title // its own name tells who the two are by what only the server knows
	}
	h := header{Export: Format, Tincan: o.Version, Time: stamped(o.Now), Room: name, First: l.First, Last: l.Last, Card: r.Card}
	if _, err := out.Write(append(encode(h), '\n')); err != nil {
		return err
	}
	var line []byte
	told := map[string]bool{}
	err := pages(ctx, a, l, func(es []history.Entry) error {
		for _, e := range es {
			for _, id := range e.Files {
				if told[id] {
					continue
				}
				told[id] = true
				f, err := a.File(ctx, id)
				if errors.Is(err, history.ErrNoFile) {
					continue // removed meanwhile
				}
				if err != nil {
					return err
				}
				if o.Guest {
					f.Owner = ""
				}
				m := &fileMark{f.ID, f.SHA256, f.Owner, f.Name, f.Type, f.Size, f.Width, f.Height, besideName(f.ID, f.Name)}
				if _, err := out.Write(append(encode(fileLine{m}), '\n')); err != nil {
					return err
				}
			}
			line = appendLine(line[:0], name, e)
			if _, err := out.Write(line); err != nil {
				return err
			}
		}
		tell(int64(len(es)), 0)
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// plainSum is a SHA-256 in hexadecimal.
var plainSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// A Fault is why lines cannot be imported, with the line that is meant.
type Fault struct {
	Line int
	What string
}

func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.What) }

// A sink takes what lines hold: the beginning of a log, and its entries in order.
type sink interface {
	begin(ctx context.Context, h header) error
	take(ctx context.Context, room string, es []history.Entry) error
	file(ctx context.Context, f history.File, beside string) error
}

// read reads JSON lines, whole logs one after the other, and hands them on.
func read(ctx context.Context, r io.Reader, to sink, tell Tell) (total int, err error) {
	lines := bufio.NewReaderSize(r, maxLine)
	var h header
	var es []history.Entry
	next, n := uint64(0), 0
	fault := func(format string, args ...any) error { return &Fault{n, fmt.Sprintf(format, args...)} }
	hand := func() error {
		if len(es) == 0 {
			return nil
		}
		err := to.take(ctx, h.Room, es)
		if errors.Is(err, history.ErrClash) {
			err = fault("what is there in %s is not what was exported (%v)", h.Room, err)
		}
		total += len(es)
		tell(int64(len(es)), 0)
		es = nil
		return err
	}
	complete := func() error {
		if h.Export > 0 && next <= h.Last {
			return fault("%s ends with seq %d, and should go on to %d: the file was cut", h.Room, next-1, h.Last)
		}
		return hand()
	}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n++
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return total, fault("%v: it is too long", errLine)
		case errors.Is(err, io.EOF):
			more = false
		case err != nil:
			return total, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var held fileLine
		if bytes.HasPrefix(line, []byte(`{"file":`)) && json.Unmarshal(line, &held) == nil && held.File != nil {
			f := held.File
			if !plainID.MatchString(f.ID) || !plainSum.MatchString(f.SHA256) {
				return total, fault("%q is not a file", f.ID)
			}
			err := to.file(ctx, history.File{ID: f.ID, SHA256: f.SHA256, Owner: f.Owner, Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height}, f.Beside)
			if err != nil {
				return total, err
			}
			continue
		}
		var begin header
		if json.Unmarshal(line, &begin) == nil && begin.Export > 0 {
			if err := complete(); err != nil {
				return total, err
			}
			if h, next = begin, begin.First; h.Export > Format {
				return total, fault("a newer tincan (%s) has written this: import it with that version", h.Tincan)
			}
			if slug, err := names.Room(h.Room); h.Room == "" || h.Room[0] != '@' && (err != nil || slug != h.Room) {
				return total, fault("%q is not a room", h.Room)
			}
			if err := to.begin(ctx, h); err != nil {
				return total, err
			}
			continue
		}
		room, e, err := parseLine(line)
		switch {
		case err != nil:
			return total, fault("%v", err)
		case h.Export == 0:
			return total, fault("the first line of an export is missing: it says which room follows")
		case room != h.Room || e.Seq < next || e.Seq > h.Last:
			return total, fault("seq %d of %s is out of place", e.Seq, room)
		case e.Seq > next && len(es) == 0 && next == h.First:
			h.First = e.Seq // what came before was trimmed while it was exported
		case e.Seq > next:
			return total, fault("seq %d of %s is missing", next, room)
		}
		next = e.Seq + 1
		if es = append(es, e); len(es) == pageEntries {
			if err := hand(); err != nil {
				return total, err
			}
		}
	}
	if h.Export == 0 {
		return 0, fault("there is nothing in it")
	}
	return total, complete()
}

// Check reads JSON lines whole and holds them against what a store has, without changing anything: a *Fault says what is wrong.
func Check(ctx context.Context, r io.Reader, s *history.Store, tell Tell) (entries int, err error) {
	return read(ctx, r, &comparing{archive: s.Archive()}, tell)
}

// A comparing is a sink that holds logs against those that are there.
type comparing struct {
	archive *history.Archive
	there   map[string]history.LogInfo
	begun   bool // lines of this log were taken already: what follows goes on without a gap
}

func (c *comparing) begin(ctx context.Context, h header) error {
	c.begun = false
	if c.there != nil {
		return nil
	}
	logs, err := c.archive.Logs(ctx)
	c.there = map[string]history.LogInfo{}
	for _, l := range logs {
		c.there[l.Name] = l
	}
	return err
}

func (c *comparing) file(context.Context, history.File, string) error { return nil }

func (c *comparing) take(ctx context.Context, room string, es []history.Entry) error {
	l, ok := c.there[room]
	if !ok {
		return nil
	}
	first := es[0].Seq
	begun := c.begun
	c.begun = true
	if first > l.Last+1 && !begun {
		return fmt.Errorf("%w: it ends with seq %d, and this begins with %d", history.ErrClash, l.Last, first)
	}
	for after := first - 1; after < min(l.Last, es[len(es)-1].Seq); {
		was, err := c.archive.Entries(ctx, room, after, min(l.Last, es[len(es)-1].Seq), pageEntries, pageBytes, about)
		if err != nil {
			return err
		}
		if len(was) == 0 {
			return nil // trimmed here
		}
		for i := range was {
			e := &es[was[i].Seq-first]
			if was[i].ID != e.ID || was[i].From != e.From || was[i].Kind != e.Kind || !was[i].Time.Equal(e.Time) || was[i].Erased != e.Erased || string(was[i].Body) != string(e.Body) {
				return fmt.Errorf("%w: seq %d", history.ErrClash, e.Seq)
			}
		}
		after = was[len(was)-1].Seq
	}
	return nil
}

// A Content takes the content of a file into the data folder, from how it is called beside the lines. It tells false when it is not there.
type Content func(f history.File, beside string) (bool, error)

// Import stores what JSON lines hold. It may be cut at any moment and begun again: what is there already is held against the lines.
func Import(ctx context.Context, r io.Reader, s *history.Store, content Content, tell Tell) (entries int, err error) {
	im := &importing{store: s, content: content, cards: map[string]bool{}}
	err = s.Archive().Each(ctx, valueOfCard, func(room string, _ []byte) { im.cards[room] = true })
	if err != nil {
		return 0, err
	}
	return read(ctx, r, im, tell)
}

// An importing is a sink that stores.
type importing struct {
	store   *history.Store
	content Content
	cards   map[string]bool // rooms that have one
	rev     uint64          // the greatest that is set aside
}

// begin stores the card before any entry, so that no private room is open to all for a moment.
func (im *importing) begin(ctx context.Context, h header) error {
	if h.Card == nil || im.cards[h.Room] {
		return nil
	}
	im.cards[h.Room] = true
	stored := make(chan error, 1)
	if err := im.store.Put(valueOfCard, h.Room, h.Card, func(err error) { stored <- err }); err != nil {
		return err
	}
	return <-stored
}

// file takes a file before the entry that holds it. Without its content the entry comes alone.
func (im *importing) file(ctx context.Context, f history.File, beside string) error {
	if there, err := im.content(f, beside); err != nil || !there {
		return err
	}
	return im.store.PutFile(ctx, f, 24*time.Hour)
}

func (im *importing) take(ctx context.Context, room string, es []history.Entry) error {
	rev := im.rev
	for _, e := range es {
		if e.Author < 1<<63 { // else it is the mark of who can prove who it is
			rev = max(rev, e.Author)
		}
	}
	if rev > im.rev {
		if err := im.store.Own(ctx, rev); err != nil {
			return err
		}
		im.rev = rev
	}
	return im.store.Import(ctx, room, es)
}
