package callers

import (
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Kinds of events beside those of a single caller's timeline.
const (
	CallerFound timeline.EventKind = "caller found"
	CallerGone  timeline.EventKind = "caller gone"
	// CallerUnread: nothing is known of it; Detail says why.
	CallerUnread timeline.EventKind = "caller not read"
	// OutAlready: the pod was ejected before the caller was first looked at.
	OutAlready timeline.EventKind = "out already"
)

// Event is something that happened between a caller and a pod, or to a caller.
type Event struct {
	Time   time.Time          `json:"time"` // by this machine's clock
	Kind   timeline.EventKind `json:"kind"`
	Caller string             `json:"caller,omitempty"` // POD.NAMESPACE
	// Workload that the caller is of, and its kind.
	Workload   string `json:"workload,omitempty"`
	CallerKind Kind   `json:"callerKind,omitempty"`
	Cluster    string `json:"cluster,omitempty"` // as the caller's Envoy names it
	Pod        string `json:"pod,omitempty"`     // the address where no pod is known there
	Address    string `json:"address,omitempty"`
	// Ejection counts the pod's ejections by this caller since it was first looked
	// at, from 1.
	Ejection int `json:"ejection,omitempty"`
	// Since bounds when the pod was ejected; Back, when it is to return.
	Since *Between `json:"since,omitempty"`
	Back  *Between `json:"back,omitempty"`
	// Out is, on a return, how long the pod was out.
	Out time.Duration `json:"out,omitempty"`
	// Cause is Envoy's ejection type; empty where it is not known.
	Cause  string `json:"cause,omitempty"`
	Source string `json:"source,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Decided is Envoy's own time of the decision, by its node's clock.
	Decided time.Time `json:"decided,omitzero"`
}

// Between is a time that is known between two bounds. A zero bound is not known.
type Between struct {
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
}

// within is what both say; b where they contradict each other.
func (b Between) within(other Between) Between {
	narrow := b
	if other.Earliest.After(narrow.Earliest) {
		narrow.Earliest = other.Earliest
	}
	if narrow.Latest.IsZero() || !other.Latest.IsZero() && other.Latest.Before(narrow.Latest) {
		narrow.Latest = other.Latest
	}
	if narrow.Latest.Before(narrow.Earliest) {
		return b
	}
	return narrow
}
