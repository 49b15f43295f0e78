package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoysim"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

const (
	agrees    = timeline.Agrees
	refuted   = timeline.Differs
	notProven = timeline.Undetermined
	undone    = "could not be done"
)

// mutants are wrong breakers and wrong worlds. None may agree.
func mutants() []world {
	var all []world
	add := func(name, want string, r breaker.Rule, make func(context.Context, *meshtest.Sim), change ...func(*world)) {
		w := world{name: name, want: want, rule: r, pods: usual(), make: make}
		for _, c := range change {
			c(&w)
		}
		all = append(all, w)
	}
	at := func(concurrency int) func(*world) { return func(w *world) { w.concurrency = concurrency } }
	phases := func(p string) func(*world) { return func(w *world) { w.phases = p } }
	pods := func(p ...meshtest.Pod) func(*world) { return func(w *world) { w.pods = p } }
	for _, concurrency := range []int{1, 8, 30} {
		for _, by := range []int{-1, +1} {
			add(fmt.Sprintf("the threshold is 5 and ejects at %d, concurrency %d", 5+by, concurrency), refuted, brief(5), threshold(uint32(5+by)), at(concurrency), phases("once"))
		}
	}
	add("the threshold is 10 and ejects at 9", refuted, brief(10), threshold(9), phases("once"))
	add("the threshold is 1 and ejects at 2", refuted, brief(1), threshold(2), phases("once"))
	add("the threshold is 3 and ejects at 5", refuted, brief(3), threshold(5))
	any5xx := acts(func(o *timeline.OutlierDetection) { o.Any5xx, o.Enforcing5xx, o.EnforcingGateway = o.Gateway, 100, 0 })
	add("consecutive_5xx ejects in place of the gateway's", refuted, brief(5), any5xx, phases("once"))
	add("another detector in the log", refuted, brief(5), logged(func(l map[string]any) []map[string]any {
		l["type"] = envoysim.Any5xx
		return []map[string]any{l}
	}), phases("once"))
	add("success rate in the log", refuted, brief(5), logged(func(l map[string]any) []map[string]any {
		l["type"] = "SUCCESS_RATE"
		return []map[string]any{l}
	}), phases("once"))
	add("detected, not enforced", refuted, brief(5), acts(func(o *timeline.OutlierDetection) { o.EnforcingGateway = 0 }))
	add("never ejects", refuted, brief(5), threshold(100000))
	add("no growth", refuted, brief(5), flawed(envoysim.Flaws{NoGrowth: true}))
	add("doubles, and is not forgotten", refuted, brief(5), flawed(envoysim.Flaws{Doubles: true, NeverForgets: true}))
	add("the growth is never forgotten", refuted, brief(5), flawed(envoysim.Flaws{NeverForgets: true}))
	add("never back", refuted, brief(5), flawed(envoysim.Flaws{NeverBack: true}))
	add("back a second early", refuted, rule(5, 5*time.Second, 50), flawed(envoysim.Flaws{LateBy: -1100 * time.Millisecond}))
	add("back 3s late", refuted, brief(5), flawed(envoysim.Flaws{LateBy: 3 * time.Second}))
	add("back, but not called", refuted, brief(5), flawed(envoysim.Flaws{NoTraffic: true}))
	add("requests to the pod that is out", refuted, brief(5), flawed(envoysim.Flaws{LeaksFrom: 1}))
	add("one request of five to the pod that is out", refuted, brief(5), flawed(envoysim.Flaws{LeaksFrom: 1, LeakEvery: 5}))
	add("errors in the second time out", refuted, brief(5), flawed(envoysim.Flaws{LeaksFrom: 2, LeakEvery: 3}))
	add("the sidecar's own 503 while a pod is out", refuted, brief(5), during(5, 503, "no healthy upstream"))
	add("the sidecar's own 504 while a pod is out", refuted, brief(5), during(5, 504, "upstream request timeout"))
	add("every answer is the sidecar's own", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Own = func(time.Time, timeline.Counters) *timeline.Answer {
			return &timeline.Answer{Code: 503, Said: "no healthy upstream"}
		}
	})
	add("no answers while a pod is out", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Answer = func(_ time.Time, a timeline.Answer) (timeline.Answer, bool) { return a, a.Code != 200 || s.In() }
	})
	add("a healthy pod is ejected", refuted, brief(5), after(4*time.Second, func(_ context.Context, s *meshtest.Sim) { s.Eject("servicex-1") }))
	add("a healthy pod is ejected beside the faulty one", refuted, rule(5, 2*time.Second, 75), after(3*time.Second, func(_ context.Context, s *meshtest.Sim) { s.Eject("servicex-2") }),
		pods(meshtest.Pods(3, 1, 0)...))
	add("the percentage is not kept", refuted, rule(5, 2*time.Second, 25), flawed(envoysim.Flaws{IgnorePercent: true}), pods(meshtest.Pods(2, 2, 0)...), phases("trip,counters,healthy"))
	add("the percentage lets none go", notProven, rule(5, 2*time.Second, 10), nil)
	add("the faulty pod is gone midway", notProven, brief(5), after(500*time.Millisecond, func(_ context.Context, s *meshtest.Sim) { s.SetPods(usual()[:1]...) }))
	add("the faulty pod is gone while it is out", notProven, brief(5), after(3500*time.Millisecond, func(_ context.Context, s *meshtest.Sim) { s.SetPods(usual()[:1]...) }))
	add("the healthy pod is gone midway", notProven, brief(5), after(500*time.Millisecond, func(_ context.Context, s *meshtest.Sim) { s.SetPods(usual()[1:]...) }))
	add("none is faulty", notProven, brief(5), nil, pods(meshtest.Pods(2, 0, 0)...))
	add("the faulty pod answers 200", refuted, brief(5), nil, func(w *world) { w.pods[1].Code = 200 })
	add("the faulty pod answers 500, which is no gateway error", refuted, brief(5), nil, func(w *world) { w.pods[1].Code = 500 })
	add("the faulty pod answers 200 now and then", refuted, brief(5), nil, func(w *world) { w.pods[1].Codes = []int{504, 504, 504, 200} })
	add("the healthy pod answers 504 now and then", refuted, brief(5), nil, func(w *world) { w.pods[0].Codes = []int{200, 200, 504} })
	for _, c := range []struct {
		name string
		want string
		lie  func(*timeline.Counters)
	}{
		{"enforced_total is one too high", refuted, func(c *timeline.Counters) { c.EnforcedTotal++ }},
		{"enforced_total is one too low", refuted, func(c *timeline.Counters) { c.EnforcedTotal-- }},
		{"the gateway's is one too high", refuted, func(c *timeline.Counters) { c.EnforcedGateway++ }},
		{"the gateway's is booked to 5xx", refuted, func(c *timeline.Counters) { c.Enforced5xx, c.EnforcedGateway = c.EnforcedGateway, 0 }},
		{"another detector's rises", refuted, func(c *timeline.Counters) { c.EnforcedOther++ }},
		{"detected is one too high", refuted, func(c *timeline.Counters) { c.DetectedGateway++ }},
		{"detected is one too low", refuted, func(c *timeline.Counters) { c.DetectedGateway-- }},
		{"active is one too high", refuted, func(c *timeline.Counters) { c.EjectionsActive++ }},
		{"overflow rises", refuted, func(c *timeline.Counters) { c.Overflow++ }},
	} {
		add("counters: "+c.name, c.want, brief(5), lie(c.lie))
	}
	add("rq_total is too high", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Host = func(_ string, shown *meshtest.Shown) { shown.Requests *= 2 }
	})
	add("rq_error stays 0", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Host = func(_ string, shown *meshtest.Shown) { shown.Errors = 0 }
	})
	add("the health flag is never set", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Host = func(_ string, shown *meshtest.Shown) { shown.Ejected = false }
	})
	add("the health flag is never cleared", refuted, brief(5), func(_ context.Context, s *meshtest.Sim) {
		was := map[string]bool{}
		s.Host = func(pod string, shown *meshtest.Shown) {
			was[pod] = was[pod] || shown.Ejected
			shown.Ejected = was[pod]
		}
	})
	add("the log is 3s ahead in its times", notProven, brief(5), shifted(-3*time.Second))
	add("the log is 3s behind in its times", notProven, brief(5), shifted(3*time.Second))
	add("every other line of the log is missing", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		n := 0
		s.Line = func(l map[string]any) []map[string]any {
			if n++; n%4 == 1 {
				return nil
			}
			return []map[string]any{l}
		}
	}, at(8))
	add("the log is missing, concurrency 8, two faulty", notProven, rule(5, 2*time.Second, 50), func(_ context.Context, s *meshtest.Sim) { s.NoLog, s.NoStatistics = true, true }, at(8))
	add("the log tells of an ejection that was not", refuted, brief(5), logged(func(l map[string]any) []map[string]any {
		more := map[string]any{}
		for k, v := range l {
			more[k] = v
		}
		more["upstream_url"] = "198.18.0.1:8080"
		return []map[string]any{l, more}
	}))
	add("the log numbers wrongly", notProven, brief(5), logged(func(l map[string]any) []map[string]any {
		l["num_ejections"] = l["num_ejections"].(int) + 1
		return []map[string]any{l}
	}))
	add("no statistics", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) { s.NoStatistics = true })
	add("the load is refused", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Refused = errors.New("exec is forbidden")
	})
	add("the sidecar restarts midway", notProven, brief(5), after(5*time.Second, func(_ context.Context, s *meshtest.Sim) { s.RestartSidecar() }))
	add("the sidecar restarts before the ejection", notProven, brief(10), after(1500*time.Millisecond, func(_ context.Context, s *meshtest.Sim) { s.RestartSidecar() }))
	add("the rule changes midway", notProven, brief(5), after(5*time.Second, func(_ context.Context, s *meshtest.Sim) {
		s.ReplaceCluster(func(r *breaker.Rule) { r.ConsecutiveGatewayErrors = n(7) })
	}))
	add("the sidecar's cluster is made anew midway", notProven, brief(5), after(5*time.Second, func(_ context.Context, s *meshtest.Sim) {
		s.ReplaceCluster(func(*breaker.Rule) {})
	}))
	add("somebody else calls too", notProven, brief(5), after(time.Second, func(ctx context.Context, s *meshtest.Sim) { beside(7)(ctx, s) }))
	add("retries hide the errors", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) { s.Retries = true })
	add("zones: the faulty pod is in another", notProven, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Shows = func(c *timeline.Sidecar) { c.Locality = true }
	}, func(w *world) { w.pods[0].Zone, w.pods[1].Zone = "a", "b" })
	add("panic routing", refuted, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Shows = func(c *timeline.Sidecar) { c.PanicPercent = 60 }
	})
	add("panic routing that is not shown", refuted, brief(5), func(_ context.Context, s *meshtest.Sim) {
		s.Acts = func(c *timeline.Sidecar) { c.PanicPercent = 60 }
	})
	for _, c := range []struct {
		name   string
		change func(*timeline.Sidecar)
	}{
		{"another threshold", func(c *timeline.Sidecar) { c.Outlier.Gateway = 6 }},
		{"another balancer", func(c *timeline.Sidecar) { c.Balancer = "RANDOM" }},
		{"another base time", func(c *timeline.Sidecar) { c.Outlier.BaseEjectionTime = 3 * time.Second }},
		{"another interval", func(c *timeline.Sidecar) { c.Outlier.Interval = 2 * time.Second }},
		{"another percentage", func(c *timeline.Sidecar) { c.Outlier.MaxEjectionPercent = 60 }},
		{"success rate enforced", func(c *timeline.Sidecar) { c.Outlier.EnforcingSuccess = 100 }},
		{"always_eject_one_host", func(c *timeline.Sidecar) { c.Outlier.AlwaysEjectOne = true }},
		{"no outlier detection", func(c *timeline.Sidecar) { c.Outlier = nil }},
	} {
		add("the sidecar has "+c.name, refuted, brief(5), func(_ context.Context, s *meshtest.Sim) { s.Shows = c.change })
	}
	add("another threshold is demanded", refuted, brief(5), nil, func(w *world) { w.expect = 10 })
	add("the threshold is masked by Envoy's 5", refuted, with(brief(10), func(r *breaker.Rule) { r.Consecutive5xxErrors = nil }), nil)
	add("the breaker is off", refuted, breaker.Rule{}, nil)
	add("the breaker is on and should be off", refuted, brief(5), nil, phases("off"))
	add("off, and ejects all the same", refuted, breaker.Rule{}, func(_ context.Context, s *meshtest.Sim) {
		s.Acts = func(c *timeline.Sidecar) {
			c.Outlier = &timeline.OutlierDetection{Gateway: 5, EnforcingGateway: 100, Interval: time.Second, BaseEjectionTime: 30 * time.Second, MaxEjectionTime: time.Minute, MaxEjectionPercent: 50}
		}
	}, phases("off"))
	return all
}

