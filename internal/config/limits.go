package config

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/naming"
)

type timeSpan = time.Duration

// Limits. Istio itself takes any duration from 1ms, in whole milliseconds
// (istio/istio pkg/config/validation); ours keep the lesson visible.
const (
	// Below a second no observer could tell an ejection from a slow answer.
	minBase = time.Second
	maxBase = time.Hour
	// Envoy sweeps every host of every cluster at each interval: more often
	// than this is load, not precision. A longer one keeps a pod out long after
	// its time (the sweep is what returns it).
	minInterval = 100 * time.Millisecond
	maxInterval = 10 * time.Minute
	// Longer than any client of the demo waits for an answer.
	maxDelay   = time.Minute
	minTimeout = 10 * time.Second
	maxTimeout = 30 * time.Minute
)

// Defaults that are needed in more than one place.
const (
	// DefaultNamespace is the stack's namespace where none is set.
	DefaultNamespace = naming.Namespace
	// defaultVersion is that of istio.io/api in go.mod, whose types the rule is
	// written in.
	defaultVersion = "1.31.4"
	defaultCharts  = "https://istio-release.storage.googleapis.com/charts"
)

// defaults is the configuration of a stack that sets nothing.
func defaults() draft {
	var d draft
	for _, k := range keys() {
		if k.byDefault == "" {
			continue
		}
		if err := k.set(&d, k.byDefault); err != nil {
			panic(fmt.Sprintf("the default of %s %v", k.name, err)) // a slip in the table, which every test meets
		}
	}
	return draft{Config: d.Config} // nothing of which was configured
}
