package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The file is what the end-to-end tests find of the installed charts.
func TestEveryClusterScopedObjectOfTheChartsIsLookedFor(t *testing.T) {
	text, err := os.ReadFile("testdata/clusterscoped.txt")
	if err != nil {
		t.Fatal(err)
	}
	var table []string
	for _, kind := range clusterScoped {
		for _, name := range kind.charts {
			table = append(table, kind.name+" "+name)
		}
	}
	slices.Sort(table)
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(text)), "\n"), table); diff != "" {
		t.Errorf("the table (-charts +table):\n%s", diff)
	}
}
