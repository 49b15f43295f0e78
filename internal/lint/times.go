package lint

import (
	"fmt"

	"istio-circuit-breaker/internal/breaker"
)

// times finds ejections that last otherwise than they seem to.
func times(b *block) (all []Finding) {
	if b.broken {
		return nil
	}
	if w, is := b.said[lateReturn]; is {
		field := "interval"
		if _, set := b.set[field]; !set {
			field = "baseEjectionTime"
		}
		all = append(all, b.as(w, field, ""))
	}
	if _, is := b.said[noGrowth]; is {
		text := fmt.Sprintf("baseEjectionTime %s is at Envoy's cap of 5m already: later ejections last no longer.", breaker.Short(b.rule.Base()))
		if b.rule.Base() > (breaker.Rule{}).Cap() {
			text = fmt.Sprintf("baseEjectionTime %s is above Envoy's max_ejection_time of 5m, and raises it: every ejection lasts %s, the first one too.",
				breaker.Short(b.rule.Base()), breaker.Short(b.rule.Base()))
		}
		all = append(all, b.found(noGrowth, "baseEjectionTime", text, envoyDetector, "set it below 2m30s to have later ejections last longer"))
	}
	return all
}
