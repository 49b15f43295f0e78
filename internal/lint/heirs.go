package lint

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
)

// inherits finds what the rule's own block does not do in a subset that has it: its
// pods may be too few for the share of all, and its balancer another one.
func (l *Linter) inherits(r *destinationRule) {
	for _, h := range r.heirs {
		own := *h.block
		if own.broken || !own.canEject() {
			continue
		}
		if h.policy != nil {
			l.balanced(&own, *h.policy)
		}
		own.labels = h.labels
		own.pods, own.podsOf, own.least = l.podsOf(r, &own)
		if h.policy != nil && h.policy.balancing {
			l.rebalances(r, h, &own)
		}
		if own.rule.Through() || l.options.Pods > 0 || own.pods == 0 || own.ejectable() > 0 {
			continue
		}
		f := r.found(noneEjectable, h.at, h.path, fmt.Sprintf("The subset %q has counts and a share of its own: maxEjectionPercent %d of its %s is less than one pod, and nothing of it is ever ejected.",
			h.subset, own.rule.Percent(), own.podWords()), envoyDetector+"; istio pilot/pkg/networking/core/cluster_builder.go", fmt.Sprintf("set maxEjectionPercent to %d or more", breaker.PercentFor(1, own.pods)))
		if f.Severity = Error; own.least {
			f.Severity = Warning
		}
		l.add(f)
	}
}

// rebalances finds what the balancer of a subset changes, and that of the rule does not.
func (l *Linter) rebalances(r *destinationRule, h heir, own *block) {
	said := map[string]string{}
	for _, b := range []*block{h.block, own} {
		b.said = b.model()
		for _, f := range balancing(b) {
			if b == own && said[f.Code] != f.Text {
				f.Position, f.Field = h.policy.balancingAt, r.prefix+dotted(h.path, "trafficPolicy", "loadBalancer")
				f.Text = fmt.Sprintf("The subset %q has the rule's outlierDetection and a balancer of its own. %s", h.subset, f.Text)
				l.add(f)
			}
			said[f.Code] = f.Text
		}
		b.said = nil
	}
}
