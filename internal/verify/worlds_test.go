package verify

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/timeline"
)

// world is a mesh that a proof is done on, and what is right to say of it.
type world struct {
	name        string
	rule        breaker.Rule
	pods        []meshtest.Pod
	phases      string
	concurrency int
	rate        float64
	change      func(*meshtest.Sim)
	expect      int    // --expect-threshold
	code        int    // --code
	want        string // verdict; in wrong worlds empty is any but agrees
	cause       string // code of a cause that has to be among those named
}

// stacks is the stack's rule at a threshold, with a base time of 10 s.
func stacks(threshold uint32) breaker.Rule { return rule(threshold, 10*time.Second, 50) }

// slow are one healthy pod and one that fails after 200 ms.
func slow() []meshtest.Pod { return meshtest.Pods(1, 1, 200*time.Millisecond) }

// run proves a world on the fake clock.
func (w world) run(t *testing.T) (result *judge.Result, err error) {
	t.Helper()
	if w.phases == "" {
		w.phases = "once"
	}
	if w.concurrency == 0 {
		w.concurrency = 1
	}
	if w.rate == 0 {
		w.rate = 10
	}
	if w.pods == nil {
		w.pods = slow()
	}
	chosen, err := judge.ParsePhases(w.phases)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		sim := meshtest.New(ctx, meshtest.Rule(w.rule), w.pods...)
		sim.Post = time.Millisecond
		if w.change != nil {
			w.change(sim)
		}
		result, err = Run(ctx, sim, Options{Load: mesh.Load{Rate: w.rate, Concurrency: w.concurrency, Timeout: 10 * time.Second},
			Phases: chosen, ExpectThreshold: w.expect, Code: w.code, Each: func(timeline.Entry) error { return nil }, Say: func(string) {}})
	})
	return result, err
}

// got is an outcome in a word or two.
func got(r *judge.Result, err error) string {
	if err != nil {
		return "could not be done"
	}
	codes := []string{}
	for _, c := range r.Causes {
		codes = append(codes, c.Code)
	}
	if len(codes) == 0 {
		return r.Verdict
	}
	return r.Verdict + " (" + strings.Join(codes, ", ") + ")"
}

// row is a line of the table that `make mutants` prints.
func (w world) row(t *testing.T, want string, r *judge.Result, err error) {
	t.Helper()
	t.Logf("%-66s | %-28s | %s", w.name, want, got(r, err))
}

func with(r breaker.Rule, change func(*breaker.Rule)) breaker.Rule {
	change(&r)
	return r
}

func withRule(r breaker.Rule, change func(*breaker.Rule)) meshtest.Rule {
	return meshtest.Rule(with(r, change))
}

func after(d time.Duration, do func()) { time.AfterFunc(d, do) }

func times(n int) string { return fmt.Sprintf("at concurrency %d", n) }
