// Package compare puts two runs of one load side by side, one with the breaker
// off and one with it on. It reads timeline entries, live or recorded, and makes
// the figures of each. Live, it takes outlierDetection out of the rule and puts
// it back as it was, whatever happens.
package compare

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Side is one run in figures. Times are in seconds.
type Side struct {
	Breaker     string  `json:"breaker"` // "off" or "on"
	Seconds     float64 `json:"seconds"` // from the first request to the last answer
	Requests    int     `json:"requests"`
	Succeeded   int     `json:"succeeded"` // 2xx and 3xx
	SuccessRate float64 `json:"successRate"`
	P50         float64 `json:"p50Seconds"`
	P90         float64 `json:"p90Seconds"`
	P99         float64 `json:"p99Seconds"`
	Worst       float64 `json:"worstSeconds"`
	// Wasted is the time that callers waited for answers that were errors.
	Wasted float64 `json:"wastedSeconds"`
	// UntilTripped counts the requests asked for before the first ejection; 0:
	// there was none.
	UntilTripped int `json:"requestsUntilTripped"`
	Ejections    int `json:"ejections"`
}

// Of makes the figures of a run.
func Of(entries []timeline.Entry) (Side, error) {
	s := Side{Breaker: "off"}
	var latencies []time.Duration
	var sent []time.Time
	var from, to, tripped time.Time
	headed := false
	for _, e := range entries {
		switch {
		case e.Header != nil:
			if headed = true; e.Header.Rule.Enabled {
				s.Breaker = "on"
			}
		case e.Answer != nil:
			latencies, sent = append(latencies, e.Answer.Latency), append(sent, e.Time)
			if end := e.Time.Add(e.Answer.Latency); end.After(to) {
				to = end
			}
			if from.IsZero() || e.Time.Before(from) {
				from = e.Time
			}
			if e.Answer.Code >= 200 && e.Answer.Code < 400 {
				s.Succeeded++
			} else {
				s.Wasted += e.Answer.Latency.Seconds()
			}
		case e.Event != nil && e.Event.Kind == timeline.PodEjected:
			if s.Ejections++; s.Ejections == 1 {
				tripped = e.Event.When(e.Time)
			}
		case e.Event != nil && e.Event.Kind == timeline.Confirmed && s.Ejections == 1 && e.Event.Detail == string(timeline.PodEjected) && e.Event.Ejection == 1:
			tripped = e.Event.When(e.Time)
		}
	}
	if !headed {
		return Side{}, errors.New("comparing runs: a recording has no header")
	}
	if len(latencies) == 0 {
		return Side{}, fmt.Errorf("comparing runs: there are no answers in the run with the breaker %s", s.Breaker)
	}
	slices.Sort(latencies)
	s.Requests, s.Seconds = len(latencies), to.Sub(from).Seconds()
	s.SuccessRate = float64(s.Succeeded) / float64(s.Requests)
	s.P50, s.P90, s.P99 = quantile(latencies, 0.5), quantile(latencies, 0.9), quantile(latencies, 0.99)
	s.Worst = latencies[len(latencies)-1].Seconds()
	for _, at := range sent {
		if !tripped.IsZero() && at.Before(tripped) {
			s.UntilTripped++
		}
	}
	return s, nil
}

// quantile is the smallest latency that at least q of all do not exceed.
func quantile(sorted []time.Duration, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)].Seconds()
}
