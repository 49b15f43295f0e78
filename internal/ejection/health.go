package ejection

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// endpoints takes the sidecar's endpoints.
func (f *Fold) endpoints(at time.Time, endpoints []envoyadmin.Endpoint) []timeline.Entry {
	var entries []timeline.Entry
	f.inEnvoy = make(map[string]envoyadmin.Endpoint, len(endpoints))
	for _, e := range endpoints {
		f.inEnvoy[e.Address] = e
		entries = append(entries, f.health(at, e)...)
	}
	for address, h := range f.hosts {
		if _, known := f.inEnvoy[address]; known || !h.seen {
			continue
		}
		// A host that left the cluster, as a pod that is not ready does, may come
		// back: as a new one to Envoy, and as the same pod to us.
		if h.out {
			h.changes = append(h.changes, change{at: at, byHealth: true, byLog: true, ejection: h.ejections})
		}
		*h = host{ejections: h.ejections, changes: h.changes}
	}
	return entries
}

func (f *Fold) health(at time.Time, e envoyadmin.Endpoint) []timeline.Entry {
	h := f.host(e.Address)
	h.requests = e.Requests
	first := !h.seen
	if h.seen = true; first {
		h.before = e.Requests > 0 && len(h.answers) == 0
	}
	if e.Ejected == h.out {
		h.log = difference{}
		if n := len(h.changes); n > 0 {
			h.changes[n-1].byHealth = true
		}
		return nil
	}
	if first {
		// Out before anything was recorded: a state, not an event of this run.
		h.out = e.Ejected
		return nil
	}
	if n := len(h.changes); n > 0 && !h.changes[n-1].byHealth && h.changes[n-1].byLog {
		// The log was first, and health has not followed yet.
		if at.Sub(h.changes[n-1].at) < 0 || !h.log.persists(at) {
			return nil
		}
		entries := []timeline.Entry{event(at, timeline.Event{Kind: timeline.Disagreement, Pod: f.name(e.Address), Source: HealthSource,
			Detail: fmt.Sprintf("the outlier log says %s, endpoint health says %s", state(h.out), state(e.Ejected))})}
		return append(entries, f.change(at, e.Address, change{out: e.Ejected, at: at, byHealth: true}, HealthSource, "")...)
	}
	return f.change(at, e.Address, change{out: e.Ejected, at: at, byHealth: true}, HealthSource, "")
}

// change puts an ejection or a return on record.
func (f *Fold) change(at time.Time, address string, c change, source, cause string) []timeline.Entry {
	h := f.host(address)
	e := timeline.Event{Kind: timeline.PodReturned, Pod: f.name(address), Source: source, Decided: c.decided}
	if c.out {
		h.ejections++
		e.Kind, e.Cause = timeline.PodEjected, cause
	} else if n := len(h.changes); n > 0 && h.changes[n-1].out {
		e.Out = f.when(c).Sub(f.when(h.changes[n-1]))
	} else {
		e.Detail = "was out before the recording began"
	}
	c.ejection = h.ejections
	e.Ejection = c.ejection
	h.out, h.log = c.out, difference{}
	h.changes = append(h.changes, c)
	if last := len(h.changes) - 1; c.out {
		h.changes[last].errors = f.errors(h, last)
		e.Errors = h.changes[last].errors
		if e.AtLeast = f.atLeast(h, last); e.AtLeast {
			e.Detail = "the watch began later"
		}
	}
	return []timeline.Entry{event(at, e)}
}

func state(out bool) timeline.State {
	if out {
		return timeline.Ejected
	}
	return timeline.InRotation
}
