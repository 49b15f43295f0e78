package envoyadmin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"istio-circuit-breaker/internal/timeline"
)

// Stats are the statistics of one cluster. Counters.Exported is false where
// Envoy shows no outlier statistic of the cluster at all; so is
// MembershipExported for the other two.
type Stats struct {
	Counters                           timeline.Counters
	MembershipHealthy, MembershipTotal uint64
	MembershipExported                 bool
}

// ParseStats reads the text form of /stats, one "name: value" a line.
func ParseStats(data []byte, cluster string) (Stats, error) {
	var s Stats
	for line := range bytes.Lines(data) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), ": ")
		if !ok {
			continue
		}
		if err := s.set(cluster, name, value); err != nil {
			return Stats{}, err
		}
	}
	return s, nil
}

// ParseStatsJSON reads the JSON form of /stats.
func ParseStatsJSON(data []byte, cluster string) (Stats, error) {
	var answer struct {
		Stats []struct {
			Name  string          `json:"name"`
			Value json.RawMessage `json:"value"` // a number, or a text readout
		} `json:"stats"` // histograms are entries without name
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return Stats{}, fmt.Errorf("parsing Envoy's statistics: %w", err)
	}
	var s Stats
	for _, stat := range answer.Stats {
		if err := s.set(cluster, stat.Name, string(stat.Value)); err != nil {
			return Stats{}, err
		}
	}
	return s, nil
}

func (s *Stats) set(cluster, name, value string) error {
	c := &s.Counters
	if name == "server.uptime" {
		return read(name, value, &c.Uptime)
	}
	rest, ok := strings.CutPrefix(name, "cluster."+cluster)
	if !ok {
		return nil
	}
	rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, ";"), ".")
	if !ok {
		return nil
	}
	counts := map[string]*uint64{
		"outlier_detection.ejections_active":                               &c.EjectionsActive,
		"outlier_detection.ejections_enforced_total":                       &c.EnforcedTotal,
		"outlier_detection.ejections_enforced_consecutive_gateway_failure": &c.EnforcedGateway,
		"outlier_detection.ejections_detected_consecutive_gateway_failure": &c.DetectedGateway,
		"outlier_detection.ejections_enforced_consecutive_5xx":             &c.Enforced5xx,
		"outlier_detection.ejections_detected_consecutive_5xx":             &c.Detected5xx,
		"outlier_detection.ejections_overflow":                             &c.Overflow,
		"membership_healthy":                                               &s.MembershipHealthy,
		"membership_total":                                                 &s.MembershipTotal,
		"lb_healthy_panic":                                                 &c.Panic,
		"upstream_cx_none_healthy":                                         &c.NoneHealthy,
		"upstream_rq_retry":                                                &c.Retries,
		"upstream_rq_pending_overflow":                                     &c.PoolOverflow,
	}
	count, wanted := counts[rest]
	other := uint64(0)
	if !wanted {
		if !strings.HasPrefix(rest, "outlier_detection.ejections_enforced_") {
			return nil
		}
		count = &other
	}
	if err := read(name, value, count); err != nil {
		return err
	}
	c.EnforcedOther += other
	c.Exported = c.Exported || strings.HasPrefix(rest, "outlier_detection.")
	s.MembershipExported = s.MembershipExported || strings.HasPrefix(rest, "membership_")
	return nil
}

func read(name, value string, to *uint64) error {
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return fmt.Errorf("reading Envoy's statistic %q: %w", name, err)
	}
	*to = v
	return nil
}
