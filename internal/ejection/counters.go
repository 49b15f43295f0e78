package ejection

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// Counters takes the sidecar's outlier counters, as of when they were asked for.
func (f *Fold) Counters(at time.Time, c timeline.Counters) []timeline.Entry {
	var entries []timeline.Entry
	if c.Exported && f.counters.Exported && fell(f.counters, c) {
		entries = f.reset(at, CountersSource)
	}
	f.counters = c
	out := uint64(0)
	for address, h := range f.hosts {
		if h.out && f.inEnvoy[address] {
			out++
		}
	}
	if !c.Exported || c.EjectionsActive == out {
		f.active = difference{}
		return entries
	}
	if f.active.persists(at) {
		entries = append(entries, event(at, timeline.Event{Kind: timeline.Disagreement, Source: CountersSource,
			Detail: fmt.Sprintf("the counters say %d ejected, endpoint health says %d", c.EjectionsActive, out)}))
	}
	return entries
}

// fell tells a restart: these only rise within one life of the sidecar.
func fell(before, now timeline.Counters) bool {
	return now.EnforcedTotal < before.EnforcedTotal || now.EnforcedGateway < before.EnforcedGateway ||
		now.DetectedGateway < before.DetectedGateway || now.Enforced5xx < before.Enforced5xx ||
		now.Detected5xx < before.Detected5xx || now.Overflow < before.Overflow
}

// reset forgets what the restarted sidecar has forgotten: its counts of errors,
// its ejections, and how far their times had grown. How often a pod was ejected
// in this run stays.
func (f *Fold) reset(at time.Time, source string) []timeline.Entry {
	entries := []timeline.Entry{event(at, timeline.Event{Kind: timeline.CountersReset, Source: source,
		Detail: "the sidecar restarted; its counts and ejections start again"})}
	for _, pod := range f.Snapshot().Pods {
		h := f.hosts[pod.Address]
		if h == nil || !h.out {
			continue
		}
		back := f.change(at, pod.Address, change{at: at, byHealth: true, byLog: true}, source, "")
		back[0].Event.Detail = "the restarted sidecar has forgotten the ejection"
		entries = append(entries, back...)
	}
	for _, h := range f.hosts {
		h.requests, h.answers, h.log = 0, nil, difference{}
	}
	f.counters, f.active = timeline.Counters{}, difference{}
	return entries
}
