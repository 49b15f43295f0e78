package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

const (
	// early is what Envoy's clock may round away of a time out.
	early = 0.02
	// late is what timers may add to it on a busy machine.
	late = 1.0
	// noticed is how long after a change of the rule a run may tell of it.
	noticed = 1.5
	// mostRows is how many ejections of a pod are compared one by one, as long as
	// there are no more than mostPods such pods.
	mostRows = 6
	mostPods = 6
)

// thresholds compares the errors before each of a pod's ejections with the rule.
func thresholds(r *Run, p *Pod) []Check {
	var configured, measured []string
	c := Check{What: "Threshold", Pod: p.Name, Result: Agrees}
	worse := func(result, why string) {
		if c.Result != Differs && (result == Differs || c.Why == "") {
			c.Result, c.Why = result, why
		}
	}
	for i, o := range p.Outs {
		if o.Number == 0 {
			continue
		}
		errors, by := r.ruleAt(o.From).Threshold()
		if rule := count(int(errors), "error") + " in a row"; len(configured) == 0 || configured[len(configured)-1] != rule {
			configured = append(configured, rule)
		}
		want, flying := int(errors), max(r.Load.Most-1, 0)
		measured = append(measured, o.errors())
		switch {
		case by == breaker.NoDetector:
			worse(Differs, "ejected although the rule has no threshold")
		case o.Errors == want:
		case r.ruleAt(o.From+noticed) != r.ruleAt(o.From):
			worse(CannotTell, "the rule changed meanwhile")
		case r.Load.Requests == 0:
			worse(CannotTell, "there are no answers in the recording")
		case !o.exact:
			worse(CannotTell, "Envoy's own time of the decision is not on record")
		case o.AtLeast && o.Errors < want:
			worse(CannotTell, "not all errors before it were seen")
		case o.Errors < want && i > 0 && r.restarted(p.Outs[i-1].From, o.From):
			worse(CannotTell, "answers around the sidecar's restart are not counted")
		case o.Errors < want && i == 0 && r.Header.Command == "watch":
			worse(CannotTell, "errors before the recording count too")
		case o.Errors > want && o.Errors <= want+flying:
			c.Tolerance = fmt.Sprintf("up to %d more under way", flying)
		default:
			worse(Differs, "the answers on record give another number")
		}
	}
	if len(measured) == 0 {
		return nil
	}
	c.Configured = strings.Join(configured[:min(len(configured), mostRows)], ", then ")
	if len(slices.Compact(slices.Clone(measured))) == 1 && len(measured) > 1 {
		measured = []string{fmt.Sprintf("%s, each of %d times", measured[0], len(measured))}
	}
	if len(measured) > 2*mostRows {
		measured = append(measured[:2*mostRows], "…")
	}
	c.Measured = strings.Join(measured, ", ")
	return []Check{c}
}

// errors is how many were seen.
func (o Out) errors() string {
	if o.AtLeast {
		return fmt.Sprintf("at least %d", o.Errors)
	}
	return fmt.Sprint(o.Errors)
}

// times compares how long a pod was out each time with the rule.
func times(r *Run, p *Pod) []Check {
	var all []Check
	var before *Out
	low, high, known := 0, 0, true
	for i := range p.Outs {
		o := &p.Outs[i]
		rule := r.ruleAt(o.From)
		if o.Number == 0 {
			known, before = false, o
			continue
		}
		if before == nil || before.Cut != "" || r.restarted(before.To, o.From) {
			// A new life of the sidecar or the pod: Envoy counts from the start.
			low, high, known = 1, 1, known || before != nil
		} else {
			// The first sweep after a return may come a moment too early for Envoy
			// to count it, so that there are two answers.
			back, near := o.From-before.To, rule.Sweep().Seconds()/10
			low, high = rule.Factor(low, duration(back+near)), rule.Factor(high, duration(back-near-rule.Sweep().Seconds()))
		}
		c := lasted(rule, o, low, high)
		c.Pod = p.Name
		switch {
		case r.ruleAt(o.To+noticed) != rule && c.Result == Differs:
			c.Result, c.Why = CannotTell, "the rule changed meanwhile"
		case c.Result == Differs && o.Seconds() > rule.Out(high).Least.Seconds() && r.Header.Command == "watch" && (before == nil || !known):
			c.Result, c.Why, known = CannotTell, "ejections before the recording may have raised it", false
		case c.Result == Differs && !known:
			c.Result, c.Why = CannotTell, "ejections before the recording may have raised it"
		}
		all, before = append(all, c), o
	}
	return all
}

// restarted tells whether the sidecar began a new life between two times.
func (r *Run) restarted(from, to float64) bool {
	return slices.ContainsFunc(r.restarts, func(at float64) bool { return at >= from && at <= to })
}

// lasted compares one time out with the times that two factors stand for.
func lasted(rule breaker.Rule, o *Out, low, high int) Check {
	least, most := rule.Out(low).Least.Seconds(), rule.Out(high).Most.Seconds()
	factor := fmt.Sprint(low)
	if high != low {
		factor = fmt.Sprintf("%d or %d", min(low, high), max(low, high))
	}
	c := Check{What: breaker.Ordinal(o.Number) + " ejection", Configured: fmt.Sprintf("%.1f to %.1f s", least, most), Measured: fmt.Sprintf("%.1f s", o.Seconds()),
		Tolerance: "up to 1 s more",
		Why:       fmt.Sprintf("%s × base %s, and the wait for the sweep, every %s", factor, breaker.Short(rule.Base()), breaker.Short(rule.Sweep()))}
	switch {
	case o.Cut != "":
		c.Measured, c.Result, c.Why = c.Measured+", cut short", CannotTell, o.Cut
	case !o.Returned:
		c.Measured, c.Result, c.Why = "still out after "+c.Measured, CannotTell, "the recording ends before the return"
		if o.Seconds() > most+late {
			c.Result, c.Why = Differs, "it should be back by now"
		}
	default:
		c.Result = result(o.Seconds() >= least-early && o.Seconds() <= most+late)
	}
	return c
}

// shortened keeps the first most rows, and sums up the rest of a long run.
func shortened(all []Check, most int) []Check {
	if len(all) <= most+1 {
		return all
	}
	rest, n := all[most:], map[string]int{}
	for _, c := range rest {
		n[c.Result]++
	}
	sum := Check{What: "Later ejections", Pod: all[0].Pod, Configured: "as the rule grows and falls", Tolerance: rest[0].Tolerance, Result: Agrees,
		Measured: fmt.Sprintf("%d agree, %d differ, %d cannot be told", n[Agrees], n[Differs], n[CannotTell])}
	if most == 0 {
		sum.What = "Time out"
	}
	switch {
	case n[Differs] > 0:
		sum.Result = Differs
	case n[Agrees] == 0:
		sum.Result = CannotTell
	}
	return append(all[:most:most], sum)
}

func duration(s float64) time.Duration {
	return time.Duration(min(max(s, 0), 1e9) * float64(time.Second))
}
