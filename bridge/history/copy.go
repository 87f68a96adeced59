package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	"modernc.org/sqlite/vfs"
)

// copyPages is how many pages of a database are copied between two looks at whether to go on.
const copyPages = 256

// Copy writes the database of a data folder to a new file, as it was at one moment, and checks the copy whole. A tincan that runs on the
// folder goes on: it is not waited for and waits for nobody, but its write-ahead log grows and deleted bodies stay in it until the copy
// is made. tell, if not nil, hears the bytes that are copied of all, and
// 0 of 0 when the check begins. An error that a person can do something about is a *Trouble; then
// the file may be there in part.
func Copy(ctx context.Context, dir, to string, tell func(done, all int64)) (c Contents, err error) {
	shown := dir
	if dir, err = filepath.Abs(dir); err == nil {
		to, err = filepath.Abs(to)
	}
	if err != nil {
		return c, fmt.Errorf("history: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return c, nothingKept(shown)
	}
	r, err := openResting(dir, shown)
	if err != nil {
		return c, err
	}
	defer r.close()
	if err = copyDatabase(ctx, r.db, to, tell); err == nil {
		if tell != nil {
			tell(0, 0)
		}
		c, err = Check(ctx, to)
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case isDamage(err), isBusy(err), errors.Is(err, ErrNewer), errors.Is(err, errForeign):
		err = openTrouble(shown, err)
	}
	return c, err // one of the file that is written is not a *Trouble: the caller knows what it is called
}

// nothingKept: there is no database in a folder.
func nothingKept(shown string) *Trouble {
	return &Trouble{
		What: fmt.Sprintf("there is nothing of tincan in %s: it has no %s", shown, databaseFile),
		Do:   "name the data folder with --data folder",
		Err:  fs.ErrNotExist,
	}
}

// A resting is the database of a folder opened for reading: as SQLite sees it beside the process that writes it, or, where none does,
// as an image, which leaves no trace. While it is open in the second way no other process can open the folder.
type resting struct {
	db    *sql.DB
	close func()
}

func openResting(dir, shown string) (r resting, err error) {
	path := filepath.Join(dir, databaseFile)
	lock, err := lockFolder(dir)
	var use *errInUse
	switch {
	case errors.As(err, &use):
		if r.db, err = sql.Open("sqlite", dsn(path, "mode=ro", viewPragmas...)); err != nil {
			return r, openTrouble(shown, err)
		}
		r.close = func() { r.db.Close() }
		return r, nil
	case err != nil && !isReadOnly(err): // who cannot write there reads what nobody writes
		return r, folderTrouble(shown, err)
	}
	free := func() {
		if lock != nil {
			lock.undo()
		}
	}
	if lock != nil {
		if err := lock.sign(); err != nil {
			free()
			return r, folderTrouble(shown, err)
		}
	}
	m, err := openImage(path)
	if err != nil {
		free()
		return r, openTrouble(shown, err)
	}
	name, files, err := vfs.New(m)
	if err == nil {
		r.db, err = sql.Open("sqlite", "file:"+imageName+"?vfs="+name+"&mode=ro&_pragma=temp_store(memory)")
	}
	if err != nil {
		m.close()
		free()
		return r, openTrouble(shown, err)
	}
	r.db.SetMaxOpenConns(1) // an image is not for concurrent use
	r.close = func() {
		r.db.Close()
		files.Close()
		m.close()
		free()
	}
	return r, nil
}

// copyDatabase copies what one read transaction sees, page by page, and makes it durable.
func copyDatabase(ctx context.Context, from *sql.DB, to string, tell func(done, all int64)) error {
	conn, err := from.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `begin`); err != nil {
		return err
	}
	defer conn.ExecContext(background, `rollback`) // it was only read
	var size int64
	if err := conn.QueryRowContext(ctx, `select page_size from pragma_page_size`).Scan(&size); err != nil {
		return err
	}
	var objects int64 // a transaction begins with what is first read
	if err := conn.QueryRowContext(ctx, `select count(*) from sqlite_schema`).Scan(&objects); err != nil {
		return err
	}
	err = conn.Raw(func(driver any) error {
		source, ok := driver.(interface {
			NewBackup(to string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("history: this driver of SQLite cannot copy")
		}
		b, err := source.NewBackup(dsn(to, "", "journal_mode(off)", "synchronous(off)"))
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if err = ctx.Err(); err == nil {
				more, err = b.Step(copyPages)
			}
			if all := int64(b.PageCount()); err == nil && tell != nil {
				tell((all-int64(b.Remaining()))*size, all*size)
			}
		}
		return errors.Join(err, b.Finish())
	})
	if err != nil {
		return err
	}
	return syncFile(to)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Contents are how much a database holds.
type Contents struct {
	Schema  int `json:"schema"` // its version
	Rooms   int `json:"rooms"`  // without direct messages
	Entries int `json:"entries"`
}

// Check verifies every page and every row of a database that nobody has open, without changing a byte. Errors are ErrDamaged, ErrNewer
// and those of reading.
func Check(ctx context.Context, path string) (c Contents, err error) {
	f, err := lookAt(ctx, path, func(db *sql.DB, f finding) error {
		if err := checkWhole(ctx, db); err != nil {
			return err
		}
		return db.QueryRowContext(ctx, `select (select count(*) from room where name not like '@%'), (select count(*) from entry where body is not null)`).
			Scan(&c.Rooms, &c.Entries)
	})
	c.Schema = f.version
	return c, readError(err)
}

// SyncFolder makes the names in a folder durable, where the system has that.
func SyncFolder(dir string) error { return syncFolder(dir) }
