package callers

import (
	"time"

	"istio-circuit-breaker/internal/ejection"
	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// line takes an event of the caller's outlier log.
func (v *view) line(at time.Time, e envoyadmin.OutlierEvent) []Event {
	if c := v.cells[e.Address]; c != nil && e.Cluster == v.cluster && e.Ejected && e.Enforced {
		c.number = e.Ejections
	}
	var events []Event
	for _, entry := range v.fold.Log(at, e) {
		events = append(events, v.entry(entry, Between{v.looked, at})...)
	}
	return events
}

// entry is what the fold says, as an event of this caller. What happened did so
// within a time.
func (v *view) entry(t timeline.Entry, within Between) []Event {
	told := *t.Event
	e := Event{Time: t.Time, Kind: told.Kind, Caller: v.caller.String(), Workload: v.caller.Workload, Cluster: v.cluster, Pod: told.Pod,
		Ejection: told.Ejection, Out: told.Out, Cause: told.Cause, Source: told.Source, Detail: told.Detail, Decided: told.Decided}
	if !told.Decided.IsZero() {
		within = within.within(v.ahead.here(told.Decided))
	}
	c := v.cells[told.Pod]
	if c == nil {
		return []Event{e}
	}
	e.Pod, e.Address = c.Pod, c.Address
	switch {
	case told.Kind == timeline.PodEjected:
		if told.AtLeast { // said of errors, which nobody counts here
			e.Detail = ""
		}
		c.Out, c.Since, c.Ejections, c.Cause = true, within, told.Ejection, told.Cause
		if c.Cause == "" {
			c.Cause = v.risen()
		}
		c.counted = t.Time
		if c.Cause == "" && v.caller.Log {
			c.counted = t.Time.Add(logLate)
		}
		e.Cause = c.Cause
	case told.Kind == timeline.Confirmed && told.Detail == string(timeline.PodEjected):
		if c.Out {
			c.Since = c.Since.within(v.ahead.here(told.Decided))
		}
		if told.Cause != "" {
			c.Cause = told.Cause
		}
	case told.Kind == timeline.PodReturned:
		c.Out = false
	}
	if c.Out && (told.Kind == timeline.PodEjected || told.Kind == timeline.Confirmed) {
		v.times(&e, c)
	}
	return []Event{e}
}

func (v *view) event(at time.Time, kind timeline.EventKind, address string, names Names) Event {
	e := Event{Time: at, Kind: kind, Caller: v.caller.String(), Workload: v.caller.Workload, Cluster: v.cluster, Pod: names.Of(address), Address: address, Source: ejection.HealthSource}
	if kind == OutAlready {
		v.times(&e, v.cells[address])
	}
	return e
}

// times says since when a pod is out, and until when as far as that is known.
func (v *view) times(e *Event, c *cell) {
	since := c.Since
	e.Since = &since
	if until := back(c.Since, v.outlier, v.multiple(c)); !until.Latest.IsZero() {
		e.Back = &until
	}
}

// multiple is the most that Envoy may multiply the base time by: no pod was
// ejected more often than the log or the counters say. 0: not known.
func (v *view) multiple(c *cell) uint64 {
	if c.number > 0 {
		return uint64(c.number)
	}
	if v.counters[0].Exported {
		return v.counters[0].EnforcedTotal
	}
	return 0
}

// risen is the cause of an ejection by the counters: the only one that has risen
// since the look before. Empty where they do not tell.
func (v *view) risen() string {
	now, before := v.counters[0], v.counters[1]
	if !now.Exported || !before.Exported {
		return ""
	}
	var causes []string
	if now.EnforcedGateway > before.EnforcedGateway {
		causes = append(causes, "CONSECUTIVE_GATEWAY_FAILURE")
	}
	if now.Enforced5xx > before.Enforced5xx {
		causes = append(causes, "CONSECUTIVE_5XX")
	}
	if now.EnforcedOther > before.EnforcedOther {
		causes = append(causes, "")
	}
	if len(causes) == 1 {
		return causes[0]
	}
	return ""
}
