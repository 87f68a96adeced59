package broker

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// Only mochi.go knows mochi, and this package knows nothing of the rest of tincan.
func TestImports(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := f.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if strings.Contains(i.Path.Value, "mochi") && name != "mochi.go" {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
			if strings.HasPrefix(i.Path.Value, `"tincan/`) {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
}
