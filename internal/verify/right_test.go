package verify

import (
	"slices"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/timeline"
)

// rightWorlds are odd, and the breaker does in them what its rule says.
func rightWorlds() []world {
	only5xx := func(r *breaker.Rule) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, n(7) }
	sub := func(d time.Duration) func(*meshtest.Sim) { return func(s *meshtest.Sim) { s.Ahead = d } }
	all := []world{
		{name: "the stack's own, the whole life", rule: rule(10, 30*time.Second, 50), phases: "all"},
		{name: "threshold 1, the whole life", rule: stacks(1), phases: "all"},
		{name: "threshold 3, base 2s, the whole life", rule: rule(3, 2*time.Second, 50), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond)},
		{name: "threshold 3, base 2s, concurrency 8, the whole life", rule: rule(3, 2*time.Second, 50), phases: "all", rate: 20, concurrency: 8, pods: meshtest.Pods(1, 1, 60*time.Millisecond)},
		{name: "threshold 10, base 2s, the whole life", rule: rule(10, 2*time.Second, 50), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 60*time.Millisecond)},
		{name: "threshold 10, base 2s, concurrency 8", rule: rule(10, 2*time.Second, 50), rate: 20, concurrency: 8, pods: meshtest.Pods(1, 1, 100*time.Millisecond)},
		{name: "phases trip, good answers that tell of a slow machine", rule: rule(3, 2*time.Second, 50), phases: "trip", rate: 40, concurrency: 4,
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200, Delay: 300 * time.Millisecond}, {Name: "b", Version: "504", Code: 504, Delay: 20 * time.Millisecond}}},
		{name: "phases counters", rule: stacks(3), phases: "counters"},
		{name: "phases healthy", rule: stacks(3), phases: "healthy"},
		{name: "phases mix", rule: stacks(3), phases: "mix"},
		{name: "phases clean", rule: stacks(3), phases: "clean"},
		{name: "phases backoff", rule: rule(3, 10*time.Second, 50), phases: "backoff", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond)},
		{name: "threshold 1, concurrency 8", rule: stacks(1), concurrency: 8},
		{name: "threshold 3, concurrency 8", rule: stacks(3), concurrency: 8},
		{name: "threshold 5, concurrency 8, the whole life", rule: stacks(5), concurrency: 8, phases: "all"},
		{name: "threshold 10, concurrency 8", rule: stacks(10), concurrency: 8},
		{name: "threshold 10, concurrency 30", rule: stacks(10), concurrency: 30, rate: 60},
		{name: "consecutive5xxErrors 7 alone", rule: with(stacks(10), only5xx)},
		{name: "consecutive5xxErrors 7 alone, the whole life", rule: with(stacks(10), only5xx), phases: "all"},
		{name: "5xx 5 below gateway 10, both set", rule: with(stacks(10), func(r *breaker.Rule) { r.Consecutive5xxErrors = n(5) })},
		{name: "gateway 3 below 5xx 5, both set", rule: with(stacks(3), func(r *breaker.Rule) { r.Consecutive5xxErrors = n(5) })},
		{name: "both 4", rule: with(stacks(4), func(r *breaker.Rule) { r.Consecutive5xxErrors = n(4) })},
		{name: "25 % of four pods, two of them faulty", rule: rule(3, 10*time.Second, 25), pods: meshtest.Pods(2, 2, 50*time.Millisecond), phases: "trip,counters,healthy"},
		{name: "34 % of three, two faulty", rule: rule(3, 10*time.Second, 34), pods: meshtest.Pods(1, 2, 50*time.Millisecond), phases: "trip,counters"},
		{name: "two faulty of four", rule: stacks(5), pods: meshtest.Pods(2, 2, 50*time.Millisecond)},
		{name: "two faulty of four, the whole life", rule: stacks(5), pods: meshtest.Pods(2, 2, 50*time.Millisecond), phases: "all", rate: 20},
		{name: "two faulty of four, base 4s, quick errors, the whole life", rule: rule(5, 4*time.Second, 50), pods: meshtest.Pods(2, 2, 0), phases: "all"},
		{name: "another faulty pod goes in a rollout", rule: rule(3, 2*time.Second, 100), pods: meshtest.Pods(1, 2, 0),
			change: func(s *meshtest.Sim) { after(150*time.Millisecond, func() { s.SetPods(meshtest.Pods(1, 1, 0)...) }) }},
		{name: "20 and 20 pods", rule: rule(3, 10*time.Second, 50), pods: meshtest.Pods(20, 20, 20*time.Millisecond), rate: 100},
		{name: "LEAST_REQUEST", rule: with(stacks(3), func(r *breaker.Rule) { r.Balancer = "LEAST_REQUEST" })},
		{name: "the mesh's own balancer", rule: with(stacks(3), func(r *breaker.Rule) { r.Balancer = "" })},
		{name: "RANDOM", rule: with(stacks(3), func(r *breaker.Rule) { r.Balancer = "RANDOM" })},
		{name: "interval above base", rule: with(rule(3, 2*time.Second, 50), func(r *breaker.Rule) { r.Interval = 10 * time.Second })},
		{name: "interval 100ms", rule: with(stacks(3), func(r *breaker.Rule) { r.Interval = 100 * time.Millisecond })},
		{name: "every time unset", rule: with(stacks(3), func(r *breaker.Rule) { r.BaseEjectionTime, r.Interval = 0, 0 })},
		{name: "all pods faulty", rule: rule(3, 10*time.Second, 100), pods: meshtest.Pods(0, 2, 50*time.Millisecond), phases: "trip"},
		{name: "all pods faulty, callers get the sidecar's own 503", rule: rule(3, 10*time.Second, 100), pods: meshtest.Pods(0, 2, 50*time.Millisecond)},
		{name: "the breaker is off", rule: breaker.Rule{Balancer: "ROUND_ROBIN"}, phases: "off"},
		{name: "the breaker is off, concurrency 8", rule: breaker.Rule{}, phases: "off", concurrency: 8},
		{name: "the cluster's clock 5s behind", rule: stacks(3), change: sub(-5 * time.Second), phases: "all"},
		{name: "the cluster's clock 5s ahead", rule: stacks(3), change: sub(5 * time.Second), phases: "all"},
		{name: "the clock 3s behind, without a log", rule: stacks(3), change: func(s *meshtest.Sim) { s.Ahead, s.NoLog = -3*time.Second, true }},
		{name: "a cluster of another domain, the whole life", rule: stacks(3), change: func(s *meshtest.Sim) { s.Domain = "corp.internal" }, phases: "all"},
		{name: "without a log", rule: stacks(3), change: func(s *meshtest.Sim) { s.NoLog = true }},
		{name: "the log ahead of the answers", rule: stacks(1), change: func(s *meshtest.Sim) { s.AnswerLag = 30 * time.Millisecond }, phases: "all"},
		{name: "the log a second late", rule: stacks(3), change: func(s *meshtest.Sim) { s.LogLag = time.Second }},
		{name: "each line of the log twice", rule: stacks(3), change: func(s *meshtest.Sim) { s.LogTwice = true }},
		{name: "answers 400ms late", rule: stacks(3), change: func(s *meshtest.Sim) { s.AnswerLag = 400 * time.Millisecond }},
		{name: "answers a second late", rule: stacks(5), change: func(s *meshtest.Sim) { s.AnswerLag = time.Second }},
		{name: "a decision 20ms after the answer", rule: stacks(3), change: func(s *meshtest.Sim) { s.Post = 20 * time.Millisecond }},
		{name: "pods of two zones, failover off", rule: with(stacks(3), func(r *breaker.Rule) { r.Locality = new(false) }),
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200, Locality: "r/z1"}, {Name: "b", Version: "504", Code: 504, Delay: 50 * time.Millisecond, Locality: "r/z2"}}},
		{name: "a faulty pod that answers 503", rule: stacks(3),
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200}, {Name: "b", Version: "504", Code: 503, Delay: 50 * time.Millisecond}}},
		{name: "the rule says what is demanded", rule: stacks(3), expect: 3},
		{name: "a rule that is not the stack's", rule: stacks(3), change: func(s *meshtest.Sim) { s.Unmanaged = true }},
	}
	return all
}

func TestRightWorldsAgree(t *testing.T) {
	worlds, agree := slices.Concat(rightWorlds(), oddWorlds(), worldsOfCodes()), 0
	if len(worlds) < 30 {
		t.Fatalf("only %d right worlds", len(worlds))
	}
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			r, err := w.run(t)
			w.row(t, timeline.Agrees, r, err)
			if err != nil || r.Verdict != timeline.Agrees {
				t.Errorf("%s: got %s\n%s", w.name, got(r, err), unproven(r))
				return
			}
			agree++
		})
	}
	t.Logf("%d of %d right worlds agree", agree, len(worlds))
}
