package config_test

import (
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/config"

	"github.com/google/go-cmp/cmp"
)

// envoyAllows is Envoy's own comparison: may one more host go when out are out?
// Source: envoyproxy/envoy source/common/upstream/outlier_detection_impl.cc.
func envoyAllows(out, total, percent int32) bool {
	return 100*float64(out+1)/float64(total) <= float64(percent)
}

func TestPercentForIsTheLeastThatLetsAllGo(t *testing.T) {
	for total := int32(1); total <= 100; total++ {
		for n := int32(1); n <= total; n++ {
			percent := config.PercentFor(n, total)
			if !envoyAllows(n-1, total, percent) {
				t.Errorf("PercentFor(%d, %d) = %d, with which Envoy keeps the last of them", n, total, percent)
			}
			if envoyAllows(n-1, total, percent-1) {
				t.Errorf("PercentFor(%d, %d) = %d, but %d is enough", n, total, percent, percent-1)
			}
		}
	}
}

func TestEjectableIsWhatEnvoyAllows(t *testing.T) {
	for total := int32(1); total <= 100; total++ {
		for percent := int32(1); percent <= 100; percent++ {
			want := int32(0)
			for want < total && envoyAllows(want, total, percent) {
				want++
			}
			if got := config.Ejectable(percent, total); got != want {
				t.Errorf("Ejectable(%d, %d) = %d, want %d", percent, total, got, want)
			}
		}
	}
}

func TestRuleIsWhatTheConfigurationSays(t *testing.T) {
	ten, zero := uint32(10), uint32(0)
	no, yes := false, true
	c := least()
	want := breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: &ten, Consecutive5xxErrors: &zero,
		BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN", Locality: &no}
	if diff := cmp.Diff(want, c.Rule()); diff != "" {
		t.Errorf("enabled (-want +got):\n%s", diff)
	}
	c.Outlier.Enabled, c.LoadBalancer, c.Locality = false, "", true
	if diff := cmp.Diff(breaker.Rule{Locality: &yes}, c.Rule()); diff != "" {
		t.Errorf("disabled (-want +got):\n%s", diff)
	}
}

func TestWarnings(t *testing.T) {
	short := least()
	short.Replicas.Faulty, short.Outlier.MaxEjectionPercent = 2, 34
	off := short
	off.Outlier.Enabled = false
	tagged := least()
	tagged.Image = config.Image{Reference: "you/servicex:1.0"}
	pinned := least()
	pinned.Image = config.Image{Reference: "you/servicex@sha256:" + strings.Repeat("0", 64)}
	secret := least()
	secret.Secrets = []string{"istio.values", "namespace"}
	for name, c := range map[string]struct {
		config config.Config
		want   []string
	}{
		"none for the defaults":           {least(), nil},
		"a percentage that keeps faulty":  {short, []string{"outlier.maxEjectionPercent 34 lets only 1 of 2 faulty pods be out at once; 67 would let all go"}},
		"no percentage without detection": {off, nil},
		"a tag can move":                  {tagged, []string{`image.reference "you/servicex:1.0" has no digest: what the pods run changes whenever its tag is moved`}},
		"only values are kept secret":     {secret, []string{"namespace is set as a secret, but is not kept as one: it is readable in the state and in the cluster"}},
		"a digest cannot":                 {pinned, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.config.Warnings()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
