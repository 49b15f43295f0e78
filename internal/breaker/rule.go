package breaker

import "time"

// Rule is the outlierDetection block of a DestinationRule together with what
// its effect depends on: a pointer is nil where the block leaves the field out,
// because "unset" and "zero" mean different things to Envoy.
// Source of the fields: istio/api networking/v1alpha3/destination_rule.proto.
type Rule struct {
	// Enabled is false where the DestinationRule has no outlierDetection block.
	Enabled bool `json:"enabled"`
	// ConsecutiveGatewayErrors is how many answers of 502, 503 or 504 in a row
	// eject a pod. Nil and 0: gateway errors alone never eject.
	ConsecutiveGatewayErrors *uint32 `json:"consecutiveGatewayErrors,omitempty"`
	// Consecutive5xxErrors is the same for any 5xx. Nil: Envoy's default of 5
	// stays in force. 0: switched off.
	Consecutive5xxErrors *uint32 `json:"consecutive5xxErrors,omitempty"`
	// BaseEjectionTime is the first ejection's length; 0 means unset (30s).
	BaseEjectionTime time.Duration `json:"baseEjectionTime"`
	// Interval is the time between two sweeps, which return ejected pods;
	// 0 means unset (10s).
	Interval time.Duration `json:"interval"`
	// MaxEjectionPercent is the largest share of the pods that may be out at
	// once; 0 means unset (10).
	MaxEjectionPercent int32 `json:"maxEjectionPercent"`
	// MinHealthPercent below which Envoy ignores ejections; 0 is Istio's default
	// and means never.
	MinHealthPercent int32 `json:"minHealthPercent"`
	// Balancer is the simple load balancer by Istio's name; empty means the
	// mesh's default, LEAST_REQUEST.
	Balancer string `json:"balancer,omitempty"`
	// SplitLocal is splitExternalLocalOriginErrors: errors that the sidecar makes
	// itself, such as a refused connection, are counted apart, by
	// consecutiveLocalOriginFailures.
	SplitLocal bool `json:"splitExternalLocalOriginErrors,omitempty"`
	// ConsecutiveLocal is consecutiveLocalOriginFailures; nil where it is left
	// out, which is Envoy's 5, and only looked at where SplitLocal is set.
	ConsecutiveLocal *uint32 `json:"consecutiveLocalOriginFailures,omitempty"`
	// Locality is localityLbSetting.enabled; nil where it is left out, which is
	// the mesh's default: on wherever there is outlier detection.
	Locality *bool `json:"localityLbSetting,omitempty"`
	// Spread is true where something says which zones a caller calls:
	// localityLbSetting.distribute or failoverPriority, or zoneAwareLbSetting.
	Spread bool `json:"zonesChosen,omitempty"`
	// Unchosen is why a sidecar has no pods to choose from, such as that the service
	// is headless; empty where it has.
	Unchosen string `json:"unchosen,omitempty"`
}

// Through tells whether a sidecar sends to whatever address its caller chose: it
// has no pods to eject then.
func (r Rule) Through() bool { return r.Balancer == "PASSTHROUGH" || r.Unchosen != "" }
