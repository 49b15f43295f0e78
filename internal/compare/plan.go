package compare

import (
	"context"
	"fmt"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"
)

// Limits of a run's length.
const (
	Shortest = time.Second
	Longest  = time.Hour
)

// plan is how long each run lasts: as asked, or where nothing is asked as long
// as the model says that it takes to see what the breaker gains. It says so
// where a run will likely be over before a pod trips.
func plan(ctx context.Context, m mesh.Mesh, rule breaker.Rule, o Options) (time.Duration, error) {
	pods, err := mesh.Pods(ctx, m)
	if err != nil {
		return 0, err
	}
	l := breaker.Load{Rate: o.Load.Rate, Concurrency: o.Load.Concurrency, Timeout: o.Load.Timeout, MaxDelay: o.MaxDelay}
	for _, pod := range pods {
		if pod.Version == "504" {
			l.Faulty++
		} else {
			l.Healthy++
		}
	}
	length, doubt := Length(rule, l, o.Duration)
	switch {
	case doubt == "":
		return length, nil
	case o.Duration == 0:
		return 0, hint.With(fmt.Errorf("choosing how long to compare: %s", doubt), "change the rule or the load, or give --duration")
	default:
		o.Say("Warning: " + doubt + ".")
		return length, nil
	}
}

// Length is how long a run has to be to show what a rule gains under a load;
// asked is what somebody wants instead, or 0. The doubt says why a run of that
// length will likely show nothing; empty where it should.
func Length(rule breaker.Rule, l breaker.Load, asked time.Duration) (length time.Duration, doubt string) {
	trip := rule.Trip(l)
	if trip.Never {
		doubt = "this rule ejects nothing under this load"
		for _, w := range rule.Warnings(l) {
			if w.Never || w.Code == breaker.NothingFaulty {
				return asked, doubt + ": " + w.Text
			}
		}
		return asked, doubt
	}
	// As long after the trip as before it, so that both are seen.
	const step = 5 * time.Second
	needed := max((2*trip.Usual.Most + step - 1).Truncate(step), 2*step)
	about := fmt.Sprintf("by the model a pod trips after %s to %s", breaker.Short(trip.Usual.Least.Round(time.Second)), breaker.Short(trip.Usual.Most.Round(time.Second)))
	switch {
	case asked == 0 && needed > Longest:
		return 0, about + ", which is more than is compared"
	case asked == 0:
		return needed, ""
	case asked < trip.Usual.Most:
		return asked, fmt.Sprintf("%s may be too short to show anything: %s; take %s", breaker.Short(asked), about, breaker.Short(min(needed, Longest)))
	default:
		return asked, ""
	}
}
