package verify

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

const (
	refuted = timeline.Differs
	open    = timeline.Undetermined
)

// wrongWorlds are breakers that do not do what their rule says, and meshes in
// which nobody can know. None may agree.
func wrongWorlds() []world {
	wrong := func(w envoy.Wrong) func(*meshtest.Sim) { return func(s *meshtest.Sim) { s.Wrong = w } }
	lie := func(name string, by int) world {
		return world{name: "a counter that lies: " + name, rule: stacks(3),
			change: func(s *meshtest.Sim) { // from a moment on: what it always was is not its rise
				var begun atomic.Bool
				after(3*time.Second, func() { begun.Store(true) })
				s.Lies = map[string]func(uint64) uint64{name: func(v uint64) uint64 {
					if begun.Load() {
						return uint64(max(int(v)+by, 0))
					}
					return v
				}}
			}}
	}
	all := []world{
		{name: "another detector: ejections booked to 5xx", rule: stacks(3), change: wrong(envoy.Wrong{Detector: envoy.Any5xx}), want: refuted},
		{name: "another detector: success rate", rule: stacks(3), change: wrong(envoy.Wrong{Detector: "SUCCESS_RATE"}), want: refuted},
		{name: "another threshold than its own configuration, a clock apart", rule: stacks(10), want: refuted,
			change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.Ahead = -5, 5*time.Second }},
		{name: "a threshold one too low, without a log", rule: stacks(5), want: "", change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.NoLog = -1, true }},
		{name: "a threshold one too high, the log late", rule: stacks(5), change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.LogLag = 1, 900*time.Millisecond }},
		{name: "a threshold half as high, concurrency 30, the log 0.7s late", rule: stacks(10), concurrency: 30, rate: 60, want: refuted,
			change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.LogLag = -5, 700*time.Millisecond }},
		{name: "the log's times 2s early", rule: stacks(3), change: func(s *meshtest.Sim) { s.LogBefore = 2 * time.Second }},
		{name: "the log's times 3s early, the whole life", rule: rule(5, 2*time.Second, 50), phases: "all", want: open, change: func(s *meshtest.Sim) { s.LogBefore = 3 * time.Second }},
		{name: "the log's times 3s late, the whole life", rule: rule(5, 2*time.Second, 50), phases: "all", want: open, change: func(s *meshtest.Sim) { s.LogBefore = -3 * time.Second }},
		{name: "requests leak in the second time out alone, base 2s", rule: rule(5, 2*time.Second, 50), phases: "all", change: wrong(envoy.Wrong{Leaks: 20, LeaksFrom: 2}), want: refuted},
		{name: "the sidecar has another threshold", rule: stacks(10), change: func(s *meshtest.Sim) { s.InForce = new(meshtest.Rule(stacks(5))) }, want: refuted, cause: "rule-not-in-force"},
		{name: "the sidecar has another base time", rule: stacks(10), change: func(s *meshtest.Sim) { s.InForce = new(meshtest.Rule(rule(10, 20*time.Second, 50))) }, want: refuted, cause: "rule-not-in-force"},
		{name: "the sidecar has another balancer", rule: stacks(10), want: refuted, cause: "rule-not-in-force",
			change: func(s *meshtest.Sim) {
				s.InForce = new(withRule(stacks(10), func(r *breaker.Rule) { r.Balancer = "RANDOM" }))
			}},
		{name: "another threshold than is demanded", rule: stacks(3), expect: 10, want: refuted, cause: "threshold-changed"},
		{name: "gateway 10 masked by the default of 5xx, phase trip alone", rule: with(stacks(10), func(r *breaker.Rule) { r.Consecutive5xxErrors = nil }), phases: "trip", want: refuted, cause: "threshold-masked-by-5xx"},
		{name: "no growth of the time out", rule: rule(3, 10*time.Second, 50), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond), change: wrong(envoy.Wrong{NoGrowth: true}), want: refuted},
		{name: "no growth, interval above base", rule: with(rule(3, 2*time.Second, 50), func(r *breaker.Rule) { r.Interval = 5 * time.Second }), phases: "second", rate: 20,
			pods: meshtest.Pods(1, 1, 20*time.Millisecond), change: wrong(envoy.Wrong{NoGrowth: true}), want: open},
		{name: "the time out never becomes shorter again", rule: rule(3, 10*time.Second, 50), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond), change: wrong(envoy.Wrong{KeepsBackoff: true}), want: refuted},
		{name: "never back", rule: stacks(3), change: wrong(envoy.Wrong{NeverBack: true}), want: refuted},
		{name: "back at once", rule: stacks(3), change: wrong(envoy.Wrong{Times: 0.01})},
		{name: "back after half the time", rule: stacks(3), change: wrong(envoy.Wrong{Times: 0.5}), want: refuted},
		{name: "back after twice the time", rule: stacks(3), change: wrong(envoy.Wrong{Times: 2}), want: refuted},
		{name: "back 2s late", rule: stacks(3), change: wrong(envoy.Wrong{Plus: 2 * time.Second}), want: refuted},
		{name: "back 2s late, without a log", rule: stacks(3), change: func(s *meshtest.Sim) { s.Wrong.Plus, s.NoLog = 2*time.Second, true }, want: refuted},
		{name: "back by its flag, and never called", rule: stacks(3), change: wrong(envoy.Wrong{BackWithoutTraffic: true}), want: refuted},
		{name: "requests leak to a pod that is out", rule: stacks(3), change: wrong(envoy.Wrong{Leaks: 20}), want: refuted},
		{name: "requests leak in the second time out alone", rule: rule(3, 10*time.Second, 50), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond), change: wrong(envoy.Wrong{Leaks: 20, LeaksFrom: 2}), want: refuted},
		{name: "the sidecar's own 503 while a pod is out", rule: stacks(3), change: func(s *meshtest.Sim) { s.OwnErrors = 20 }, want: open},
		{name: "nothing but the sidecar's own 503 while a pod is out", rule: stacks(3), change: func(s *meshtest.Sim) { s.OwnErrors = 100 }, want: open},
		{name: "no answer at all while a pod is out", rule: stacks(3), change: func(s *meshtest.Sim) { s.Quiet = true }},
		{name: "a healthy pod is ejected for a 500", rule: with(stacks(3), func(*breaker.Rule) {}), want: "", change: wrong(envoy.Wrong{AnyCountsAsGateway: true}),
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 500}, {Name: "c", Version: "200", Code: 200}, {Name: "b", Version: "504", Code: 504, Delay: 50 * time.Millisecond}}},
		{name: "500s are counted as gateway errors", rule: stacks(3), change: wrong(envoy.Wrong{AnyCountsAsGateway: true}),
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200}, {Name: "b", Version: "504", Code: 500, Delay: 50 * time.Millisecond}}},
		{name: "500s do not count", rule: stacks(3), cause: "answers-other-than-gateway",
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200}, {Name: "b", Version: "504", Code: 500, Delay: 50 * time.Millisecond}}},
		{name: "the percentage is not kept", rule: rule(3, 10*time.Second, 25), pods: meshtest.Pods(2, 2, 50*time.Millisecond), phases: "trip,counters", change: wrong(envoy.Wrong{AnyPercent: true}), want: refuted},
		{name: "no pod may go: 49 % of two", rule: rule(3, 10*time.Second, 49), phases: "trip", want: open, cause: "max-ejection-percent"},
		{name: "detected and not enforced", rule: stacks(3), change: wrong(envoy.Wrong{Detected: true}), want: refuted, cause: "detected-not-enforced"},
		{name: "never ejected", rule: stacks(3), change: wrong(envoy.Wrong{Threshold: 1000}), want: refuted},
		{name: "the faulty pod goes away midway", rule: stacks(10), want: open, cause: "faulty-pod-gone",
			change: func(s *meshtest.Sim) { after(time.Second, func() { s.SetPods(slow()[:1]...) }) }},
		{name: "the faulty pod goes away while it is out", rule: stacks(3), phases: "all",
			change: func(s *meshtest.Sim) { after(5*time.Second, func() { s.SetPods(slow()[:1]...) }) }},
		{name: "the healthy pod goes away while the other is out", rule: stacks(3),
			change: func(s *meshtest.Sim) { after(2*time.Second, func() { s.SetPods(slow()[1:]...) }) }},
		{name: "the healthy pod goes away before the other is out: half of one pod is none", rule: stacks(5), want: open,
			change: func(s *meshtest.Sim) { after(500*time.Millisecond, func() { s.SetPods(slow()[1:]...) }) }},
		{name: "the sidecar restarts midway", rule: stacks(10), change: func(s *meshtest.Sim) { after(7*time.Second, s.RestartSidecar) }, want: open, cause: "sidecar-restarted"},
		{name: "the rule changes midway", rule: stacks(10), change: func(s *meshtest.Sim) { after(2*time.Second, func() { s.ChangeRule(meshtest.Rule(stacks(5))) }) }, want: open, cause: "rule-changed-midway"},
		{name: "the rule changes while a pod is out", rule: stacks(3), change: func(s *meshtest.Sim) { after(6*time.Second, func() { s.ChangeRule(meshtest.Rule(stacks(5))) }) }, want: open, cause: "rule-changed-midway"},
		{name: "another rule wins once the sidecar's was read", rule: stacks(3), change: func(s *meshtest.Sim) {
			after(5*time.Millisecond, func() { s.ChangeInForce(meshtest.Rule(breaker.Rule{Balancer: "RANDOM"})) })
		}, want: refuted, cause: "rule-not-in-force"},
		{name: "another rule with the same threshold wins near the end", rule: stacks(3), change: func(s *meshtest.Sim) {
			after(9*time.Second, func() {
				s.ChangeInForce(meshtest.Rule(with(stacks(3), func(r *breaker.Rule) { r.MaxEjectionPercent = 100 })))
			})
		}},
		{name: "panic routing", rule: with(stacks(3), func(r *breaker.Rule) { r.MinHealthPercent = 60 }), want: refuted, cause: "panic-routing"},
		{name: "zones: the faulty pod is never called", rule: stacks(3), change: func(s *meshtest.Sim) { s.Locality = "r/z1" }, want: open, cause: "locality-failover",
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200, Locality: "r/z1"}, {Name: "b", Version: "504", Code: 504, Locality: "r/z2"}}},
		{name: "retries mask the errors", rule: stacks(3), change: func(s *meshtest.Sim) { s.Retries = true }, cause: "retries-mask"},
		{name: "somebody else sends requests through the sidecar", rule: stacks(10), change: func(s *meshtest.Sim) { s.Others = 20 }},
		{name: "somebody else sends a little, the whole life", rule: rule(5, 2*time.Second, 50), phases: "all", want: open, change: func(s *meshtest.Sim) { s.Others = 7 }},
		{name: "statistics are not exported", rule: stacks(3), change: func(s *meshtest.Sim) { s.NoStatistics = true }, want: open, cause: "statistics-missing"},
		{name: "the breaker is off where it is to be on", rule: breaker.Rule{Balancer: "ROUND_ROBIN"}, want: refuted, cause: "breaker-off"},
		{name: "the breaker is on where it is to be off", rule: stacks(3), phases: "off", want: refuted, cause: "breaker-on"},
		{name: "off, and a pod is ejected all the same", rule: breaker.Rule{Balancer: "ROUND_ROBIN"}, phases: "off", want: refuted,
			change: func(s *meshtest.Sim) {
				s.InForce = new(withRule(stacks(3), func(*breaker.Rule) {}))
			}},
		{name: "no threshold", rule: with(stacks(0), func(*breaker.Rule) {}), want: open, cause: "no-threshold"},
		lie("enforced_consecutive_gateway_failure", 1), lie("enforced_consecutive_gateway_failure", -1), lie("enforced_total", 1), lie("detected_consecutive_gateway_failure", 2),
		lie("enforced_consecutive_5xx", 1), lie("enforced_success_rate", 1), lie("overflow", 1), lie("active", 1), lie("rq_total", 40), lie("rq_error", 40), lie("rq_total", -2),
	}
	for _, phases := range []string{"once", "trip", "return", "counters", "clean", "all"} {
		all = append(all, world{name: "nobody is faulty, phases " + phases, rule: stacks(3), pods: meshtest.Pods(2, 0, 0), phases: phases, want: open, cause: "no-faulty-pod"})
	}
	for _, concurrency := range []int{1, 8, 30} {
		for by, name := range map[int]string{-1: "one too low", 1: "one too high"} {
			all = append(all, world{name: "a threshold " + name + ", " + times(concurrency), rule: stacks(10), concurrency: concurrency, rate: float64(10 + 2*concurrency),
				change: wrong(envoy.Wrong{Threshold: by})})
		}
	}
	return all
}

