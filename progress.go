package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"tincan/bridge/backup"
)

// A progress shows how far a long command has come: a bar on a terminal, else a line for each step.
type progress struct {
	to       *os.File
	terminal bool
	step     string
	shown    time.Time
	drawn    bool // the line of the bar is on the terminal
}

func newProgress(to *os.File) *progress { return &progress{to: to, terminal: isTerminal(to)} }

// barPace is how often a bar is drawn, barWidth how many characters it has.
const (
	barPace  = 100 * time.Millisecond
	barWidth = 30
)

func (p *progress) show(at backup.Progress) {
	if at.Step != p.step {
		p.step = at.Step
		if !p.terminal {
			fmt.Fprintln(p.to, at.Step)
		}
	} else if time.Since(p.shown) < barPace {
		return
	}
	if !p.terminal {
		return
	}
	p.shown = time.Now()
	line := at.Step
	if at.All > 0 {
		full := int(min(at.Done, at.All) * barWidth / at.All)
		line = fmt.Sprintf("%-22s [%s%s] %3d %% of %s", at.Step, strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), min(at.Done, at.All)*100/at.All, amount(at.All, at.Unit))
	}
	if at.All == 0 && at.Done > 0 {
		line += " " + amount(at.Done, at.Unit)
	}
	fmt.Fprintf(p.to, "\r%-79s", line)
	p.drawn = true
}

// end takes the bar away.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprintf(p.to, "\r%79s\r", "")
	}
}

func amount(n int64, unit string) string {
	if unit == "" {
		return human(n)
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// human is a size for people.
func human(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
