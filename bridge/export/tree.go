package export

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tincan/bridge/history"
)

// A Tree takes the files of an export: a folder, or an archive of one.
type Tree interface {
	// Create begins a file of a name with slashes. It is written and closed before the next one begins.
	Create(name string) (io.WriteCloser, error)
}

// A Folder is a Tree on the disk.
type Folder string

// Create makes a file, and the folders above it.
func (d Folder) Create(name string) (io.WriteCloser, error) {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// A Zip is a Tree in an archive that is written as it goes. Close ends it.
type Zip struct{ w *zip.Writer }

// NewZip begins one.
func NewZip(w io.Writer) Zip { return Zip{zip.NewWriter(w)} }

// Create begins a file. Pictures and the like are packed already.
func (z Zip) Create(name string) (io.WriteCloser, error) {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()}
	if strings.HasPrefix(name, "files/") {
		h.Method = zip.Store
	}
	w, err := z.w.CreateHeader(h)
	return unclosed{w}, err
}

// Close writes the list of what is in it.
func (z Zip) Close() error { return z.w.Close() }

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// Formats are what rooms can be exported as.
var Formats = []string{"html", "jsonl", "csv"}

// Options say what is exported.
type Options struct {
	Formats []string // of Formats
	Version string   // tincan's
	Now     time.Time
	// Content opens what is in a file.
	Content func(f history.File) (io.ReadCloser, error)
	// Guest leaves out what only whoever runs the server knows: who uploaded a file, and what a room is besides its log.
	Guest bool
	// Written are the ids of files that are in the tree already; nil: none.
	Written map[string]bool
}

// A Room is a log that is exported, and how it is called.
type Room struct {
	history.LogInfo
	Title string
	Card  json.RawMessage // what it is besides its log; nil: nothing
	base  string          // of its files
}

// Write exports rooms to a tree.
func Write(ctx context.Context, a *history.Archive, rooms []Room, to Tree, o Options, tell Tell) error {
	var all, done int64
	for _, r := range rooms {
		all += int64(r.Last-r.First+1) * int64(len(o.Formats))
	}
	count := func(n, _ int64) {
		done += n
		tell(done, all)
	}
	name(rooms)
	var months [][]month
	for _, r := range rooms {
		for _, format := range o.Formats {
			if format == "html" {
				ms, err := writeBook(ctx, a, r, to, o.Now.Location(), count)
				if err != nil {
					return err
				}
				months = append(months, ms)
			} else if err := file(to, r.base+"."+format, func(w io.Writer) error { return One(ctx, a, r, w, format, o, count) }); err != nil {
				return err
			}
		}
	}
	if err := writeFiles(ctx, a, rooms, to, o); err != nil || months == nil {
		return err
	}
	return file(to, "index.html", func(w io.Writer) error {
		writeIndex(w, rooms, months, o.Now)
		return nil
	})
}

