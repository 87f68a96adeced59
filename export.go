package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tincan/bridge/backup"
	"tincan/bridge/export"
	"tincan/bridge/history"
)

const exportHelp = `Into a new folder: pages that any browser shows (html), JSON lines that tincan import takes back (jsonl), tables for spreadsheets (csv),
and the files. Or, of one room, into one file that ends with .jsonl or .csv; - is standard output, as JSON lines. tincan may run meanwhile.

      --room ROOM      only this room; may be given again
      --format LIST    only these: html,jsonl,csv
      --private        private rooms, too. Their members do not know
      --direct         what members said to each other alone, too. They do not know
      --data FOLDER    the data folder (./tincan-data)
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

const importHelp = `Takes the JSON lines of tincan export: one or more files, or the folder of an export. Every message gets its number, id and time again.
Rooms that are there already must be the same as far as they go. Nothing is stored before all of it was checked. No tincan may run on the
folder.

      --data FOLDER    the data folder (./tincan-data); it is made when it is missing
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

func exportRooms(c *call) error {
	f := newFlags()
	var names, formats []string
	f.Func("room", "", func(s string) error { names = append(names, s); return nil })
	f.Func("format", "", func(s string) error { formats = append(formats, strings.Split(s, ",")...); return nil })
	private, direct := f.Bool("private", false, ""), f.Bool("direct", false, "")
	config, words, err := f.parse(c.args, c.env)
	if err != nil {
		return err
	}
	path, err := oneWord(c, words, "the folder or file to write")
	if err != nil {
		return err
	}
	for _, format := range formats {
		if !slices.Contains(export.Formats, format) {
			return &misuse{[]string{fmt.Sprintf("--format %s: unknown format%s", format, didYouMean(nearest(format, export.Formats)))}}
		}
	}
	one := strings.TrimPrefix(filepath.Ext(path), ".")
	if path == "-" {
		one = "jsonl"
	}
	if !slices.Contains(export.Formats[1:], one) {
		one = ""
	} else {
		formats = []string{one}
	}
	if len(formats) == 0 {
		formats = export.Formats
	}
	if _, err := os.Stat(path); path != "-" && err == nil {
		return &trouble{fmt.Errorf("%s is there already", path), "choose another name, or move it away"}
	}
	ctx := untilStopped()
	a, err := history.OpenArchive(ctx, config.Data)
	if err != nil {
		return err
	}
	defer a.Close()
	rooms, err := chosenRooms(ctx, a, names, *private, *direct)
	if err != nil {
		return err
	}
	bar := newProgress(c.stderr)
	tell := func(done, all int64) {
		bar.show(backup.Progress{Step: "exporting", Done: done, All: all, Unit: "lines"})
	}
	o := export.Options{Formats: formats, Version: version, Now: time.Now(), Content: func(f history.File) (io.ReadCloser, error) {
		return os.Open(contentPath(config.Data, f.SHA256))
	}}
	switch {
	case one != "" && len(rooms) != 1:
		return &misuse{[]string{fmt.Sprintf("%s: one file takes one room, and there are %d; say which with --room, or name a folder", path, len(rooms))}}
	case path == "-":
		err = export.One(ctx, a, rooms[0], c.stdout, one, o, tell)
	default:
		err = aside(path, func(part string) error {
			if one == "" {
				return export.Write(ctx, a, rooms, export.Folder(part), o, tell)
			}
			f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			return errors.Join(export.One(ctx, a, rooms[0], f, one, o, tell), f.Close())
		})
	}
	bar.end()
	if err != nil {
		return stopped(ctx, unwritten(err, path), "nothing was written")
	}
	if path != "-" {
		fmt.Fprintf(c.stdout, "%s: %s\n", path, count(len(rooms), "room"))
	}
	return nil
}

// aside has something written under another name, and gives it its own when it is whole.
func aside(path string, write func(part string) error) error {
	part := path + ".part"
	if err := os.RemoveAll(part); err != nil { // what one left that was killed
		return err
	}
	err := write(part)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	return nil
}

