package envoyadmin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// ConfigPath is the admin path of one cluster's configuration, for ParseConfig.
func ConfigPath(cluster string) string {
	return "/config_dump?resource=dynamic_active_clusters&name_regex=" + url.QueryEscape(regexp.QuoteMeta(cluster)+";?")
}

// Envoy's defaults, in force where its configuration leaves a field out. Source:
// envoy api/envoy/config/cluster/v3/{cluster,outlier_detection}.proto.
const (
	defaultErrors      = 5
	defaultInterval    = 10 * time.Second
	defaultBase        = 30 * time.Second
	defaultMost        = 300 * time.Second
	defaultPercent     = 10
	defaultPanic       = 50
	defaultSuccessRate = 100
)

// ParseConfig reads the configuration of one cluster from the answer to
// ConfigPath, with Envoy's defaults where a field is left out. It returns
// ErrNoCluster where the cluster is missing.
func ParseConfig(data []byte, cluster string) (timeline.Sidecar, error) {
	var dump struct {
		Configs []struct {
			Cluster clusterConfig `json:"cluster"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(data, &dump); err != nil {
		return timeline.Sidecar{}, fmt.Errorf("parsing Envoy's configuration: %w", err)
	}
	for _, c := range dump.Configs {
		if strings.TrimSuffix(c.Cluster.Name, ";") != cluster {
			continue
		}
		s, err := c.Cluster.sidecar(cluster)
		if err != nil {
			return timeline.Sidecar{}, fmt.Errorf("parsing Envoy's configuration of %q: %w", cluster, err)
		}
		return s, nil
	}
	return timeline.Sidecar{}, fmt.Errorf("%w: %q", ErrNoCluster, cluster)
}

type clusterConfig struct {
	Name    string           `json:"name"`
	Policy  string           `json:"lb_policy"` // left out: ROUND_ROBIN
	Outlier *outlierSettings `json:"outlier_detection"`
	Common  struct {
		Panic *struct {
			Value float64 `json:"value"`
		} `json:"healthy_panic_threshold"`
		Weighted *struct{} `json:"locality_weighted_lb_config"`
	} `json:"common_lb_config"`
}

type outlierSettings struct {
	Gateway          *uint32 `json:"consecutive_gateway_failure"`
	EnforcingGateway *uint32 `json:"enforcing_consecutive_gateway_failure"`
	Any5xx           *uint32 `json:"consecutive_5xx"`
	Enforcing5xx     *uint32 `json:"enforcing_consecutive_5xx"`
	Local            *uint32 `json:"consecutive_local_origin_failure"`
	EnforcingLocal   *uint32 `json:"enforcing_consecutive_local_origin_failure"`
	EnforcingSuccess *uint32 `json:"enforcing_success_rate"`
	EnforcingFailure *uint32 `json:"enforcing_failure_percentage"`
	Split            bool    `json:"split_external_local_origin_errors"`
	Interval         string  `json:"interval"`
	Base             string  `json:"base_ejection_time"`
	Most             string  `json:"max_ejection_time"`
	Jitter           string  `json:"max_ejection_time_jitter"`
	Percent          *uint32 `json:"max_ejection_percent"`
	AlwaysOne        *bool   `json:"always_eject_one_host"`
}

func (c clusterConfig) sidecar(cluster string) (timeline.Sidecar, error) {
	s := timeline.Sidecar{Cluster: cluster, Balancer: c.Policy, PanicPercent: defaultPanic, Locality: c.Common.Weighted != nil}
	if s.Balancer == "" {
		s.Balancer = "ROUND_ROBIN"
	}
	if c.Common.Panic != nil {
		s.PanicPercent = c.Common.Panic.Value
	}
	if c.Outlier == nil {
		return s, nil
	}
	o := *c.Outlier
	out := &timeline.OutlierDetection{
		Gateway: or(o.Gateway, defaultErrors), EnforcingGateway: or(o.EnforcingGateway, 0),
		Any5xx: or(o.Any5xx, defaultErrors), Enforcing5xx: or(o.Enforcing5xx, 100),
		Local: or(o.Local, defaultErrors), EnforcingLocal: or(o.EnforcingLocal, 100),
		EnforcingSuccess: or(o.EnforcingSuccess, defaultSuccessRate), EnforcingFailure: or(o.EnforcingFailure, 0),
		Split: o.Split, MaxEjectionPercent: or(o.Percent, defaultPercent), AlwaysEjectOne: o.AlwaysOne != nil && *o.AlwaysOne,
	}
	for _, d := range []struct {
		text  string
		unset time.Duration
		to    *time.Duration
	}{{o.Interval, defaultInterval, &out.Interval}, {o.Base, defaultBase, &out.BaseEjectionTime},
		{o.Most, 0, &out.MaxEjectionTime}, {o.Jitter, 0, &out.Jitter}} {
		*d.to = d.unset
		if d.text == "" {
			continue
		}
		var err error
		if *d.to, err = time.ParseDuration(d.text); err != nil {
			return s, err
		}
	}
	if o.Most == "" { // Envoy: the larger of the default and the base
		out.MaxEjectionTime = max(defaultMost, out.BaseEjectionTime)
	}
	s.Outlier = out
	return s, nil
}

func or(p *uint32, unset uint32) uint32 {
	if p == nil {
		return unset
	}
	return *p
}
