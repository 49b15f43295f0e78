package verify

import (
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
)

// announce tells how long the proof will take, by the model.
func (r *run) announce() {
	r.Say(fmt.Sprintf("Proving %d phases; this takes about %s.", len(r.Phases), Estimate(r.rule, r.Options).Round(time.Second)))
}

// Estimate is the time that a proof will take, for one healthy and one faulty
// pod; more pods share the requests and take longer.
func Estimate(rule breaker.Rule, o Options) time.Duration {
	wants := func(phase string) bool { return (&run{Options: o}).wants(phase) }
	load := breaker.Load{Healthy: 1, Faulty: 1, Rate: o.Load.Rate, Concurrency: o.Load.Concurrency, MaxDelay: o.MaxDelay, Timeout: o.Load.Timeout}
	total := 3 * time.Second // to look around, and to begin
	switch {
	case wants(Off):
		errors := uint32(enough)
		total += breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: &errors, Consecutive5xxErrors: new(uint32), MaxEjectionPercent: 100, Balancer: rule.Balancer}.Trip(load).Mean
	case wants(Trip):
		total += rule.Trip(load).Mean
	}
	if wants(Return) {
		total += middle(rule.Out(1))
	}
	if wants(Second) {
		total += middle(rule.Out(2)) + time.Second
	}
	if wants(Backoff) {
		total += middle(rule.Out(1)) + 3*rule.Sweep() + time.Second
	}
	return total
}

func middle(s breaker.Span) time.Duration { return (s.Least + s.Most) / 2 }
