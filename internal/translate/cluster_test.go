package translate

import (
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

func stacks() breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32(0)),
		BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN", Locality: new(false)}
}

func TestASidecarThatHasTheRuleDiffersInNothing(t *testing.T) {
	for name, change := range map[string]func(*breaker.Rule){
		"the stack's":         func(*breaker.Rule) {},
		"5xx alone":           func(r *breaker.Rule) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, new(uint32(7)) },
		"nothing set":         func(r *breaker.Rule) { *r = breaker.Rule{Enabled: true} },
		"no breaker":          func(r *breaker.Rule) { *r = breaker.Rule{Balancer: "RANDOM"} },
		"a base over the cap": func(r *breaker.Rule) { r.BaseEjectionTime = 10 * time.Minute },
		"split errors":        func(r *breaker.Rule) { r.SplitLocal, r.ConsecutiveLocal = true, new(uint32(3)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := stacks()
			change(&r)
			if got := Differences(r, Cluster(r)); len(got) > 0 {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Every field is compared: none of them may be changed unseen.
func TestEachFieldThatDiffersIsNamed(t *testing.T) {
	tests := []struct {
		name   string
		change func(*timeline.Sidecar)
		want   string
	}{
		{"balancer", func(s *timeline.Sidecar) { s.Balancer = "LEAST_REQUEST" }, "lb_policy is LEAST_REQUEST, the rule says ROUND_ROBIN"},
		{"panic", func(s *timeline.Sidecar) { s.PanicPercent = 60 }, "healthy_panic_threshold is 60, the rule says 0"},
		{"locality", func(s *timeline.Sidecar) { s.Locality = true }, "locality weighting is true, the rule says false"},
		{"gone", func(s *timeline.Sidecar) { s.Outlier = nil }, "outlier_detection is not there, the rule has it"},
		{"gateway", func(s *timeline.Sidecar) { s.Outlier.Gateway = 9 }, "consecutive_gateway_failure is 9, the rule says 10"},
		{"gateway enforced", func(s *timeline.Sidecar) { s.Outlier.EnforcingGateway = 50 }, "enforcing_consecutive_gateway_failure is 50, the rule says 100"},
		{"5xx enforced", func(s *timeline.Sidecar) { s.Outlier.Enforcing5xx = 100 }, "enforcing_consecutive_5xx is 100, the rule says 0"},
		{"success rate", func(s *timeline.Sidecar) { s.Outlier.EnforcingSuccess = 100 }, "enforcing_success_rate is 100, the rule says 0"},
		{"failure percentage", func(s *timeline.Sidecar) { s.Outlier.EnforcingFailure = 1 }, "enforcing_failure_percentage is 1, the rule says 0"},
		{"split", func(s *timeline.Sidecar) { s.Outlier.Split = true }, "split_external_local_origin_errors is true, the rule says false"},
		{"interval", func(s *timeline.Sidecar) { s.Outlier.Interval = 2 * time.Second }, "interval is 2s, the rule says 1s"},
		{"base", func(s *timeline.Sidecar) { s.Outlier.BaseEjectionTime = time.Minute }, "base_ejection_time is 1m0s, the rule says 30s"},
		{"most", func(s *timeline.Sidecar) { s.Outlier.MaxEjectionTime = time.Minute }, "max_ejection_time is 1m0s, the rule says 5m0s"},
		{"jitter", func(s *timeline.Sidecar) { s.Outlier.Jitter = time.Second }, "max_ejection_time_jitter is 1s, the rule says 0s"},
		{"percent", func(s *timeline.Sidecar) { s.Outlier.MaxEjectionPercent = 10 }, "max_ejection_percent is 10, the rule says 50"},
		{"always one", func(s *timeline.Sidecar) { s.Outlier.AlwaysEjectOne = true }, "always_eject_one_host is true, the rule says false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			has := Cluster(stacks())
			tt.change(&has)
			if diff := cmp.Diff([]string{tt.want}, Differences(stacks(), has)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
