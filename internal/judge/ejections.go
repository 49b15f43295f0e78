package judge

import (
	"fmt"
	"slices"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

const (
	// logStep is what the log's times are rounded down to.
	logStep = time.Millisecond
	// logLimit is how long the outlier log may be behind: the sidecar writes it
	// out once a second, and it is read over the network.
	logLimit = 4 * time.Second
	// meeting is how far the log's and health's times of one change may lie
	// apart beside what the clocks allow.
	meeting = 100 * time.Millisecond
)

// ejection is one time that a pod was out, by the sidecar's clock.
type ejection struct {
	out, back      span
	returned       bool
	detector       string // Envoy's type; empty where the log did not tell
	number         int    // the log's own count; 0 where the log did not tell
	byLog, byLooks bool   // who told of the way out
	backByLog      bool
	backByLooks    bool
	// When the way out, and the way back, were known by the observer's clock.
	told, backTold time.Time
}

// told is what was worked out of a pod since the last entry that bears on it.
type told struct {
	all      []ejection
	findings []string
}

// lasted is how long the pod was out.
func (e ejection) lasted() lengths { return e.back.since(e.out) }

// change is one way out, or back.
type change struct {
	out            bool
	at             span
	byLog, byLooks bool
	detector       string
	number         int
	told           time.Time
}

// ejections puts together what the log and the looks say of a pod. Findings are
// where they contradict each other.
func (r *Record) ejections(p *pod) (all []ejection, findings []string) {
	if known, is := r.known[p.name]; is {
		return known.all, known.findings
	}
	defer func() { r.known[p.name] = told{all, findings} }()
	changes, findings := r.changes(p)
	for _, c := range changes {
		last := len(all) - 1
		open := last >= 0 && !all[last].returned
		switch {
		case c.out && open:
			findings = append(findings, fmt.Sprintf("%s was ejected again at %s without a return between", p.name, clockTime(c.at.from)))
		case c.out:
			all = append(all, ejection{out: c.at, detector: c.detector, number: c.number, byLog: c.byLog, byLooks: c.byLooks, told: c.told})
		case open:
			e := &all[last]
			e.back, e.returned, e.backByLog, e.backByLooks, e.backTold = c.at, true, c.byLog, c.byLooks, c.told
		default:
			findings = append(findings, fmt.Sprintf("%s returned at %s without an ejection before", p.name, clockTime(c.at.from)))
		}
	}
	for i, e := range all {
		if e.number > 0 && e.number != i+1 {
			findings = append(findings, fmt.Sprintf("the log counts the ejection of %s at %s as number %d, %d were seen", p.name, clockTime(e.out.from), e.number, i+1))
		}
	}
	return all, findings
}

// changes are those of the log and of the looks, each once, in order.
func (r *Record) changes(p *pod) (all []change, findings []string) {
	for i, l := range p.lines {
		if l.Ejected && !l.Enforced || slices.ContainsFunc(p.lines[:i], func(o line) bool {
			return o.Ejected == l.Ejected && o.Enforced == l.Enforced && o.Type == l.Type && o.Decided.Equal(l.Decided)
		}) {
			continue // only detected, or the same line again
		}
		all = append(all, change{out: l.Ejected, at: span{l.Decided, l.Decided.Add(logStep)}, byLog: true, detector: l.Type, number: l.Number, told: l.read})
	}
	logged := len(all)
	for _, c := range r.flips(p) {
		best := -1
		for i, o := range all[:logged] {
			if o.out == c.out && !o.byLooks && o.at.overlaps(c.at.widened(meeting)) && (best < 0 || o.at.from.Sub(c.at.from).Abs() < all[best].at.from.Sub(c.at.from).Abs()) {
				best = i
			}
		}
		if best >= 0 {
			all[best].byLooks = true
			continue
		}
		for _, l := range p.lines {
			if c.out && l.Ejected && !l.Enforced && (span{l.Decided, l.Decided.Add(logStep)}).overlaps(c.at.widened(meeting)) {
				findings = append(findings, fmt.Sprintf("the outlier log says that the ejection of %s at %s was not enforced, endpoint health shows it out", p.name, clockTime(l.Decided)))
			}
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b change) int { return a.at.from.Compare(b.at.from) })
	for _, c := range all[:len(all):len(all)] {
		if c.byLog && !c.byLooks && r.denied(p, c) {
			findings = append(findings, fmt.Sprintf("the outlier log says %s %s at %s, endpoint health did not show it", p.name, way(c.out), clockTime(c.at.from)))
		}
	}
	return all, findings
}

// flips are the changes between two looks.
func (r *Record) flips(p *pod) []change {
	var all []change
	before := -1
	for i, l := range r.looks {
		seen, known := l.pods[p.name]
		if !known || seen.State == timeline.Unknown || l.asked.IsZero() {
			before = -1 // what it was like between is not known
			continue
		}
		if before >= 0 && out(r.looks[before].pods[p.name]) != out(seen) {
			all = append(all, change{out: out(seen), at: span{r.at(r.looks[before]).from, r.at(l).to}, byLooks: true, told: l.answered})
		}
		before = i
	}
	return all
}

// denied is true where a look after a logged change, and before the log's next,
// shows the opposite.
func (r *Record) denied(p *pod, c change) bool {
	var next time.Time
	for _, l := range p.lines {
		if l.Decided.After(c.at.from) && (next.IsZero() || l.Decided.Before(next)) {
			next = l.Decided
		}
	}
	for _, l := range r.looks {
		seen, known := l.pods[p.name]
		at := r.at(l)
		if known && seen.State != timeline.Unknown && at.from.After(c.at.to.Add(meeting)) && (next.IsZero() || at.to.Before(next.Add(-meeting))) {
			return out(seen) != c.out
		}
	}
	return false
}

func way(out bool) string {
	if out {
		return "went out"
	}
	return "came back"
}

// clockTime is a time of the sidecar's clock, for people.
func clockTime(at time.Time) string { return at.Format("15:04:05.000") }

// settled is true once all that tells of an ejection was heard: the log, and an
// answer asked for later, before which the one that caused it has come; or once
// neither can be late any more.
func (r *Record) settled(e ejection) bool {
	return e.byLog && r.newest.After(e.out.to) || r.now.Sub(e.told) > logLimit
}

// backSettled is true once both sources of a return were heard, or one is late.
func (r *Record) backSettled(e ejection) bool {
	return e.returned && (e.backByLog || r.now.Sub(e.backTold) > logLimit)
}
