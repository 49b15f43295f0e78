package istiorule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"

	"istio-circuit-breaker/internal/breaker"
)

func policy(p *networking.TrafficPolicy) *networking.DestinationRule {
	return &networking.DestinationRule{Host: "servicex-service", TrafficPolicy: p}
}

func simple(lb networking.LoadBalancerSettings_SimpleLB) *networking.LoadBalancerSettings {
	return &networking.LoadBalancerSettings{LbPolicy: &networking.LoadBalancerSettings_Simple{Simple: lb}}
}

func TestUnsetAndZeroStayApart(t *testing.T) {
	tests := []struct {
		name string
		spec *networking.DestinationRule
		want breaker.Rule
	}{
		{"no rule at all", nil, breaker.Rule{}},
		{"a policy without outlier detection", policy(&networking.TrafficPolicy{LoadBalancer: simple(networking.LoadBalancerSettings_ROUND_ROBIN)}),
			breaker.Rule{Balancer: "ROUND_ROBIN"}},
		{"an empty block is a rule of defaults", policy(&networking.TrafficPolicy{OutlierDetection: &networking.OutlierDetection{}}),
			breaker.Rule{Enabled: true}},
		{"the stack's block", policy(&networking.TrafficPolicy{
			LoadBalancer: simple(networking.LoadBalancerSettings_LEAST_REQUEST),
			OutlierDetection: &networking.OutlierDetection{
				ConsecutiveGatewayErrors: wrapperspb.UInt32(10), Consecutive_5XxErrors: wrapperspb.UInt32(0),
				BaseEjectionTime: durationpb.New(30 * time.Second), Interval: durationpb.New(time.Second),
				MaxEjectionPercent: 50, MinHealthPercent: 10,
			}}),
			breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32(0)),
				BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, MinHealthPercent: 10, Balancer: "LEAST_REQUEST"}},
		{"a consistent hash", policy(&networking.TrafficPolicy{LoadBalancer: &networking.LoadBalancerSettings{
			LbPolicy: &networking.LoadBalancerSettings_ConsistentHash{ConsistentHash: &networking.LoadBalancerSettings_ConsistentHashLB{}}}}),
			breaker.Rule{Balancer: "CONSISTENT_HASH"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, FromDestinationRule(tt.spec)); diff != "" {
				t.Errorf("FromDestinationRule() (-want +got):\n%s", diff)
			}
		})
	}
}
