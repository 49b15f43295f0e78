package meshtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoysim"
	"istio-circuit-breaker/internal/timeline"
)

// Admin answers as the sidecar's admin interface would, as far as it is used.
func (s *Sim) Admin(_ context.Context, _ mesh.Client, path string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	s.envoy().Advance(time.Now())
	s.write()
	name := mesh.EnvoyCluster(mesh.Namespace)
	switch {
	case strings.HasPrefix(path, "/clusters"):
		var hosts []any
		for _, h := range s.envoy().Hosts() {
			hosts = append(hosts, s.status(h))
		}
		return json.Marshal(map[string]any{"cluster_statuses": []any{map[string]any{"name": name, "host_statuses": hosts}}})
	case strings.HasPrefix(path, "/stats"):
		return []byte(s.stats("cluster." + name + ";.")), nil
	case strings.HasPrefix(path, "/config_dump"):
		return json.Marshal(map[string]any{"configs": []any{map[string]any{"cluster": dump(s.shown())}}})
	case strings.HasPrefix(path, "/server_info"):
		return json.Marshal(map[string]any{"state": "LIVE", "uptime_current_epoch": fmt.Sprintf("%ds", s.uptime())})
	}
	return nil, fmt.Errorf("no such path: %s", path)
}

// status is a host as Envoy shows it: what is 0 or not set is left out.
// Source: envoy api/envoy/admin/v3/clusters.proto.
func (s *Sim) status(h envoysim.Seen) map[string]any {
	shown := Shown{h.Ejected, h.Requests, h.Errors, h.Active}
	if s.Host != nil {
		s.Host(s.names[h.Address], &shown)
	}
	health := map[string]any{"eds_health_status": "HEALTHY"}
	if shown.Ejected {
		health["failed_outlier_check"] = true
	}
	var stats []any
	for _, stat := range []struct {
		name  string
		value uint64
	}{{"rq_total", shown.Requests}, {"rq_error", shown.Errors}, {"rq_active", shown.Active}} {
		field := map[string]any{"name": stat.name}
		if stat.value != 0 {
			field["value"] = fmt.Sprint(stat.value)
		}
		stats = append(stats, field)
	}
	ip, port, _ := net.SplitHostPort(h.Address)
	number, _ := strconv.Atoi(port)
	return map[string]any{"health_status": health, "locality": map[string]any{"region": "", "zone": h.Locality, "sub_zone": ""},
		"address": map[string]any{"socket_address": map[string]any{"address": ip, "port_value": number}}, "stats": stats}
}

// uptime is Envoy's server.uptime in seconds, which is made anew every 5s only.
func (s *Sim) uptime() int { return int(time.Since(s.began).Truncate(5*time.Second).Seconds()) + 1 }

func (s *Sim) stats(prefix string) string {
	c, text := s.envoy().Counters(), ""
	if s.Counters != nil {
		s.Counters(&c)
	}
	type stat struct {
		name  string
		value uint64
	}
	write := func(prefix string, all ...stat) {
		for _, one := range all {
			text += fmt.Sprintf("%s%s: %d\n", prefix, one.name, one.value)
		}
	}
	write("server.", stat{"uptime", uint64(s.uptime())})
	write(prefix, stat{"membership_total", uint64(len(s.pods))}, stat{"membership_healthy", uint64(len(s.pods)) - min(c.EjectionsActive, uint64(len(s.pods)))},
		stat{"lb_healthy_panic", c.Panic}, stat{"upstream_cx_none_healthy", c.NoneHealthy},
		stat{"upstream_rq_retry", c.Retries}, stat{"upstream_rq_pending_overflow", c.PoolOverflow})
	if s.NoStatistics || !c.Exported {
		return text
	}
	write(prefix+"outlier_detection.ejections_", stat{"active", c.EjectionsActive}, stat{"enforced_total", c.EnforcedTotal}, stat{"overflow", c.Overflow},
		stat{"enforced_consecutive_gateway_failure", c.EnforcedGateway}, stat{"detected_consecutive_gateway_failure", c.DetectedGateway},
		stat{"enforced_consecutive_5xx", c.Enforced5xx}, stat{"detected_consecutive_5xx", c.Detected5xx},
		stat{"enforced_success_rate", c.EnforcedOther}, stat{"enforced_consecutive_local_origin_failure", 0},
		stat{"enforced_failure_percentage", 0}, stat{"enforced_local_origin_success_rate", 0}, stat{"enforced_local_origin_failure_percentage", 0})
	return text
}

// Dates are the sidecar's, which Envoy makes anew twice a second, and the API
// server's, both rounded down to seconds.
func (s *Sim) Dates(context.Context, mesh.Client) ([]mesh.Date, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	const renewed = 500 * time.Millisecond
	now := time.Now()
	return []mesh.Date{
		{Clock: timeline.SidecarClock, Asked: now, Answered: now, Said: now.Add(s.Ahead).Truncate(renewed).Truncate(time.Second), Stale: renewed},
		{Clock: timeline.APIServerClock, Asked: now, Answered: now, Said: now.Truncate(time.Second)},
	}, nil
}

// number writes a number without an exponent.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
