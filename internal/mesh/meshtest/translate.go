package meshtest

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
)

// port is the service's, which a rule's portLevelSettings may name.
const port = 80

// policyOf is the policy for the service's port. One of the port's own replaces
// the rule's as a whole. Source: istio pilot/pkg/networking/util/util.go,
// MergeTrafficPolicy.
func policyOf(spec *networking.DestinationRule) (*networking.LoadBalancerSettings, *networking.OutlierDetection) {
	policy := spec.GetTrafficPolicy()
	for _, p := range policy.GetPortLevelSettings() {
		if p.GetPort().GetNumber() == port {
			return p.GetLoadBalancer(), p.GetOutlierDetection()
		}
	}
	return policy.GetLoadBalancer(), policy.GetOutlierDetection()
}

// Translated is the cluster that Istio makes of a DestinationRule, for tests of
// others that want an Envoy with it.
func Translated(spec *networking.DestinationRule) envoy.Config { return translated(spec) }

// translated is the cluster that Istio makes of a DestinationRule. Source: istio
// pilot/pkg/networking/core/cluster_traffic_policy.go, applyLoadBalancer and
// applyOutlierDetection.
func translated(spec *networking.DestinationRule) envoy.Config {
	lb, outlier := policyOf(spec)
	c := envoy.Config{Balancer: "LEAST_REQUEST", PanicPercent: envoy.DefaultPanicPercent, MergeWindow: envoy.DefaultMergeWindow}
	switch lb.GetSimple() {
	case networking.LoadBalancerSettings_ROUND_ROBIN, networking.LoadBalancerSettings_RANDOM:
		c.Balancer = lb.GetSimple().String()
	}
	if outlier == nil {
		return c
	}
	o := envoy.Defaults()
	o.EnforcingSuccessRate = 0
	// A threshold is written only where it is set, and enforced where it is above 0.
	if v := outlier.GetConsecutive_5XxErrors(); v != nil {
		o.Any5xx, o.Enforcing5xx = v.GetValue(), enforcing(v.GetValue())
	}
	if v := outlier.GetConsecutiveGatewayErrors(); v != nil {
		o.Gateway, o.EnforcingGateway = v.GetValue(), enforcing(v.GetValue())
	}
	if v := outlier.GetInterval(); v != nil {
		o.Interval = v.AsDuration()
	}
	if v := outlier.GetBaseEjectionTime(); v != nil {
		o.BaseEjectionTime = v.AsDuration()
	}
	o.MaxEjectionTime = max(o.MaxEjectionTime, o.BaseEjectionTime)
	if v := outlier.GetMaxEjectionPercent(); v > 0 {
		o.MaxEjectionPercent = uint32(v)
	}
	if outlier.GetSplitExternalLocalOriginErrors() {
		o.Split = true
		if v := outlier.GetConsecutiveLocalOriginFailures().GetValue(); v > 0 {
			o.Local, o.EnforcingLocal = v, 100
		}
	}
	c.Outlier = &o
	if v := outlier.GetMinHealthPercent(); v >= 0 {
		c.PanicPercent = float64(v)
	}
	return c
}

func enforcing(threshold uint32) uint32 {
	if threshold > 0 {
		return 100
	}
	return 0
}

// failsOver tells whether Istio orders hosts by how near they are: the mesh's
// default wherever there is outlier detection. Source: istio pilot/pkg/networking/
// core/loadbalancer, GetLocalityLbSetting and ApplyLocalityLoadBalancer.
func failsOver(spec *networking.DestinationRule) bool {
	lb, outlier := policyOf(spec)
	enabled := lb.GetLocalityLbSetting().GetEnabled()
	return outlier != nil && (enabled == nil || enabled.GetValue())
}

// distance of two localities. Source: istio pilot/pkg/networking/util/util.go,
// LbPriority.
func distance(a, b string) int {
	x, y := parts(a), parts(b)
	for i := range x {
		if x[i] != y[i] {
			return len(x) - i
		}
	}
	return 0
}

// parts are region, zone and subzone.
func parts(locality string) (p [3]string) {
	copy(p[:], strings.SplitN(locality, "/", 3))
	return p
}
