package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"
)

// A row is one figure.
type row struct{ what, ours, stock, ratio, goal string }

type table struct{ rows []row }

func (t *table) add(r row) { t.rows = append(t.rows, r) }

// print writes the machine and the rows, in the order of adding, as Markdown.
func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n", machine())
	rows := append([]row{{"figure", "tincan", "stock mochi", "ratio", "goal"}}, t.rows...)
	var width [5]int
	for _, r := range rows {
		for i, c := range r.cells() {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for i, r := range rows {
		line(w, r.cells(), width)
		if i == 0 {
			var rule [5]string
			for i, n := range width {
				rule[i] = strings.Repeat("-", n)
			}
			line(w, rule, width)
		}
	}
}

func (r row) cells() [5]string { return [5]string{r.what, r.ours, r.stock, r.ratio, r.goal} }

func line(w io.Writer, cells [5]string, width [5]int) {
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
