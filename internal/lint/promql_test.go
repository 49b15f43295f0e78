package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheCountersAreThoseThatEnvoyHas(t *testing.T) {
	var had []string
	printed := regexp.MustCompile(`outlier_detection\.(ejections_\w+)`)
	err := filepath.WalkDir("../envoyadmin/testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, m := range printed.FindAllStringSubmatch(string(content), -1) {
			had = append(had, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(had)
	if had = slices.Compact(had); !slices.Equal(had, outlierCounters) {
		t.Errorf("captures have\n%q, and the list\n%q", had, outlierCounters)
	}
}

func TestTheFixOfACounterNamesOne(t *testing.T) {
	for name, want := range map[string]string{
		"ejections_consecutive_gateway_failure":           "ejections_enforced_consecutive_gateway_failure",
		"ejections_enforced_consecutive_gateway_failures": "ejections_enforced_consecutive_gateway_failure",
		"ejections_enforced_consecutive_gateway_errors":   "ejections_enforced_consecutive_gateway_failure",
		"ejected": "ejections_enforced_total, or ejections_active",
	} {
		r := report(t, Options{}, "groups: [{name: a, rules: [{alert: a, expr: "+outlierPrefix+name+" > 0}]}]\n")
		if codes(r, unknownCounter) != 1 || !slices.ContainsFunc(r.Findings, func(f Finding) bool { return strings.Contains(f.Fix, outlierPrefix+want) }) {
			t.Errorf("%s: got %+v", name, r.Findings)
		}
	}
}

func TestAQueryOfAConfigMapHasItsPlace(t *testing.T) {
	const rules = "groups: [{name: a, rules: [{alert: a, expr: " + outlierPrefix + "ejected > 0}]}]"
	r := report(t, Options{}, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  b.yaml: '"+rules+"'\n  c.yaml: |\n    # c\n    "+rules+"\n")
	var lines []int
	for _, f := range r.Findings {
		if f.Code == unknownCounter {
			lines = append(lines, f.Line)
			if !strings.HasPrefix(f.Field, "data[") || !strings.HasSuffix(f.Field, ".yaml].groups[0].rules[0].expr") || f.Object != "ConfigMap a" {
				t.Errorf("got %+v", f)
			}
		}
	}
	if !slices.Equal(lines, []int{5, 8}) {
		t.Errorf("got lines %v", lines)
	}
}
