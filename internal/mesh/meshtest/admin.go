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

// asking is how long a question to the admin interface is on its way, and so is
// its answer.
const asking = 500 * time.Microsecond

// Admin answers as the sidecar's admin interface would, as far as it is used.
func (s *Sim) Admin(_ context.Context, _ mesh.Client, path string) ([]byte, error) {
	time.Sleep(asking)
	defer time.Sleep(asking)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	s.sidecar()
	name := mesh.EnvoyCluster(mesh.Namespace, s.Domain)
	switch {
	case strings.HasPrefix(path, "/clusters"):
		return json.Marshal(map[string]any{"cluster_statuses": []any{map[string]any{"name": name, "host_statuses": s.hostStatuses()}}})
	case strings.HasPrefix(path, "/stats"):
		return []byte(s.stats(name)), nil
	case strings.HasPrefix(path, "/config_dump"):
		return json.Marshal(map[string]any{"configs": []any{map[string]any{"cluster": dump(name, translated(s.rule()))}}})
	case strings.HasPrefix(path, "/server_info"):
		return json.Marshal(map[string]any{"version": "0/0.0.0-simulated/Clean/RELEASE/none", "state": "LIVE", "uptime_current_epoch": fmt.Sprintf("%ds", int(time.Since(s.began).Seconds()))})
	}
	return nil, fmt.Errorf("no such path: %s", path)
}

// hostStatuses are the hosts as /clusters shows them. Source: envoy
// api/envoy/admin/v3/clusters.proto; 64 bits are text in JSON.
func (s *Sim) hostStatuses() []any {
	var all []any
	for _, h := range s.envoy.Hosts(time.Now()) {
		ip, _, _ := strings.Cut(h.Address, ":")
		health := map[string]any{"eds_health_status": "HEALTHY"}
		if h.Unhealthy {
			health["eds_health_status"] = "UNHEALTHY"
		}
		if h.Ejected() {
			health["failed_outlier_check"] = true
		}
		status := map[string]any{"health_status": health, "address": map[string]any{"socket_address": map[string]any{"address": ip, "port_value": podPort}}}
		if pod, known := s.pod(h.Address); known && pod.Locality != "" {
			p := parts(pod.Locality)
			status["locality"] = map[string]any{"region": p[0], "zone": p[1], "sub_zone": p[2]}
		}
		var stats []any
		for _, stat := range []envoy.Stat{{Name: "rq_total", Value: h.Requests()}, {Name: "rq_error", Value: h.Errors()},
			{Name: "rq_success", Value: h.Successes()}, {Name: "rq_active", Value: h.Active()}} {
			stats = append(stats, map[string]any{"name": stat.Name, "value": fmt.Sprint(s.told(stat))})
		}
		status["stats"] = stats
		all = append(all, status)
	}
	return all
}

// stats are those that the client's proxyStatsMatcher exports, as text.
func (s *Sim) stats(cluster string) string {
	var b strings.Builder
	all := append(s.envoy.Stats(time.Now()), envoy.Stat{Name: "upstream_rq_retry", Value: s.retries}, envoy.Stat{Name: "upstream_rq_pending_overflow"})
	for _, stat := range all {
		if s.NoStatistics && !strings.HasPrefix(stat.Name, "membership_") {
			continue
		}
		fmt.Fprintf(&b, "cluster.%s;.%s: %d\n", cluster, stat.Name, s.told(stat))
	}
	fmt.Fprintf(&b, "server.uptime: %d\n", int(time.Since(s.began).Truncate(flush).Seconds()))
	return b.String()
}

// told is what a statistic is said to be.
func (s *Sim) told(stat envoy.Stat) uint64 {
	if lie := s.Lies[strings.TrimPrefix(stat.Name, "outlier_detection.ejections_")]; lie != nil {
		return lie(stat.Value)
	}
	return stat.Value
}

// dump is the cluster in the configuration dump: what differs from Envoy's
// defaults is there.
func dump(name string, c envoy.Config) map[string]any {
	cluster := map[string]any{"name": name, "lb_policy": c.Balancer}
	if c.PanicPercent != envoy.DefaultPanicPercent {
		cluster["common_lb_config"] = map[string]any{"healthy_panic_threshold": map[string]any{"value": c.PanicPercent}}
	}
	if c.Outlier == nil {
		return cluster
	}
	o, unset, fields := *c.Outlier, envoy.Defaults(), map[string]any{}
	unset.MaxEjectionTime = max(unset.MaxEjectionTime, o.BaseEjectionTime)
	number := func(field string, value, unset uint32) {
		if value != unset {
			fields[field] = value
		}
	}
	number("consecutive_gateway_failure", o.Gateway, unset.Gateway)
	number("enforcing_consecutive_gateway_failure", o.EnforcingGateway, unset.EnforcingGateway)
	number("consecutive_5xx", o.Any5xx, unset.Any5xx)
	number("enforcing_consecutive_5xx", o.Enforcing5xx, unset.Enforcing5xx)
	number("consecutive_local_origin_failure", o.Local, unset.Local)
	number("enforcing_consecutive_local_origin_failure", o.EnforcingLocal, unset.EnforcingLocal)
	number("enforcing_success_rate", o.EnforcingSuccessRate, unset.EnforcingSuccessRate)
	number("max_ejection_percent", o.MaxEjectionPercent, unset.MaxEjectionPercent)
	for field, d := range map[string][2]time.Duration{"interval": {o.Interval, unset.Interval}, "base_ejection_time": {o.BaseEjectionTime, unset.BaseEjectionTime},
		"max_ejection_time": {o.MaxEjectionTime, unset.MaxEjectionTime}, "max_ejection_time_jitter": {o.Jitter, unset.Jitter}} {
		if d[0] != d[1] {
			fields[field] = fmt.Sprintf("%gs", d[0].Seconds())
		}
	}
	if o.Split {
		fields["split_external_local_origin_errors"] = true
	}
	if o.AlwaysEjectOne {
		fields["always_eject_one_host"] = true
	}
	cluster["outlier_detection"] = fields
	return cluster
}
