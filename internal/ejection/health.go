package ejection

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// Endpoints takes the sidecar's endpoints. at is when they were asked for, not
// when the answer came: what it says is at least as new as that.
func (f *Fold) Endpoints(at time.Time, endpoints []envoyadmin.Endpoint) []timeline.Entry {
	var entries []timeline.Entry
	for _, e := range endpoints {
		if e.Requests < f.host(e.Address).requests {
			entries = f.reset(at, HealthSource)
			break
		}
	}
	f.inEnvoy = make(map[string]bool, len(endpoints))
	for _, e := range endpoints {
		f.inEnvoy[e.Address] = true
		entries = append(entries, f.health(at, e)...)
	}
	for address, h := range f.hosts {
		// A host that left the cluster may come back: as a new one.
		if !f.inEnvoy[address] && h.seen {
			delete(f.hosts, address)
		}
	}
	return entries
}

func (f *Fold) health(at time.Time, e envoyadmin.Endpoint) []timeline.Entry {
	h := f.host(e.Address)
	h.requests = e.Requests
	first := !h.seen
	h.seen = true
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
		e.Out = c.when().Sub(h.changes[n-1].when())
	} else {
		e.Detail = "was out before the recording began"
	}
	c.ejection = h.ejections
	e.Ejection = c.ejection
	h.out, h.log = c.out, difference{}
	h.changes = append(h.changes, c)
	if last := len(h.changes) - 1; c.out {
		h.changes[last].errors = h.errors(last)
		e.Errors = h.changes[last].errors
	}
	return []timeline.Entry{event(at, e)}
}

func state(out bool) timeline.State {
	if out {
		return timeline.Ejected
	}
	return timeline.InRotation
}
