package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// contentPath is where the content of a file lies in a data folder.
func contentPath(data, sha256 string) string {
	return filepath.Join(data, "files", "content", sha256[:2], sha256)
}
