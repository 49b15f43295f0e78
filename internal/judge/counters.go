package judge

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

// counters compares the sidecar's own counters with what was seen, each of them.
func (r *Record) counters() Claim {
	_, by := r.intended()
	c := claim(Counters, "", "every ejection counted once, by the detector that the rule means, and every answer of a pod",
		"the sidecar counts for itself what the log, the looks and the caller tell")
	if by == breaker.NoDetector {
		c.Expected = "no ejection counted"
	}
	if len(r.looks) == 0 {
		c.Measured, c.Open = "no look at the counters", true
		c.lack("a look at the counters")
		return c
	}
	last, rise := r.looks[len(r.looks)-1].counters, r.rise()
	c.Measured = countsOf(rise).String()
	if !last.Exported {
		if !r.header.Rule.Enabled {
			c.Measured, c.Why = "none are kept", "a sidecar keeps no counters of an outlier detection that it does not have"
			c.prove()
			return c
		}
		c.Measured = "not exported"
		c.lack("the sidecar's statistics of outlier_detection, which it does not export")
		return c
	}
	seen, active := 0, 0
	var findings []string
	for _, name := range r.names {
		p := r.pods[name]
		outs, more := r.ejections(p)
		findings = append(findings, more...)
		seen += len(outs)
	}
	for _, p := range r.looks[len(r.looks)-1].pods {
		if out(p) {
			active++
		}
	}
	keeps := r.header.Rule.Ejectable(r.hostsLeast()) < len(r.failing())
	c.saw("ejections seen by the log and the looks: %d; pods out at the last look: %d", seen, active)
	c.saw("counters rose by: enforced_total %d, gateway %d (detected %d), 5xx %d (detected %d), others %d, overflow %d; active %d",
		rise.EnforcedTotal, rise.EnforcedGateway, rise.DetectedGateway, rise.Enforced5xx, rise.Detected5xx, rise.EnforcedOther, rise.Overflow, last.EjectionsActive)
	mine, others, detected := rise.EnforcedGateway, rise.Enforced5xx+rise.EnforcedOther, rise.DetectedGateway
	if by == breaker.Any5xxDetector {
		mine, others, detected = rise.Enforced5xx, rise.EnforcedGateway+rise.EnforcedOther, rise.Detected5xx
	}
	if by == breaker.NoDetector { // then none is right
		mine, others, detected = 0, rise.EnforcedGateway+rise.Enforced5xx+rise.EnforcedOther, rise.DetectedGateway+rise.Detected5xx
	}
	var wrong, unlike []string
	differ := func(what string, is, want uint64) {
		if is != want {
			wrong = append(wrong, fmt.Sprintf("%s is %d, and %d were seen", what, is, want))
		}
	}
	if missed := r.unseen(); missed > 0 && !r.logged() {
		c.saw("%d more were counted than seen: without a log, one that is over between two looks is missed", missed)
		unlike = append(unlike, fmt.Sprintf("%d ejections were counted, and %d seen", rise.EnforcedTotal, seen))
	} else {
		differ("ejections_enforced_total", rise.EnforcedTotal, uint64(seen))
		if by != breaker.NoDetector {
			differ("ejections_enforced_"+string(by), mine, uint64(seen))
		}
	}
	if others > 0 {
		wrong = append(wrong, fmt.Sprintf("other detectors ejected %d times", others))
	}
	// Endpoints and counters are two answers: a change between them passes.
	passing := last.EjectionsActive != uint64(active) && !r.sameTwice()
	if !passing {
		differ("ejections_active", last.EjectionsActive, uint64(active))
	}
	switch {
	case !keeps && rise.Overflow > 0:
		wrong = append(wrong, fmt.Sprintf("ejections_overflow is %d, and the rule lets every faulty pod go", rise.Overflow))
	case !keeps && detected != mine:
		wrong = append(wrong, fmt.Sprintf("%d were detected and %d enforced", detected, mine))
	case detected < mine:
		wrong = append(wrong, fmt.Sprintf("%d were detected and %d enforced", detected, mine))
	}
	unlike = append(unlike, r.unlike(&c)...)
	c.Answers, c.Least = r.answered(), 1
	if len(findings) > 0 { // what was seen is not sure then
		unlike, wrong = append(append(unlike, findings...), wrong...), nil
	}
	switch {
	case passing || r.pending() || !r.drained() || len(unlike) > 0 && !r.quiet():
		c.Open = true
		c.lack("a look at the counters after all is over")
		if len(wrong)+len(unlike) > 0 {
			c.lack("counters that agree: %s", strings.Join(append(wrong, unlike...), "; "))
		}
	case len(wrong) > 0:
		c.Measured += ": " + strings.Join(wrong, "; ")
		c.refute()
	case len(unlike) > 0:
		c.Measured += ": " + strings.Join(unlike, "; ")
		c.lack("counts of requests that agree")
	default:
		c.prove()
	}
	return c
}

