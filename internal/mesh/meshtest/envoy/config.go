package envoy

import "time"

// Config is one cluster's configuration. Source of the fields: envoy
// api/envoy/config/cluster/v3/cluster.proto.
type Config struct {
	// Outlier is nil for a cluster without outlier detection.
	Outlier *Outlier
	// Balancer is lb_policy: ROUND_ROBIN, LEAST_REQUEST or RANDOM.
	Balancer string
	// PanicPercent is healthy_panic_threshold; 0 is never.
	PanicPercent float64
	// MergeWindow is update_merge_window; 0 passes every change on at once.
	MergeWindow time.Duration
	// Thread is how long a post to another thread takes.
	Thread time.Duration
	// Late bounds how late a timer fires, at random.
	Late time.Duration
	// Seed of what is random.
	Seed uint64
	// Wrong is what this Envoy does that none does.
	Wrong Wrong
}

// Outlier is a cluster's outlier detection. Percentages are 0 to 100. Source:
// envoy api/envoy/config/cluster/v3/outlier_detection.proto.
type Outlier struct {
	Gateway, EnforcingGateway uint32 // consecutive_gateway_failure
	Any5xx, Enforcing5xx      uint32 // consecutive_5xx
	Local, EnforcingLocal     uint32 // consecutive_local_origin_failure
	EnforcingSuccessRate      uint32 // its detector is not simulated
	Split                     bool   // split_external_local_origin_errors
	Interval                  time.Duration
	BaseEjectionTime          time.Duration
	MaxEjectionTime           time.Duration
	Jitter                    time.Duration // max_ejection_time_jitter
	MaxEjectionPercent        uint32
	AlwaysEjectOne            bool // always_eject_one_host
}

// Defaults is what Envoy takes for fields that nobody sets. Source: envoy
// source/common/upstream/outlier_detection_impl.h, DetectorConfig.
func Defaults() Outlier {
	return Outlier{Gateway: 5, EnforcingGateway: 0, Any5xx: 5, Enforcing5xx: 100, Local: 5, EnforcingLocal: 100, EnforcingSuccessRate: 100,
		Interval: 10 * time.Second, BaseEjectionTime: 30 * time.Second, MaxEjectionTime: 300 * time.Second, MaxEjectionPercent: 10}
}

// DefaultPanicPercent and DefaultMergeWindow are Envoy's own. Source: envoy
// api/envoy/config/cluster/v3/cluster.proto, CommonLbConfig.
const (
	DefaultPanicPercent = 50
	DefaultMergeWindow  = time.Second
)
