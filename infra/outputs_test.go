package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutputs(t *testing.T) {
	r := up(t, settings{"namespace": "demo", "replicas.healthy": "2", "outlier.consecutiveErrors": "3"})
	want := []string{"commands", "imageDigest", "namespace", "rule", "serviceURL"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(r.outputs))); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	for name, want := range map[string]any{
		"namespace":   "demo",
		"serviceURL":  "http://servicex-service.demo.svc.cluster.local",
		"imageDigest": digest,
		"rule": "a pod that answers 3 gateway errors (502, 503, 504) in a row is ejected for 30s the first time, " +
			"1m0s the second, and so on; at most 1 of 3 pods at once (34%)",
	} {
		if got := r.outputs[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	commands, _ := r.outputs["commands"].(map[string]string)
	if diff := cmp.Diff([]string{"remove", "tune", "verify", "watch"}, slices.Sorted(maps.Keys(commands))); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestRuleWithoutDetectionInWords(t *testing.T) {
	got := up(t, settings{"outlier.enabled": "false"}).outputs["rule"]
	if got != "no outlier detection: no pod is ever ejected" {
		t.Errorf("rule is %q", got)
	}
}
