package meshtest

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// WatchPods lists the pods, and again after SetPods.
func (s *Sim) WatchPods(ctx context.Context, list func([]timeline.Pod)) error {
	changed := make(chan struct{}, 1)
	s.mu.Lock()
	err := s.down
	s.lists = append(s.lists, changed)
	s.mu.Unlock()
	for err == nil {
		s.mu.Lock()
		pods := make([]timeline.Pod, 0, len(s.pods))
		for _, pod := range s.pods {
			pods = append(pods, timeline.Pod{Name: pod.Name, Version: pod.Version, Address: s.address(pod.Name), State: timeline.Unknown, NotReady: pod.NotReady})
		}
		s.mu.Unlock()
		list(pods)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-changed:
			if !open {
				return errors.New("connection refused")
			}
		}
	}
	return err
}

// Rule is the declared rule.
func (s *Sim) Rule(context.Context) (mesh.Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spec, err := json.Marshal(map[string]any{"host": mesh.Service, "trafficPolicy": map[string]any{"outlierDetection": s.Declared}})
	if !s.Declared.Enabled {
		spec, err = json.RawMessage(`{"host":"`+mesh.Service+`","trafficPolicy":{}}`), nil
	}
	return mesh.Rule{Rule: s.Declared, Spec: spec, Managed: !s.Unmanaged, Declared: s.ByStack}, errors.Join(err, s.down)
}

// SetRule keeps the spec and puts it in force.
func (s *Sim) SetRule(_ context.Context, spec json.RawMessage) error {
	var read struct {
		Policy struct {
			Outlier *breaker.Rule `json:"outlierDetection"`
		} `json:"trafficPolicy"`
	}
	if err := json.Unmarshal(spec, &read); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	balancer := s.Declared.Balancer
	s.specs, s.Declared = append(s.specs, spec), breaker.Rule{Balancer: balancer}
	if read.Policy.Outlier != nil {
		s.Declared = *read.Policy.Outlier
	}
	s.configure()
	return s.down
}

// configOf is what istiod makes of a rule. Source: istio
// pilot/pkg/networking/core/cluster_traffic_policy.go.
func configOf(r breaker.Rule) timeline.Sidecar {
	s := timeline.Sidecar{Balancer: "LEAST_REQUEST", PanicPercent: 50}
	if r.Balancer != "" {
		s.Balancer = r.Balancer
	}
	if !r.Enabled {
		return s
	}
	s.PanicPercent = float64(r.MinHealthPercent)
	o := timeline.OutlierDetection{Gateway: 5, Any5xx: 5, Enforcing5xx: 100, Local: 5, EnforcingLocal: 100,
		Interval: 10 * time.Second, BaseEjectionTime: 30 * time.Second, MaxEjectionTime: 300 * time.Second, MaxEjectionPercent: 10}
	if v := r.ConsecutiveGatewayErrors; v != nil {
		if o.Gateway, o.EnforcingGateway = *v, 0; *v > 0 {
			o.EnforcingGateway = 100
		}
	}
	if v := r.Consecutive5xxErrors; v != nil {
		if o.Any5xx, o.Enforcing5xx = *v, 0; *v > 0 {
			o.Enforcing5xx = 100
		}
	}
	if r.Interval > 0 {
		o.Interval = r.Interval
	}
	if r.BaseEjectionTime > 0 {
		o.BaseEjectionTime = r.BaseEjectionTime
		o.MaxEjectionTime = max(o.MaxEjectionTime, o.BaseEjectionTime)
	}
	if r.MaxEjectionPercent > 0 {
		o.MaxEjectionPercent = uint32(r.MaxEjectionPercent)
	}
	s.Outlier = &o
	return s
}
