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
	rest, ok := strings.CutPrefix(name, "cluster."+cluster)
	if !ok {
		return nil
	}
	rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, ";"), ".")
	if !ok {
		return nil
	}
	c := &s.Counters
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
	}
	count, wanted := counts[rest]
	if !wanted {
		return nil
	}
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return fmt.Errorf("reading Envoy's statistic %q: %w", name, err)
	}
	*count = v
	if strings.HasPrefix(rest, "outlier_detection.") {
		c.Exported = true
	} else {
		s.MembershipExported = true
	}
	return nil
}
