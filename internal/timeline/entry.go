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
// refuses a higher one. Version 1 lacks what a proof can be judged from again.
const Version = 2

// Entry is one line of a recording: a time and exactly one of the pointers.
//
// Time is this machine's clock, the observer's, but for an Answer: that has the
// clock of the client pod's node, as do the times inside of an Outlier. A Clock
// says how far the two are apart.
type Entry struct {
	Time     time.Time `json:"time"`
	Header   *Header   `json:"header,omitempty"`
	Answer   *Answer   `json:"answer,omitempty"`
	Snapshot *Snapshot `json:"snapshot,omitempty"`
	Outlier  *Outlier  `json:"outlier,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	Clock    *Clock    `json:"clock,omitempty"`
	Step     *Step     `json:"step,omitempty"`
	Sidecar  *Sidecar  `json:"sidecar,omitempty"` // read again at the end of a proof
	Symptom  *Symptom  `json:"symptom,omitempty"`
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
	Rule      breaker.Rule `json:"rule"`      // as the DestinationRule in the cluster says it
	Label     string       `json:"label,omitempty"`
	// Sidecar is what the client's Envoy has in force; nil where it was not read.
	Sidecar *Sidecar `json:"sidecar,omitempty"`
	// Claim is what a proof is asked to prove; nil for other commands.
	Claim *Claim `json:"claim,omitempty"`
	// Versions of what took part, by name: "observe", "envoy", "istio", "kubernetes".
	Versions map[string]string `json:"versions,omitempty"`
}

// Claim is what a proof is asked to prove.
type Claim struct {
	Phases []string `json:"phases"`
	// Load that the proof was asked to send; single steps may send another.
	Load Load `json:"load"`
	// ExpectThreshold is the number of errors that somebody demands of the rule,
	// whatever it says; 0: nobody does.
	ExpectThreshold int `json:"expectThreshold,omitempty"`
	// Code is what the faulty pods are said to answer; 0: any gateway error.
	Code int `json:"code,omitempty"`
	// Declared is the rule as the stack declared it; nil where that is not known.
	Declared *breaker.Rule `json:"declared,omitempty"`
}

// Load is how requests are sent.
type Load struct {
	Rate        float64       `json:"rate"`        // requests a second; 0 is as fast as answers come
	Concurrency int           `json:"concurrency"` // workers; 0 is no load at all
	Timeout     time.Duration `json:"timeout"`     // of one request
}

// Sidecar is the configuration of the service's cluster in the client's Envoy,
// as its configuration dump shows it, Envoy's defaults filled in. Source of the
// fields: envoy api/envoy/config/cluster/v3/{cluster,outlier_detection}.proto.
type Sidecar struct {
	Cluster string `json:"cluster"` // Envoy's name of it
	// Outlier is nil where the cluster has no outlier detection.
	Outlier *OutlierDetection `json:"outlier,omitempty"`
	// Balancer is Envoy's lb_policy, such as ROUND_ROBIN.
	Balancer string `json:"balancer"`
	// PanicPercent is healthy_panic_threshold; 0 is never.
	PanicPercent float64 `json:"panicPercent"`
	// Locality is true where the balancer prefers hosts of the caller's locality:
	// locality weights or priorities.
	Locality bool `json:"locality"`
}

// OutlierDetection is Envoy's configuration of it. Percentages are 0 to 100.
type OutlierDetection struct {
	Gateway            uint32        `json:"consecutiveGatewayFailure"`
	EnforcingGateway   uint32        `json:"enforcingConsecutiveGatewayFailure"`
	Any5xx             uint32        `json:"consecutive5xx"`
	Enforcing5xx       uint32        `json:"enforcingConsecutive5xx"`
	Local              uint32        `json:"consecutiveLocalOriginFailure"`
	EnforcingLocal     uint32        `json:"enforcingConsecutiveLocalOriginFailure"`
	EnforcingSuccess   uint32        `json:"enforcingSuccessRate"`
	EnforcingFailure   uint32        `json:"enforcingFailurePercentage"`
	Split              bool          `json:"splitExternalLocalOriginErrors"`
	Interval           time.Duration `json:"interval"`
	BaseEjectionTime   time.Duration `json:"baseEjectionTime"`
	MaxEjectionTime    time.Duration `json:"maxEjectionTime"`
	Jitter             time.Duration `json:"maxEjectionTimeJitter"`
	MaxEjectionPercent uint32        `json:"maxEjectionPercent"`
	AlwaysEjectOne     bool          `json:"alwaysEjectOneHost"`
}

// Answer is one request's result as the client role reports it.
type Answer struct {
	Latency time.Duration `json:"latency"` // nanoseconds, from send to last byte
	Code    int           `json:"code"`    // HTTP status; 0 where no answer came
	Pod     string        `json:"pod,omitempty"`
	Version string        `json:"version,omitempty"`
	Error   string        `json:"error,omitempty"`
	// Upstream is how long the sidecar waited for the pod, in whole milliseconds
	// rounded down, from the header x-envoy-upstream-service-time: the sidecar
	// booked the answer no earlier than that after it was sent. Nil where the
	// answer has no such header, as those that a sidecar makes itself.
	Upstream *time.Duration `json:"upstream,omitempty"`
	// Said is the beginning of the body of an answer that no pod gave, such as
	// "no healthy upstream": the sidecar's own words.
	Said string `json:"said,omitempty"`
}

// Own tells an answer that the sidecar gave by itself: no pod's name is in it.
func (a Answer) Own() bool { return a.Code != 0 && a.Pod == "" }

// GatewayError reports whether an HTTP status is one of those that Envoy counts
// as a gateway failure: 502, 503 and 504 (outlier_detection_impl.cc).
func GatewayError(code int) bool { return code >= 502 && code <= 504 }

// Snapshot is one look at the client's sidecar, with the pods of the API server
// by then. It is written when something but the request counts changed, together
// with the look before, and at least once a second.
type Snapshot struct {
	Pods     []Pod    `json:"pods"` // sorted by name
	Counters Counters `json:"counters"`
	// Asked and Took say when the sidecar was asked for its endpoints and how
	// long the answer took, by the observer's clock; zero in version 1.
	Asked time.Time     `json:"asked,omitzero"`
	Took  time.Duration `json:"took,omitempty"`
}

// Pod is one endpoint of the service.
type Pod struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Address   string `json:"address"` // IP:port as Envoy names it
	State     State  `json:"state"`
	Ejections int    `json:"ejections"` // times ejected in this run
	// What the sidecar has counted of the pod since it knows it (rq_total,
	// rq_error, rq_active); all 0 where Envoy does not know it, and in version 1.
	Requests uint64 `json:"requests,omitempty"`
	Errors   uint64 `json:"errors,omitempty"`
	Active   uint64 `json:"active,omitempty"`
	// Flags are Envoy's health flags that are set, such as failed_outlier_check.
	Flags []string `json:"flags,omitempty"`
	// NotReady is true where the API server says so.
	NotReady bool `json:"notReady,omitempty"`
	// Locality is region/zone/subzone as Envoy has it of the host.
	Locality string `json:"locality,omitempty"`
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
	// EnforcedOther are the ejections by all other detectors together: local
	// origin failure, success rate, failure percentage, and what later Envoys have.
	EnforcedOther uint64 `json:"enforcedOther,omitempty"`
	Overflow      uint64 `json:"overflow"`
	// Panic counts requests that went to hosts without looking at their health
	// (lb_healthy_panic), and NoneHealthy those that found no host (upstream_cx_none_healthy).
	Panic       uint64 `json:"panic,omitempty"`
	NoneHealthy uint64 `json:"noneHealthy,omitempty"`
	// Retries (upstream_rq_retry) and PoolOverflow (upstream_rq_pending_overflow).
	Retries      uint64 `json:"retries,omitempty"`
	PoolOverflow uint64 `json:"poolOverflow,omitempty"`
	// Uptime of the sidecar in seconds (server.uptime, some seconds old); 0 where
	// it is not exported.
	Uptime uint64 `json:"uptime,omitempty"`
	// Exported is false where the sidecar shows no outlier statistic at all,
	// so that zeros above mean "not known".
	Exported bool `json:"exported"`
}

// Outlier is one line of the sidecar's outlier log as it was read. Source: envoy
// api/envoy/data/cluster/v3/outlier_detection_event.proto.
type Outlier struct {
	Decided time.Time `json:"decided"` // by the sidecar's clock, rounded down to milliseconds
	Pod     string    `json:"pod"`     // the address where no pod is known there
	Address string    `json:"address"`
	Ejected bool      `json:"ejected"` // EJECT; false is UNEJECT
	// Enforced is false for what was only detected, and in each UNEJECT.
	Enforced bool `json:"enforced"`
	// Type of the detector, such as CONSECUTIVE_GATEWAY_FAILURE; empty in an UNEJECT.
	Type string `json:"type,omitempty"`
	// Number of the address's ejections in this Envoy, from 1.
	Number int `json:"number"`
	// Since is whole seconds since the address's last ejection or return.
	Since time.Duration `json:"since,omitempty"`
}

// Clock is an estimate of how far another clock is ahead of the observer's.
type Clock struct {
	Name string `json:"name"` // SidecarClock or APIServerClock
	// Least and Most bound what has to be added to the observer's time to get
	// the other's. Each estimate stands on all evidence so far.
	Least  time.Duration `json:"least"`
	Most   time.Duration `json:"most"`
	Source string        `json:"source"` // what it was read from
}

// Clocks that are not the observer's.
const (
	SidecarClock   = "sidecar" // also the client pod's: both are on one node
	APIServerClock = "API server"
)

// Step is something that a proof's driver did.
type Step struct {
	// Phase that it begins; empty where only the load changes.
	Phase string `json:"phase,omitempty"`
	// Load from now on; nil where it stays.
	Load *Load `json:"load,omitempty"`
	// Why, where the driver departs from what was announced.
	Why string `json:"why,omitempty"`
}

// Symptom is what a look around found that bears on a cause.
type Symptom struct {
	Code   string `json:"code"` // of internal/diagnose
	Detail string `json:"detail"`
	Source string `json:"source"`
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
	// ClusterReplaced: the sidecar got another configuration of the cluster; its
	// hosts' counts and ejections start again, its counters go on.
	ClusterReplaced EventKind = "cluster replaced"
	SourceLost      EventKind = "connection lost"
	SourceBack      EventKind = "connection back"
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
	// AtLeast is true where there may have been more errors than those, such as
	// before the watch began; Detail says why.
	AtLeast bool `json:"atLeast,omitempty"`
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

// Statement is what a proof says of one claim.
type Statement string

const (
	Proven    Statement = "proven"
	Refuted   Statement = "refuted"
	NotProven Statement = "not proven"
)

// Phase is what a proof states of one claim.
type Phase struct {
	Name      string    `json:"name"`
	Pod       string    `json:"pod,omitempty"`
	Statement Statement `json:"statement"`
	Expected  string    `json:"expected"`
	Measured  string    `json:"measured"`
	Tolerance string    `json:"tolerance,omitempty"`
	Why       string    `json:"why"`
	// Evidence that the statement stands on: times, counts and their sources.
	Evidence []string `json:"evidence,omitempty"`
	// Answers that it rests on, and the least that it needs.
	Answers int `json:"answers"`
	Least   int `json:"least"`
	// Missing says what keeps it from being proven, and how to get that.
	Missing string        `json:"missing,omitempty"`
	Took    time.Duration `json:"took"`
	// Causes are codes of what made it fail, where that is known; Diagnosis is
	// the same in words, with the fix.
	Causes    []string `json:"causes,omitempty"`
	Diagnosis string   `json:"diagnosis,omitempty"`
}

// Verdict closes a proof.
type Verdict struct {
	// Verdict is agrees, refuted or not proven.
	Verdict string `json:"verdict"`
	Words   string `json:"words"`
}

// Verdicts. A breaker agrees with its rule where every claim is proven.
const (
	Agrees       = "agrees"
	Differs      = "refuted"
	Undetermined = "not proven"
)
