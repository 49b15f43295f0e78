package report

import "istio-circuit-breaker/internal/timeline"

func stated(holds bool) timeline.Statement {
	if holds {
		return timeline.Proven
	}
	return timeline.Refuted
}
