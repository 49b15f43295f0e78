package main

import (
	"strings"
	"testing"
)

func TestAFileOfTheUsersIsTheRuleInWordsToo(t *testing.T) {
	r := up(t, settings{"rule.file": "infra/testdata/rulefile/shop.yaml", "rule.name": "cart"})
	if words, _ := r.outputs["rule"].(string); !strings.HasPrefix(words, "3 5xx answers in a row") {
		t.Errorf("the rule in words: %q", r.outputs["rule"])
	}
	spec := string(r.engine.Resource(t, typeRule, "servicex-service").JSON(t))
	if !strings.Contains(spec, `"servicex-service.circuit-breaker.svc.cluster.local"`) || strings.Contains(spec, "cart.shop") {
		t.Errorf("the host is not ServiceX's in %s", spec)
	}
}

func TestAFileThatCannotBeTriedStopsBeforeAnythingIsMade(t *testing.T) {
	for file, want := range map[string]string{
		"infra/none.yaml":                   `istio-circuit-breaker:rule.file = "infra/none.yaml": there is no such file; allowed: a path, relative to Pulumi.yaml; fix: pulumi config rm rule.file`,
		"infra/testdata/rulefile/shop.yaml": "more than one DestinationRule has outlierDetection, and one has to be named: shop/cart, checkout",
	} {
		r := run{settings: settings{"rule.file": file, "istio.chartRepository": "./nowhere"}}
		err := r.start(t)
		if err == nil {
			t.Fatalf("%s: accepted", file)
		}
		for _, part := range []string{want, "there is no base/Chart.yaml in that folder"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: no %q in:\n%v", file, part, err)
			}
		}
		if keys := r.engine.Keys(); len(keys) > 0 {
			t.Errorf("%s: registered %v", file, keys)
		}
	}
}
