package meshtest

import (
	"context"
	"encoding/json"
	"errors"

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
			pods = append(pods, timeline.Pod{Name: pod.Name, Version: pod.Version, Address: s.address(pod.Name), State: timeline.Unknown})
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
	return mesh.Rule{Rule: s.Declared, Spec: spec, Managed: !s.Unmanaged, Declared: s.Stack}, errors.Join(err, s.down)
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
	s.ReplaceCluster(func(r *breaker.Rule) {
		s.specs, *r = append(s.specs, spec), breaker.Rule{}
		if read.Policy.Outlier != nil {
			*r = *read.Policy.Outlier
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// Survey finds nothing.
func (s *Sim) Survey(context.Context, mesh.Client) ([]timeline.Symptom, error) { return nil, nil }

// Versions are not those of anything.
func (s *Sim) Versions(context.Context, mesh.Client) map[string]string { return nil }
