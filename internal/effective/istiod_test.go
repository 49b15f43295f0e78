package effective_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"testing"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/translate"
)

// What is computed is what istiod's own code makes of the same layouts, field by
// field. testdata/istiod prints it (make layouts).
func TestIstiodMakesTheSame(t *testing.T) {
	text, err := os.ReadFile("testdata/istiod/clusters.json")
	if err != nil {
		t.Fatal(err)
	}
	var said map[string][]json.RawMessage
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	for _, l := range layouts(t) {
		t.Run(l.Name, func(t *testing.T) {
			rules, err := l.Objects()
			if err != nil {
				t.Fatal(err)
			}
			if len(said[l.Name]) != len(l.Calls) {
				t.Fatalf("istiod was asked for %d of %d calls: run `make layouts`", len(said[l.Name]), len(l.Calls))
			}
			for i, c := range l.Calls {
				r := l.Compute(rules, c)
				has, err := envoyadmin.ParseConfig(said[l.Name][i], c.Cluster())
				if missing := errors.Is(err, envoyadmin.ErrNoCluster); err != nil && !missing || missing != r.NoCluster {
					t.Errorf("%s: istiod has %v, computed is no cluster: %t", c, err, r.NoCluster)
				} else if err == nil {
					for _, d := range translate.Differences(r.Rule, has) {
						t.Errorf("%s: %s", c, d)
					}
				}
			}
		})
	}
}

// The istiod that was asked is the lab's.
func TestIstiodIsTheLabs(t *testing.T) {
	var versions []string
	for _, file := range []string{"testdata/istiod/go.mod", "../../lab/parts/cluster/go.mod"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, string(regexp.MustCompile(`istio\.io/istio v\S+`).Find(text)))
	}
	if versions[0] == "" || versions[0] != versions[1] {
		t.Errorf("got %q", versions)
	}
}
