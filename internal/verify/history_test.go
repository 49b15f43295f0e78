package verify

import (
	"fmt"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

// historyWorlds are wrong in what comes later than a first ejection, or shows in one
// source alone. A later ejection is told less exactly: it may be off by as much as
// the claim's evidence says (docs/proof.md).
func historyWorlds() []world {
	quick := meshtest.Pods(1, 1, 20*time.Millisecond)
	var all []world
	for _, by := range []int{-4, -2, -1, 5} {
		for _, concurrency := range []int{1, 8} {
			w := world{name: fmt.Sprintf("from the second ejection on the threshold is off by %d, %s", by, times(concurrency)), rule: rule(5, 10*time.Second, 50),
				phases: "all", rate: 20, concurrency: concurrency, pods: quick, change: func(s *meshtest.Sim) { s.Wrong = envoy.Wrong{Threshold: by, ThresholdFrom: 2} }}
			if concurrency == 1 {
				w.want = refuted
			}
			all = append(all, w)
		}
	}
	for _, phases := range []string{"trip", "once", "all"} {
		all = append(all, world{name: "a faulty pod is spared, and goes away, phases " + phases, rule: rule(3, 10*time.Second, 50), pods: meshtest.Pods(2, 2, 50*time.Millisecond), phases: phases,
			change: func(s *meshtest.Sim) {
				s.Wrong.Spares = "198.18.0.4:8080"
				after(1700*time.Millisecond, func() { s.SetPods(meshtest.Pods(2, 2, 50*time.Millisecond)[:3]...) })
			}})
	}
	for _, name := range []string{"rq_total", "rq_error"} {
		for _, by := range []int{-3, -1, 1, 2, 5} {
			all = append(all, world{name: fmt.Sprintf("%s lies by %d from before the ejection on", name, by), rule: stacks(3), change: func(s *meshtest.Sim) {
				begin := time.Now().Add(900 * time.Millisecond)
				s.Lies = map[string]func(uint64) uint64{name: func(v uint64) uint64 {
					if time.Now().After(begin) && v > 0 {
						return uint64(max(int(v)+by, 0))
					}
					return v
				}}
			}})
		}
	}
	return all
}

// disputedWorlds have a breaker that is right, and something beside it that is odd:
// agrees or not proven, and never refuted.
func disputedWorlds() []world {
	two := func() []meshtest.Pod { return meshtest.Pods(2, 2, 50*time.Millisecond) }
	unready := func(version string, code int) meshtest.Pod {
		return meshtest.Pod{Name: "u", Version: version, Code: code, NotReady: true}
	}
	answers := func(pod, n, code, usual int) []meshtest.Pod {
		pods := slow()
		pods[pod].Codes = func(i int) int {
			if i == n {
				return code
			}
			return usual
		}
		return pods
	}
	refusing := slow()
	refusing[0].Refuses = true
	all := []world{
		{name: "3 of 5 faulty at 50 %", rule: rule(3, 10*time.Second, 50), pods: meshtest.Pods(2, 3, 50*time.Millisecond)},
		{name: "25 % of four, two faulty", rule: rule(3, 10*time.Second, 25), pods: two()},
		{name: "34 % of three, two faulty", rule: rule(3, 10*time.Second, 34), pods: meshtest.Pods(1, 2, 50*time.Millisecond)},
		{name: "67 % of three, two faulty, the whole life", rule: rule(3, 10*time.Second, 67), pods: meshtest.Pods(1, 2, 50*time.Millisecond), phases: "all"},
		{name: "two go within one look, without a log", rule: rule(3, 10*time.Second, 50), pods: two(), rate: 50, change: func(s *meshtest.Sim) { s.NoLog = true }},
		{name: "two go within a millisecond", rule: rule(3, 10*time.Second, 100), pods: append(slow(), meshtest.Pod{Name: "x", Version: "504", Code: 504, Delay: 200 * time.Millisecond})},
		{name: "called again within the update window, base 1s", rule: rule(3, time.Second, 50), pods: two()},
		{name: "called again within the update window, RANDOM", rule: with(rule(3, 3*time.Second, 50), func(r *breaker.Rule) { r.Balancer = "RANDOM" }), pods: meshtest.Pods(1, 2, 20*time.Millisecond), rate: 50},
		{name: "a healthy pod goes away meanwhile", rule: rule(3, 10*time.Second, 50), pods: two(), change: func(s *meshtest.Sim) { after(500*time.Millisecond, func() { s.SetPods(two()[1:]...) }) }},
		{name: "a healthy pod comes meanwhile", rule: rule(5, 10*time.Second, 50), pods: meshtest.Pods(1, 2, 50*time.Millisecond), change: func(s *meshtest.Sim) { after(300*time.Millisecond, func() { s.SetPods(two()...) }) }},
		{name: "a faulty pod comes meanwhile", rule: rule(5, 10*time.Second, 50), pods: meshtest.Pods(2, 1, 50*time.Millisecond), change: func(s *meshtest.Sim) { after(300*time.Millisecond, func() { s.SetPods(two()...) }) }},
		{name: "a faulty pod comes later", rule: rule(3, 10*time.Second, 50), pods: meshtest.Pods(1, 1, 50*time.Millisecond), change: func(s *meshtest.Sim) {
			after(3*time.Second, func() { s.SetPods(meshtest.Pods(1, 2, 50*time.Millisecond)...) })
		}},
		{name: "all faulty, and an unready healthy one", rule: rule(3, 10*time.Second, 100), pods: append(meshtest.Pods(0, 2, 50*time.Millisecond), unready("200", 200))},
		{name: "all faulty, and an unready faulty one", rule: rule(3, 10*time.Second, 100), pods: append(meshtest.Pods(0, 2, 50*time.Millisecond), unready("504", 504))},
		{name: "one answer of 404 of the healthy pod", rule: stacks(3), pods: answers(0, 4, 404, 200)},
		{name: "one answer of 504 of the healthy pod", rule: stacks(3), pods: answers(0, 4, 504, 200)},
		{name: "one answer of 200 of the faulty pod", rule: stacks(3), pods: answers(1, 0, 200, 504)},
		{name: "one answer of 500 of the faulty pod", rule: stacks(3), pods: answers(1, 1, 500, 504)},
		{name: "the client gives slow answers up", rule: rule(3, 30*time.Second, 50), concurrency: 16, rate: 20,
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200, Spread: 10300 * time.Millisecond}, {Name: "b", Version: "504", Code: 504, Delay: 50 * time.Millisecond}}},
		{name: "the healthy pod refuses one request while the other is out", rule: stacks(3), change: func(s *meshtest.Sim) {
			after(6*time.Second, func() { s.SetPods(refusing...) })
			after(6150*time.Millisecond, func() { s.SetPods(slow()...) })
		}},
		{name: "a sweep that hides the base time", rule: with(rule(3, 2*time.Second, 50), func(r *breaker.Rule) { r.Interval = 10 * time.Second })},
		{name: "the cluster is replaced while a pod is out", rule: stacks(3), change: func(s *meshtest.Sim) { after(6*time.Second, func() { s.ChangeInForce(meshtest.Rule(stacks(3))) }) }},
		{name: "the sidecar restarts while a pod is out", rule: stacks(3), change: func(s *meshtest.Sim) { after(6*time.Second, s.RestartSidecar) }},
		{name: "the clock is set 2s ahead midway", rule: stacks(3), change: func(s *meshtest.Sim) { after(6*time.Second, func() { s.SetClock(2 * time.Second) }) }},
	}
	for _, ms := range []int{-400, -250, -150, -120, 120, 150, 250, 400} {
		all = append(all, world{name: fmt.Sprintf("the log's times %d ms early", ms), rule: stacks(3), change: func(s *meshtest.Sim) { s.LogBefore = time.Duration(ms) * time.Millisecond }})
	}
	return all
}

func TestNoRightBreakerIsRefuted(t *testing.T) {
	for _, w := range disputedWorlds() {
		t.Run(w.name, func(t *testing.T) {
			r, err := w.run(t)
			w.row(t, "agrees or not proven", r, err)
			if err != nil || r.Verdict == timeline.Differs {
				t.Errorf("%s: got %s\n%s", w.name, got(r, err), unproven(r))
			}
		})
	}
}

// Where nothing was to be ejected, the words do not say that the breaker works.
func TestAProofWithoutAnEjectionSaysSo(t *testing.T) {
	for _, phases := range []string{"preflight", "mix", "healthy"} {
		w := world{name: phases, rule: stacks(3), phases: phases, change: func(s *meshtest.Sim) { s.Wrong.Threshold = 1000 }}
		r, err := w.run(t)
		if err != nil {
			t.Fatal(err)
		}
		if got := judge.Sentence(r.Verdict, r.Phases); got == judge.Sentence(timeline.Agrees, []timeline.Phase{{Name: judge.Trip}}) {
			t.Errorf("phases %s of a breaker that never ejects: %q", phases, got)
		}
	}
}
