package judge

import (
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/diagnose"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/translate"
)

// preflight compares what the client's sidecar has with what the rule says.
func (r *Record) preflight() Claim {
	c := claim(Preflight, "", "a client with sidecar, the whole rule in force there, statistics exported",
		"outlier detection happens in the caller's sidecar, and is seen by its statistics")
	for _, s := range r.symptoms {
		if s.Code == diagnose.NoRule || s.Code == diagnose.NoSidecar {
			c.Measured = s.Detail
			c.saw("%s (%s)", s.Detail, s.Source)
			c.refute()
			return c
		}
	}
	rule := r.header.Rule
	threshold, _ := r.intended()
	c.saw("DestinationRule: %s", r.words(rule))
	if d := r.claimed().Declared; d != nil {
		if changed(*d, rule) {
			c.saw("changed by hand: the stack declared: %s", r.words(*d))
		}
	}
	if r.clock.known {
		c.saw("clocks: the sidecar's is %s to %s ahead of the observer's (%s)", r.clock.least.Round(time.Millisecond), r.clock.most.Round(time.Millisecond), r.clock.source)
	}
	switch off := r.wants(Off); {
	case off && rule.Enabled:
		c.Measured = r.words(rule)
		c.refute()
		return c
	case !off && !rule.Enabled:
		c.Measured = "the DestinationRule has no outlierDetection"
		c.refute()
		return c
	}
	if want := r.claimed().ExpectThreshold; want != 0 && want != threshold {
		c.Measured = fmt.Sprintf("the rule in the cluster says %s, and %d are demanded", breaker.Count(threshold, "error"), want)
		c.refute()
		return c
	}
	if r.header.Sidecar == nil {
		c.Measured = "the sidecar's configuration was not read"
		c.lack("the configuration of the service's cluster in the client's sidecar")
		return c
	}
	if kind, at := r.disturbed(); kind != "" {
		c.Measured = fmt.Sprintf("%s while the proof ran, at %s", kind, clockTime(at))
		c.lack("a rule and a sidecar that stay as they are")
		return c
	}
	if wrong := translate.Differences(rule, *r.inForce()); len(wrong) > 0 {
		c.Measured = "the sidecar has something else: " + strings.Join(wrong, "; ")
		for _, w := range wrong {
			c.saw("sidecar: %s", w)
		}
		c.refute()
		return c
	}
	c.saw("sidecar: every field of outlier_detection, lb_policy and healthy_panic_threshold of %q is as the rule says", r.header.Sidecar.Cluster)
	switch {
	case len(r.looks) == 0:
		c.Measured, c.Open = "the sidecar was not looked at yet", true
		c.lack("a look at the sidecar's endpoints and statistics")
	case rule.Enabled && !r.looks[len(r.looks)-1].counters.Exported:
		c.Measured = "no outlier statistics in the sidecar"
		c.lack("the sidecar's statistics of outlier_detection, which it does not export")
	default:
		c.Measured = "all there"
		c.prove()
	}
	return c
}

// inForce is what the sidecar has: at the end of the proof, where it is not what
// the rule says by then, else at its start. Another rule may win meanwhile, and
// reach the sidecar long after anybody wrote it.
func (r *Record) inForce() *timeline.Sidecar {
	if r.sidecar != nil && len(translate.Differences(r.header.Rule, *r.sidecar)) > 0 {
		return r.sidecar
	}
	return r.header.Sidecar
}

// changed is true where the rule in the cluster is not what was declared.
func changed(declared, rule breaker.Rule) bool {
	return len(translate.Differences(declared, translate.Cluster(rule))) > 0
}

// words are a rule's for the pods that are there.
func (r *Record) words(rule breaker.Rule) string {
	failing := len(r.failing())
	if r.hosts() == 0 {
		return rule.Brief()
	}
	return rule.Words(max(r.hosts()-failing, 0), failing)
}

func (r *Record) claimed() timeline.Claim {
	if r.header.Claim == nil {
		return timeline.Claim{}
	}
	return *r.header.Claim
}

func (r *Record) wants(phase string) bool {
	for _, p := range r.claimed().Phases {
		if p == phase {
			return true
		}
	}
	return false
}
