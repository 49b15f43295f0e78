package verify

import (
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
)

// hiddenWorlds are wrong in what neither the rule nor the sidecar's configuration
// shows, and in what the observer's own sources hide.
func hiddenWorlds() []world {
	secretly := func(change func(*envoy.Config)) func(*meshtest.Sim) {
		return func(s *meshtest.Sim) { s.Secretly = change }
	}
	lying := func(change func(*envoy.Event) bool) func(*meshtest.Sim) {
		return func(s *meshtest.Sim) { s.Line = change }
	}
	frozen := func(name string) world {
		return world{name: "a counter that stands still: " + name, rule: stacks(3), want: refuted, change: func(s *meshtest.Sim) {
			s.Lies = map[string]func(uint64) uint64{name: func(uint64) uint64 { return 0 }}
		}}
	}
	three, wide := meshtest.Pods(2, 1, 50*time.Millisecond), rule(3, 10*time.Second, 100)
	code := func(codes ...int) []meshtest.Pod {
		pods := slow()
		pods[1].Codes = func(n int) int { return codes[n%len(codes)] }
		return pods
	}
	return []world{
		{name: "jitter of 5s that is not shown", rule: stacks(3), change: secretly(func(c *envoy.Config) { c.Outlier.Jitter, c.Seed = 5*time.Second, 3 })},
		{name: "capped at the base, which is not shown", rule: rule(3, 10*time.Second, 50), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond),
			change: secretly(func(c *envoy.Config) { c.Outlier.MaxEjectionTime = c.Outlier.BaseEjectionTime }), want: refuted},
		{name: "a sweep every 7s, which is not shown", rule: stacks(3), change: secretly(func(c *envoy.Config) { c.Outlier.Interval = 7 * time.Second }), want: refuted},
		{name: "panic below 60 %, which is not shown", rule: stacks(3), change: secretly(func(c *envoy.Config) { c.PanicPercent = 60 }), want: refuted, cause: "panic-routing"},
		{name: "changes held back for 20s", rule: stacks(3), phases: "all", rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond),
			change: secretly(func(c *envoy.Config) { c.MergeWindow = 20 * time.Second })},
		{name: "5xx ejects in place of gateway, which is not shown", rule: stacks(3), want: refuted,
			change: secretly(func(c *envoy.Config) {
				c.Outlier.Any5xx, c.Outlier.Enforcing5xx, c.Outlier.EnforcingGateway = 3, 100, 0
			})},
		{name: "a smaller percentage than is shown keeps one in", rule: rule(3, 10*time.Second, 50), pods: meshtest.Pods(2, 2, 50*time.Millisecond), want: refuted,
			change: secretly(func(c *envoy.Config) { c.Outlier.MaxEjectionPercent = 25 })},
		{name: "half of the ejections are enforced", rule: stacks(3), change: secretly(func(c *envoy.Config) { c.Outlier.EnforcingGateway, c.Seed = 30, 11 })},
		{name: "a healthy pod goes along", rule: wide, pods: three, want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Along = "198.18.0.1:8080" }},
		{name: "a healthy pod goes along, without a log", rule: wide, pods: three, want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Along, s.NoLog = "198.18.0.1:8080", true }},
		{name: "errors count that are not in a row", rule: stacks(3), pods: code(504, 504, 200), change: func(s *meshtest.Sim) { s.Wrong.Remembers = true }},
		{name: "errors never in a row, never ejected", rule: stacks(3), pods: code(504, 504, 200)},
		{name: "a 500 between gateway errors", rule: stacks(3), pods: code(504, 504, 500)},
		{name: "every pod refuses connections", rule: stacks(3), pods: []meshtest.Pod{{Name: "a", Version: "200", Refuses: true}, {Name: "b", Version: "504", Refuses: true}}},
		{name: "the faulty pod refuses connections", rule: stacks(3), pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200}, {Name: "b", Version: "504", Refuses: true}}},
		{name: "the faulty pod is slower than the client waits", rule: stacks(3), pods: meshtest.Pods(1, 1, 12*time.Second), want: open},
		{name: "the faulty pod is not ready", rule: stacks(3), want: open, pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200}, {Name: "b", Version: "504", Code: 504, NotReady: true}}},
		{name: "the log names another detector than the counters", rule: stacks(3), change: lying(func(e *envoy.Event) bool { e.Detector = envoy.Any5xx; return true })},
		{name: "the log marks nothing as enforced", rule: stacks(3), change: lying(func(e *envoy.Event) bool { e.Enforced = false; return true })},
		{name: "the log tells another pod", rule: stacks(3), change: lying(func(e *envoy.Event) bool { e.Host = "198.18.0.1:8080"; return true })},
		{name: "the log's times 2s late", rule: stacks(3), change: func(s *meshtest.Sim) { s.LogBefore = -2 * time.Second }},
		{name: "a threshold one too low, each line twice", rule: stacks(5), want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.LogTwice = -1, true }},
		{name: "a threshold one too high, the log ahead of the answers", rule: stacks(5), want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.AnswerLag = 1, 200*time.Millisecond }},
		{name: "a threshold one too high, without a log, the clock 5s behind", rule: stacks(5), change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.NoLog, s.Ahead = 1, true, -5*time.Second }},
		{name: "a threshold one too low, concurrency 8, the log late", rule: stacks(10), concurrency: 8, rate: 26, change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.LogLag = -1, time.Second }},
		{name: "a threshold one too high, concurrency 30, without a log", rule: stacks(10), concurrency: 30, rate: 60, change: func(s *meshtest.Sim) { s.Wrong.Threshold, s.NoLog = 1, true }},
		{name: "a threshold one too low, RANDOM", rule: with(stacks(5), func(r *breaker.Rule) { r.Balancer = "RANDOM" }), want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Threshold = -1 }},
		{name: "back after half the time, the clock 5s ahead", rule: stacks(3), want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Times, s.Ahead = 0.5, 5*time.Second }},
		{name: "requests leak, the clock 5s behind", rule: stacks(3), want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Leaks, s.Ahead = 20, -5*time.Second }},
		{name: "requests leak, answers 400ms late", rule: stacks(3), want: refuted, change: func(s *meshtest.Sim) { s.Wrong.Leaks, s.AnswerLag = 20, 400*time.Millisecond }},
		{name: "the sidecar restarts while a pod is out", rule: stacks(3), want: open, cause: "sidecar-restarted", change: func(s *meshtest.Sim) { after(6*time.Second, s.RestartSidecar) }},
		{name: "the base time changes while a pod is out", rule: stacks(3), want: open, cause: "rule-changed-midway",
			change: func(s *meshtest.Sim) {
				after(6*time.Second, func() { s.ChangeRule(meshtest.Rule(rule(3, 20*time.Second, 50))) })
			}},
		frozen("enforced_consecutive_gateway_failure"), frozen("enforced_total"), frozen("detected_consecutive_gateway_failure"),
	}
}