// right are breakers that do what the rule says, in worlds that are odd. All
// have to agree.
func right() []world {
	var all []world
	add := func(name string, r breaker.Rule, make func(context.Context, *meshtest.Sim), change ...func(*world)) {
		w := world{name: name, want: agrees, rule: r, pods: usual(), make: make}
		for _, c := range change {
			c(&w)
		}
		all = append(all, w)
	}
	at := func(concurrency int) func(*world) { return func(w *world) { w.concurrency = concurrency } }
	phases := func(p string) func(*world) { return func(w *world) { w.phases = p } }
	pods := func(p ...meshtest.Pod) func(*world) { return func(w *world) { w.pods = p } }
	for _, t := range []uint32{1, 3, 5, 10} {
		add(fmt.Sprintf("threshold %d", t), brief(t), nil)
		add(fmt.Sprintf("threshold %d, concurrency 8", t), brief(t), nil, at(8))
	}
	add("threshold 5, concurrency 30", brief(5), nil, at(30))
	add("base 30s", rule(5, 30*time.Second, 50), nil)
	add("base 30s, threshold 10", rule(10, 30*time.Second, 50), nil)
	add("quick pods", brief(5), nil, pods(meshtest.Pods(1, 1, 0)...))
	add("pods that take a second", with(rule(3, 4*time.Second, 50), func(r *breaker.Rule) { r.Interval = 3 * time.Second }), nil, pods(meshtest.Pods(1, 1, time.Second)...))
	only5xx := with(brief(5), func(r *breaker.Rule) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, n(7) })
	add("consecutive5xxErrors 7 alone", only5xx, nil)
	add("both thresholds, the gateway's lower", with(brief(3), func(r *breaker.Rule) { r.Consecutive5xxErrors = n(7) }), nil)
	add("both thresholds, the other lower", with(brief(7), func(r *breaker.Rule) { r.Consecutive5xxErrors = n(3) }), nil)
	add("a percentage that keeps one of two in", rule(5, 2*time.Second, 25), nil, pods(meshtest.Pods(2, 2, 0)...), phases("trip,counters,healthy"))
	add("two faulty of four", rule(5, 4*time.Second, 50), nil, pods(meshtest.Pods(2, 2, 0)...))
	add("one faulty of four", rule(5, 4*time.Second, 50), nil, pods(meshtest.Pods(3, 1, 0)...))
	for _, balancer := range []string{"LEAST_REQUEST", "RANDOM", ""} {
		add(fmt.Sprintf("balancer %q", balancer), with(brief(5), func(r *breaker.Rule) { r.Balancer = balancer }), nil, phases("once"))
	}
	add("balancer RANDOM, all phases", with(brief(3), func(r *breaker.Rule) { r.Balancer = "RANDOM" }), nil)
	add("the interval is above the base", with(brief(5), func(r *breaker.Rule) { r.Interval = 5 * time.Second }), nil, phases("once"))
	add("all are faulty", rule(5, 2*time.Second, 100), nil, pods(meshtest.Pods(0, 2, 0)...), phases("trip"))
	add("off", breaker.Rule{}, nil, phases("off"))
	add("off, concurrency 8", breaker.Rule{}, nil, phases("off"), at(8))
	for _, ahead := range []time.Duration{-5 * time.Second, 5 * time.Second} {
		add(fmt.Sprintf("the sidecar's clock is %s ahead", ahead), brief(5), func(_ context.Context, s *meshtest.Sim) { s.Ahead = ahead })
	}
	add("no log", brief(5), func(_ context.Context, s *meshtest.Sim) { s.NoLog = true })
	add("the log comes a second late", brief(5), func(_ context.Context, s *meshtest.Sim) { s.LogLag = time.Second })
	add("the log is ahead of the answers", brief(1), func(_ context.Context, s *meshtest.Sim) { s.AnswerLag = 30 * time.Millisecond })
	add("answers come 300ms late", brief(5), func(_ context.Context, s *meshtest.Sim) { s.AnswerLag = 300 * time.Millisecond })
	add("answers come a second late", rule(5, 10*time.Second, 50), func(_ context.Context, s *meshtest.Sim) { s.AnswerLag = time.Second }, phases("once"))
	add("each line of the log comes twice", brief(5), logged(func(l map[string]any) []map[string]any { return []map[string]any{l, l} }))
	add("the sidecar has served before", brief(5), func(ctx context.Context, s *meshtest.Sim) {
		before, stop := context.WithTimeout(ctx, 690*time.Millisecond)
		defer stop()
		s.Send(before, mesh.Client{}, mesh.Load{Rate: 10, Concurrency: 1}, func(time.Time, timeline.Answer) {}) //nolint:errcheck // it ends with its time
	})
	add("another faulty pod goes in a rollout", rule(3, 2*time.Second, 100), after(150*time.Millisecond, func(_ context.Context, s *meshtest.Sim) {
		s.SetPods(meshtest.Pods(1, 1, 0)...)
	}), pods(meshtest.Pods(1, 2, 0)...), phases("once"))
	add("twenty pods of each", rule(3, 4*time.Second, 50), nil, pods(meshtest.Pods(20, 20, 0)...), phases("once"), func(w *world) { w.rate, w.concurrency = 100, 8 })
	add("trip alone", brief(5), nil, phases("trip"))
	add("minHealthPercent that is not reached", with(rule(5, 2*time.Second, 50), func(r *breaker.Rule) { r.MinHealthPercent = 40 }), nil)
	add("the threshold that is demanded", brief(5), nil, func(w *world) { w.expect = 5 })
	add("the rule is as the stack declared it", brief(5), func(_ context.Context, s *meshtest.Sim) { s.Stack = new(brief(5)) })
	return all
}

