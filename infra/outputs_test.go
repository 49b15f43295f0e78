package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutputs(t *testing.T) {
	r := up(t, settings{"namespace": "demo", "replicas.healthy": "2", "outlier.consecutiveErrors": "3"})
	want := []string{"commands", "imageDigest", "mesh", "namespace", "pods", "readme", "rule", "serviceURL"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(r.outputs))); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	for name, want := range map[string]any{
		"namespace":   "demo",
		"serviceURL":  "http://servicex-service.demo.svc.cluster.local",
		"imageDigest": digest,
		"rule": "3 gateway errors (502, 503, 504) in a row take a pod out for 30s, and 30s longer each time after that, up to 5m. " +
			"At most 1 of 3 pods may be out at once.",
	} {
		if got := r.outputs[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	commands, _ := r.outputs["commands"].(map[string]string)
	if diff := cmp.Diff([]string{"pods", "remove", "tune", "verify", "watch"}, slices.Sorted(maps.Keys(commands))); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// The model caps a time out at Envoy's 300s, or at a longer base.
func TestTheRuleInWordsKnowsTheCap(t *testing.T) {
	got := up(t, settings{"outlier.baseEjectionTime": "10m"}).outputs["rule"]
	if want := "10 gateway errors (502, 503, 504) in a row take a pod out for 10m each time. At most 1 of 2 pods may be out at once."; got != want {
		t.Errorf("rule is %q, want %q", got, want)
	}
}

func TestRuleWithoutDetectionInWords(t *testing.T) {
	got := up(t, settings{"outlier.enabled": "false"}).outputs["rule"]
	if got != "The breaker is off: no pod is ever taken out." {
		t.Errorf("rule is %q", got)
	}
}