// oddWorlds are right, in ways that a real mesh has.
func oddWorlds() []world {
	codes := slow()
	codes[1].Codes = func(n int) int { return 502 + n%3 }
	spread := meshtest.Pods(1, 1, 20*time.Millisecond)
	spread[1].Spread = 300 * time.Millisecond
	unready := append(meshtest.Pods(1, 1, 50*time.Millisecond), meshtest.Pod{Name: "servicex-unready", Version: "200", Code: 200, NotReady: true})
	return []world{
		{name: "502, 503 and 504 in turn", rule: stacks(5), pods: codes},
		{name: "a random delay, concurrency 8", rule: stacks(5), pods: spread, concurrency: 8},
		{name: "consecutive5xxErrors 1 alone", rule: with(stacks(1), func(r *breaker.Rule) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, n(1) })},
		{name: "three faulty of six", rule: stacks(3), pods: meshtest.Pods(3, 3, 20*time.Millisecond)},
		{name: "four faulty of eight, eight at a time", rule: stacks(3), pods: meshtest.Pods(4, 4, 20*time.Millisecond), concurrency: 8, rate: 40},
		{name: "all but one faulty", rule: rule(3, 10*time.Second, 75), pods: meshtest.Pods(1, 3, 20*time.Millisecond)},
		{name: "100 % with one healthy", rule: rule(3, 10*time.Second, 100)},
		{name: "LEAST_REQUEST, concurrency 8", rule: with(stacks(3), func(r *breaker.Rule) { r.Balancer = "LEAST_REQUEST" }), concurrency: 8, rate: 40},
		{name: "RANDOM, concurrency 8", rule: with(stacks(3), func(r *breaker.Rule) { r.Balancer = "RANDOM" }), concurrency: 8},
		{name: "the log 3s late", rule: stacks(3), change: func(s *meshtest.Sim) { s.LogLag = 3 * time.Second }},
		{name: "the log late and twice", rule: stacks(3), change: func(s *meshtest.Sim) { s.LogLag, s.LogTwice = time.Second, true }},
		{name: "the log without returns", rule: stacks(3), change: func(s *meshtest.Sim) { s.Line = func(e *envoy.Event) bool { return e.Ejected } }},
		{name: "the clock 5s ahead, without a log", rule: stacks(3), change: func(s *meshtest.Sim) { s.Ahead, s.NoLog = 5*time.Second, true }},
		{name: "the clock 5s behind, concurrency 8", rule: stacks(5), concurrency: 8, change: func(s *meshtest.Sim) { s.Ahead = -5 * time.Second }},
		{name: "an unready pod besides", rule: rule(3, 10*time.Second, 34), pods: unready},
		{name: "a caller in the same zone as one pod, failover off", rule: with(stacks(3), func(r *breaker.Rule) { r.Locality = new(false) }),
			change: func(s *meshtest.Sim) { s.Locality = "r/z1" },
			pods:   []meshtest.Pod{{Name: "a", Version: "200", Code: 200, Locality: "r/z1"}, {Name: "b", Version: "504", Code: 504, Delay: 50 * time.Millisecond, Locality: "r/z2"}}},
		{name: "all in the caller's zone", rule: stacks(3), change: func(s *meshtest.Sim) { s.Locality = "r/z1" },
			pods: []meshtest.Pod{{Name: "a", Version: "200", Code: 200, Locality: "r/z1"}, {Name: "b", Version: "504", Code: 504, Delay: 50 * time.Millisecond, Locality: "r/z1"}}},
		{name: "threshold 30", rule: stacks(30), rate: 20, pods: meshtest.Pods(1, 1, 20*time.Millisecond)},
		{name: "the stack declared the same", rule: stacks(3), change: func(s *meshtest.Sim) { s.ByStack = new(meshtest.Rule(stacks(3))) }},
	}
}
