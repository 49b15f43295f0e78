package screen

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// totals count all answers of the run.
func (f *frame) totals() *section {
	t := f.Totals
	parts := []string{breaker.Count(t.Requests, "request")}
	if t.Requests > 0 {
		parts = append(parts, percent(t.OK, t.Requests)+" succeeded")
	}
	parts = append(parts, breaker.Count(t.Gateway, "gateway error"), breaker.Count(t.Ejections, "ejection"))
	for _, more := range []struct {
		n    int
		what string
	}{{t.NoPod, "with no pod"}, {t.NoAnswer, "without answer"}, {t.Other, "other"}} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", more.n, more.what))
		}
	}
	if t.Requests > 0 {
		parts = append(parts, "mean "+(t.Latency/time.Duration(t.Requests)).Round(time.Millisecond).String())
	}
	return &section{lines: []line{f.named("totals", words(list(f.width-label, parts...), plain))}, least: 1}
}

// percent never rounds to all or nothing.
func percent(part, of int) string {
	share := 100 * float64(part) / float64(of)
	switch {
	case share > 99.9 && part < of:
		return "> 99.9 %"
	case share < 0.1 && part > 0:
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", share)
}

// counters are Envoy's own, of ejections that it enforced.
func (f *frame) counters() *section {
	c := f.Counters
	text, look := list(f.width-label,
		fmt.Sprintf("gateway %d", c.EnforcedGateway), fmt.Sprintf("5xx %d", c.Enforced5xx), fmt.Sprintf("overflow %d", c.Overflow),
		fmt.Sprintf("active %d", c.EjectionsActive), fmt.Sprintf("all %d", c.EnforcedTotal),
		fmt.Sprintf("detected: gateway %d", c.DetectedGateway), fmt.Sprintf("5xx %d", c.Detected5xx)), plain
	if !c.Exported {
		text, look = "not known yet", wary
		if slices.ContainsFunc(f.Rows, func(r board.Row) bool { return r.State != timeline.Unknown }) {
			text = "none: the sidecar does not export outlier statistics"
		}
	}
	return &section{lines: []line{f.named("counters", words(text, look))}, least: 1}
}

// lost names the sources that are not heard of now, so that nobody takes what
// they said last for the present.
func (f *frame) lost() *section {
	since := map[string]board.Event{}
	for _, e := range f.Events {
		switch e.Kind {
		case timeline.SourceLost:
			since[e.Source] = e
		case timeline.SourceBack:
			delete(since, e.Source)
		}
	}
	s := &section{least: 1}
	for _, source := range slices.Sorted(maps.Keys(since)) {
		e := since[source]
		text := fmt.Sprintf("%s since %s", source, e.Time.In(f.now.Location()).Format(seconds))
		if e.Detail != "" {
			text += ": " + e.Detail
		}
		s.lines = append(s.lines, f.named("lost", words(text, bad)))
	}
	return s
}
