package meshtest

import (
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// config is a cluster's configuration.
type config timeline.Sidecar

// sidecar is what Istio makes of a rule, with Envoy's defaults where Istio writes
// nothing: a threshold only where it is set, 0 together with "not enforced"; times and the
// percentage only where they are above 0; success rate never enforced.
// Source: istio pilot/pkg/networking/core/cluster_traffic_policy.go,
// applyOutlierDetection; envoy api/envoy/config/cluster/v3/outlier_detection.proto.
func sidecar(r breaker.Rule) config {
	s := config{Cluster: mesh.EnvoyCluster(mesh.Namespace), Balancer: r.Balancer, PanicPercent: 50}
	if s.Balancer == "" {
		s.Balancer = "LEAST_REQUEST"
	}
	if !r.Enabled {
		return s
	}
	s.PanicPercent = float64(r.MinHealthPercent)
	o := timeline.OutlierDetection{Gateway: 5, Any5xx: 5, Enforcing5xx: 100, Local: 5, EnforcingLocal: 100, Split: r.SplitLocal,
		Interval: 10 * time.Second, BaseEjectionTime: 30 * time.Second, MaxEjectionPercent: 10}
	if g := r.ConsecutiveGatewayErrors; g != nil {
		if o.Gateway = *g; *g > 0 {
			o.EnforcingGateway = 100
		}
	}
	if x := r.Consecutive5xxErrors; x != nil {
		if o.Any5xx = *x; *x == 0 { // never reached, as a count begins at 1
			o.Enforcing5xx = 0
		}
	}
	if l := r.ConsecutiveLocal; r.SplitLocal && l != nil && *l > 0 {
		o.Local = *l
	}
	if r.Interval > 0 {
		o.Interval = r.Interval
	}
	if r.BaseEjectionTime > 0 {
		o.BaseEjectionTime = r.BaseEjectionTime
	}
	if r.MaxEjectionPercent > 0 {
		o.MaxEjectionPercent = uint32(r.MaxEjectionPercent)
	}
	o.MaxEjectionTime = max(300*time.Second, o.BaseEjectionTime)
	s.Outlier = &o
	return s
}

func (c config) interval() time.Duration {
	if c.Outlier == nil {
		return time.Second
	}
	return c.Outlier.Interval
}

// shown is the configuration that the sidecar shows.
func (s *Sim) shown() timeline.Sidecar {
	rule := s.Declared
	if s.InForce != nil {
		rule = *s.InForce
	}
	c := timeline.Sidecar(sidecar(rule))
	if s.Shows != nil {
		s.Shows(&c)
	}
	return c
}

// acting is the configuration that it acts by.
func (s *Sim) acting() timeline.Sidecar {
	c := s.shown()
	if c.Outlier != nil {
		c.Outlier = new(*c.Outlier)
	}
	if s.Acts != nil {
		s.Acts(&c)
	}
	return c
}

// dump is the configuration as Envoy writes it: what is Envoy's default, and was
// not set by Istio, is left out.
func dump(c timeline.Sidecar) map[string]any {
	d := map[string]any{"name": c.Cluster}
	if c.Balancer != "ROUND_ROBIN" {
		d["lb_policy"] = c.Balancer
	}
	common := map[string]any{}
	if c.Locality {
		common["locality_weighted_lb_config"] = map[string]any{}
	}
	if o := c.Outlier; o != nil {
		panics := map[string]any{}
		if c.PanicPercent != 0 {
			panics["value"] = c.PanicPercent
		}
		common["healthy_panic_threshold"] = panics
		d["outlier_detection"] = map[string]any{
			"consecutive_gateway_failure": o.Gateway, "enforcing_consecutive_gateway_failure": o.EnforcingGateway,
			"consecutive_5xx": o.Any5xx, "enforcing_consecutive_5xx": o.Enforcing5xx,
			"enforcing_success_rate": o.EnforcingSuccess, "enforcing_failure_percentage": o.EnforcingFailure,
			"consecutive_local_origin_failure": o.Local, "split_external_local_origin_errors": o.Split,
			"interval": written(o.Interval), "base_ejection_time": written(o.BaseEjectionTime), "max_ejection_time": written(o.MaxEjectionTime),
			"max_ejection_percent": o.MaxEjectionPercent, "always_eject_one_host": o.AlwaysEjectOne,
		}
	}
	if len(common) > 0 {
		d["common_lb_config"] = common
	}
	return d
}

// written is a duration as Envoy writes it: in seconds.
func written(d time.Duration) string { return number(d.Seconds()) + "s" }
