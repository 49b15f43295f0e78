package verify

import (
	"slices"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
)

// Estimate is the time that a proof will take on average.
func Estimate(rule breaker.Rule, o Options, healthy, failing int) time.Duration {
	wants := func(phase string) bool { return slices.Contains(o.Phases, phase) }
	load := breaker.Load{Healthy: healthy, Faulty: failing, Rate: o.Load.Rate, Concurrency: o.Load.Concurrency, Code: o.Code, MaxDelay: o.MaxDelay, Timeout: o.Load.Timeout}
	total := 3 * time.Second // to look around, and to begin
	switch {
	case wants(judge.Off), wants(judge.Never):
		errors := uint32(enough)
		if wants(judge.Never) {
			errors = uint32(judge.Uncounted(rule))
		}
		load.Code = 0
		total += breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: &errors, Consecutive5xxErrors: new(uint32), MaxEjectionPercent: 100, Balancer: rule.Balancer}.Trip(load).Mean
	case wants(judge.Trip):
		total += rule.Trip(load).Mean
	}
	if wants(judge.Return) {
		total += middle(rule.Out(1))
	}
	if wants(judge.Second) {
		total += middle(rule.Out(2)) + time.Second
	}
	if wants(judge.Backoff) {
		total += middle(rule.Out(1)) + resting*rule.Sweep() + time.Second
	}
	return total
}

// enough is how many errors in a row the phase off waits for.
const enough = 20

func middle(s breaker.Span) time.Duration { return (s.Least + s.Most) / 2 }
