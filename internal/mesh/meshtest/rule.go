package meshtest

import (
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-circuit-breaker/internal/mesh"
)

// Rule is a DestinationRule in short. A field that is nil, 0 or empty is left out
// of it. It has the fields of breaker.Rule, so that a test can convert its own.
type Rule struct {
	Enabled                  bool // whether there is an outlierDetection block
	ConsecutiveGatewayErrors *uint32
	Consecutive5xxErrors     *uint32
	BaseEjectionTime         time.Duration
	Interval                 time.Duration
	MaxEjectionPercent       int32
	MinHealthPercent         int32
	Balancer                 string
	SplitLocal               bool
	ConsecutiveLocal         *uint32
	Locality                 *bool // localityLbSetting.enabled
	Spread                   bool  // which zones are called is chosen; not made here
	Unchosen                 string
}

// Gateway is a rule as the stack writes it: errors in a row of gateway errors
// alone, a sweep a second, all pods in turn.
func Gateway(errors uint32, base time.Duration, percent int32) Rule {
	return Rule{Enabled: true, ConsecutiveGatewayErrors: &errors, Consecutive5xxErrors: new(uint32),
		BaseEjectionTime: base, Interval: time.Second, MaxEjectionPercent: percent, Balancer: "ROUND_ROBIN"}
}

// Spec is the DestinationRule's spec.
func (r Rule) Spec() *networking.DestinationRule {
	policy := &networking.TrafficPolicy{}
	if simple, known := networking.LoadBalancerSettings_SimpleLB_value[r.Balancer]; known && r.Balancer != "" {
		policy.LoadBalancer = &networking.LoadBalancerSettings{LbPolicy: &networking.LoadBalancerSettings_Simple{Simple: networking.LoadBalancerSettings_SimpleLB(simple)}}
	}
	if r.Locality != nil {
		if policy.LoadBalancer == nil {
			policy.LoadBalancer = &networking.LoadBalancerSettings{}
		}
		policy.LoadBalancer.LocalityLbSetting = &networking.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(*r.Locality)}
	}
	if r.Enabled {
		o := &networking.OutlierDetection{MaxEjectionPercent: r.MaxEjectionPercent, MinHealthPercent: r.MinHealthPercent, SplitExternalLocalOriginErrors: r.SplitLocal,
			ConsecutiveGatewayErrors: wrapped(r.ConsecutiveGatewayErrors), Consecutive_5XxErrors: wrapped(r.Consecutive5xxErrors),
			ConsecutiveLocalOriginFailures: wrapped(r.ConsecutiveLocal)}
		if r.BaseEjectionTime > 0 {
			o.BaseEjectionTime = durationpb.New(r.BaseEjectionTime)
		}
		if r.Interval > 0 {
			o.Interval = durationpb.New(r.Interval)
		}
		policy.OutlierDetection = o
	}
	return &networking.DestinationRule{Host: mesh.Service, TrafficPolicy: policy}
}

func wrapped(v *uint32) *wrapperspb.UInt32Value {
	if v == nil {
		return nil
	}
	return wrapperspb.UInt32(*v)
}
