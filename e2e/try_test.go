//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rulesOfOwn are tried one after the other, each with pods that answer 500.
var rulesOfOwn = []struct {
	outlier   string
	threshold int
	detector  string // empty where nobody is ejected
}{
	{"consecutive5xxErrors: 3", 3, "CONSECUTIVE_5XX"},
	{"consecutiveGatewayErrors: 3, consecutive5xxErrors: 0", 0, ""},
}

// ownRuleTried has rules of a user's proven on pods that come and go with the proof,
// beside the stack that is there.
func ownRuleTried(t *testing.T) {
	before := everything(t)
	for _, rule := range rulesOfOwn {
		file := filepath.Join(t.TempDir(), "rule.yaml")
		text := "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: cart, namespace: shop}\nspec:\n  host: cart\n  trafficPolicy:\n" +
			"    loadBalancer: {simple: ROUND_ROBIN}\n    outlierDetection: {" + rule.outlier + ", baseEjectionTime: 5s, interval: 1s, maxEjectionPercent: 50}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := attempt(t, observeCommand, "try", "-f", file, "--pods", "4", "--faulty", "2", "--code", "500", "--json")
		if o.exit != 0 {
			t.Fatalf("trying %s: %s", rule.outlier, o.all())
		}
		t.Logf("trying %s took %s", rule.outlier, o.took.Round(100_000_000))
		var p proof
		decode(t, o.stdout, &p)
		if p.Verdict != "agrees" || p.Threshold.Configured != rule.threshold || p.Threshold.Measured != rule.threshold {
			t.Errorf("%s: got %+v (%s)", rule.outlier, p.Threshold, p.Verdict)
		}
		if (len(p.Ejections) > 0) != (rule.detector != "") {
			t.Errorf("%s: ejections %+v", rule.outlier, p.Ejections)
		}
		for _, e := range p.Ejections {
			if e.Detector != rule.detector {
				t.Errorf("%s: ejected by %q, want %q", rule.outlier, e.Detector, rule.detector)
			}
		}
		for _, said := range []string{`DestinationRule "shop/cart" of host "cart" is put on "servicex-service.circuit-breaker-try"`, `Taking away the stack "try"`} {
			if !strings.Contains(o.stderr, said) {
				t.Errorf("%s: no %q in\n%s", rule.outlier, said, o.stderr)
			}
		}
	}
	after := everything(t)
	if more := beyond(before, after); len(more) > 0 {
		slices.Sort(more)
		t.Errorf("left of the tries:\n%s", strings.Join(more, "\n"))
	}
	if fewer := beyond(after, before); len(fewer) > 0 {
		t.Errorf("gone with the tries: %q", fewer)
	}
	if got := strings.TrimSpace(pulumi(t, "stack", "--show-name")); got != "lab" {
		t.Errorf("the stack that is selected: got %q, want lab", got)
	}
	if _, err := os.Stat("../Pulumi.try.yaml"); err == nil {
		t.Error("Pulumi.try.yaml is left")
	}
}
