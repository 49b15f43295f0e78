//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
)

// live is the rule in the cluster.
type live struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name          string            `json:"name"`
		Namespace     string            `json:"namespace"`
		Labels        map[string]string `json:"labels"`
		Annotations   map[string]string `json:"annotations,omitempty"`
		ManagedFields []struct {
			Manager, Operation string
		} `json:"managedFields,omitempty"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec"`
}

// changeRule changes outlierDetection in the cluster, past Pulumi, which allows
// no rule that is wrong, and takes seconds for one that is right. nil removes a
// field.
func changeRule(t *testing.T, fields map[string]any) {
	t.Helper()
	changePolicy(t, func(policy map[string]any) {
		detection := detection(policy)
		for field, value := range fields {
			if detection[field] = value; value == nil {
				delete(detection, field)
			}
		}
	})
}

// restoreRule puts the configured rule back.
func restoreRule(t *testing.T) {
	t.Helper()
	pulumiUp(t, "--refresh")
}

// atEverySetting proves the whole life at each threshold with each concurrency, and at
// each of both with a short and a longer base time in turn.
func atEverySetting(t *testing.T) {
	set(t, map[string]string{"faulty.maxDelay": "100ms"})
	for i, threshold := range []int{1, 3, 5, 10} {
		for j, concurrency := range []int{1, 8} {
			base, phases := 2, "all"
			if (i+j)%2 == 1 { // 30 is proven by the cases before
				base, phases = 10, "once" // the growth is the same, and would take minutes
			}
			t.Run(fmt.Sprintf("threshold %d base %ds concurrency %d", threshold, base, concurrency), func(t *testing.T) {
				changeRule(t, map[string]any{"consecutiveGatewayErrors": threshold, "baseEjectionTime": fmt.Sprintf("%ds", base)})
				p := proves(t, threshold, "--phases", phases, "--concurrency", fmt.Sprint(concurrency), "--rate", "20", "--max-delay", "100ms")
				if p.Ejection.ConfiguredSeconds != float64(base) {
					t.Errorf("base: got %+v", p.Ejection)
				}
			})
		}
	}
	restoreRule(t)
}

// brokenRules: each is told by name, not only failed.
func brokenRules(t *testing.T) {
	tests := []struct {
		name string
		// spoil makes it wrong and returns what puts it right.
		spoil   func(*testing.T) func()
		want    string
		exit    int
		verdict string
	}{
		{"threshold masked by the default for 5xx", func(t *testing.T) func() {
			changeRule(t, map[string]any{"consecutiveGatewayErrors": 10, "consecutive5xxErrors": nil})
			return func() { restoreRule(t) }
		}, "threshold-masked-by-5xx", 3, "refuted"},
		{"maxEjectionPercent too low", func(t *testing.T) func() {
			changeRule(t, map[string]any{"maxEjectionPercent": 10})
			return func() { restoreRule(t) }
		}, "max-ejection-percent", 4, "not proven"},
		{"statistics not exported", func(t *testing.T) func() {
			old := annotateClient(t, "holdApplicationUntilProxyStarts: true")
			return func() { annotateClient(t, old) }
		}, "statistics-missing", 4, "not proven"},
		{"another threshold than is demanded", func(t *testing.T) func() { return func() {} }, "threshold-changed", 3, "refuted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer tt.spoil(t)()
			args := []string{"--phases", "trip,counters", "--max-delay", "100ms", "--rate", "20"}
			if tt.want == "threshold-changed" {
				args = append(args, "--expect-threshold", "9")
			}
			if p := verify(t, tt.exit, args...); !p.names(tt.want) || p.Verdict != tt.verdict {
				t.Errorf("verdict %s, causes %v; want %s, %s", p.Verdict, p.Causes, tt.verdict, tt.want)
			}
		})
	}
}

// annotateClient changes the proxy's configuration of the client's pods, and
// returns what it was. Put back to that, nobody's fields differ.
func annotateClient(t *testing.T, value string) (was string) {
	t.Helper()
	const key = "proxy.istio.io/config"
	was = kubectl(t, "-n", ns, "get", "deployment", "servicex-client", "-o", `jsonpath={.spec.template.metadata.annotations.proxy\.istio\.io/config}`)
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{key: value}}}}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", ns, "patch", "deployment", "servicex-client", "--type", "merge", "-p", string(patch))
	kubectl(t, "-n", ns, "rollout", "status", "deployment", "servicex-client", "--timeout", "90s")
	return was
}
