//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// compiledPlainly: each pattern of the compiler's flags fits something that is compiled;
// one that fits nothing would be a promise that nobody keeps. In the lab, because the
// modules are there by then.
func compiledPlainly(t *testing.T) {
	flags := run(t, "go", "env", "GOFLAGS")
	patterns := regexp.MustCompile(`-gcflags=(\S+)/\.\.\.=\S+ -l`).FindAllStringSubmatch(flags, -1)
	if len(patterns) < 10 {
		t.Fatalf("got %d patterns in %s", len(patterns), flags)
	}
	// Programs that tools.go imports are errors to Go, and listed all the same.
	compiled := "\n" + run(t, "go", "-C", "lab/parts/cluster", "list", "-e", "-deps", "-tags=tools", "./...")
	for _, p := range patterns {
		if !strings.Contains(compiled, "\n"+p[1]+"/") {
			t.Errorf("nothing that is compiled is of %s", p[1])
		}
	}
}
