package history

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// isNoSpace: the operating system says that the disk or a quota is full.
func isNoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// isReadOnly: the file system or the permissions forbid writing.
func isReadOnly(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, windows.ERROR_WRITE_PROTECT)
}

// syncFolder has nothing to do: Windows keeps names by its own journal, and does not sync folders.
func syncFolder(string) error { return nil }
