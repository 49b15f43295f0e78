package meshtest

import (
	"testing"
	"time"

	"istio-circuit-breaker/internal/mesh/meshtest/envoy"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/google/go-cmp/cmp"
)

// What Istio makes of a rule: nothing of it is taken from the program's own
// translation, which other tests compare with this bench.
func TestARuleBecomesACluster(t *testing.T) {
	const base = 30 * time.Second
	outlier := func(change func(*envoy.Outlier)) envoy.Config {
		o := envoy.Defaults()
		o.EnforcingSuccessRate = 0
		change(&o)
		return envoy.Config{Balancer: "LEAST_REQUEST", MergeWindow: time.Second, Outlier: &o}
	}
	tests := []struct {
		name string
		rule Rule
		want envoy.Config
	}{
		{"none", Rule{}, envoy.Config{Balancer: "LEAST_REQUEST", MergeWindow: time.Second, PanicPercent: 50}},
		{"an empty block leaves Envoy's defaults but the success rate", Rule{Enabled: true}, outlier(func(*envoy.Outlier) {})},
		{"a threshold of 0 is not enforced", Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(0)), Consecutive5xxErrors: new(uint32(0))},
			outlier(func(o *envoy.Outlier) { o.Gateway, o.Any5xx, o.Enforcing5xx = 0, 0, 0 })},
		{"one that is set is", Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10))}, outlier(func(o *envoy.Outlier) { o.Gateway, o.EnforcingGateway = 10, 100 })},
		{"a base above the cap raises it", Rule{Enabled: true, BaseEjectionTime: time.Hour},
			outlier(func(o *envoy.Outlier) { o.BaseEjectionTime, o.MaxEjectionTime = time.Hour, time.Hour })},
		{"local errors only with the split", Rule{Enabled: true, ConsecutiveLocal: new(uint32(3))}, outlier(func(*envoy.Outlier) {})},
		{"and there only above 0", Rule{Enabled: true, SplitLocal: true, ConsecutiveLocal: new(uint32(0))}, outlier(func(o *envoy.Outlier) { o.Split = true })},
		{"the rest", Rule{Enabled: true, BaseEjectionTime: base, Interval: time.Second, MaxEjectionPercent: 50, SplitLocal: true, ConsecutiveLocal: new(uint32(3))},
			outlier(func(o *envoy.Outlier) { o.Interval, o.MaxEjectionPercent, o.Split, o.Local = time.Second, 50, true, 3 })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, translated(tt.rule.Spec())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPortsOwnPolicyReplacesTheRules(t *testing.T) {
	spec := Rule{Enabled: true, Balancer: "RANDOM"}.Spec()
	spec.TrafficPolicy.PortLevelSettings = []*networking.TrafficPolicy_PortTrafficPolicy{{Port: &networking.PortSelector{Number: 80}}}
	if c := translated(spec); c.Outlier != nil || c.Balancer != "LEAST_REQUEST" {
		t.Errorf("got %+v, want neither the rule's balancer nor its outlier detection", c)
	}
}

func TestHostsFarAwayComeLater(t *testing.T) {
	for _, tt := range []struct {
		caller, host string
		want         int
	}{{"r1/z1/s1", "r1/z1/s1", 0}, {"r1/z1/s1", "r1/z1/s2", 1}, {"r1/z1", "r1/z2", 2}, {"r1/z1", "r2/z1", 3}, {"r1/z1", "", 3}} {
		if got := distance(tt.caller, tt.host); got != tt.want {
			t.Errorf("distance of %q from %q: got %d, want %d", tt.host, tt.caller, got, tt.want)
		}
	}
}
