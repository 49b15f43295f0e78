package ejection

import (
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/timeline"
)

// any5xx is how the outlier log names the detector of any 5xx.
const any5xx = "CONSECUTIVE_5XX"

// same is how far the times of one ejection may lie apart that two sources
// report: health is asked for a few times a second.
const same = 2 * time.Second

// Log takes one event of the sidecar's outlier log, as of when it was read.
// Events of other clusters and ejections that were not enforced are passed over.
func (f *Fold) Log(at time.Time, e envoyadmin.OutlierEvent) []timeline.Entry {
	if e.Cluster != f.cluster || e.Ejected && !e.Enforced {
		return nil
	}
	h := f.host(e.Address)
	if slices.ContainsFunc(h.changes, func(c change) bool { return c.byLog && c.out == e.Ejected && c.decided.Equal(e.Time) }) {
		return nil // the same line again, after a reconnection
	}
	nearest, here := -1, e.Time.Add(-f.ahead)
	for i, c := range h.changes {
		off := c.at.Sub(here).Abs()
		if c.out == e.Ejected && !c.byLog && off <= same && (nearest < 0 || off < h.changes[nearest].at.Sub(here).Abs()) {
			nearest = i
		}
	}
	if nearest >= 0 {
		return f.confirm(at, h, nearest, e)
	}
	last := len(h.changes) - 1
	if last >= 0 && e.Time.Before(f.when(h.changes[last])) || h.out == e.Ejected {
		// Over before health was asked, or the line came after what followed it.
		return []timeline.Entry{event(at, timeline.Event{Kind: timeline.Disagreement, Pod: f.name(e.Address), Source: LogSource,
			Decided: e.Time, Cause: e.Type,
			Detail: fmt.Sprintf("the outlier log says %s at that time, endpoint health did not show it", state(e.Ejected))})}
	}
	return f.change(at, e.Address, change{out: e.Ejected, at: at, decided: e.Time, byLog: true, any5xx: e.Type == any5xx}, LogSource, e.Type)
}

// confirm adds to the change on record what the log knows of it.
func (f *Fold) confirm(at time.Time, h *host, i int, e envoyadmin.OutlierEvent) []timeline.Entry {
	c := &h.changes[i]
	c.byLog, c.decided, c.any5xx = true, e.Time, e.Type == any5xx
	told := timeline.Event{Kind: timeline.Confirmed, Pod: f.name(e.Address), Source: LogSource,
		Ejection: c.ejection, Cause: e.Type, Decided: e.Time, Detail: string(timeline.PodReturned)}
	if c.out {
		told.Detail = string(timeline.PodEjected)
		c.errors = f.errors(h, i)
		told.Errors, told.AtLeast = c.errors, f.atLeast(h, i)
	} else if i > 0 && h.changes[i-1].out {
		told.Out = f.when(*c).Sub(f.when(h.changes[i-1]))
	}
	return []timeline.Entry{event(at, told)}
}