// judged runs a proof of a world, and judges its recording again: the two have to
// be the same to the byte.
func (w world) judged(t *testing.T) (verdict, detail string) {
	t.Helper()
	if w.phases == "" {
		w.phases = "all"
	}
	chosen, err := judge.ParsePhases(w.phases)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer func() { // whoever still calls, or answers, comes to an end
		stop()
		time.Sleep(time.Minute)
	}()
	sim := meshtest.New(ctx, w.rule, w.pods...)
	if w.make != nil {
		w.make(ctx, sim)
	}
	// What cannot be done is not waited for without end.
	limited, end := context.WithTimeoutCause(ctx, 10*time.Minute, errors.New("10 minutes are over"))
	defer end()
	var recording bytes.Buffer
	if w.rate == 0 {
		w.rate = 10
	}
	load := mesh.Load{Rate: w.rate, Concurrency: max(w.concurrency, 1), Timeout: 5 * time.Second}
	result, err := Run(limited, sim, Options{Load: load, Phases: chosen, ExpectThreshold: w.expect, Say: func(string) {},
		Each: func(e timeline.Entry) error { return json.NewEncoder(&recording).Encode(e) }})
	if err != nil {
		return undone, err.Error()
	}
	read, err := timeline.ReadAll(&recording)
	if err != nil {
		t.Fatal(err)
	}
	live, _ := json.MarshalIndent(result, "", " ")
	again, _ := json.MarshalIndent(judge.Judge(read), "", " ")
	if diff := cmp.Diff(string(live), string(again)); diff != "" {
		t.Errorf("judged again (-live +again):\n%s", diff)
	}
	return result.Verdict, describe(result.Phases)
}

