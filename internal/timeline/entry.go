// Package timeline is the record of a run: everything that was seen, as one
// stream of entries in the order of time. The live views, the proofs and the
// report are all functions of this stream, so that a recorded run shows the
// same as a live one.
package timeline

import (
	"time"

	"istio-circuit-breaker/internal/breaker"
)

// Version is the format's version, written in each stream's Header. A reader
// refuses a higher one.
const Version = 1

// Entry is one line of a recording: a time and exactly one of the pointers.
type Entry struct {
	Time     time.Time `json:"time"`
	Header   *Header   `json:"header,omitempty"`
	Answer   *Answer   `json:"answer,omitempty"`
	Snapshot *Snapshot `json:"snapshot,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	Phase    *Phase    `json:"phase,omitempty"`
	Verdict  *Verdict  `json:"verdict,omitempty"`
}

// Header opens a stream.
type Header struct {
	Version   int          `json:"version"`
	Command   string       `json:"command"`   // watch, verify or compare
	Context   string       `json:"context"`   // kubeconfig context
	Namespace string       `json:"namespace"` // of the stack
	Service   string       `json:"service"`   // host that is called
	Rule      breaker.Rule `json:"rule"`      // as found in the cluster
	Label     string       `json:"label,omitempty"`
}

// Answer is one request's result as the client role reports it.
type Answer struct {
	Latency time.Duration `json:"latency"` // nanoseconds, from send to last byte
	Code    int           `json:"code"`    // HTTP status; 0 where no answer came
	Pod     string        `json:"pod,omitempty"`
	Version string        `json:"version,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// GatewayError reports whether an HTTP status is one of those that Envoy counts
// as a gateway failure: 502, 503 and 504 (outlier_detection_impl.cc).
func GatewayError(code int) bool { return code >= 502 && code <= 504 }

// Snapshot is what the client's sidecar and the API server say at one moment.
// It is written when something but the request counts changed, and at least
// once a second.
type Snapshot struct {
	Pods     []Pod    `json:"pods"` // sorted by name
	Counters Counters `json:"counters"`
}

// Pod is one endpoint of the service.
type Pod struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Address   string `json:"address"` // IP:port as Envoy names it
	State     State  `json:"state"`
	Ejections int    `json:"ejections"` // times ejected in this run
}

// State is a pod's place in the client's load balancing.
type State string

const (
	InRotation  State = "in rotation"
	Ejected     State = "ejected"
	Terminating State = "terminating"
	// Unknown: known to the API server but not yet, or no longer, to Envoy.
	Unknown State = "unknown"
)

// Counters are the outlier_detection statistics of the service's cluster in
// the client's sidecar. Source: envoy docs, cluster_stats.rst.
type Counters struct {
	EjectionsActive uint64 `json:"ejectionsActive"`
	EnforcedTotal   uint64 `json:"enforcedTotal"`
	EnforcedGateway uint64 `json:"enforcedGateway"`
	DetectedGateway uint64 `json:"detectedGateway"`
	Enforced5xx     uint64 `json:"enforced5xx"`
	Detected5xx     uint64 `json:"detected5xx"`
	Overflow        uint64 `json:"overflow"`
	// Exported is false where the sidecar shows no outlier statistic at all,
	// so that zeros above mean "not known".
	Exported bool `json:"exported"`
}

// EventKind names what happened.
type EventKind string

const (
	PodEjected  EventKind = "ejected"
	PodReturned EventKind = "returned"
	PodAdded    EventKind = "pod added"
	PodRemoved  EventKind = "pod removed"
	RuleChanged EventKind = "rule changed"
	// CountersReset: the sidecar restarted, its counters start again.
	CountersReset EventKind = "counters reset"
	SourceLost    EventKind = "connection lost"
	SourceBack    EventKind = "connection back"
	// Confirmed: a second source tells of an ejection or return that is on record
	// already (Detail says which, Ejection its number), with what the first did
	// not know: Cause, Decided, Errors, Out. It is not another ejection.
	Confirmed EventKind = "confirmed"
	// Disagreement: two sources tell different stories; Detail says which.
	Disagreement EventKind = "disagreement"
)

// Event is something that happened, with its cause where Envoy gave one.
type Event struct {
	Kind EventKind `json:"kind"`
	Pod  string    `json:"pod,omitempty"`
	// Errors is the number of gateway errors in a row that the client had seen
	// of the pod when it was ejected.
	Errors int `json:"errors,omitempty"`
	// Ejection counts the pod's ejections, from 1.
	Ejection int `json:"ejection,omitempty"`
	// Out is, on a return, how long the pod was out of rotation.
	Out time.Duration `json:"out,omitempty"`
	// Cause is Envoy's ejection type, such as "GatewayFailure".
	Cause string `json:"cause,omitempty"`
	// Source says who reported it: "outlier log", "endpoint health", "counters", "API server".
	Source string `json:"source,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Decided is Envoy's own time of the decision, where its log gave one; zero otherwise.
	Decided time.Time `json:"decided,omitzero"`
	// Rule is, where it changed, what it is now.
	Rule *breaker.Rule `json:"rule,omitempty"`
}

// When is the time of what happened: Envoy's own of the decision where it is
// known, else the time at which it was reported.
func (e Event) When(reported time.Time) time.Time {
	if e.Decided.IsZero() {
		return reported
	}
	return e.Decided
}

// Phase is one step of a proof.
type Phase struct {
	Name      string        `json:"name"`
	Pod       string        `json:"pod,omitempty"`
	Expected  string        `json:"expected"`
	Measured  string        `json:"measured"`
	Tolerance string        `json:"tolerance,omitempty"`
	Why       string        `json:"why"`
	Passed    bool          `json:"passed"`
	Took      time.Duration `json:"took"`
	// Diagnosis names the cause of a failure where it is known, with the fix.
	Diagnosis string `json:"diagnosis,omitempty"`
}

// Verdict closes a proof.
type Verdict struct {
	Agrees bool   `json:"agrees"`
	Words  string `json:"words"`
}
