package report

import (
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/timeline"
)

// unproven is a proof of format 2 with all that it brought: too few answers for
// one of its claims, a clock that is ahead, and a sidecar that was configured
// anew.
func unproven() []timeline.Entry {
	const ahead = 3
	h := head("verify", rule(3, 4*time.Second, 50))
	h.Header.Versions = map[string]string{"envoy": "1.40.0", "istio": "1.31"}
	h.Header.Sidecar = &timeline.Sidecar{Cluster: "outbound|80||servicex-service", Balancer: "ROUND_ROBIN", Outlier: &timeline.OutlierDetection{Gateway: 3, EnforcingGateway: 100}}
	h.Header.Claim = &timeline.Claim{Phases: []string{"trip", "clean"}, Load: timeline.Load{Rate: 10, Concurrency: 1}, ExpectThreshold: 3}
	all := []timeline.Entry{
		{Time: at(-1), Step: &timeline.Step{Phase: "preflight"}},
		{Time: at(-0.9), Symptom: &timeline.Symptom{Code: "another-rule", Detail: "another DestinationRule has the same host", Source: "API server"}},
		h,
		{Time: at(0), Clock: &timeline.Clock{Name: timeline.SidecarClock, Least: 2950 * time.Millisecond, Most: 3050 * time.Millisecond, Source: "Date of the admin interface"}},
		{Time: at(0), Clock: &timeline.Clock{Name: timeline.APIServerClock, Least: -100 * time.Millisecond, Most: 900 * time.Millisecond, Source: "Date of its answers"}},
		{Time: at(0.1), Step: &timeline.Step{Phase: "trip", Load: &timeline.Load{Rate: 10, Concurrency: 1}}},
	}
	bad, good := timeline.Pod{Name: "bad", Version: "504", State: timeline.InRotation}, timeline.Pod{Name: "good", Version: "200", State: timeline.InRotation}
	all = append(all, seen(0.1, timeline.Counters{Exported: true}, bad, good))
	for i := range 3 {
		s := float64(i) / 2
		all = append(all, replied(ahead+0.5+s, 0.1, "bad", 504), replied(ahead+0.7+s, 0.1, "good", 200))
	}
	bad.State = timeline.Ejected
	return append(all,
		timeline.Entry{Time: at(2), Outlier: &timeline.Outlier{Decided: at(ahead + 1.6), Pod: "bad", Ejected: true, Enforced: true, Number: 1}},
		happened(2, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Errors: 3, AtLeast: true, Detail: "the watch began later", Decided: at(ahead + 1.6), Source: "outlier log"}),
		seen(2, timeline.Counters{Exported: true, EnforcedTotal: 1, EnforcedGateway: 1, EjectionsActive: 1}, bad, good),
		timeline.Entry{Time: at(3), Phase: &timeline.Phase{Name: "trip", Pod: "bad", Statement: timeline.Proven, Expected: "out after 3 gateway errors in a row", Measured: "out after 3", Why: "the rule says so",
			Answers: 3, Least: 3, Evidence: []string{"3 answers of 504 in a row, the last at 0:01.5", "rq_error of the host: 3"}}},
		timeline.Entry{Time: at(3.5), Step: &timeline.Step{Phase: "clean", Why: "too few answers so far, until 10:00:09"}},
		replied(ahead+4, 0.1, "good", 200),
		happened(5, timeline.Event{Kind: timeline.ClusterReplaced, Source: "endpoint health"}),
		happened(5, timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1, Source: "endpoint health"}),
		timeline.Entry{Time: at(6), Phase: &timeline.Phase{Name: "clean", Pod: "bad", Statement: timeline.NotProven, Expected: "no error while out", Measured: "0 errors in 1 answer", Why: "a pod that is out gets no requests",
			Answers: 1, Least: 20, Evidence: []string{"1 answer of other pods while it was out"}, Missing: "19 more answers while the pod is out: send more requests a second"}},
		timeline.Entry{Time: at(6), Verdict: &timeline.Verdict{Verdict: timeline.Undetermined, Words: "verdict:       not proven: 1 of 2 claims"}})
}

func TestWhatIsNotProvenReadsAsInTestdata(t *testing.T) {
	page := made(t, unproven())
	golden.Check(t, "unproven.html", page)
	if n := strings.Count(page, "✓"); n != 3 { // the claim that is proven, in each table
		t.Errorf("got %d signs of agreement, want 3", n)
	}
}

func TestARunIsShownOnOneClock(t *testing.T) {
	run := of(t, unproven()...).Runs[0]
	if run.Seconds != 6 || !run.Began.Equal(noon) {
		t.Errorf("the run begins at %s and lasts %g s, want %s and 6 s: its sidecar's clock is ahead", run.Began, run.Seconds, noon)
	}
	want := span{1.6, 5}
	if out := run.Pods[1].Outs[0]; out.span != want || out.Cut != "the sidecar got another configuration" || !out.AtLeast {
		t.Errorf("got %+v, want it out for %+v, until the sidecar got another configuration", out, want)
	}
}
