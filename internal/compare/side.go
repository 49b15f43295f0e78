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
	var f Figures
	for _, e := range entries {
		f.Add(e)
	}
	return f.Side()
}

// Figures are those of a run as it goes on. It keeps the latencies and, until a
// pod trips, the times of sending: 16 bytes an answer. The zero Figures are of
// no entry.
type Figures struct {
	side      Side
	headed    bool
	latencies []time.Duration
	from, to  time.Time
	tripped   time.Time     // when the first pod was ejected
	told      time.Time     // when that was reported, which is not before it was
	sent      []time.Time   // of requests before that
	ahead     time.Duration // of the sidecar's clock
}

// Add takes the next entry.
func (f *Figures) Add(e timeline.Entry) {
	if e.Clock != nil && e.Clock.Name == timeline.SidecarClock {
		f.ahead = e.Clock.Ahead()
	}
	e = e.Earlier(f.ahead)
	switch {
	case e.Header != nil:
		f.headed = true
		if f.side.Breaker = "off"; e.Header.Rule.Enabled {
			f.side.Breaker = "on"
		}
	case e.Answer != nil:
		f.answer(e.Time, *e.Answer)
	case e.Event != nil && e.Event.Kind == timeline.PodEjected:
		if f.side.Ejections++; f.side.Ejections == 1 {
			f.tripped, f.told = e.Event.When(e.Time), e.Time
		}
	case e.Event != nil && e.Event.Kind == timeline.Confirmed && f.side.Ejections == 1 && e.Event.Detail == string(timeline.PodEjected) && e.Event.Ejection == 1:
		f.tripped = e.Event.When(e.Time)
	}
}

func (f *Figures) answer(sent time.Time, a timeline.Answer) {
	f.latencies = append(f.latencies, a.Latency)
	if end := sent.Add(a.Latency); end.After(f.to) {
		f.to = end
	}
	if f.from.IsZero() || sent.Before(f.from) {
		f.from = sent
	}
	if a.Code >= 200 && a.Code < 400 {
		f.side.Succeeded++
	} else {
		f.side.Wasted += a.Latency.Seconds()
	}
	if f.told.IsZero() || sent.Before(f.told) {
		f.sent = append(f.sent, sent)
	}
}

// Side is the run so far.
func (f *Figures) Side() (Side, error) {
	s := f.side
	if !f.headed {
		return Side{}, errors.New("comparing runs: a recording has no header")
	}
	if len(f.latencies) == 0 {
		return Side{}, fmt.Errorf("comparing runs: there are no answers in the run with the breaker %s", s.Breaker)
	}
	sorted := slices.Sorted(slices.Values(f.latencies))
	s.Requests, s.Seconds = len(sorted), f.to.Sub(f.from).Seconds()
	s.SuccessRate = float64(s.Succeeded) / float64(s.Requests)
	s.P50, s.P90, s.P99 = quantile(sorted, 0.5), quantile(sorted, 0.9), quantile(sorted, 0.99)
	s.Worst = sorted[len(sorted)-1].Seconds()
	for _, at := range f.sent {
		if !f.tripped.IsZero() && at.Before(f.tripped) {
			s.UntilTripped++
		}
	}
	return s, nil
}

// quantile is the smallest latency that at least q of all do not exceed.
func quantile(sorted []time.Duration, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)].Seconds()
}
