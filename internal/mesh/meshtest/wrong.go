package meshtest

import (
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Wrong is what is wrong with a mesh on purpose, beside the breaker itself. The
// zero value is a mesh as it should be.
type Wrong struct {
	// Acts changes what the sidecar acts by, and Shows what it shows and acts by.
	Acts, Shows func(*timeline.Sidecar)
	// Counters changes the counters that the sidecar shows, and Host what it shows
	// of a pod.
	Counters func(*timeline.Counters)
	Host     func(pod string, shown *Shown)
	// Line changes a line of the outlier log, by Envoy's names of its fields; it
	// returns the lines to write instead.
	Line func(line map[string]any) []map[string]any
	// Answer changes an answer on its way to the caller; false keeps it back.
	Answer func(at time.Time, a timeline.Answer) (timeline.Answer, bool)
	// Own is an answer that the sidecar gives by itself, without a host, where it
	// is not nil.
	Own func(at time.Time, counters timeline.Counters) *timeline.Answer
}

// Shown is what the sidecar shows of a pod.
type Shown struct {
	Ejected                  bool
	Requests, Errors, Active uint64
}
