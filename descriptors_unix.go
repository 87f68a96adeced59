//go:build unix

package main

import "syscall"

// descriptorLimit is how many file descriptors this process may have; 0: not known. Go's os package raises the soft limit to the hard
// one at the start of every program that can open files.
func descriptorLimit() uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return uint64(l.Cur)
}
