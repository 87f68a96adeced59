package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// packagesOf lists what the named packages are built from, themselves included.
func packagesOf(t *testing.T, args ...string) map[string]listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Imports,GoFiles,Dir,Standard"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]listed)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

type listed struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
	Dir        string
	Standard   bool
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	all := packagesOf(t, "./...")
	for path, p := range all {
		for _, i := range p.Imports {
			switch {
			case i == "tincan":
				t.Errorf("%s imports main", path)
			case strings.HasPrefix(path, "tincan/broker") && (strings.HasPrefix(i, "tincan/bridge") || strings.HasPrefix(i, "tincan/webui")),
				strings.HasPrefix(path, "tincan/webui") && strings.HasPrefix(i, "tincan/"),
				path == "tincan/bridge/history" && strings.HasPrefix(i, "tincan/") && i != "tincan/bridge/words",
				path == "tincan/bridge/words" && strings.HasPrefix(i, "tincan/"):
				t.Errorf("%s imports %s", path, i)
			case path == "tincan/bridge" && i == "net/http", path == "tincan/bridge/web" && strings.HasPrefix(i, "tincan/broker"):
				t.Errorf("%s imports %s", path, i)
			}
		}
	}
}

// TestOnlyOneFileImportsMochi: its types and quirks end in broker/mochi.go.
func TestOnlyOneFileImportsMochi(t *testing.T) {
	t.Parallel()
	var files []string
	for path, p := range packagesOf(t, "./...") {
		if !strings.HasPrefix(path, "tincan") {
			continue
		}
		for _, f := range p.GoFiles {
			text, err := os.ReadFile(p.Dir + "/" + f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte(`"github.com/mochi-mqtt/`)) {
				files = append(files, path+"/"+f)
			}
		}
	}
	if !slices.Equal(files, []string{"tincan/broker/mochi.go"}) {
		t.Errorf("mochi is imported by %v", files)
	}
}

// TestNothingKeepsDeadCode: these packages call methods by names that are known only at run time, which makes the linker keep
// every method of the whole program: megabytes.
func TestNothingKeepsDeadCode(t *testing.T) {
	t.Parallel()
	all := packagesOf(t, ".")
	for _, p := range []string{"text/template", "html/template", "plugin"} {
		if _, ok := all[p]; ok {
			t.Errorf("%s is linked", p)
		}
	}
}

// TestLibcIsTheOneOfSQLite: another version of modernc.org/libc than the one SQLite was translated for can crash.
func TestLibcIsTheOneOfSQLite(t *testing.T) {
	t.Parallel()
	ours, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "modernc.org/libc").Output()
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(strings.TrimSpace(string(gomod)))
	if err != nil {
		t.Fatal(err)
	}
	theirs := regexp.MustCompile(`modernc\.org/libc (\S+)`).FindSubmatch(text)
	if theirs == nil || string(theirs[1]) != strings.TrimSpace(string(ours)) {
		t.Errorf("modernc.org/libc is %s, modernc.org/sqlite wants %s", ours, theirs)
	}
}

// TestNoticesAreComplete: LICENSES names every module that is linked, in its version.
func TestNoticesAreComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("LICENSES")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for m := range strings.Lines(string(out)) {
		if m = strings.TrimSpace(m); m != "" && !bytes.Contains(text, []byte("\n== "+m+" ==\n")) {
			t.Errorf("%s is missing: run .ci/licenses", m)
		}
	}
}
