package main

import (
	"errors"
	"fmt"
	"io"
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
	fmt.Fprintf(w, "tincan: %v\n", err)
	var t *trouble
	if errors.As(err, &t) {
		fmt.Fprintf(w, "tincan: hint: %s\n", t.hint)
	}
}
