package main

import (
	"errors"
	"fmt"
	"io"

	"tincan/bridge/history"
)

// A trouble keeps tincan from starting. It is told to the person who started it, in two lines: what happened and what to do.
type trouble struct {
	what error
	hint string
}

func (t *trouble) Error() string { return t.what.Error() }
func (t *trouble) Unwrap() error { return t.what }

// tell prints err for a person; a hint follows when err, or what it wraps, brings one.
func tell(w io.Writer, err error) {
	var mine *trouble
	var stored *history.Trouble
	switch {
	case errors.As(err, &mine):
		fmt.Fprintf(w, "tincan: %v\ntincan: hint: %s\n", mine, mine.hint)
	case errors.As(err, &stored):
		fmt.Fprintf(w, "tincan: %s\ntincan: hint: %s\n", stored.What, stored.Do)
	default:
		fmt.Fprintf(w, "tincan: %v\n", err)
	}
}