// chosenRooms are the rooms to export: those that are named, else all that may be.
func chosenRooms(ctx context.Context, a *history.Archive, names []string, withPrivate, withDirect bool) ([]export.Room, error) {
	rooms, private, direct, err := export.Rooms(ctx, a)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		var chosen []export.Room
		for _, name := range names {
			is := func(r export.Room) bool { return r.Name == name }
			if i := slices.IndexFunc(rooms, is); i >= 0 {
				chosen = append(chosen, rooms[i])
			} else if i := slices.IndexFunc(private, is); i >= 0 && withPrivate {
				chosen = append(chosen, private[i])
			} else if i >= 0 {
				return nil, &trouble{fmt.Errorf("the room %s is private", name), "if you mean it, add --private; its members do not know of it"}
			} else {
				var all []string
				for _, r := range rooms {
					all = append(all, r.Name)
				}
				return nil, &trouble{fmt.Errorf("there is no room %s%s", name, didYouMean(nearest(name, all))), "tincan export without --room takes all of them"}
			}
		}
		rooms, private = chosen, nil
	}
	if withPrivate {
		rooms = append(rooms, private...)
	}
	if withDirect {
		rooms = append(rooms, direct...)
	}
	switch {
	case len(rooms) > 0:
	case len(private)+len(direct) > 0:
		return nil, &trouble{errors.New("nobody has written anything but in private"), "if you mean that, add --private or --direct; its members do not know of it"}
	default:
		return nil, &trouble{errors.New("there is nothing to export: nobody has written anything yet"), "name the data folder with --data folder"}
	}
	return rooms, nil
}

func importRooms(c *call) error {
	f := newFlags()
	config, words, err := f.parse(c.args, c.env)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		_, err := oneWord(c, words, "what to import")
		return err
	}
	var files []string
	for _, word := range words {
		found, err := linesIn(word)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	ctx := untilStopped()
	s, err := history.Open(ctx, config.Data, history.Config{}, newLogger(config, c.stderr))
	if err != nil {
		return err
	}
	defer s.Close(context.Background())
	bar := newProgress(c.stderr)
	total := 0
	missing := 0
	for _, step := range []string{"checking", "importing"} {
		total = 0
		for _, path := range files {
			n, err := importFile(path, bar, step, func(r io.Reader, tell export.Tell) (int, error) {
				if step == "checking" {
					return export.Check(ctx, r, s, tell)
				}
				return export.Import(ctx, r, s, func(f history.File, beside string) (bool, error) {
					there, err := takeContent(config.Data, filepath.Dir(path), f, beside)
					if err == nil && !there {
						missing++
					}
					return there, err
				}, tell)
			})
			if err != nil {
				bar.end()
				return stopped(ctx, err, "begin it again with the same command: what is there is not stored twice")
			}
			total += n
		}
	}
	bar.end()
	if err := s.Close(context.Background()); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s: %s from %s\n", config.Data, count(total, "line"), count(len(files), "file"))
	if missing > 0 {
		fmt.Fprintf(c.stdout, "%s that messages hold did not lie beside them: the messages are there without\n", count(missing, "file"))
	}
	return nil
}

// contentPath is where the content of a file lies in a data folder.
func contentPath(data, sha256 string) string {
	return filepath.Join(data, "files", "content", sha256[:2], sha256)
}

// takeContent puts the content of a file into the data folder, from the folder files beside the lines or one above them. It tells false
// when it is not there, or not what it was.
func takeContent(data, beside string, f history.File, name string) (bool, error) {
	to := contentPath(data, f.SHA256)
	if _, err := os.Stat(to); err == nil {
		return true, nil
	}
	if name != filepath.Base(name) {
		return false, nil
	}
	from, err := os.Open(filepath.Join(beside, "files", name))
	if errors.Is(err, fs.ErrNotExist) {
		from, err = os.Open(filepath.Join(beside, "..", "files", name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return false, err
	}
	out, err := os.OpenFile(to+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return false, err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), from)
	err = errors.Join(err, out.Sync(), out.Close())
	if err != nil || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return false, errors.Join(err, os.Remove(to+".part"))
	}
	return true, errors.Join(os.Rename(to+".part", to), history.SyncFolder(filepath.Dir(to)))
}

// linesIn are the files with JSON lines that a word of the command line means.
func linesIn(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".jsonl") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(files) == 0 {
		return nil, &trouble{fmt.Errorf("there is no .jsonl in %s", path), "name a folder or file that tincan export has written"}
	}
	return files, nil
}

func unreadable(path string, err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		err = where.Err
	}
	return &trouble{fmt.Errorf("cannot read %s: %w", path, err), "name a folder or file that tincan export has written"}
}

func importFile(path string, bar *progress, step string, do func(io.Reader, export.Tell) (int, error)) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, unreadable(path, err)
	}
	defer f.Close()
	var done int64
	n, err := do(f, func(n, _ int64) {
		done += n
		bar.show(backup.Progress{Step: step, Done: done, Unit: "lines"})
	})
	var fault *export.Fault
	switch {
	case errors.As(err, &fault):
		return n, &trouble{fmt.Errorf("cannot import %s: %w", path, fault), "import into an empty folder, or one that has the beginning of the same rooms; the file must be as tincan export has written it"}
	case errors.Is(err, history.ErrFull):
		return n, &trouble{errors.New("no space is left on the disk of the data folder"), "free some space and begin again with the same command: what is there is not stored twice"}
	}
	return n, err
}
