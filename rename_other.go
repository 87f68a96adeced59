//go:build !windows

package main

import "os"

// rename gives an open file its name, and closes it.
func rename(f *os.File, from, to string) error {
	if err := os.Rename(from, to); err != nil { // while it is locked
		return err
	}
	return f.Close()
}
