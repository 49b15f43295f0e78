package callers

import (
	"time"

	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

// Matrix is who has ejected whom, as far as was seen.
type Matrix struct {
	Target target.Target
	Began  time.Time
	Views  []View // of callers that were read, sorted by caller and cluster
	// Unread are the callers of whom nothing is known.
	Unread []Unread
}

// View is what one caller's Envoy makes of one of the service's clusters.
type View struct {
	Caller  Caller
	Cluster string
	// Lost is why the caller cannot be read any more; empty while it can. What it
	// said last stands beside it, as of Looked.
	Lost   string
	Looked time.Time
	// Outlier is the outlier detection that this caller has; nil where it has none
	// or, if OutlierKnown is false, where that could not be read.
	Outlier      *timeline.OutlierDetection
	OutlierKnown bool
	Counters     timeline.Counters
	Pods         []Cell // sorted by name
	Requests     uint64 // to all of them, in this life of the caller's cluster
	// Ejections are counted by pod and cause since the caller was first looked at.
	Ejections map[Count]uint64
}

// Count is what ejections are counted by.
type Count struct{ Pod, Cause string }

// Unknown cause of an ejection.
const Unknown = "unknown"

// Cell is one pod in one caller's view.
type Cell struct {
	Pod, Address     string
	Out              bool
	Since, Back      Between // of what is out now
	Cause            string  // of the newest ejection; empty where not known
	Ejections        int     // since the caller was first looked at
	Requests, Errors uint64
}

// Out is how many pods the caller has ejected now.
func (v View) Out() int {
	n := 0
	for _, c := range v.Pods {
		if c.Out {
			n++
		}
	}
	return n
}

// back is when Envoy will take a pod in again: a multiple of the base time after
// the ejection, at the next sweep. The multiple is known as most, 0 where not at
// all. Source: envoy outlier_detection_impl.cc, checkHostForUneject.
func back(since Between, o *timeline.OutlierDetection, most uint64) Between {
	var b Between
	if o == nil {
		return b
	}
	longest := max(o.MaxEjectionTime, o.BaseEjectionTime)
	if most > 0 && o.BaseEjectionTime > 0 && most < uint64(longest/o.BaseEjectionTime) {
		longest = o.BaseEjectionTime * time.Duration(most)
	}
	if !since.Earliest.IsZero() {
		b.Earliest = since.Earliest.Add(o.BaseEjectionTime)
	}
	if !since.Latest.IsZero() {
		b.Latest = since.Latest.Add(longest + o.Jitter + o.Interval)
	}
	return b
}
