package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"
)

// A row is one figure, in cells: what it is, of tincan, mosquitto, mochi and the bare loop, the ratio, the goal, and whether it is met.
type row [8]string

const (
	what = iota
	ours
	mosquitto
	mochi
	bare
	ratio
	goal
	met
)

type table struct{ rows []row }

// A figure is measured once in each round; the median counts. Those of another broker are nil where it is
// not asked, and empty where it is not installed.
type figure struct {
	what   string
	format string              // of one value, with its unit
	of     [bare + 1][]float64 // by column
}

// A bound is what a figure is meant to keep.
type bound struct {
	most float64
	text string
	vs   []float64 // of the same rounds: most is a ratio; nil: it is absolute
}

// atMost bounds the figure itself, in its unit.
func atMost(most float64, unit string) bound {
	return bound{most: most, text: fmt.Sprintf("≤ %g %s", most, unit)}
}

// times bounds it by what something else takes in the same rounds.
func times(most float64, vs []float64, name string) bound {
	return bound{most: most, vs: append([]float64{}, vs...), text: fmt.Sprintf("≤ %g × %s", most, name)}
}

// add adds a figure, and a row for each of its bounds.
func (t *table) add(f figure, bounds ...bound) {
	r := row{what: f.what}
	for c := ours; c <= bare; c++ {
		if len(f.of[c]) > 0 {
			r[c] = fmt.Sprintf(f.format, median(f.of[c]))
		} else if f.of[c] != nil {
			r[c] = "not installed"
		}
	}
	if len(bounds) == 0 {
		t.rows = append(t.rows, r)
	}
	for i, b := range bounds {
		if i > 0 {
			r = row{what: "″"}
		}
		r[goal] = b.text
		switch {
		case b.vs == nil:
			r[met] = kept(median(f.of[ours]), b.most)
		case len(b.vs) > 0:
			q := quotients(f.of[ours], b.vs)
			form := "%.2f (%.2f–%.2f)"
			if median(q) < 0.1 {
				form = "%.4f (%.4f–%.4f)"
			}
			r[ratio] = fmt.Sprintf(form, median(q), least(q), most(q))
			r[met] = kept(median(q), b.most)
		}
		t.rows = append(t.rows, r)
	}
}

// kept tells whether a bound is kept, or by how much it is missed.
func kept(v, most float64) string {
	if v <= most {
		return "yes"
	}
	return fmt.Sprintf("no: %.2f × it", v/most)
}

// print writes the machine and the rows, in the order of adding, as Markdown.
func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", machine())
	rows := append([]row{{"figure", "tincan", "mosquitto", "mochi", "bare loop", "ratio (range)", "goal", "met"}}, t.rows...)
	var width [len(row{})]int
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for i, r := range rows {
		line(w, r, width)
		if i == 0 {
			var rule row
			for i, n := range width {
				rule[i] = strings.Repeat("-", n)
			}
			line(w, rule, width)
		}
	}
}

func line(w io.Writer, cells row, width [len(row{})]int) {
	for i, c := range cells {
		fmt.Fprintf(w, "| %s%s ", c, strings.Repeat(" ", max(0, width[i]-utf8.RuneCountInString(c))))
	}
	fmt.Fprintln(w, "|")
}

// machine says where this was measured, and how busy it was.
func machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(b)) {
			if name, ok := strings.CutPrefix(l, "model name"); ok {
				model = strings.TrimLeft(strings.TrimSpace(name), ": ")
				break
			}
		}
	}
	load := "?"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(b))[:3], " ")
	}
	return fmt.Sprintf("%s, %d cores, load %s, %s/%s, %s; clients on the same machine", model, runtime.NumCPU(), load, runtime.GOOS, runtime.GOARCH, runtime.Version())
}
