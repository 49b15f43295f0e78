package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
)

// announce tells how long the proof will take, by the model.
func (r *run) announce() error {
	pods, err := mesh.Pods(r.ctx, r.mesh)
	if err != nil {
		return err
	}
	failing := 0
	for _, pod := range pods {
		if pod.Version == faulty {
			failing++
		}
	}
	r.Say(fmt.Sprintf("Proving %s with %s, %d of them faulty; this takes about %s.", strings.Join(r.Phases, ", "),
		breaker.Count(len(pods), "pod"), failing, Estimate(r.rule, r.Options, len(pods)-failing, failing).Round(time.Second)))
	return nil
}

// Estimate is the time that a proof will take on average.
func Estimate(rule breaker.Rule, o Options, healthy, failing int) time.Duration {
	wants := func(phase string) bool { return slices.Contains(o.Phases, phase) }
	load := breaker.Load{Healthy: healthy, Faulty: failing, Rate: o.Load.Rate, Concurrency: o.Load.Concurrency, MaxDelay: o.MaxDelay, Timeout: o.Load.Timeout}
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