// sameTwice is true where the last two looks show the same pods out, and the same
// number of ejections_active.
func (r *Record) sameTwice() bool {
	n := len(r.looks)
	if n < 2 {
		return false
	}
	a, b := r.looks[n-2], r.looks[n-1]
	if a.asked.Equal(b.asked) || a.counters.EjectionsActive != b.counters.EjectionsActive || len(a.pods) != len(b.pods) {
		return false
	}
	for name, p := range b.pods {
		if out(p) != out(a.pods[name]) {
			return false
		}
	}
	return true
}

// pending is true while something of an ejection or a return has not been told.
func (r *Record) pending() bool {
	for _, name := range r.names {
		outs, _ := r.ejections(r.pods[name])
		for _, e := range outs {
			if !r.settled(e) || e.returned && !r.backSettled(e) {
				return true
			}
		}
	}
	return false
}

// drained is true once the last look came after the load had stopped, its last
// answer and the last change.
func (r *Record) drained() bool {
	last := r.at(r.looks[len(r.looks)-1])
	stopped := false
	for _, s := range r.steps {
		if s.Load != nil {
			stopped = s.Load.Concurrency == 0 && r.looks[len(r.looks)-1].asked.After(s.at)
		}
	}
	for _, name := range r.names {
		outs, _ := r.ejections(r.pods[name])
		for _, e := range outs {
			if last.to.Before(e.out.from) || e.returned && last.to.Before(e.back.from) {
				return false
			}
		}
	}
	return stopped
}

// quiet is true once no line of an answer can still be under way.
func (r *Record) quiet() bool {
	for i := len(r.steps) - 1; i >= 0; i-- {
		if l := r.steps[i].Load; l != nil {
			return l.Concurrency == 0 && r.now.Sub(r.steps[i].at) > logLimit
		}
	}
	return false
}

// rise is how much the counters rose from the first look to the last.
func (r *Record) rise() timeline.Counters {
	if len(r.looks) == 0 {
		return timeline.Counters{}
	}
	a, b := r.looks[0].counters, r.looks[len(r.looks)-1].counters
	less := func(b, a uint64) uint64 { return b - min(a, b) }
	return timeline.Counters{EnforcedTotal: less(b.EnforcedTotal, a.EnforcedTotal), EnforcedGateway: less(b.EnforcedGateway, a.EnforcedGateway),
		DetectedGateway: less(b.DetectedGateway, a.DetectedGateway), Enforced5xx: less(b.Enforced5xx, a.Enforced5xx), Detected5xx: less(b.Detected5xx, a.Detected5xx),
		EnforcedOther: less(b.EnforcedOther, a.EnforcedOther), Overflow: less(b.Overflow, a.Overflow), Panic: less(b.Panic, a.Panic),
		NoneHealthy: less(b.NoneHealthy, a.NoneHealthy), Retries: less(b.Retries, a.Retries), PoolOverflow: less(b.PoolOverflow, a.PoolOverflow), Exported: b.Exported}
}

// unseen is how many ejections the counters tell of that nothing else showed: one
// that was over between two looks, where there is no log.
func (r *Record) unseen() int {
	seen := 0
	for _, p := range r.pods {
		outs, _ := r.ejections(p)
		seen += len(outs)
	}
	return max(int(r.rise().EnforcedTotal)-seen, 0)
}
