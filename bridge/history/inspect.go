package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite/vfs"
)

// wholeBytes is up to which size a database is checked whole at every start. A test changes it.
var wholeBytes int64 = 64 << 20

// A finding is what inspect learned about a database that is good as far as it was looked at.
type finding struct {
	version int  // user_version
	later   bool // it was not checked whole, and the last run did not end cleanly
}

// inspect looks at the database of a folder without changing a byte, or makes one where there is none. What it does not like is
// a *Trouble.
func inspect(ctx context.Context, dir, shown string) (finding, error) {
	path := filepath.Join(dir, databaseFile)
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
			return finding{}, openTrouble(shown, fmt.Errorf("%w: the file is missing, and its write-ahead log is there", ErrDamaged))
		}
		if err := create(ctx, path); err != nil {
			return finding{}, folderTrouble(shown, err)
		}
		return finding{version: newest()}, nil
	}
	var f finding
	for range 3 {
		before := marks(path)
		if f, err = look(ctx, path); err == nil {
			return f, nil
		}
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		if marks(path) == before { // else another program wrote while we read: not damage, but a picture of two moments
			break
		}
	}
	return f, openTrouble(shown, err)
}

// marks tells whether somebody has written.
func marks(path string) string {
	var b strings.Builder
	for _, p := range []string{path, path + "-wal"} {
		if info, err := os.Stat(p); err == nil {
			fmt.Fprintln(&b, info.Size(), info.ModTime())
		}
	}
	return b.String()
}

// create makes a database aside and moves it into its place when it is whole, so that no start that was cut short leaves half of one.
func create(ctx context.Context, path string) (err error) {
	aside := path + ".new"
	remove := func() {
		for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
			os.Remove(aside + suffix)
		}
	}
	remove()
	defer func() {
		if err != nil {
			remove()
		}
	}()
	db, err := sql.Open("sqlite", dsn(aside, "", "synchronous(full)", "journal_mode(delete)"))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := migrate(ctx, conn, 0); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `pragma journal_mode = wal`); err != nil {
		return err
	}
	if err := errors.Join(conn.Close(), db.Close()); err != nil {
		return err
	}
	if err := os.Chmod(aside, 0o600); err != nil {
		return err
	}
	if err := makeReserve(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(aside, path); err != nil {
		os.Remove(filepath.Join(filepath.Dir(path), reserveFile))
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// look inspects a database through its image: whole unless it is large.
func look(ctx context.Context, path string) (finding, error) {
	f, err := lookAt(ctx, path, func(db *sql.DB, f finding) error {
		if f.later {
			return nil
		}
		return checkWhole(ctx, db)
	})
	return f, err
}

// lookAt reads what every start reads of a database, through its image, and then goes on with more. f.later says that the database is
// too large to be checked whole at every start.
func lookAt(ctx context.Context, path string, more func(*sql.DB, finding) error) (f finding, err error) {
	m, err := openImage(path)
	if err != nil {
		return f, err
	}
	defer m.close()
	id, err := m.number(headerAppID)
	if err != nil {
		return f, err
	}
	if id != applicationID {
		return f, fmt.Errorf("%w: its application id is %#x", errForeign, id)
	}
	version, err := m.number(headerUserVer)
	if err != nil {
		return f, err
	}
	f.version = int(version)
	if f.version > newest() {
		return f, fmt.Errorf("%w: its version is %d, this tincan knows up to %d", ErrNewer, f.version, newest())
	}
	if f.version < 1 {
		return f, fmt.Errorf("%w: version %d", ErrDamaged, f.version)
	}
	name, files, err := vfs.New(m)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	db, err := sql.Open("sqlite", "file:"+imageName+"?vfs="+name+"&mode=ro&_pragma=temp_store(memory)")
	if err != nil {
		return f, err
	}
	defer db.Close()
	db.SetMaxOpenConns(2)
	if err := sameSchema(ctx, db, f.version); err != nil {
		return f, err
	}
	c, err := load(ctx, db, f.version)
	if err != nil {
		return f, fmt.Errorf("reading it: %w", err)
	}
	f.later = m.size >= wholeBytes
	if err := more(db, f); err != nil {
		return f, err
	}
	f.later = f.later && c.meta["clean"] == 0
	return f, nil
}

// sameSchema compares the tables and indexes with those that our schema files make.
func sameSchema(ctx context.Context, q querier, version int) error {
	want, err := expectedSchema(version)
	if err != nil {
		return err
	}
	got, err := schemaOf(ctx, q)
	if err != nil {
		return fmt.Errorf("reading its schema: %w", err)
	}
	if got != want {
		return fmt.Errorf("%w: its schema is not that of version %d", ErrDamaged, version)
	}
	return nil
}

func schemaOf(ctx context.Context, q querier) (string, error) {
	var b strings.Builder
	err := each(ctx, q, `select type, name, tbl_name, coalesce(sql, '') from sqlite_schema order by type, name`, func(rows *sql.Rows) error {
		var kind, name, table, text string
		err := rows.Scan(&kind, &name, &table, &text)
		fmt.Fprintf(&b, "%s %s %s %s\n", kind, name, table, text)
		return err
	})
	return b.String(), err
}

var expected struct {
	sync.Mutex // guards schema
	schema     map[int]string
}

// expectedSchema makes the schema of a version in memory, once.
func expectedSchema(version int) (string, error) {
	expected.Lock()
	defer expected.Unlock()
	if s, ok := expected.schema[version]; ok {
		return s, nil
	}
	texts, err := schemas()
	if err != nil {
		return "", err
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return "", err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, text := range texts[:version] {
		if _, err := db.Exec(text); err != nil {
			return "", err
		}
	}
	s, err := schemaOf(background, db)
	if err != nil {
		return "", err
	}
	if expected.schema == nil {
		expected.schema = map[int]string{}
	}
	expected.schema[version] = s
	return s, nil
}
