package history

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// applicationID marks a database as tincan's (SQLite's application_id, at byte 68 of the file): "tcan".
const applicationID = 0x7463616e

// schemaFiles are numbered from 001 without gaps and never edited once released; the number of the last one is the database's
// user_version.
//
//go:embed schema/*.sql
var schemaFiles embed.FS

// schemas returns the schema files in order.
func schemas() ([]string, error) {
	names, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	var texts []string
	for i, name := range names { // Glob sorts
		if !strings.HasPrefix(name, fmt.Sprintf("schema/%03d", i+1)) {
			return nil, fmt.Errorf("history: schema file %s is not number %d", name, i+1)
		}
		text, err := schemaFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

// newest is the user_version that this tincan writes and understands.
func newest() int {
	texts, err := schemas()
	if err != nil {
		panic(err) // our own files
	}
	return len(texts)
}

// migrate brings a database from one user_version to the newest, in one transaction.
func migrate(ctx context.Context, conn *sql.Conn, from int) (err error) {
	texts, err := schemas()
	if err != nil {
		return err
	}
	if from == len(texts) {
		return nil
	}
	if _, err := conn.ExecContext(ctx, `begin immediate`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			conn.ExecContext(ctx, `rollback`) // after a failed commit there may be nothing to roll back
		}
	}()
	for _, text := range texts[from:] {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`pragma application_id = %d; pragma user_version = %d`, applicationID, len(texts))); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `commit`)
	return err
}
