package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/config"

	"k8s.io/apimachinery/pkg/util/validation"
)

// FuzzLabelValue feeds any stack name: it becomes a label's value, its own where
// it is one, and another than that of a similar name.
func FuzzLabelValue(f *testing.F) {
	for _, seed := range []string{"dev", "dev-", "_dev", "a.b", ".", "---", strings.Repeat("n", 63), strings.Repeat("n", 100), "ä", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stack string) {
		got := labelValue(stack)
		if wrong := validation.IsValidLabelValue(got); len(wrong) > 0 || got == "" {
			t.Errorf("labelValue(%q) = %q: %v", stack, got, wrong)
		}
		if own := stack != "" && len(validation.IsValidLabelValue(stack)) == 0; own != (got == stack) {
			t.Errorf("labelValue(%q) = %q; is it a value itself: %v", stack, got, own)
		}
		if other := labelValue(stack + "-"); other == got {
			t.Errorf("%q and %q have the same value %q", stack, stack+"-", got)
		}
	})
}

// FuzzBreakerSpec feeds any configuration: whatever is accepted becomes a rule
// that ejects at least one pod, after the configured errors and no others.
func FuzzBreakerSpec(f *testing.F) {
	for _, seed := range []string{
		`{"istio-circuit-breaker:image.repository":"a"}`,
		`{"istio-circuit-breaker:image.repository":"a","istio-circuit-breaker:outlier.consecutiveErrors":"10000","istio-circuit-breaker:replicas.healthy":"50"}`,
		`{"istio-circuit-breaker:image.repository":"a","istio-circuit-breaker:outlier":"{\"maxEjectionPercent\":50,\"interval\":\"1001ms\"}"}`,
		`{"istio-circuit-breaker:image.repository":"a","istio-circuit-breaker:outlier.enabled":"false","istio-circuit-breaker:loadBalancer":"mesh"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]string
		if json.Unmarshal([]byte(text), &raw) != nil {
			return
		}
		cfg, err := config.Parse(raw)
		if err != nil {
			return
		}
		fields, err := untyped(breakerSpec(cfg))
		if err != nil {
			t.Fatalf("rendering %+v: %v", cfg, err)
		}
		policy, _ := fields["trafficPolicy"].(map[string]any)
		detection, on := policy["outlierDetection"].(map[string]any)
		if on != cfg.Outlier.Enabled {
			t.Fatalf("detection in the rule: %v, configured: %v", on, cfg.Outlier.Enabled)
		}
		if !on {
			return
		}
		if detection["consecutiveGatewayErrors"] != float64(cfg.Outlier.ConsecutiveErrors) || detection["consecutive5xxErrors"] != 0.0 {
			t.Errorf("thresholds in %v, configured: %d", detection, cfg.Outlier.ConsecutiveErrors)
		}
		percent, _ := detection["maxEjectionPercent"].(float64)
		if 100 > percent*float64(cfg.Replicas.Total()) || percent > 100 {
			t.Errorf("%v%% of %d pods is not one", percent, cfg.Replicas.Total())
		}
		for field, want := range map[string]time.Duration{"baseEjectionTime": cfg.Outlier.BaseEjectionTime, "interval": cfg.Outlier.Interval} {
			text, _ := detection[field].(string)
			if got, err := time.ParseDuration(text); err != nil || got != want {
				t.Errorf("%s is %q, configured: %s", field, text, want)
			}
		}
	})
}
