package files

import (
	"errors"

	"golang.org/x/sys/windows"
)

// diskSpace is the size of the disk of a folder, and what this user may still write there, in bytes.
func diskSpace(dir string) (total, free int64, err error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	var mine, all uint64
	if err := windows.GetDiskFreeSpaceEx(path, &mine, &all, nil); err != nil {
		return 0, 0, err
	}
	return int64(all), int64(mine), nil
}

func isNoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// syncFolder does nothing: NTFS logs its names itself.
func syncFolder(string) error { return nil }
