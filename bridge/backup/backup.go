// Package backup makes one file of a data folder, while tincan runs on it or not, and a data folder of such a file. The file is a tar:
// about.json first, then the database and everything beside it, and manifest.json last, which tells the size and the SHA-256 of each. A
// file that was cut has no manifest; one that was changed does not fit it. Unpacked by hand it is a data folder, too.
package backup

import (
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tincan/bridge/history"
)

// Format is the version of what a backup looks like.
const Format = 1

// Names in a backup, and of what is left out: the index of the search, which is made anew, and uploads that are not whole.
const (
	searchName   = "search.db"
	partsFolder  = "files/parts/"
	aboutName    = "about.json"
	manifestName = "manifest.json"
	databaseName = "tincan.db"
)

// An About is what a backup says of itself at its beginning.
type About struct {
	Format  int    `json:"backup"` // Format of the tincan that wrote it
	Tincan  string `json:"tincan"` // its version
	Time    string `json:"time"`   // when the database was copied
	Schema  int    `json:"schema"`
	Rooms   int    `json:"rooms"`
	Entries int    `json:"entries"`
}

// A manifest lists what is in a backup, but itself.
type manifest struct {
	Files []item `json:"files"`
}

// An item is one file of a backup.
type item struct {
	Name   string `json:"name"` // with slashes, from the data folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func newItem(name string, size int64, h hash.Hash) item {
	return item{Name: name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}
}

// A Progress is how far long work has come in one of its steps. All is 0 when nobody knows it.
type Progress struct {
	Step      string // copying, checking, …: a word for the person who waits
	Done, All int64
	Unit      string // what is counted; empty: bytes
}

// A Tell hears how far a backup or a restore has come. It is called often and must not block.
type Tell func(Progress)

// passing are names in a data folder that mean nothing in another one, or go with the database in another way.
var passing = []string{"tincan.lock", "tincan.reserve", "tincan.restoring", "tincan.control", databaseName}

// goesAlong tells whether a file of a data folder, named with slashes, is part of its backup besides the database.
func goesAlong(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !slices.Contains(passing, first) && !strings.HasPrefix(first, databaseName+"-") && !strings.HasPrefix(first, databaseName+".") &&
		!strings.HasPrefix(first, searchName) && !strings.HasPrefix(name, partsFolder) && first != aboutName && first != manifestName
}

// validName tells whether a restore may write a file of this name.
func validName(name string) bool {
	return fs.ValidPath(name) && name != "." && filepath.IsLocal(filepath.FromSlash(name)) && path.Clean(name) == name &&
		!strings.Contains(name, "\\") && (name == databaseName || goesAlong(name))
}

// damaged is what is told of a backup that cannot be used.
func damaged(shown, what string, err error) error {
	return &history.Trouble{
		What: "cannot use the backup " + shown + ": " + what,
		Do:   "use another backup; nothing was changed",
		Err:  err,
	}
}

// errCut: a backup ends before its manifest.
var errCut = errors.New("backup: it ends too early")