func TestNoWrongWorldAgreesAndEveryRightOneDoes(t *testing.T) {
	wrong, good := mutants(), right()
	if len(wrong) < 40 || len(good) < 30 {
		t.Errorf("got %d wrong and %d right worlds, want 40 and 30 at least", len(wrong), len(good))
	}
	var mu sync.Mutex
	rows := map[string]string{}
	agreed := [2]int{}
	for i, worlds := range [][]world{wrong, good} {
		for _, w := range worlds {
			t.Run(w.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					got, detail := w.judged(t)
					mu.Lock()
					defer mu.Unlock()
					rows[w.name] = got
					if got == agrees {
						agreed[i]++
					}
					if got != w.want {
						t.Errorf("got %q, want %q\n%s", got, w.want, detail)
					}
				})
			})
		}
	}
	if os.Getenv("MUTANTS") != "" {
		fmt.Print(table(append(wrong, good...), rows))
		fmt.Printf("%d of %d wrong worlds agree, %d of %d right ones\n", agreed[0], len(wrong), agreed[1], len(good))
	}
}

// table is world, expected and got.
func table(worlds []world, got map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-62s %-18s %s\n", "world", "expected", "got")
	for _, w := range worlds {
		mark := ""
		if got[w.name] != w.want {
			mark = "  <- wrong"
		}
		fmt.Fprintf(&b, "%-62s %-18s %s%s\n", w.name, w.want, got[w.name], mark)
	}
	return b.String()
}
