package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tincan/bridge/backup"
	"tincan/bridge/export"
	"tincan/bridge/history"
)

const importHelp = `Takes the JSON lines of tincan export: one or more files, or the folder of an export. Every message gets its number, id and time again.
Rooms that are there already must be the same as far as they go. Nothing is stored before all of it was checked. No tincan may run on the
folder.

      --data FOLDER    the data folder (./tincan-data); it is made when it is missing
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

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
	total, contents := 0, intake{data: config.Data, without: map[string]string{}}
	for _, step := range []string{"checking", "importing"} {
		total = 0
		for _, path := range files {
			n, err := importFile(path, bar, step, func(r io.Reader, tell export.Tell) (int, error) {
				if step == "checking" {
					return export.Check(ctx, r, s, tell)
				}
				return export.Import(ctx, r, s, func(f history.File, beside string) (bool, error) {
					return contents.take(filepath.Dir(path), f, beside)
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
	contents.tell(c.stdout)
	return nil
}

// An intake puts the contents of files into a data folder that is imported to, and remembers which it could not.
type intake struct {
	data    string
	without map[string]string // by id of the file: its name, and why its content is not there
}

// take puts the content of a file into the data folder, from the folder files beside the lines or one above them. It tells false when
// it is not there, or not what it was.
func (in *intake) take(beside string, f history.File, name string) (bool, error) {
	to := contentPath(in.data, f.SHA256)
	if _, err := os.Stat(to); err == nil {
		return true, nil
	}
	from, err := openBeside(beside, name)
	if errors.Is(err, fs.ErrNotExist) {
		in.without[f.ID] = fmt.Sprintf("%q did not lie beside", f.Name)
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
		if err == nil {
			in.without[f.ID] = fmt.Sprintf("%q is not what was exported", f.Name)
		}
		return false, errors.Join(err, os.Remove(to+".part"))
	}
	folder := filepath.Dir(to)
	return true, errors.Join(os.Rename(to+".part", to), history.SyncFolder(folder), history.SyncFolder(filepath.Dir(folder)))
}

// openBeside opens a content of an export by how it is called there; fs.ErrNotExist.
func openBeside(beside, name string) (*os.File, error) {
	if name != filepath.Base(name) {
		return nil, fs.ErrNotExist
	}
	f, err := os.Open(filepath.Join(beside, "files", name))
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(filepath.Join(beside, "..", "files", name))
	}
	return f, err
}

// toldWithout is how many files are told by name.
const toldWithout = 20

// tell writes which contents are not there, and nothing when all are.
func (in *intake) tell(w io.Writer) {
	if len(in.without) == 0 {
		return
	}
	fmt.Fprintf(w, "%s could not be taken along: the messages are there without. Begin it again with the same command when they are beside.\n",
		count(len(in.without), "file"))
	for i, why := range slices.Sorted(maps.Values(in.without)) {
		if i == toldWithout {
			fmt.Fprintf(w, "  and %d more\n", len(in.without)-i)
			return
		}
		fmt.Fprintln(w, "  "+why)
	}
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