// writeFiles puts what the entries hold into the folder files. What has been removed is left out.
func writeFiles(ctx context.Context, a *history.Archive, rooms []Room, to Tree, o Options) error {
	if o.Written == nil {
		o.Written = map[string]bool{}
	}
	for _, r := range rooms {
		ids, err := a.Holds(ctx, r.Name)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := writeFile(ctx, a, id, to, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeFile(ctx context.Context, a *history.Archive, id string, to Tree, o Options) error {
	if o.Written[id] {
		return nil
	}
	if o.Written != nil {
		o.Written[id] = true
	}
	f, err := a.File(ctx, id)
	if errors.Is(err, history.ErrNoFile) {
		return nil
	} else if err != nil {
		return err
	}
	from, err := o.Content(f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer from.Close()
	return file(to, "files/"+besideName(f.ID, f.Name), func(w io.Writer) error {
		_, err := io.Copy(w, interrupted{ctx, from})
		return err
	})
}

// An interrupted reader ends when nobody waits any more.
type interrupted struct {
	ctx context.Context
	r   io.Reader
}

func (i interrupted) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// One exports one room in a format that takes one file: jsonl or csv.
func One(ctx context.Context, a *history.Archive, r Room, w io.Writer, format string, o Options, tell Tell) error {
	if format == "csv" {
		return Table(ctx, w, a, r.LogInfo, tell)
	}
	return Lines(ctx, w, a, r, o, tell)
}

// Mine writes to a tree what one author has said in some logs, as JSON lines with the files that it holds, and the given account of it.
func Mine(ctx context.Context, a *history.Archive, logs []history.LogInfo, author uint64, account any, to Tree, o Options) error {
	held := map[string]bool{}
	err := file(to, "messages.jsonl", func(w io.Writer) error {
		var line []byte
		for _, l := range logs {
			name := l.Name
			if l.Direct() {
				title, err := pairTitle(ctx, a, l)
				if err != nil {
					return err
				}
				name = "@" + title
			}
			err := pages(ctx, a, l, func(es []history.Entry) error {
				for _, e := range es {
					if e.Author != author {
						continue
					}
					for _, id := range e.Files {
						held[id] = true
					}
					line = appendLine(line[:0], name, e)
					if _, err := w.Write(line); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(held)) {
		if err := writeFile(ctx, a, id, to, o); err != nil {
			return err
		}
	}
	return file(to, "account.json", func(w io.Writer) error {
		text, err := json.MarshalIndent(account, "", "  ")
		if err == nil {
			_, err = w.Write(append(text, '\n'))
		}
		return err
	})
}

// file writes one file of a tree.
func file(to Tree, name string, write func(io.Writer) error) error {
	f, err := to.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// windowsNames are no names of files there, whatever follows a dot.
var windowsNames = []string{"con", "prn", "aux", "nul", "com", "lpt"}

// name gives each room the name of its files: its own, or the two of a direct log, told apart by a number.
func name(rooms []Room) {
	used := map[string]bool{}
	for i := range rooms {
		base := strings.Map(func(r rune) rune {
			if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
				return '_'
			}
			return r
		}, strings.TrimRight(rooms[i].Title, ". "))
		if slices.Contains(windowsNames, strings.TrimRight(strings.ToLower(base), "0123456789")) || base == "" || base == "files" || base == "direct" || base == "index" {
			base += "_"
		}
		if rooms[i].Direct() {
			base = "direct/" + base
		}
		rooms[i].base = base
		for n := 2; used[strings.ToLower(rooms[i].base)]; n++ {
			rooms[i].base = fmt.Sprintf("%s-%d", base, n)
		}
		used[strings.ToLower(rooms[i].base)] = true
	}
}

// Rooms lists what a folder has: the open rooms, the private ones if wanted, and what two members said to each other if wanted.
func Rooms(ctx context.Context, a *history.Archive) (open, private, direct []Room, err error) {
	logs, err := a.Logs(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	cards := map[string]json.RawMessage{}
	if err := a.Each(ctx, valueOfCard, func(room string, card []byte) { cards[room] = card }); err != nil {
		return nil, nil, nil, err
	}
	for _, l := range logs {
		r := Room{LogInfo: l, Title: l.Name, Card: cards[l.Name]}
		var card struct{ Private bool }
		switch unread := json.Unmarshal(r.Card, &card); {
		case l.Direct() && strings.Contains(l.Name, "+"):
			if r.Title, err = pairTitle(ctx, a, l); err != nil {
				return nil, nil, nil, err
			}
			direct = append(direct, r)
		case l.Direct(): // what hosts did is no conversation
		case card.Private || r.Card != nil && unread != nil:
			private = append(private, r)
		default:
			open = append(open, r)
		}
	}
	return open, private, direct, nil
}

// Direct lists the logs of two members of which which tells true, by their names.
func Direct(ctx context.Context, a *history.Archive, which func(log string) bool) ([]Room, error) {
	logs, err := a.Logs(ctx)
	if err != nil {
		return nil, err
	}
	var rooms []Room
	for _, l := range logs {
		if !which(l.Name) {
			continue
		}
		title, err := pairTitle(ctx, a, l)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, Room{LogInfo: l, Title: title})
	}
	return rooms, nil
}

// pairTitle names the two of a direct log as its first message does.
func pairTitle(ctx context.Context, a *history.Archive, l history.LogInfo) (string, error) {
	es, err := a.Entries(ctx, l.Name, l.First-1, l.Last, 20, pageBytes, about)
	if err != nil {
		return "", err
	}
	for _, e := range es {
		var b struct{ To string }
		if json.Unmarshal(e.Body, &b) == nil && b.To != "" {
			pair := []string{e.From, b.To}
			slices.Sort(pair)
			return strings.Join(pair, " & "), nil
		}
	}
	if len(es) > 0 {
		return es[0].From, nil
	}
	return strings.TrimPrefix(l.Name, "@"), nil
}
