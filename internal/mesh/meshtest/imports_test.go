package meshtest

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The bench tests the model of the breaker, so it may not share it.
func TestTheBenchHasNoModelOfTheProgram(t *testing.T) {
	const module = "istio-circuit-breaker/internal/"
	allowed := map[string][]string{
		".":     {"mesh", "timeline", "breaker/istiorule", "mesh/meshtest/envoy"},
		"envoy": {},
	}
	for folder, may := range allowed {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %q: %v", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range parsed.Imports {
				path, _ := strconv.Unquote(i.Path.Value)
				if name, ours := strings.CutPrefix(path, module); ours && !slices.Contains(may, name) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}
