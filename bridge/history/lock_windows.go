package history

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockHandle locks an open file until it is closed or the process ends. It returns false when another one has it. The locked
// byte lies far behind the content, because Windows forbids reading what is locked, and the process id in it is for others.
func lockHandle(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
