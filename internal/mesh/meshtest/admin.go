package meshtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
)

// write puts events into the outlier log.
func (s *Sim) write(events []envoy.Event) {
	if s.NoLog {
		return
	}
	for _, e := range events {
		fields := map[string]any{"type": e.Type, "timestamp": e.At.Add(-s.LogBefore), "cluster_name": mesh.EnvoyCluster(mesh.Namespace),
			"upstream_url": s.address(e.Host.Name), "action": "UNEJECT", "num_ejections": e.Number, "enforced": e.Enforced}
		if e.Ejected {
			fields["action"] = "EJECT"
		}
		if e.Since > 0 {
			fields["secs_since_last_action"] = fmt.Sprint(int(e.Since.Seconds()))
		}
		line, _ := json.Marshal(fields)
		logs, times := s.lines, 1
		if s.LogTwice {
			times = 2
		}
		put := func() {
			for range times {
				for _, log := range logs {
					select {
					case log <- line:
					default: // nobody reads it any more
					}
				}
			}
		}
		if s.LogLag == 0 {
			put()
			continue
		}
		time.AfterFunc(s.LogLag, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.down == nil {
				put()
			}
		})
	}
}

// SidecarLog follows the outlier event log; there is nothing else in it.
func (s *Sim) SidecarLog(ctx context.Context, _ mesh.Client, _ time.Duration, line func([]byte)) error {
	log := make(chan []byte, 256)
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
		return json.Marshal(map[string]any{"cluster_statuses": []any{map[string]any{"name": name, "host_statuses": s.hosts()}}})
	case strings.HasPrefix(path, "/stats"):
		return []byte(s.stats("cluster." + name + ";.")), nil
	case strings.HasPrefix(path, "/config_dump"):
		return json.Marshal(map[string]any{"configs": []any{map[string]any{"cluster": s.dump(name)}}})
	}
	return nil, fmt.Errorf("no such path: %s", path)
}

// told is what a statistic says, by the end of its name.
func (s *Sim) told(name string, value uint64) uint64 {
	if lie := s.Lies[name]; lie != nil {
		return lie(value)
	}
	return value
}

func (s *Sim) hosts() []any {
	var hosts []any
	for _, h := range s.envoys().Hosts {
		host, _, _ := strings.Cut(s.address(h.Name), ":")
		health := map[string]any{"eds_health_status": "HEALTHY"}
		if h.Out {
			health["failed_outlier_check"] = true
		}
		region, rest, _ := strings.Cut(h.Locality, "/")
		zone, sub, _ := strings.Cut(rest, "/")
		var stats []any
		for _, stat := range []struct {
			name  string
			value uint64
		}{{"rq_total", h.Requests}, {"rq_error", h.Errors}, {"rq_success", h.Successes}, {"rq_active", h.Active}} {
			stats = append(stats, map[string]any{"name": stat.name, "value": fmt.Sprint(s.told(stat.name, stat.value))})
		}
		hosts = append(hosts, map[string]any{"health_status": health, "stats": stats,
			"locality": map[string]any{"region": region, "zone": zone, "sub_zone": sub},
			"address":  map[string]any{"socket_address": map[string]any{"address": host, "port_value": 8080}}})
	}
	return hosts
}

func (s *Sim) stats(prefix string) string {
	text := fmt.Sprintf("server.uptime: %d\n%smembership_total: %d\n", int(time.Since(s.started).Seconds())/5*5, prefix, len(s.pods))
	c := s.envoys().Counters
	if s.NoStatistics || !c.Exported { // without the detector Envoy has none of its statistics
		return text
	}
	for _, stat := range []struct {
		name  string
		value uint64
	}{{"outlier_detection.ejections_active", c.EjectionsActive}, {"outlier_detection.ejections_enforced_total", c.EnforcedTotal},
		{"outlier_detection.ejections_overflow", c.Overflow},
		{"outlier_detection.ejections_enforced_consecutive_gateway_failure", c.EnforcedGateway},
		{"outlier_detection.ejections_detected_consecutive_gateway_failure", c.DetectedGateway},
		{"outlier_detection.ejections_enforced_consecutive_5xx", c.Enforced5xx},
		{"outlier_detection.ejections_detected_consecutive_5xx", c.Detected5xx},
		{"outlier_detection.ejections_enforced_success_rate", c.EnforcedOther},
		{"lb_healthy_panic", c.Panic}, {"upstream_cx_none_healthy", c.NoneHealthy}, {"upstream_rq_retry", c.Retries}, {"upstream_rq_pending_overflow", c.PoolOverflow}} {
		text += fmt.Sprintf("%s%s: %d\n", prefix, stat.name, s.told(strings.TrimPrefix(stat.name, "outlier_detection.ejections_"), stat.value))
	}
	return text
}

// dump is the cluster as Envoy shows it in its configuration.
func (s *Sim) dump(name string) map[string]any {
	c := s.envoys().Config
	text := map[string]any{"name": name, "lb_policy": c.Balancer}
	o := c.Outlier
	if o == nil {
		return text
	}
	text["common_lb_config"] = map[string]any{"healthy_panic_threshold": map[string]any{"value": c.PanicPercent}}
	text["outlier_detection"] = map[string]any{"interval": o.Interval.String(), "base_ejection_time": o.BaseEjectionTime.String(),
		"max_ejection_percent": o.MaxEjectionPercent, "enforcing_success_rate": o.EnforcingSuccess,
		"consecutive_gateway_failure": o.Gateway, "enforcing_consecutive_gateway_failure": o.EnforcingGateway,
		"consecutive_5xx": o.Any5xx, "enforcing_consecutive_5xx": o.Enforcing5xx}
	return text
}
