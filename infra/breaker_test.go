package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"istio-circuit-breaker/internal/breaker/istiorule"
	"istio-circuit-breaker/internal/config"
	"istio-circuit-breaker/internal/golden"

	"github.com/google/go-cmp/cmp"
)

func TestDestinationRules(t *testing.T) {
	cases := map[string]settings{
		"defaults":             nil,
		"threshold-1":          {"outlier.consecutiveErrors": "1"},
		"threshold-3":          {"outlier.consecutiveErrors": "3"},
		"threshold-most":       {"outlier.consecutiveErrors": "10000"},
		"times-short":          {"outlier.baseEjectionTime": "2s", "outlier.interval": "200ms"},
		"times-odd":            {"outlier.baseEjectionTime": "1m30.5s", "outlier.interval": "1001ms"},
		"times-most":           {"outlier.baseEjectionTime": "1h", "outlier.interval": "10m"},
		"one-of-three-faulty":  {"replicas.healthy": "2"},
		"two-of-four-faulty":   {"replicas.healthy": "2", "replicas.faulty": "2"},
		"fifty-of-51-faulty":   {"replicas.faulty": "50"},
		"percent-overridden":   {"outlier.maxEjectionPercent": "100"},
		"balancer-least":       {"loadBalancer": "LEAST_REQUEST"},
		"balancer-random":      {"loadBalancer": "RANDOM"},
		"balancer-of-the-mesh": {"loadBalancer": "mesh"},
		"locality-of-the-mesh": {"localityLbSetting.enabled": "true"},
		"off":                  {"outlier.enabled": "false"},
		"off-balancer-of-mesh": {"outlier.enabled": "false", "loadBalancer": "mesh"},
		"other-namespace":      {"namespace": "demo"},
		"of-a-file":            {"rule.file": "infra/testdata/rulefile/shop.yaml", "rule.name": "shop/cart"},
		"of-a-file-by-port":    {"rule.file": "infra/testdata/rulefile/shop.yaml", "rule.name": "checkout"},
	}
	for name, s := range cases {
		t.Run(name, func(t *testing.T) {
			rule := up(t, s).engine.Resource(t, typeRule, "servicex-service")
			golden.Check(t, "destinationrule/"+name+".json", string(rule.JSON(t)))
		})
	}
	files, err := filepath.Glob("testdata/destinationrule/*.json")
	if err != nil || len(files) != len(cases) {
		t.Errorf("%d golden files for %d cases (%v): remove the left-over ones", len(files), len(cases), err)
	}
}

// What the observer reads back is what was configured, whatever that was.
func TestRuleCarriesWhatItDeclares(t *testing.T) {
	for name, s := range map[string]settings{
		"defaults":      nil,
		"other figures": {"outlier.consecutiveErrors": "3", "outlier.baseEjectionTime": "1500ms", "loadBalancer": "RANDOM"},
		"off":           {"outlier.enabled": "false", "loadBalancer": "mesh", "localityLbSetting.enabled": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := config.Parse(s.raw())
			if err != nil {
				t.Fatal(err)
			}
			text, _ := up(t, s).engine.Resource(t, typeRule, "servicex-service").
				Input("metadata", "annotations", istiorule.DeclaredAnnotation).(string)
			got, declared, err := istiorule.Declared(map[string]string{istiorule.DeclaredAnnotation: text})
			if err != nil || !declared {
				t.Fatalf("reading %q: %v, %v", text, declared, err)
			}
			if diff := cmp.Diff(cfg.Rule(), got); diff != "" {
				t.Errorf("(-configured +declared):\n%s", diff)
			}
		})
	}
}

func TestThresholdChangesTheRuleOnly(t *testing.T) {
	before, after := up(t, nil), up(t, settings{"outlier.consecutiveErrors": "3"})
	var changed []string
	for _, r := range before.engine.All() {
		if !bytes.Equal(r.JSON(t), after.engine.Resource(t, r.TypeToken, r.Name).JSON(t)) {
			changed = append(changed, r.Key())
		}
	}
	if diff := cmp.Diff([]string{typeRule + " servicex-service"}, changed); diff != "" {
		t.Errorf("changed resources (-want +got):\n%s", diff)
	}
}

func TestSameConfigurationRegistersTheSame(t *testing.T) {
	one, other := up(t, nil), up(t, nil)
	for _, r := range one.engine.All() {
		if diff := cmp.Diff(string(r.JSON(t)), string(other.engine.Resource(t, r.TypeToken, r.Name).JSON(t))); diff != "" {
			t.Errorf("%s (-one +other):\n%s", r.Key(), diff)
		}
	}
}
