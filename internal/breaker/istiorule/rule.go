// Package istiorule makes a breaker.Rule of a live DestinationRule. It is a
// package of its own because Istio's API types bring protobuf with them, which
// the pure model does without.
package istiorule

import (
	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/breaker"
)

// FromDestinationRule is the rule for the host's pods that a DestinationRule's
// spec declares at its top level, as the stack's does. A subset's or port's own
// policy is not looked at.
func FromDestinationRule(spec *networking.DestinationRule) breaker.Rule {
	policy := spec.GetTrafficPolicy()
	r := breaker.Rule{Balancer: balancer(policy.GetLoadBalancer())}
	if enabled := policy.GetLoadBalancer().GetLocalityLbSetting().GetEnabled(); enabled != nil {
		r.Locality = new(enabled.GetValue())
	}
	r.Spread = Spread(policy.GetLoadBalancer().GetLocalityLbSetting(), policy.GetLoadBalancer().GetZoneAwareLbSetting())
	outlier := policy.GetOutlierDetection()
	if outlier == nil {
		return r
	}
	r.Enabled = true
	if v := outlier.GetConsecutiveGatewayErrors(); v != nil {
		r.ConsecutiveGatewayErrors = new(v.GetValue())
	}
	if v := outlier.GetConsecutive_5XxErrors(); v != nil {
		r.Consecutive5xxErrors = new(v.GetValue())
	}
	r.SplitLocal = outlier.GetSplitExternalLocalOriginErrors()
	if v := outlier.GetConsecutiveLocalOriginFailures(); v != nil {
		r.ConsecutiveLocal = new(v.GetValue())
	}
	r.BaseEjectionTime = outlier.GetBaseEjectionTime().AsDuration()
	r.Interval = outlier.GetInterval().AsDuration()
	r.MaxEjectionPercent = outlier.GetMaxEjectionPercent()
	r.MinHealthPercent = outlier.GetMinHealthPercent()
	return r
}

func balancer(lb *networking.LoadBalancerSettings) string {
	if lb.GetConsistentHash() != nil {
		return "CONSISTENT_HASH"
	}
	if simple := lb.GetSimple(); simple != networking.LoadBalancerSettings_UNSPECIFIED {
		return simple.String()
	}
	return ""
}

// Spread is whether settings of a rule, or the mesh's, say which zones are called:
// then it is not simply the caller's own first. Source: istio
// pilot/pkg/networking/core/loadbalancer/loadbalancer.go, GetEffectiveLbSetting.
func Spread(locality *networking.LocalityLoadBalancerSetting, zones *networking.ZoneAwareLoadBalancerSetting) bool {
	return zones != nil || len(locality.GetDistribute()) > 0 || len(locality.GetFailoverPriority()) > 0
}
