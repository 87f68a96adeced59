package history

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LockFile locks an open file until it is closed or the process ends, however it ends. It returns false when another process has it.
func LockFile(f *os.File) (bool, error) { return lockHandle(f) }

// A folderLock keeps other tincans away from a data folder. The operating system frees it when the process ends, however it ends.
type folderLock struct {
	file *os.File
	made bool // the file was not there before
}

// errInUse: another process has the folder.
type errInUse struct{ pid string }

func (e *errInUse) Error() string { return "in use by process " + e.pid }

// lockFolder takes the lock of a folder, or returns *errInUse.
func lockFolder(dir string) (*folderLock, error) {
	path := filepath.Join(dir, lockFile)
	for {
		_, statErr := os.Lstat(path)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		ok, err := lockHandle(f)
		if err != nil || !ok {
			pid, _ := os.ReadFile(path)
			f.Close()
			if err == nil {
				err = &errInUse{pid: strings.TrimSpace(string(pid))}
			}
			return nil, err
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return &folderLock{file: f, made: errors.Is(statErr, os.ErrNotExist)}, nil
		}
		f.Close() // who had it removed it between our two steps: the lock of a removed file keeps nobody away
	}
}

// sign writes the process id for people and for the second tincan's message.
func (l *folderLock) sign() error {
	pid := strconv.Itoa(os.Getpid()) + "\n"
	if _, err := l.file.WriteAt([]byte(pid), 0); err != nil {
		return err
	}
	return l.file.Truncate(int64(len(pid)))
}

// release frees the folder.
func (l *folderLock) release() error { return l.file.Close() }

// undo frees the folder and leaves no trace in it.
func (l *folderLock) undo() {
	if !l.made {
		l.file.Close()
		return
	}
	err := os.Remove(l.file.Name()) // while it is locked: nobody else's can be hit
	l.file.Close()
	if err != nil { // Windows removes no file that is open
		os.Remove(l.file.Name())
	}
}
