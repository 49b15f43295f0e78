package meshtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The bench is there to check the model of internal/breaker, what is made of it
// and who judges by it: it may share its data with them, but nothing that works.
func TestTheBenchDoesNotUseWhatItChecks(t *testing.T) {
	forbidden := []string{"/internal/judge", "/internal/translate", "/internal/verify", "/internal/ejection", "/internal/explain", "/internal/envoyadmin"}
	methods := methodsOf(t, "../../breaker", "Rule")
	if !methods["Threshold"] || !methods["Ejectable"] || !methods["Out"] {
		t.Fatalf("methods of internal/breaker: got %v", methods)
	}
	own := methodsOf(t, "envoy", "Cluster")
	for _, file := range sources(t, ".", "envoy") {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				path := strings.Trim(n.Path.Value, `"`)
				for _, f := range forbidden {
					if strings.HasSuffix(path, f) {
						t.Errorf("%s imports %s", file, path)
					}
				}
				if strings.HasPrefix(file, "envoy/") && strings.Contains(path, "/internal/") && !strings.HasSuffix(path, "/internal/timeline") {
					t.Errorf("%s imports %s", file, path)
				}
			case *ast.SelectorExpr:
				if x, is := n.X.(*ast.Ident); is && x.Name == "breaker" && n.Sel.Name != "Rule" {
					t.Errorf("%s uses breaker.%s", file, n.Sel.Name)
				}
			case *ast.CallExpr:
				// Methods of the simulated Envoy have names of their own package.
				s, is := n.Fun.(*ast.SelectorExpr)
				if is && methods[s.Sel.Name] && !own[s.Sel.Name] {
					t.Errorf("%s calls %s, which is a method of breaker.Rule", file, s.Sel.Name)
				}
			}
			return true
		})
	}
}

// methodsOf are the methods of a type, by value or pointer.
func methodsOf(t *testing.T, dir, receiver string) map[string]bool {
	t.Helper()
	methods := map[string]bool{}
	for _, file := range sources(t, dir) {
		for _, d := range parse(t, file).Decls {
			f, is := d.(*ast.FuncDecl)
			if !is || f.Recv == nil {
				continue
			}
			of := f.Recv.List[0].Type
			if pointer, is := of.(*ast.StarExpr); is {
				of = pointer.X
			}
			if name, is := of.(*ast.Ident); is && name.Name == receiver {
				methods[f.Name.Name] = true
			}
		}
	}
	return methods
}

// sources are the files that are no tests.
func sources(t *testing.T, dirs ...string) []string {
	t.Helper()
	var files []string
	for _, dir := range dirs {
		all, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(all) == 0 {
			t.Fatalf("no sources in %s: %v", dir, err)
		}
		for _, f := range all {
			if !strings.HasSuffix(f, "_test.go") {
				files = append(files, f)
			}
		}
	}
	return files
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
