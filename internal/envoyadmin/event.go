package envoyadmin

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// OutlierEvent is one line of Envoy's outlier event log.
// Source of the fields: envoy api/envoy/data/cluster/v3/outlier_detection_event.proto.
//
// The log is not the first to know: Envoy buffers files and writes them out
// at its flush interval (10s unset; Istio's agent sets 1s).
type OutlierEvent struct {
	Time    time.Time // of Envoy's decision
	Cluster string
	Address string // IP:port
	// Ejected is true for EJECT, false for UNEJECT.
	Ejected bool
	// Enforced is false where an ejection was only detected. Envoy writes false
	// in each UNEJECT.
	Enforced bool
	// Type is the detector, such as CONSECUTIVE_GATEWAY_FAILURE; empty on a
	// return, where Envoy's field holds nothing but its first value.
	Type string
	// Ejections counts the address's ejections in this Envoy, from 1.
	Ejections int
	// Since is the time in whole seconds since the address's last ejection or
	// return; 0 where there was none.
	Since time.Duration
}

// ParseEvent reads one log line, which may have a time stamp before the JSON.
// It reports false for every line that is no outlier event, since a sidecar's
// log holds other lines too.
func ParseEvent(line []byte) (OutlierEvent, bool) {
	start := bytes.IndexByte(line, '{')
	if start < 0 {
		return OutlierEvent{}, false
	}
	var e struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Since     string    `json:"secs_since_last_action"` // 64 bits, hence a string
		Cluster   string    `json:"cluster_name"`
		URL       string    `json:"upstream_url"`
		Action    string    `json:"action"`
		Ejections int       `json:"num_ejections"`
		Enforced  bool      `json:"enforced"`
	}
	if err := json.Unmarshal(line[start:], &e); err != nil {
		return OutlierEvent{}, false
	}
	if e.Cluster == "" || e.URL == "" || e.Action != "EJECT" && e.Action != "UNEJECT" {
		return OutlierEvent{}, false
	}
	event := OutlierEvent{Time: e.Timestamp, Cluster: e.Cluster, Address: plainAddress(e.URL),
		Ejected: e.Action == "EJECT", Enforced: e.Enforced, Ejections: max(e.Ejections, 0)}
	if event.Ejected {
		event.Type = e.Type
	}
	// A century is more than any Envoy runs, and fits a Duration.
	if s, err := strconv.ParseUint(e.Since, 10, 64); err == nil && s < 100*365*24*3600 {
		event.Since = time.Duration(s) * time.Second
	}
	return event, true
}
