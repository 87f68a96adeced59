//go:build !windows

package main

import "os"

// paintsTerminal tells whether the terminal obeys colour sequences.
func paintsTerminal(*os.File) bool {
	return os.Getenv("TERM") != "dumb"
}
