package main

import (
	"fmt"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"
)

// newBreaker makes the circuit breaker: the DestinationRule of the Service, with the
// policy that the user has given in place of the configured one.
func newBreaker(ctx *pulumi.Context, cfg config.Config, given *networking.TrafficPolicy, ns namespace, ready pulumi.ResourceOption) error {
	part, err := newComponent(ctx, "Breaker")
	if err != nil {
		return err
	}
	spec := breakerSpec(cfg)
	if given != nil {
		spec.TrafficPolicy = given
	}
	_, err = newDestinationRule(ctx, serviceName, meta(ns, serviceName, nil), spec, part.child(), ready)
	if err != nil {
		return fmt.Errorf("registering destination rule %q: %w", serviceName, err)
	}
	return part.done(ctx, pulumi.Map{"host": pulumi.String(spec.Host)})
}

// host is the Service's name in every namespace of the mesh. A short name would
// be read as relative to the rule's namespace.
func host(cfg config.Config) string {
	return fmt.Sprintf("%s.%s.svc.%s", serviceName, cfg.Namespace.Name, cfg.Istio.ClusterDomain)
}

// breakerSpec is the rule that the configuration asks for. What is not in it,
// is left out on purpose:
//   - minHealthPercent: its default 0 never stops an ejection because too few
//     pods are left;
//   - splitExternalLocalOriginErrors: without it, a pod that refuses or resets
//     connections counts as one that answers 503, which is what callers see.
func breakerSpec(cfg config.Config) *networking.DestinationRule {
	policy := &networking.TrafficPolicy{LoadBalancer: loadBalancer(cfg)}
	if cfg.Outlier.Enabled {
		policy.OutlierDetection = outlierDetection(cfg.Outlier)
	}
	return &networking.DestinationRule{Host: host(cfg), TrafficPolicy: policy}
}

// loadBalancer says which pods a caller sends to, and in which order.
func loadBalancer(cfg config.Config) *networking.LoadBalancerSettings {
	lb := &networking.LoadBalancerSettings{
		// Off, not left out: unset, outlierDetection alone switches the mesh's
		// locality failover on. Then callers stay in their own zone while it has a
		// pod, and a faulty pod in another is never called, so never ejected
		// (istio/istio#39477).
		LocalityLbSetting: &networking.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(cfg.Locality)},
	}
	if cfg.LoadBalancer != "" {
		// In turn, every pod gets its share and the count is regular. The mesh's
		// default LEAST_REQUEST sends a slow pod next to nothing, so that it takes
		// long to be ejected.
		simple := networking.LoadBalancerSettings_SimpleLB(networking.LoadBalancerSettings_SimpleLB_value[cfg.LoadBalancer])
		lb.LbPolicy = &networking.LoadBalancerSettings_Simple{Simple: simple}
	}
	return lb
}

// outlierDetection says when a pod goes, for how long, and how many at once.
func outlierDetection(o config.Outlier) *networking.OutlierDetection {
	return &networking.OutlierDetection{
		// 502, 503 and 504 in a row, counted by each caller's sidecar for itself.
		ConsecutiveGatewayErrors: wrapperspb.UInt32(o.ConsecutiveErrors),
		// Off, not left out: unset, Envoy's own default of five 5xx in a row stays
		// in force and ejects before ten gateway errors are ever reached.
		Consecutive_5XxErrors: wrapperspb.UInt32(0),
		// The first time out; the n-th takes n times as long.
		BaseEjectionTime: durationpb.New(o.BaseEjectionTime),
		// The sweep that returns pods whose time is over. It does not bound the
		// time in which errors are counted.
		Interval: durationpb.New(o.Interval),
		// Unset and 0 both mean 10: no pod of fewer than ten would ever go.
		MaxEjectionPercent: o.MaxEjectionPercent,
	}
}
