package report

import (
	"cmp"
	"fmt"
	"slices"
	"unicode"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/timeline"
)

// Results of a check that no proof made. That the recording does not decide it
// is CannotTell.
const (
	Differs    = "differs"
	CannotTell = "cannot tell"
)

// Check is one thing that was configured, against what was measured.
type Check struct {
	What       string `json:"what"`
	Pod        string `json:"pod,omitempty"`
	Configured string `json:"configured"`
	Measured   string `json:"measured"`
	Tolerance  string `json:"tolerance,omitempty"`
	// Result is a proof's statement where it made one, else Agrees, Differs or
	// CannotTell.
	Result string `json:"result"`
	Why    string `json:"why,omitempty"`
}

// checks are those of the proof where it was one, and else come of the events.
func checks(r *Run) []Check {
	all := []Check{}
	for _, p := range r.Phases {
		what := proved(p)
		if what == "" {
			continue
		}
		c := Check{What: what, Pod: clean(p.Pod), Configured: clean(p.Expected), Measured: clean(p.Measured), Tolerance: clean(p.Tolerance), Result: string(stated(p)), Why: clean(p.Why)}
		if stated(p) != timeline.Proven {
			c.Why = clean(cmp.Or(p.Diagnosis, p.Missing))
		}
		all = append(all, c)
	}
	if len(r.Phases) > 0 || r.Header.Version == 0 {
		return all
	}
	return derived(r)
}

// stated is a phase's statement: what does not say that it is proven is not.
func stated(p timeline.Phase) timeline.Statement {
	if p.Statement != timeline.Proven && p.Statement != timeline.Refuted {
		return timeline.NotProven
	}
	return p.Statement
}

// proved names what a phase compares; empty where it only prepares the others.
func proved(p timeline.Phase) string {
	switch p.Name {
	case judge.Trip:
		return "Threshold"
	case judge.Clean:
		return "Errors while out"
	case judge.Return:
		return "1st ejection"
	case judge.Second:
		return "2nd ejection"
	case judge.Backoff:
		return "Ejection after a rest"
	case judge.Off:
		return "Breaker off"
	case judge.Never:
		return "Errors that do not count"
	case judge.Counters:
		return "Envoy's counters"
	case judge.Healthy:
		return "Healthy pods"
	}
	if p.Statement == timeline.Proven {
		return ""
	}
	name := []rune(clean(p.Name))
	if len(name) > 0 {
		name[0] = unicode.ToUpper(name[0])
	}
	return string(name)
}

// derived compares what happened with the rule that was in force at the time.
func derived(r *Run) []Check {
	all := []Check{}
	ejections, most, pods := 0, 0, 0
	for _, p := range r.Pods {
		if len(p.Outs) > 0 {
			pods++
		}
	}
	rows := mostRows
	if pods > mostPods {
		rows = 0
	}
	for _, p := range r.Pods {
		all = append(all, thresholds(r, p)...)
		all = append(all, shortened(times(r, p), rows)...)
		for _, o := range p.Outs {
			if o.Number > 0 {
				ejections++
			}
			most = max(most, r.outAt(o.From))
		}
	}
	if errors, by := r.Header.Rule.Threshold(); len(r.rules) == 1 {
		c := Check{What: "Ejections", Configured: "none: the breaker is off", Measured: fmt.Sprint(ejections), Result: result(ejections == 0)}
		switch {
		case by == breaker.NoDetector && r.Header.Rule.Enabled:
			c.Configured = "none: no threshold is in force"
			all = append(all, c)
		case by == breaker.NoDetector:
			all = append(all, c)
		case ejections == 0:
			c.Configured, c.Measured, c.Result = count(int(errors), "error")+" in a row", "no pod was ejected", CannotTell
			c.What, c.Why = "Threshold", "it was not reached, or the pods may not go"
			all = append(all, c)
		}
		if by != breaker.NoDetector && most > 0 {
			all = append(all, share(r, most))
		}
	}
	if ejections > 0 || r.Counters.EnforcedTotal > 0 {
		all = append(all, counters(r))
	}
	return all
}

func result(agrees bool) string {
	if agrees {
		return Agrees
	}
	return Differs
}

// outAt is how many pods were out at a time.
func (r *Run) outAt(t float64) (n int) {
	for _, p := range r.Pods {
		if slices.ContainsFunc(p.Outs, func(o Out) bool { return o.has(t) }) {
			n++
		}
	}
	return n
}

// rule in force at a time.
func (r *Run) ruleAt(t float64) breaker.Rule {
	rule := r.Header.Rule
	for _, change := range r.rules {
		if change.at <= t {
			rule = change.rule
		}
	}
	return rule
}

// share compares how many were out at once with maxEjectionPercent, where the
// number of pods stayed the same.
func share(r *Run, most int) Check {
	pods := len(r.Pods)
	c := Check{What: "Pods out at once", Configured: fmt.Sprintf("at most %d of %d", r.Header.Rule.Ejectable(pods), pods),
		Measured: fmt.Sprintf("at most %d", most), Result: result(most <= r.Header.Rule.Ejectable(pods))}
	if slices.ContainsFunc(r.Pods, func(p *Pod) bool { return p.added || p.removed }) {
		c.Configured, c.Result, c.Why = fmt.Sprintf("at most %d %%", r.Header.Rule.Percent()), CannotTell, "pods came or went"
	}
	return c
}

// counters compares the rise of the enforced ejections with those on record.
func counters(r *Run) Check {
	c := Check{What: "Envoy's counters", Result: CannotTell}
	risen, before, exported := uint64(0), sample{}, false
	for _, s := range r.samples {
		if exported = exported || s.Exported; !s.Exported {
			continue
		}
		switch {
		case !before.Exported:
		case s.EnforcedTotal < before.EnforcedTotal: // the sidecar restarted
			risen += s.EnforcedTotal
		default:
			risen += s.EnforcedTotal - before.EnforcedTotal
		}
		before = s
	}
	// The newest ejections may be on record before they are counted.
	sure, perhaps := uint64(0), uint64(0)
	for _, p := range r.Pods {
		for _, o := range p.Outs {
			if o.Number == 0 {
				continue
			}
			if perhaps++; o.From <= before.at-1 {
				sure++
			}
		}
	}
	c.Configured, c.Measured = fmt.Sprintf("%d enforced, as seen", perhaps), fmt.Sprintf("%d enforced", risen)
	if overflow := r.Counters.Overflow; overflow > 0 {
		c.Measured += fmt.Sprintf(", %d refused (overflow)", overflow)
	}
	switch {
	case !exported:
		c.Measured, c.Why = "not exported", "the sidecar keeps no statistics of outlier_detection"
	case len(r.marks) > 0 && risen < sure:
		c.Why = "what was counted just before the sidecar restarted was not read"
	default:
		c.Result = result(risen >= sure && risen <= perhaps)
	}
	return c
}
