package history

import (
	"errors"
	"os"
	"path/filepath"
)

// reserveSize is how much space is kept back, so that deleting and the checkpoint work on a full disk.
const reserveSize = 1 << 20

// makeReserve sets the reserve aside, unless it is there. An error says that there is no space for it.
func makeReserve(dir string) error {
	path := filepath.Join(dir, reserveFile)
	if info, err := os.Stat(path); err == nil && info.Size() == reserveSize {
		return nil
	}
	err := writeReserve(path, reserveSize)
	if err != nil {
		os.Remove(path)
	}
	return err
}

// keepReserve sets aside at the end of a run what can be had, for the next start.
func keepReserve(dir string) {
	path := filepath.Join(dir, reserveFile)
	for size := int64(reserveSize); size >= 64<<10; size /= 2 {
		if info, err := os.Stat(path); err == nil && info.Size() >= size {
			return
		}
		if writeReserve(path, size) == nil {
			return
		}
		os.Remove(path)
	}
}

// writeReserve writes every byte: a file of holes would reserve nothing.
func writeReserve(path string, size int64) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = 'r'
	}
	for n := int64(0); n < size; n += int64(len(block)) {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	return f.Sync()
}
