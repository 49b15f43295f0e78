package judge

import (
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/breaker"
)

// off wants many errors in a row of each failing pod, and no ejection at all.
func (r *Record) off() []Claim {
	return r.kept(Off, enough, "error", "the DestinationRule has no outlierDetection")
}

// never wants the same of a rule that does not count what the faulty pods answer.
func (r *Record) never() []Claim {
	code := r.claimed().Code
	if _, by := r.intended(); breaker.Gateway(code) || by != breaker.NoDetector {
		c := claim(Never, "", "faulty pods whose answers the rule does not count", "")
		c.Measured = "it counts them"
		c.lack("a status that the rule does not count: say what the faulty pods answer with --code")
		return []Claim{c}
	}
	return r.kept(Never, Uncounted(r.header.Rule), r.error(), fmt.Sprintf("the rule counts gateway errors (502, 503, 504), and %d is none", code))
}

// Uncounted is how many answers in a row show that a rule does not count them: far
// more than any of its thresholds, that of Envoy's own included.
func Uncounted(rule breaker.Rule) int {
	gateway, _ := rule.Threshold()
	any5xx, _ := rule.ThresholdFor(500)
	most := max(gateway, any5xx)
	if g := rule.ConsecutiveGatewayErrors; g != nil {
		most = max(most, *g)
	}
	return max(enough, 2*int(most))
}

// kept wants least errors in a row of each failing pod, and no ejection at all.
func (r *Record) kept(phase string, least int, noun, why string) []Claim {
	expected := fmt.Sprintf("never ejected, for %s in a row", breaker.Count(least, noun))
	failing := r.failing()
	if len(failing) == 0 {
		c := claim(phase, "", expected, why)
		c.Measured, c.Open, c.Least = "no faulty pod", len(r.looks) == 0, least
		c.lack("a faulty pod: no pod has the label version=%s", faulty)
		return []Claim{c}
	}
	var all []Claim
	for _, p := range failing {
		c := claim(phase, p.name, expected, why)
		outs, findings := r.ejections(p)
		run := r.longestRun(p)
		c.Answers, c.Least = run, least
		c.Measured = fmt.Sprintf("%s in a row, ejected %s", breaker.Count(run, noun), breaker.Count(len(outs), "time"))
		switch {
		case len(outs) > 0:
			c.refute()
		case len(findings) > 0:
			c.lack("sources that agree: %s", strings.Join(findings, "; "))
		case p.gone:
			c.lack("the pod, which went away meanwhile")
		case run < least:
			c.Open = true
			c.lack("%s in a row of the pod", breaker.Count(least, noun))
		default:
			c.prove()
		}
		all = append(all, c)
	}
	return all
}

// longestRun is the most errors in a row that a pod gave.
func (r *Record) longestRun(p *pod) int {
	most, n := 0, 0
	for _, x := range p.answers {
		if n++; !r.fails(x.code) {
			n = 0
		}
		most = max(most, n)
	}
	return most
}
