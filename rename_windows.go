package main

import (
	"errors"
	"os"
)

// rename gives an open file its name, and closes it, which Windows wants first.
func rename(f *os.File, from, to string) error {
	return errors.Join(f.Close(), os.Rename(from, to))
}
