package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"
)

// checkWhole verifies every page and every row of a database. q must have two connections.
func checkWhole(ctx context.Context, q querier) error {
	var pages, rows error
	var wg sync.WaitGroup
	wg.Go(func() { pages = checkPages(ctx, q) })
	wg.Go(func() { rows = either(checkEntries(ctx, q), either(checkValues(ctx, q), checkFiles(ctx, q))) })
	wg.Wait()
	return either(pages, rows)
}

func checkEntries(ctx context.Context, q querier) error {
	var sum summer
	return each(ctx, q, `select `+entryColumns+` from entry e order by pk`, func(rows *sql.Rows) error {
		return verifyRow(rows, &sum)
	})
}

// checkPages has SQLite verify the structure of the file, and that tables and indexes agree.
func checkPages(ctx context.Context, q querier) error {
	return each(ctx, q, `pragma integrity_check(1)`, func(rows *sql.Rows) error {
		var word string
		if err := rows.Scan(&word); err != nil {
			return err
		}
		if word != "ok" {
			return fmt.Errorf("%w: %s", ErrDamaged, strings.ReplaceAll(word, "\n", " "))
		}
		return nil
	})
}

func checkValues(ctx context.Context, q querier) error {
	var sum summer
	return each(ctx, q, `select kind, key, value, put, sum from value`, func(rows *sql.Rows) error {
		var kind, key string
		var value, want []byte
		var put int64
		if err := rows.Scan(&kind, &key, &value, &put, &want); err != nil {
			return err
		}
		if string(sum.value(kind, key, put, value)) != string(want) {
			return fmt.Errorf("%w: a value of kind %q", ErrDamaged, kind)
		}
		return nil
	})
}

func checkFiles(ctx context.Context, q querier) error {
	var there bool // since version 5
	if err := each(ctx, q, `select 1 from sqlite_schema where type = 'table' and name = 'file'`, func(*sql.Rows) error {
		there = true
		return nil
	}); err != nil || !there {
		return err
	}
	var sum summer
	return each(ctx, q, `select `+fileColumns+` from file f`, func(rows *sql.Rows) error {
		_, err := scanFile(rows, &sum, 0)
		return err
	})
}

// checkLater verifies a large database after an unclean end, while the store works. What it finds it can only say, loudly.
func (s *Store) checkLater() {
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	s.serving.Go(func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	})
	began := time.Now()
	s.log.Info("the last run did not end in order; the database is checked while tincan works", "file", s.path())
	db, err := sql.Open("sqlite", dsn(s.path(), "", viewPragmas...))
	if err == nil {
		defer db.Close()
		db.SetMaxOpenConns(2)
		err = checkWhole(ctx, db)
	}
	took := time.Since(began).Round(time.Millisecond)
	switch {
	case ctx.Err() != nil:
		s.log.Info("the check of the database was not finished", "file", s.path(), "took", took)
	case isDamage(err):
		s.log.Error("THE DATABASE IS DAMAGED: stop, keep a copy of the data folder, and restore a backup", "file", s.path(), "err", err, "took", took)
	case err != nil:
		s.log.Warn("the database could not be checked", "file", s.path(), "err", err, "took", took)
	default:
		s.log.Info("the database is sound", "file", s.path(), "took", took)
	}
}
