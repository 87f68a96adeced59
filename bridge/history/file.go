package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// fileColumns are the columns of a file, as scanFile reads them.
const fileColumns = `f.id, f.sha256, f.owner, f.name, f.type, f.size, f.width, f.height, f.put, f.sum`

// PutFile notes a file; see Files.
func (s *Store) PutFile(ctx context.Context, f File, spare time.Duration) error {
	if f.ID == "" || f.SHA256 == "" {
		return errors.New("history: a file needs an id and a hash")
	}
	return s.errand(ctx, func(b *batch) (answer, fault error) {
		put := s.lived().Milliseconds()
		_, err := b.w.conn.ExecContext(background, `insert into file (id, sha256, owner, name, type, size, width, height, put, loose, sum)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
			f.ID, f.SHA256, f.Owner, f.Name, f.Type, f.Size, f.Width, f.Height, put, put+spare.Milliseconds(), b.w.sum.file(&f, put))
		return nil, err
	})
}

// File finds a file; see Files.
func (s *Store) File(ctx context.Context, id string) (f File, rooms []string, err error) {
	if err := s.enter(); err != nil {
		return f, nil, err
	}
	defer s.serving.Done()
	found := false
	var sum summer
	err = each(ctx, s.view, `select `+fileColumns+` from file f where f.id = ?`, func(rows *sql.Rows) error {
		found = true
		f, err = scanFile(rows, &sum, s.lived())
		return err
	}, id)
	if err == nil && found {
		err = each(ctx, s.view, `select distinct r.name from attached a join room r on r.id = a.room where a.file = ? order by r.name`, func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			rooms = append(rooms, name)
			return err
		}, id)
	}
	switch {
	case err != nil:
		return f, nil, fmt.Errorf("history: reading the file %s: %w", id, err)
	case !found:
		return f, nil, ErrNoFile
	}
	return f, rooms, nil
}

// LooseFiles lists what may go; see Files.
func (s *Store) LooseFiles(ctx context.Context, limit int) ([]File, error) {
	return s.listFiles(ctx, `where f.loose <= ? order by f.loose limit ?`, s.lived().Milliseconds(), limit)
}

// OldFiles lists what is old; see Files.
func (s *Store) OldFiles(ctx context.Context, age time.Duration, limit int) ([]File, error) {
	return s.listFiles(ctx, `where f.put <= ? order by f.put limit ?`, (s.lived() - age).Milliseconds(), limit)
}

// FilesOf lists the files of an owner that no entry holds; see Files.
func (s *Store) FilesOf(ctx context.Context, owner string, limit int) ([]File, error) {
	return s.listFiles(ctx, `where f.loose is not null and f.owner = ? limit ?`, owner, limit)
}

func (s *Store) listFiles(ctx context.Context, where string, args ...any) (fs []File, err error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.serving.Done()
	var sum summer
	err = each(ctx, s.view, `select `+fileColumns+` from file f `+where, func(rows *sql.Rows) error {
		f, err := scanFile(rows, &sum, s.lived())
		fs = append(fs, f)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("history: reading files: %w", err)
	}
	return fs, nil
}

// scanFile reads one row of fileColumns, when the store has lived so long, and verifies its checksum.
func scanFile(rows *sql.Rows, sum *summer, lived time.Duration) (f File, err error) {
	var put int64
	var want []byte
	if err := rows.Scan(&f.ID, &f.SHA256, &f.Owner, &f.Name, &f.Type, &f.Size, &f.Width, &f.Height, &put, &want); err != nil {
		return f, err
	}
	f.Age = max(0, lived-time.Duration(put)*time.Millisecond)
	if string(sum.file(&f, put)) != string(want) {
		return f, fmt.Errorf("%w: file %s", ErrDamaged, f.ID)
	}
	return f, nil
}

// DropFile forgets a file; see Files.
func (s *Store) DropFile(ctx context.Context, id string, held bool) (orphan bool, err error) {
	err = s.errand(ctx, func(b *batch) (answer, fault error) {
		var sha string
		var attached bool
		err := b.w.conn.QueryRowContext(background, `select sha256, exists (select 1 from attached where file = id) from file where id = ?`, id).Scan(&sha, &attached)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNoFile, nil
		case err != nil:
			return nil, err
		case attached && !held:
			return ErrHeld, nil
		}
		for _, text := range []string{`delete from attached where file = ?`, `delete from file where id = ?`} {
			if _, err := b.w.conn.ExecContext(background, text, id); err != nil {
				return nil, err
			}
		}
		return nil, b.w.conn.QueryRowContext(background, `select not exists (select 1 from file where sha256 = ?)`, sha).Scan(&orphan)
	})
	return orphan && err == nil, err
}

// HasContent tells whether a file has some content; see Files.
func (s *Store) HasContent(ctx context.Context, sha256 string) (has bool, err error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.serving.Done()
	err = s.view.QueryRowContext(ctx, `select exists (select 1 from file where sha256 = ?)`, sha256).Scan(&has)
	return has, readError(err)
}

// FileBytes measures the content of all files; see Files.
func (s *Store) FileBytes(ctx context.Context) (count int, bytes int64, err error) {
	if err := s.enter(); err != nil {
		return 0, 0, err
	}
	defer s.serving.Done()
	err = s.view.QueryRowContext(ctx, `select count(*), coalesce(sum(size), 0) from (select distinct sha256, size from file)`).Scan(&count, &bytes)
	return count, bytes, readError(err)
}

// OwnerBytes measures the files of an owner; see Files.
func (s *Store) OwnerBytes(ctx context.Context, owner string) (bytes int64, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.serving.Done()
	err = s.view.QueryRowContext(ctx, `select coalesce(sum(size), 0) from file where owner = ?`, owner).Scan(&bytes)
	return bytes, readError(err)
}

// Loosened tells that entries have let files go; see Files.
func (s *Store) Loosened() <-chan struct{} { return s.loosened }

// hasFiles tells whether all the files that an entry holds are there.
func (b *batch) hasFiles(e *Entry) (bool, error) {
	for _, id := range e.Files {
		var has bool
		if err := b.w.conn.QueryRowContext(background, `select exists (select 1 from file where id = ?)`, id).Scan(&has); err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// attach notes what the new ones of appends hold.
func (b *batch) attach(appends []*appending) error {
	for _, a := range appends {
		if len(a.entry.Files) == 0 || a.err != nil || a.receipt.Dup {
			continue
		}
		for _, id := range a.entry.Files {
			if _, err := b.w.conn.ExecContext(background, `insert into attached (file, room, seq) values (?, ?, ?) on conflict do nothing`,
				id, b.w.rooms(a.room).id, int64(a.receipt.Seq)); err != nil {
				return err
			}
			if _, err := b.w.conn.ExecContext(background, `update file set loose = null where id = ?`, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// detach lets go of what the entries of a room from one seq to before another hold.
func (b *batch) detach(room int64, from, before uint64) error {
	res, err := b.w.conn.ExecContext(background, `update file set loose = 0 where id in (select file from attached where room = ?1 and seq >= ?2 and seq < ?3)
		and not exists (select 1 from attached a where a.file = file.id and not (a.room = ?1 and a.seq >= ?2 and a.seq < ?3))`, room, int64(from), int64(before))
	if err != nil {
		return err
	}
	if _, err := b.w.conn.ExecContext(background, `delete from attached where room = ? and seq >= ? and seq < ?`, room, int64(from), int64(before)); err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	b.after = append(b.after, func() {
		select {
		case b.w.store.loosened <- struct{}{}:
		default:
		}
	})
	return nil
}
