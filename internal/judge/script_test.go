package judge

import (
	"cmp"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/translate"
)

const (
	good = "servicex-1"
	bad  = "servicex-error-1"
)

// noon is 0 ms of a script, by the observer's clock.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// script writes a recording by hand. Times are in milliseconds; the sidecar's
// clock is ahead by offset.
type script struct {
	offset  time.Duration
	took    int // of each look; 0 means 2
	entries []timeline.Entry
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func stacks(threshold int) breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(threshold)), Consecutive5xxErrors: new(uint32(0)),
		BaseEjectionTime: 2 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"}
}

// begin is a script with its header, a clock that is known to 10 ms, and a look.
func begin(rule breaker.Rule, offset time.Duration, phases ...string) *script {
	s := &script{offset: offset}
	has := translate.Cluster(rule)
	has.Cluster = "outbound|80||servicex-service"
	load := timeline.Load{Rate: 10, Concurrency: 1, Timeout: 10 * time.Second}
	s.add(0, timeline.Entry{Header: &timeline.Header{Version: timeline.Version, Command: "verify", Rule: rule, Sidecar: &has,
		Claim: &timeline.Claim{Phases: phases, Load: load}}})
	s.add(0, timeline.Entry{Clock: &timeline.Clock{Name: timeline.SidecarClock, Least: offset - ms(5), Most: offset + ms(5), Source: "test"}})
	s.look(0, false)
	s.add(0, timeline.Entry{Step: &timeline.Step{Load: &load}})
	return s
}

func (s *script) add(at int, e timeline.Entry) {
	e.Time = noon.Add(ms(at))
	s.entries = append(s.entries, e)
}

// answer is one of a pod, with how long the sidecar waited for it.
func (s *script) answer(pod string, sent, latency, code int) {
	s.entries = append(s.entries, timeline.Entry{Time: noon.Add(ms(sent) + s.offset),
		Answer: &timeline.Answer{Latency: ms(latency), Code: code, Pod: pod, Upstream: new(ms(latency))}})
}

// look is one at both pods, the bad one out or not.
func (s *script) look(at int, isOut bool) { s.counted(at, isOut, timeline.Counters{Exported: true}) }

func (s *script) counted(at int, isOut bool, c timeline.Counters) {
	pods := []timeline.Pod{{Name: good, Version: "200", Address: "10.0.0.1:8080", State: timeline.InRotation},
		{Name: bad, Version: "504", Address: "10.0.0.2:8080", State: timeline.InRotation}}
	if isOut {
		pods[1].State, pods[1].Flags = timeline.Ejected, []string{"failed_outlier_check"}
	}
	for i := range pods {
		for _, e := range s.entries {
			if a := e.Answer; a != nil && a.Pod == pods[i].Name && e.Time.Add(a.Latency-s.offset).Before(noon.Add(ms(at))) {
				pods[i].Requests++
				if a.Code >= 500 {
					pods[i].Errors++
				}
			}
		}
	}
	s.add(at, timeline.Entry{Snapshot: &timeline.Snapshot{Pods: pods, Counters: c, Asked: noon.Add(ms(at)), Took: ms(cmp.Or(s.took, 2))}})
}

// line is one of the outlier log, decided and read at these times.
func (s *script) line(decided, read int, ejected bool, number int) {
	l := timeline.Outlier{Decided: noon.Add(ms(decided) + s.offset), Pod: bad, Address: "10.0.0.2:8080", Ejected: ejected, Enforced: ejected, Number: number}
	if ejected {
		l.Type = "CONSECUTIVE_GATEWAY_FAILURE"
	}
	s.add(read, timeline.Entry{Outlier: &l})
}

// errors are n of the bad pod, one each 200 ms from at on, and an answer of the
// good one after each. It returns the end of the last error.
func (s *script) errors(n, at int) int {
	for i := range n {
		s.answer(bad, at+200*i, 20, 504)
		s.answer(good, at+200*i+100, 2, 200)
	}
	return at + 200*(n-1) + 20
}

// calls are answers of the good pod alone.
func (s *script) calls(n, from, to int) {
	for i := range n {
		s.answer(good, from+i*(to-from)/max(n, 1), 2, 200)
	}
}

func (s *script) record() *Record { return Read(s.entries) }
