package ejection

import (
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// Look takes one look at the sidecar: its endpoints and its counters. at is when
// it was asked, not when the answer came: what it says is at least as new as that.
func (f *Fold) Look(at time.Time, endpoints []envoyadmin.Endpoint, c timeline.Counters) []timeline.Entry {
	var entries []timeline.Entry
	fell := slices.ContainsFunc(endpoints, func(e envoyadmin.Endpoint) bool { return e.Requests < f.host(e.Address).requests })
	switch {
	case restarted(f.counters, c):
		// The endpoints were asked for first, and may be those of before.
		entries = f.forget(at, timeline.Event{Kind: timeline.CountersReset, Source: CountersSource,
			Detail: "the sidecar restarted; its counts and ejections start again"})
		return append(entries, f.count(at, c)...)
	case fell:
		// Measured on Envoy 1.40: a changed rule is a new cluster, whose hosts
		// start at nothing, while the counters of ejections go on.
		entries = f.forget(at, timeline.Event{Kind: timeline.ClusterReplaced, Source: HealthSource,
			Detail: "the sidecar has another configuration of the service; its pods' counts and ejections start again"})
	}
	entries = append(entries, f.endpoints(at, endpoints)...)
	return append(entries, f.count(at, c)...)
}

// count takes the sidecar's outlier counters.
func (f *Fold) count(at time.Time, c timeline.Counters) []timeline.Entry {
	var entries []timeline.Entry
	f.counters = c
	out := uint64(0)
	for address, h := range f.hosts {
		if _, known := f.inEnvoy[address]; h.out && known {
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

// restarted tells a new life of the sidecar: these only rise within one.
func restarted(before, now timeline.Counters) bool {
	if now.Uptime < before.Uptime {
		return true
	}
	return before.Exported && now.Exported && (now.EnforcedTotal < before.EnforcedTotal || now.EnforcedGateway < before.EnforcedGateway ||
		now.DetectedGateway < before.DetectedGateway || now.Enforced5xx < before.Enforced5xx ||
		now.Detected5xx < before.Detected5xx || now.Overflow < before.Overflow)
}

// forget drops what the sidecar has forgotten: its counts of errors, its
// ejections, and how far their times had grown. How often a pod was ejected in
// this run stays.
func (f *Fold) forget(at time.Time, why timeline.Event) []timeline.Entry {
	entries := []timeline.Entry{event(at, why)}
	for _, pod := range f.Snapshot().Pods {
		h := f.hosts[pod.Address]
		if h == nil || !h.out {
			continue
		}
		back := f.change(at, pod.Address, change{at: at, byHealth: true, byLog: true}, why.Source, "")
		back[0].Event.Detail = "the sidecar has forgotten the ejection"
		entries = append(entries, back...)
	}
	for _, h := range f.hosts {
		h.requests, h.answers, h.log, h.before = 0, nil, difference{}, false
	}
	f.counters, f.active = timeline.Counters{}, difference{}
	return entries
}
