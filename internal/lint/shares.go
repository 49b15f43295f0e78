package lint

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
)

// counting is the rule as one that the model knows to eject, where only failures
// of the sidecar's own do, which it does not look at.
func (b *block) counting() breaker.Rule {
	r := b.rule
	if b.local() > 0 {
		r.Consecutive5xxErrors = nil
	}
	return r
}

// ejectable is how many of the block's pods may be out at once.
func (b *block) ejectable() int { return b.counting().Ejectable(b.pods) }

// canEject tells whether any count ejects.
func (b *block) canEject() bool {
	_, by := b.rule.Threshold()
	return by != breaker.NoDetector || b.local() > 0
}

// shares finds percentages that let no pod go, or all.
func shares(b *block) (all []Finding) {
	if b.broken || !b.canEject() || b.rule.Through() {
		return nil
	}
	const field = "maxEjectionPercent"
	_, set := b.set[field]
	percent, name := b.rule.Percent(), fmt.Sprintf("maxEjectionPercent %d", b.rule.Percent())
	if !set {
		name = fmt.Sprintf("maxEjectionPercent is not set, and Envoy's default of %d", percent)
	}
	if set && b.rule.MaxEjectionPercent == 0 {
		all = append(all, b.found(zeroPercent, field, "maxEjectionPercent 0 is the same as not set: Envoy's 10, not \"never\".", pilotPolicy, "set it to the share that is meant"))
	}
	least := (99 + int(percent)) / int(percent) // pods for one to go
	switch out := b.ejectable(); {
	case b.pods > 0 && out == 0:
		f := b.found(noneEjectable, field, fmt.Sprintf("%s of %s is less than one pod: nothing is ever ejected, ejections_overflow rises instead.", name, b.podWords()),
			envoyDetector+" (envoyproxy/envoy#27624); measured", fmt.Sprintf("set maxEjectionPercent to %d or more", breaker.PercentFor(1, b.pods)))
		f.Severity, f.Never = Error, true
		if b.least {
			f.Severity, f.Never = Warning, false
		}
		all = append(all, f)
	case b.pods > 0 && out >= b.pods, b.pods == 0 && percent == 100:
		f := b.found(allEjectable, field, "Every pod may be out at once: "+b.rule.AllOut().Words, pilotPolicy+"; measured", "lower maxEjectionPercent to keep some pods in")
		if b.pods == 1 {
			f.Severity = Warning
			f.Text = "The only pod may be out: " + b.rule.AllOut().Words
			f.Fix = "run more pods, or none of this rule"
		}
		all = append(all, f)
	case b.pods == 0 && least > 2:
		f := b.found(noneEjectable, field, fmt.Sprintf("%s lets no pod go where there are fewer than %d: 100 * (out + 1) / pods may not be above it.", name, least),
			envoyDetector+" (envoyproxy/envoy#27624); measured", "say how many pods there are with --pods, or set it to 100 / pods or more")
		if least == 3 {
			f.Severity = Info
		}
		all = append(all, f)
	}
	return all
}

func (b *block) podWords() string {
	words := breaker.Count(b.pods, "pod")
	if b.podsOf != "" {
		words += " (" + b.podsOf + ")"
	}
	return words
}

// panics finds a minHealthPercent that sends requests to ejected pods.
func panics(b *block) []Finding {
	if b.broken || !b.canEject() || b.rule.Through() {
		return nil
	}
	pods, out := b.pods, b.ejectable()
	if pods == 0 { // as many as show any share exactly
		pods, out = 100, int(b.rule.Percent())
	}
	if out == 0 || !b.rule.Panics(out, pods) {
		return nil
	}
	first := 1
	for !b.rule.Panics(first, pods) {
		first++
	}
	text := fmt.Sprintf("minHealthPercent %d: with %d of %s out Envoy ignores the ejections and calls every pod.", b.rule.MinHealthPercent, first, b.podWords())
	if b.pods == 0 {
		text = fmt.Sprintf("minHealthPercent %d and up to %d %% out: with fewer than %d %% in rotation Envoy ignores the ejections and calls every pod.",
			b.rule.MinHealthPercent, b.rule.Percent(), min(b.rule.MinHealthPercent, 72))
	}
	return []Finding{b.found(panicRouting, "minHealthPercent", text, pilotPolicy+"; measured", "leave minHealthPercent out, or lower maxEjectionPercent")}
}
