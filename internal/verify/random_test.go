package verify

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// worldAtRandom is one that a seed makes: pods, rule, load, clocks and sources.
func worldAtRandom(r *rand.Rand) world {
	healthy, failing := pick(r, 1, 1, 1, 2, 3), pick(r, 1, 1, 1, 2, 3)
	w := world{rule: rule(pick[uint32](r, 1, 2, 3, 5, 7, 10, 12), time.Duration(pick(r, 1, 2, 3, 5, 10, 30))*time.Second, 100)}
	w.rule.MaxEjectionPercent = breaker.PercentFor(failing, healthy+failing)
	if failing > 1 && r.IntN(4) == 0 { // keeps one in
		w.rule.MaxEjectionPercent = breaker.PercentFor(failing-1, healthy+failing)
	}
	w.rule.Interval = pick(r, 100*time.Millisecond, 500*time.Millisecond, time.Second, time.Second, 2*time.Second, 5*time.Second)
	w.rule.Balancer = pick(r, "ROUND_ROBIN", "ROUND_ROBIN", "RANDOM", "LEAST_REQUEST")
	w.pods = meshtest.Pods(healthy, failing, pick(r, 0, 20*time.Millisecond, 100*time.Millisecond, 400*time.Millisecond, time.Second))
	spread := pick(r, 0, 0, 100*time.Millisecond, time.Second)
	for i := range w.pods {
		if w.pods[i].Version == "504" {
			w.pods[i].Spread = spread
		} else if r.IntN(5) == 0 {
			w.pods[i].Spread = 300 * time.Millisecond
		}
	}
	w.concurrency, w.rate = pick(r, 1, 1, 2, 4, 8, 16, 30), pick(r, 2.0, 5, 10, 10, 20, 50, 100)
	w.phases = pick(r, "once", "once", "all", "trip", "return", "counters", "clean")
	ahead, logLag, answerLag := pick(r, 0, 0, -5*time.Second, 5*time.Second, 700*time.Millisecond), pick(r, 0, 0, time.Second, 3*time.Second), pick(r, 0, 0, 30*time.Millisecond, 400*time.Millisecond, time.Second)
	noLog, post := r.IntN(5) == 0, pick(r, time.Millisecond, 5*time.Millisecond, 20*time.Millisecond, 40*time.Millisecond)
	w.change = func(s *meshtest.Sim) {
		s.Ahead, s.LogLag, s.AnswerLag, s.NoLog, s.Post = ahead, logLag, answerLag, noLog, post
	}
	w.name = fmt.Sprintf("%d+%d pods, threshold %d, base %s, interval %s, %d %%, %s, concurrency %d, rate %g, %s", healthy, failing, *w.rule.ConsecutiveGatewayErrors,
		w.rule.BaseEjectionTime, w.rule.Interval, w.rule.MaxEjectionPercent, w.rule.Balancer, w.concurrency, w.rate, w.phases)
	return w
}

// wrongAtRandom breaks one rule of Envoy's, and asks for the phases that are about it.
func wrongAtRandom(r *rand.Rand, w *world) {
	var x envoy.Wrong
	switch r.IntN(7) {
	case 0, 1, 2:
		x.Threshold = pick(r, -1, 1, -1, 1, 2, -2)
		if *w.rule.ConsecutiveGatewayErrors == 1 {
			x.Threshold = 1
		}
	case 3:
		x.Times = pick(r, 0.5, 3)
	case 4:
		x.Leaks = 20
	case 5:
		x.NeverBack = true
	default:
		x.NoGrowth = true
	}
	if about := map[bool]string{x.NoGrowth: "all", x.Times > 0 || x.NeverBack || x.Leaks > 0: "once"}[true]; about != "" {
		w.phases = about
	}
	before := w.change
	w.change = func(s *meshtest.Sim) { before(s); s.Wrong = x }
	w.name += fmt.Sprintf(", and %+v", x)
}

// seeds are how many random worlds are tried: SEEDS, or a few.
func seeds(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("SEEDS"))
	if os.Getenv("SEEDS") == "" {
		return 5
	}
	if err != nil || n < 1 || n > 10_000 {
		t.Fatalf("SEEDS=%q: must be 1 to 10000", os.Getenv("SEEDS"))
	}
	return n
}

// A right breaker is never refuted, whatever is about it.
func TestNoRightWorldAtRandomIsRefuted(t *testing.T) {
	counted := map[string]int{}
	for seed := range seeds(t) {
		w := worldAtRandom(rand.New(rand.NewPCG(uint64(seed), 1)))
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			r, err := w.run(t)
			if err != nil || r.Verdict == timeline.Differs {
				t.Fatalf("seed %d: %s: got %s\n%s", seed, w.name, got(r, err), unproven(r))
			}
			counted[r.Verdict]++
		})
	}
	t.Logf("right worlds at random: %v", counted)
}

// A wrong one never agrees. One whose sweeps hide its times, or where the rule's
// threshold is within what is measured, is not proven.
func TestNoWrongWorldAtRandomAgrees(t *testing.T) {
	counted := map[string]int{}
	for seed := range seeds(t) {
		random := rand.New(rand.NewPCG(uint64(seed), 2))
		w := worldAtRandom(random)
		wrongAtRandom(random, &w)
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			r, err := w.run(t)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, w.name, err)
			}
			if counted[r.Verdict]++; r.Verdict == timeline.Agrees {
				t.Errorf("seed %d: %s: agrees\n%s", seed, w.name, proven(r))
			}
		})
	}
	t.Logf("wrong worlds at random: %v", counted)
}

// proven is what a result rests on.
func proven(r *judge.Result) string { return describe(r.Phases) }
