package mesh

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

// configPath is the admin path of what parseConfig reads.
func configPath(cluster string) string {
	return "/config_dump?resource=dynamic_active_clusters&name_regex=" + url.QueryEscape(regexp.QuoteMeta(cluster)+";?")
}

// parseConfig reads the outlier detection of one cluster from Envoy's
// configuration dump, as the rule that would make it.
// Source of the fields: envoy api/envoy/config/cluster/v3/outlier_detection.proto.
func parseConfig(text []byte, cluster string) (breaker.Rule, error) {
	var dump struct {
		Configs []struct {
			Cluster struct {
				Name    string `json:"name"`
				Outlier *struct {
					Gateway          *uint32 `json:"consecutive_gateway_failure"`
					EnforcingGateway *uint32 `json:"enforcing_consecutive_gateway_failure"`
					Any5xx           *uint32 `json:"consecutive_5xx"`
					Enforcing5xx     *uint32 `json:"enforcing_consecutive_5xx"`
					Base             string  `json:"base_ejection_time"`
					Interval         string  `json:"interval"`
					Percent          *int32  `json:"max_ejection_percent"`
				} `json:"outlier_detection"`
			} `json:"cluster"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(text, &dump); err != nil {
		return breaker.Rule{}, fmt.Errorf("parsing Envoy's configuration: %w", err)
	}
	for _, c := range dump.Configs {
		if strings.TrimSuffix(c.Cluster.Name, ";") != cluster {
			continue
		}
		o := c.Cluster.Outlier
		if o == nil {
			return breaker.Rule{}, nil
		}
		base, err := span(o.Base)
		if err != nil {
			return breaker.Rule{}, err
		}
		interval, err := span(o.Interval)
		if err != nil {
			return breaker.Rule{}, err
		}
		rule := breaker.Rule{Enabled: true, BaseEjectionTime: base, Interval: interval,
			// Enforcing is 0 for gateway errors and 100 for 5xx where nobody sets it.
			ConsecutiveGatewayErrors: enforced(o.Gateway, o.EnforcingGateway, 5, 0),
			Consecutive5xxErrors:     enforced(o.Any5xx, o.Enforcing5xx, 5, 100)}
		if o.Percent != nil {
			rule.MaxEjectionPercent = *o.Percent
		}
		return rule, nil
	}
	return breaker.Rule{}, fmt.Errorf("parsing Envoy's configuration: no cluster %q in it", cluster)
}

func span(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("parsing Envoy's configuration: %w", err)
	}
	return d, nil
}

// enforced is a threshold's value, and 0 where it is only looked at.
func enforced(threshold, enforcing *uint32, unset, unsetEnforcing uint32) *uint32 {
	if enforcing == nil {
		enforcing = &unsetEnforcing
	}
	if threshold == nil {
		threshold = &unset
	}
	if *enforcing == 0 {
		return new(uint32)
	}
	return threshold
}

// Effect names all that Envoy's configuration can tell of a rule.
func Effect(r breaker.Rule) string {
	errors, by := r.Threshold()
	if !r.Enabled {
		return "no outlier detection"
	}
	return fmt.Sprintf("%s %d, base %s, interval %s, max %d %%", by, errors, r.Base(), r.Sweep(), r.Percent())
}
