package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tincan/bridge/backup"
	"tincan/bridge/history"
)

const backupHelp = `The file is a tar with the database and the files as they were at one moment, and a list of their SHA-256. tincan may run on the
folder meanwhile. FILE appears when it is whole and checked; - is standard output.

      --data FOLDER    the data folder (./tincan-data)
      --force          replace FILE if it is there
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

const restoreHelp = `The folder must be empty or missing, and no tincan may run on it. Everything is unpacked aside and checked first: a backup that is
damaged or cut off changes nothing. FILE may be compressed by gzip; - is standard input.

      --data FOLDER    the data folder (./tincan-data)
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

// untilStopped is a context that ends by Ctrl-C or SIGTERM; a second one ends the process.
func untilStopped() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// oneWord is the only word of a command line, what it stands for being told when it is missing.
func oneWord(c *call, words []string, what string) (string, error) {
	switch len(words) {
	case 1:
		return words[0], nil
	case 0:
		return "", &misuse{[]string{fmt.Sprintf("tincan %s: %s is missing; write tincan %s %s", c.command.word, what, c.command.word, c.command.args)}}
	}
	return "", &misuse{[]string{fmt.Sprintf("%s: one is enough; write tincan %s %s", words[1], c.command.word, c.command.args)}}
}

func makeBackup(c *call) error {
	f := newFlags()
	force := f.Bool("force", false, "")
	config, words, err := f.parse(c.args, c.env)
	if err != nil {
		return err
	}
	path, err := oneWord(c, words, "the file to write")
	if err != nil {
		return err
	}
	bar := newProgress(c.stderr)
	ctx := untilStopped()
	if path == "-" {
		if isTerminal(c.stdout) {
			return &trouble{errors.New("a backup is not for reading on a terminal"), "write tincan backup FILE, or send the output on: tincan backup - | ssh other 'cat > backup.tar'"}
		}
		work, err := os.MkdirTemp("", "tincan-backup-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		_, err = backup.Write(ctx, config.Data, c.stdout, filepath.Join(work, "copy.db"), version, bar.show)
		bar.end()
		if errors.Is(err, backup.ErrCopy) && history.NoSpace(err) {
			return &trouble{fmt.Errorf("no space is left on the disk of %s, where the database is copied to first", os.TempDir()),
				"free some space, or name a folder on another disk in the environment, as TMPDIR (Windows: TMP)"}
		}
		if history.NoSpace(err) {
			return &trouble{errors.New("no space is left where standard output goes; the backup is not whole"), "remove what was written, free some space, or choose a place on another disk"}
		}
		return stopped(ctx, unwritten(err, "standard output"), "the backup is not whole")
	}
	if err := mayWrite(path, config.Data, *force); err != nil {
		return err
	}
	about, size, err := backupTo(ctx, path, config.Data, bar)
	bar.end()
	if err != nil {
		return stopped(ctx, unwritten(err, path), "nothing was written")
	}
	fmt.Fprintf(c.stdout, "%s: %s, %s in %s\n", path, human(size), count(about.Entries, "message"), count(about.Rooms, "room"))
	return nil
}

// mayWrite tells whether a backup may be written there.
func mayWrite(path, data string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		name := "tincan-" + time.Now().Format(time.DateOnly) + ".tar"
		return &trouble{fmt.Errorf("%s is a folder", path), "name a file in it: " + filepath.Join(path, name)}
	case err == nil && !force:
		return &trouble{fmt.Errorf("%s is there already", path), "choose another name, or replace it with --force"}
	}
	inner, e1 := filepath.Abs(filepath.Dir(path))
	outer, e2 := filepath.Abs(data)
	if e := errors.Join(e1, e2); e != nil {
		return e
	}
	if p, err := filepath.EvalSymlinks(inner); err == nil {
		inner = p
	}
	if p, err := filepath.EvalSymlinks(outer); err == nil {
		outer = p
	}
	if rel, err := filepath.Rel(outer, inner); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return &trouble{fmt.Errorf("%s lies in the data folder, of which it would be the backup", path), "choose a place outside, best on another disk"}
	}
	return nil
}

// backupTo writes a backup under a name of its own, and gives it its name when it is on the disk.
func backupTo(ctx context.Context, path, data string, bar *progress) (a backup.About, size int64, err error) {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return a, 0, err
	}
	if mine, err := history.LockFile(f); err != nil || !mine {
		f.Close()
		if err != nil {
			return a, 0, err
		}
		return a, 0, &trouble{fmt.Errorf("another backup is being written to %s", path), "wait for it, or choose another name"}
	}
	defer func() {
		if err != nil {
			os.Remove(part) // while it is locked: nobody else's can be hit
			f.Close()
			os.Remove(part) // Windows removes no file that is open
		}
	}()
	if err := f.Truncate(0); err != nil { // what an earlier one left that was killed
		return a, 0, err
	}
	if a, err = backup.Write(ctx, data, f, part+".db", version, bar.show); err != nil {
		return a, 0, err
	}
	if size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return a, 0, err
	}
	if err := f.Sync(); err != nil {
		return a, 0, err
	}
	if err := ctx.Err(); err != nil {
		return a, 0, err
	}
	return a, size, errors.Join(rename(f, part, path), history.SyncFolder(filepath.Dir(path)))
}

func restoreBackup(c *call) error {
	f := newFlags()
	config, words, err := f.parse(c.args, c.env)
	if err != nil {
		return err
	}
	path, err := oneWord(c, words, "the backup")
	if err != nil {
		return err
	}
	from, shown, size := c.stdin, path, int64(0)
	if path == "-" {
		shown = "from standard input"
	} else {
		file, err := os.Open(path)
		if err != nil {
			var where *fs.PathError
			if errors.As(err, &where) {
				err = where.Err
			}
			return &trouble{fmt.Errorf("cannot read the backup %s: %w", path, err), "name the file that tincan backup has written"}
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		from, size = file, info.Size()
	}
	bar := newProgress(c.stderr)
	ctx := untilStopped()
	about, err := backup.Restore(ctx, from, shown, size, config.Data, bar.show)
	bar.end()
	if err != nil {
		return stopped(ctx, err, "nothing was changed")
	}
	fmt.Fprintf(c.stdout, "%s: %s in %s, as of %s\n", config.Data, count(about.Entries, "message"), count(about.Rooms, "room"), about.Time)
	return nil
}

// stopped is err, or what is told when the person has stopped the work.
func stopped(ctx context.Context, err error, left string) error {
	if err != nil && ctx.Err() != nil {
		return &trouble{errors.New("stopped"), left}
	}
	return err
}

// unwritten makes a sentence of an error of the file that is written.
func unwritten(err error, path string) error {
	var known *history.Trouble
	var mine *trouble
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &mine):
		return err
	case history.NoSpace(err):
		return &trouble{fmt.Errorf("no space is left on the disk of %s; nothing was written", path), "free some space, or choose a place on another disk; a backup needs twice the size of the database while it is made"}
	}
	var where *fs.PathError
	if errors.As(err, &where) {
		return &trouble{fmt.Errorf("cannot write %s: %w", path, where.Err), "choose another place"}
	}
	return fmt.Errorf("writing %s: %w", path, err)
}
