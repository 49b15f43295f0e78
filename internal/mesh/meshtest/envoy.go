package meshtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// pick takes the next pod in turn that is not out; false where all are.
func (s *Sim) pick() (Pod, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.pods {
		pod := s.pods[s.turn%len(s.pods)]
		s.turn++
		if !s.host(pod.Name).out {
			return pod, true
		}
	}
	return Pod{}, false
}

// ended books an answer, and ejects its pod where the rule says so.
func (s *Sim) ended(pod Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.host(pod.Name)
	h.requests++
	if pod.Code < 500 {
		h.inARow = 0
		return
	}
	h.errors++
	h.inARow++
	threshold, by := s.rule().Threshold()
	if by == breaker.NoDetector || h.inARow < threshold || h.out {
		return
	}
	h.inARow = 0
	out := 0
	for _, other := range s.hosts {
		if other.out {
			out++
		}
	}
	c := &s.counters
	detected, enforced, kind := &c.DetectedGateway, &c.EnforcedGateway, "CONSECUTIVE_GATEWAY_FAILURE"
	if by == breaker.Any5xxDetector {
		detected, enforced, kind = &c.Detected5xx, &c.Enforced5xx, "CONSECUTIVE_5XX"
	}
	*detected++
	if out+1 > s.rule().Ejectable(len(s.pods)) {
		c.Overflow++
		return
	}
	now, back := time.Now(), time.Duration(0)
	if !h.back.IsZero() {
		back = now.Sub(h.back)
	}
	*enforced++
	c.EnforcedTotal++
	c.EjectionsActive++
	h.factor = s.rule().Factor(h.factor, back)
	h.out, h.since = true, now
	h.ejections++
	s.write(pod, kind, "EJECT", h)
}

func (s *Sim) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, pod := range s.pods {
		h := s.host(pod.Name)
		if h.out && now.Sub(h.since) >= s.rule().Out(h.factor).Least {
			h.out, h.back, h.inARow = false, now, 0
			s.counters.EjectionsActive--
			s.write(pod, "CONSECUTIVE_5XX", "UNEJECT", h)
		}
	}
}

func (s *Sim) write(pod Pod, kind, action string, h *host) {
	if s.NoLog {
		return
	}
	line, _ := json.Marshal(map[string]any{"type": kind, "timestamp": time.Now(), "cluster_name": mesh.EnvoyCluster(mesh.Namespace),
		"upstream_url": s.address(pod.Name), "action": action, "num_ejections": h.ejections, "enforced": action == "EJECT"})
	for _, log := range s.lines {
		select {
		case log <- line:
		default: // nobody reads it any more
		}
	}
}

// SidecarLog follows the outlier event log; there is nothing else in it.
func (s *Sim) SidecarLog(ctx context.Context, _ mesh.Client, _ time.Duration, line func([]byte)) error {
	log := make(chan []byte, 64)
	s.mu.Lock()
	err := s.down
	s.lines = append(s.lines, log)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	line(nil)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case text, open := <-log:
			if !open {
				return fmt.Errorf("the log ended")
			}
			line(text)
		}
	}
}

// Admin answers as the sidecar's admin interface would, as far as it is used.
func (s *Sim) Admin(_ context.Context, _ mesh.Client, path string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	name := mesh.EnvoyCluster(mesh.Namespace)
	switch {
	case strings.HasPrefix(path, "/clusters"):
		var hosts []any
		for i, pod := range s.pods {
			h, health := s.host(pod.Name), map[string]any{"eds_health_status": "HEALTHY"}
			if h.out {
				health["failed_outlier_check"] = true
			}
			hosts = append(hosts, map[string]any{"health_status": health,
				"address": map[string]any{"socket_address": map[string]any{"address": fmt.Sprintf("198.18.0.%d", i+1), "port_value": 8080}},
				"stats": []any{map[string]any{"name": "rq_total", "value": fmt.Sprint(h.requests)},
					map[string]any{"name": "rq_error", "value": fmt.Sprint(h.errors)}}})
		}
		return json.Marshal(map[string]any{"cluster_statuses": []any{map[string]any{"name": name, "host_statuses": hosts}}})
	case strings.HasPrefix(path, "/stats"):
		return []byte(s.stats("cluster." + name + ";.")), nil
	case strings.HasPrefix(path, "/config_dump"):
		return json.Marshal(map[string]any{"configs": []any{map[string]any{"cluster": s.config(name)}}})
	}
	return nil, fmt.Errorf("no such path: %s", path)
}

