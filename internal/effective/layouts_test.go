package effective_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/effective/layout"
	"istio-circuit-breaker/internal/golden"
)

var places = layout.Places{Client: "layout-client", Root: "istio-system", Domain: "cluster.local"}

func layouts(t *testing.T) []layout.Layout {
	t.Helper()
	all, err := layout.Read("testdata/layouts", places)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 60 {
		t.Fatalf("only %d layouts", len(all))
	}
	return all
}

// What is computed of each layout is in a file beside it; the end-to-end test asks
// a real istiod for the same.
func TestEachLayoutIsAsItWas(t *testing.T) {
	for _, l := range layouts(t) {
		t.Run(l.Name, func(t *testing.T) {
			rules, err := l.Objects()
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, c := range l.Calls {
				text(&all, c, l.Compute(rules, c))
			}
			golden.Check(t, "layouts/"+l.Name+".golden", all.String())
		})
	}
}

func text(w *strings.Builder, c layout.Call, r effective.Result) {
	fmt.Fprintf(w, "%s\n", c)
	if r.NoCluster {
		fmt.Fprint(w, "  no such cluster\n")
	}
	for _, f := range r.Fields {
		fmt.Fprintf(w, "  %-30s %-13s %s\n", f.Name, f.Value, f.Origin)
	}
	for _, o := range r.Considered {
		fmt.Fprintf(w, "  %s %s: %s: %s\n", o.Object, o.Path, o.Code, o.Text)
	}
}

// A layout's callers are the same pods in all: the end-to-end test makes them once.
func TestCallersOfANameAreTheSame(t *testing.T) {
	seen := map[string]string{}
	for _, l := range layouts(t) {
		for name, c := range l.Callers {
			is := fmt.Sprint(c)
			if was, known := seen[name]; known && was != is {
				t.Errorf("%s: %s is %s, and in another layout %s", l.Name, name, is, was)
			}
			seen[name] = is
		}
	}
}