func TestNoWrongWorldAgrees(t *testing.T) {
	worlds, agree := slices.Concat(wrongWorlds(), hiddenWorlds(), historyWorlds(), wrongWorldsOfCodes()), 0
	if len(worlds) < 40 {
		t.Fatalf("only %d wrong worlds", len(worlds))
	}
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			r, err := w.run(t)
			want := w.want
			if want == "" {
				want = "refuted or not proven"
			}
			w.row(t, want+" "+w.cause, r, err)
			if err != nil {
				t.Fatalf("%s: %v", w.name, err)
			}
			if r.Verdict == timeline.Agrees {
				agree++
				t.Fatalf("%s: agrees\n%s", w.name, describe(r.Phases))
			}
			if w.want != "" && r.Verdict != w.want {
				t.Errorf("%s: got %s, want %s\n%s", w.name, got(r, err), want, unproven(r))
			}
			if w.cause != "" && !names(r, w.cause) {
				t.Errorf("%s: got %s, want the cause %s\n%s", w.name, got(r, err), w.cause, unproven(r))
			}
		})
	}
	t.Logf("%d of %d wrong worlds agree", agree, len(worlds))
}

// A load that is not allowed cannot be sent: no verdict at all.
func TestARefusedLoadHasNoVerdict(t *testing.T) {
	w := world{name: "the load is refused", rule: stacks(3), change: func(s *meshtest.Sim) { s.Refused = mesh.ErrRefused }}
	if r, err := w.run(t); err == nil {
		t.Errorf("got %s", got(r, err))
	}
}

func names(r *judge.Result, code string) bool {
	for _, c := range r.Causes {
		if c.Code == code {
			return true
		}
	}
	return false
}

// unproven are the claims that are not proven.
func unproven(r *judge.Result) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	for _, p := range r.Phases {
		if p.Statement != timeline.Proven {
			b.WriteString(Text(p))
		}
	}
	return b.String()
}