func (s *Sim) stats(prefix string) string {
	if s.NoStatistics || !s.rule().Enabled { // without the detector Envoy has none of its statistics
		return prefix + "membership_total: 2\n"
	}
	c, text := s.counters, ""
	for _, stat := range []struct {
		name  string
		value uint64
	}{{"active", c.EjectionsActive}, {"enforced_total", c.EnforcedTotal}, {"overflow", c.Overflow},
		{"enforced_consecutive_gateway_failure", c.EnforcedGateway}, {"detected_consecutive_gateway_failure", c.DetectedGateway},
		{"enforced_consecutive_5xx", c.Enforced5xx}, {"detected_consecutive_5xx", c.Detected5xx}} {
		text += fmt.Sprintf("%soutlier_detection.ejections_%s: %d\n", prefix, stat.name, stat.value)
	}
	return text
}

func policy(balancer string) string {
	if balancer == "" {
		return "LEAST_REQUEST"
	}
	return balancer
}

// config is the cluster as Istio writes it for the rule.
func (s *Sim) config(name string) map[string]any {
	r := s.rule()
	if !r.Enabled {
		return map[string]any{"name": name, "lb_policy": policy(r.Balancer)}
	}
	o := map[string]any{"base_ejection_time": r.Base().String(), "interval": r.Sweep().String(), "max_ejection_percent": r.Percent(), "enforcing_success_rate": 0}
	for field, value := range map[string]*uint32{"consecutive_gateway_failure": r.ConsecutiveGatewayErrors, "consecutive_5xx": r.Consecutive5xxErrors} {
		switch {
		case value == nil:
		case *value == 0:
			o["enforcing_"+field] = 0
		default:
			o[field], o["enforcing_"+field] = *value, 100
		}
	}
	return map[string]any{"name": name, "lb_policy": policy(r.Balancer), "outlier_detection": o, "common_lb_config": map[string]any{"healthy_panic_threshold": map[string]any{}}}
}

// Send calls the pods in turn.
func (s *Sim) Send(ctx context.Context, _ mesh.Client, l mesh.Load, tell func(time.Time, timeline.Answer)) error {
	pace := make(chan struct{})
	var workers sync.WaitGroup
	answer := func(sent time.Time, a timeline.Answer) {
		workers.Go(func() {
			time.Sleep(s.AnswerLag)
			tell(sent, a)
		})
	}
	for range l.Concurrency {
		workers.Go(func() {
			for range pace {
				s.request(answer)
			}
		})
	}
	defer workers.Wait()
	defer close(pace)
	for {
		if l.Rate > 0 {
			time.Sleep(time.Duration(float64(time.Second) / l.Rate))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case pace <- struct{}{}:
		}
		s.mu.Lock()
		err := s.down
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (s *Sim) request(answer func(time.Time, timeline.Answer)) {
	sent := time.Now()
	pod, found := s.pick()
	if !found {
		time.Sleep(time.Millisecond)
		answer(sent, timeline.Answer{Latency: time.Since(sent), Code: 503})
		return
	}
	time.Sleep(pod.Delay)
	s.ended(pod)
	if s.Retries && pod.Code >= 500 {
		s.request(answer)
		return
	}
	answer(sent, timeline.Answer{Latency: time.Since(sent), Code: pod.Code, Pod: pod.Name, Version: pod.Version, Upstream: new(time.Since(sent).Truncate(time.Millisecond))})
}
