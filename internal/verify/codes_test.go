package verify

import (
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
)

// failingWith are pods of which the faulty ones answer a status.
func failingWith(code, healthy, failing int) []meshtest.Pod {
	pods := meshtest.Pods(healthy, failing, 50*time.Millisecond)
	for i := range pods {
		if pods[i].Version == faulty {
			pods[i].Code = code
		}
	}
	return pods
}

// any5xx is a rule of consecutive5xxErrors alone.
func any5xx(errors uint32) breaker.Rule {
	return with(stacks(0), func(r *breaker.Rule) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, n(errors) })
}

// worldsOfCodes do what their rule says, with pods that fail with what is said of them.
func worldsOfCodes() []world {
	masked := with(stacks(10), func(r *breaker.Rule) { r.Consecutive5xxErrors = n(7) })
	return []world{
		{name: "500 and consecutive5xxErrors 3", rule: any5xx(3), pods: failingWith(500, 2, 2), code: 500},
		{name: "500 and consecutive5xxErrors 3, the whole life", rule: any5xx(3), pods: failingWith(500, 1, 1), code: 500, phases: "all", rate: 20},
		{name: "500 and consecutive5xxErrors 3, concurrency 8", rule: any5xx(3), pods: failingWith(500, 2, 2), code: 500, concurrency: 8, rate: 40},
		{name: "500 and 5xx 7 below gateway 10", rule: masked, pods: failingWith(500, 1, 1), code: 500},
		{name: "501 and no threshold set, which is Envoy's 5", rule: with(stacks(0), func(r *breaker.Rule) { r.ConsecutiveGatewayErrors, r.Consecutive5xxErrors = nil, nil }), pods: failingWith(501, 1, 1), code: 501},
		{name: "500 and a rule of gateway errors: never ejected", rule: stacks(3), pods: failingWith(500, 1, 1), code: 500, phases: "never"},
		{name: "500 and a rule of gateway errors, concurrency 8, two of four", rule: stacks(10), pods: failingWith(500, 2, 2), code: 500, phases: "never", concurrency: 8, rate: 40},
		{name: "502 is a gateway error like another", rule: stacks(3), pods: failingWith(502, 1, 1), code: 502},
		{name: "503 and consecutive5xxErrors 3", rule: any5xx(3), pods: failingWith(503, 1, 1), code: 503},
	}
}

// wrongWorldsOfCodes do not, or nobody can know.
func wrongWorldsOfCodes() []world {
	wrong := func(w envoy.Wrong) func(*meshtest.Sim) { return func(s *meshtest.Sim) { s.Wrong = w } }
	alone := with(stacks(10), func(r *breaker.Rule) { r.Consecutive5xxErrors = nil })
	return []world{
		{name: "500 though 504 is said", rule: any5xx(3), pods: failingWith(500, 1, 1), want: open},
		{name: "504 though 500 is said", rule: any5xx(3), pods: failingWith(504, 1, 1), code: 500, want: open},
		{name: "500 and a rule of gateway errors, asked for a life", rule: stacks(3), pods: failingWith(500, 1, 1), code: 500, want: open},
		{name: "never, with errors that the rule counts", rule: any5xx(3), pods: failingWith(500, 1, 1), code: 500, phases: "never", want: open},
		{name: "never, with nothing said of the errors", rule: stacks(3), phases: "never", want: open},
		{name: "never, and the breaker is off", rule: breaker.Rule{Balancer: "ROUND_ROBIN"}, pods: failingWith(500, 1, 1), code: 500, phases: "never", want: refuted},
		{name: "500 counts as a gateway failure", rule: stacks(3), pods: failingWith(500, 1, 1), code: 500, phases: "never", change: wrong(envoy.Wrong{AnyCountsAsGateway: true}), want: refuted},
		{name: "500 and gateway 10 alone: Envoy's own 5 ejects", rule: alone, pods: failingWith(500, 1, 1), code: 500, phases: "never", want: refuted, cause: "threshold-masked-by-5xx"},
		{name: "500 and a threshold of 5xx one too high", rule: any5xx(5), pods: failingWith(500, 1, 1), code: 500, change: wrong(envoy.Wrong{Threshold: 1}), want: refuted},
		{name: "500 and ejections booked to gateway", rule: any5xx(3), pods: failingWith(500, 1, 1), code: 500, change: wrong(envoy.Wrong{Detector: "CONSECUTIVE_GATEWAY_FAILURE"}), want: refuted},
		{name: "500 and nobody is ejected", rule: any5xx(3), pods: failingWith(500, 1, 1), code: 500, change: wrong(envoy.Wrong{Threshold: 1000}), want: refuted},
		{name: "never, and nobody is faulty", rule: stacks(3), pods: meshtest.Pods(2, 0, 0), code: 500, phases: "never", want: open, cause: "no-faulty-pod"},
	}
}
