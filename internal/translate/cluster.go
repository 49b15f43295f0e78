// Package translate says what Istio makes of a DestinationRule in a sidecar, and
// where a sidecar has something else.
package translate

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// Cluster is the cluster's configuration that Istio makes of a rule. Source:
// istio pilot/pkg/networking/core/cluster_traffic_policy.go, applyOutlierDetection
// and applyLoadBalancer.
func Cluster(r breaker.Rule) timeline.Sidecar {
	s := timeline.Sidecar{Balancer: map[string]string{"": "LEAST_REQUEST", "UNSPECIFIED": "LEAST_REQUEST", "LEAST_CONN": "LEAST_REQUEST",
		"PASSTHROUGH": "CLUSTER_PROVIDED", "CONSISTENT_HASH": "RING_HASH"}[r.Balancer], PanicPercent: float64(max(r.MinHealthPercent, 0))}
	if s.Balancer == "" {
		s.Balancer = r.Balancer
	}
	if !r.Enabled {
		return s
	}
	o := &timeline.OutlierDetection{Gateway: 5, Any5xx: 5, Enforcing5xx: 100, Local: 5, EnforcingLocal: 100, Split: r.SplitLocal,
		Interval: r.Sweep(), BaseEjectionTime: r.Base(), MaxEjectionTime: r.Cap(), MaxEjectionPercent: uint32(r.Percent())}
	for _, d := range []struct {
		set           *uint32
		to, enforcing *uint32
	}{{r.ConsecutiveGatewayErrors, &o.Gateway, &o.EnforcingGateway}, {r.Consecutive5xxErrors, &o.Any5xx, &o.Enforcing5xx}} {
		switch {
		case d.set == nil:
		case *d.set == 0:
			*d.enforcing = 0
		default:
			*d.to, *d.enforcing = *d.set, 100
		}
	}
	if r.SplitLocal && r.ConsecutiveLocal != nil && *r.ConsecutiveLocal > 0 { // 0 is not written
		o.Local = *r.ConsecutiveLocal
	}
	s.Outlier = o
	return s
}

// Differences are all fields in which the sidecar has something else than the
// rule says, each with both.
func Differences(r breaker.Rule, has timeline.Sidecar) []string {
	var all []string
	want := Cluster(r)
	differ := func(field string, has, want any) {
		if has != want {
			all = append(all, fmt.Sprintf("%s is %v, the rule says %v", field, has, want))
		}
	}
	// A consistent hash has two balancers.
	if want.Balancer != "RING_HASH" || has.Balancer != "MAGLEV" {
		differ("lb_policy", has.Balancer, want.Balancer)
	}
	if r.Locality != nil && !*r.Locality {
		differ("locality weighting", has.Locality, false)
	}
	switch {
	case has.Outlier == nil && want.Outlier == nil:
		return all
	case has.Outlier == nil:
		return append(all, "outlier_detection is not there, the rule has it")
	case want.Outlier == nil:
		return append(all, "outlier_detection is there, the rule has none")
	}
	// Istio sets the panic threshold with outlier detection only.
	differ("healthy_panic_threshold", has.PanicPercent, want.PanicPercent)
	h, w := *has.Outlier, *want.Outlier
	// A threshold that is not enforced ejects nobody, whatever its number.
	threshold := func(name string, has, hasEnforcing, want, wantEnforcing uint32) {
		differ("enforcing_"+name, hasEnforcing, wantEnforcing)
		if hasEnforcing > 0 && wantEnforcing > 0 {
			differ(name, has, want)
		}
	}
	threshold("consecutive_gateway_failure", h.Gateway, h.EnforcingGateway, w.Gateway, w.EnforcingGateway)
	threshold("consecutive_5xx", h.Any5xx, h.Enforcing5xx, w.Any5xx, w.Enforcing5xx)
	differ("split_external_local_origin_errors", h.Split, w.Split)
	if h.Split && w.Split {
		threshold("consecutive_local_origin_failure", h.Local, h.EnforcingLocal, w.Local, w.EnforcingLocal)
	}
	differ("enforcing_success_rate", h.EnforcingSuccess, w.EnforcingSuccess)
	differ("enforcing_failure_percentage", h.EnforcingFailure, w.EnforcingFailure)
	for _, d := range []struct {
		field     string
		has, want time.Duration
	}{{"interval", h.Interval, w.Interval}, {"base_ejection_time", h.BaseEjectionTime, w.BaseEjectionTime},
		{"max_ejection_time", h.MaxEjectionTime, w.MaxEjectionTime}, {"max_ejection_time_jitter", h.Jitter, w.Jitter}} {
		differ(d.field, d.has, d.want)
	}
	differ("max_ejection_percent", h.MaxEjectionPercent, w.MaxEjectionPercent)
	differ("always_eject_one_host", h.AlwaysEjectOne, w.AlwaysEjectOne)
	return all
}
