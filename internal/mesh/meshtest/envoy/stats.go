package envoy

import (
	"strings"
	"time"
)

// stats are the cluster's own. Source: envoy docs, cluster_stats.rst.
type stats struct {
	active             int
	enforcedTotal      uint64
	overflow           uint64
	enforced, detected map[Detector]uint64
	panic, noneHealthy uint64
}

func newStats() stats {
	return stats{enforced: map[Detector]uint64{}, detected: map[Detector]uint64{}}
}

// Stat is one statistic by its name below the cluster's.
type Stat struct {
	Name  string
	Value uint64
}

// Stats are the statistics at a time. A cluster without outlier detection has
// none of it. Source of the names: envoy source/common/upstream/
// outlier_detection_impl.h, ALL_OUTLIER_DETECTION_STATS.
func (c *Cluster) Stats(at time.Time) []Stat {
	c.Advance(at)
	var all []Stat
	healthy := 0
	for _, h := range c.hosts {
		if !h.ejected && !h.Unhealthy {
			healthy++
		}
	}
	if c.config.Outlier != nil {
		all = append(all, Stat{"outlier_detection.ejections_active", uint64(c.stats.active)},
			Stat{"outlier_detection.ejections_enforced_total", c.stats.enforcedTotal},
			Stat{"outlier_detection.ejections_overflow", c.stats.overflow})
		for _, by := range []Detector{Any5xx, GatewayFailure, LocalOriginFailure} {
			name := strings.ToLower(string(by))
			all = append(all, Stat{"outlier_detection.ejections_enforced_" + name, c.stats.enforced[by]},
				Stat{"outlier_detection.ejections_detected_" + name, c.stats.detected[by]})
		}
		for _, statistical := range []string{"success_rate", "local_origin_success_rate", "failure_percentage", "local_origin_failure_percentage"} {
			all = append(all, Stat{"outlier_detection.ejections_enforced_" + statistical, c.stats.enforced[Detector(strings.ToUpper(statistical))]}, Stat{"outlier_detection.ejections_detected_" + statistical, 0})
		}
	}
	return append(all, Stat{"membership_total", uint64(len(c.hosts))}, Stat{"membership_healthy", uint64(healthy)},
		Stat{"lb_healthy_panic", c.stats.panic}, Stat{"upstream_cx_none_healthy", c.stats.noneHealthy})
}

// Out is how many hosts are ejected at a time.
func (c *Cluster) Out(at time.Time) int {
	c.Advance(at)
	return c.stats.active
}
