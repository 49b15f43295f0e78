package verify

import (
	"bytes"
	"testing"
	"time"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"
)

// example is a proof with a statement of each kind.
func example() *judge.Result {
	r := &judge.Result{Verdict: timeline.Differs, Diagnoses: []string{"threshold masked by 5xx: set consecutive5xxErrors to 0"}, Phases: []timeline.Phase{
		{Name: judge.Mix, Statement: timeline.Proven, Expected: "good answers from 1 healthy pod, gateway errors from 1 faulty pod", Measured: "1 good answer, 1 gateway error",
			Why: "the balancer takes every pod", Answers: 2, Least: 2, Took: 1200 * time.Millisecond},
		{Name: judge.Trip, Pod: "servicex-error-1", Statement: timeline.Refuted, Expected: "out after 10 gateway errors in a row", Measured: "out after 5 (CONSECUTIVE_5XX)",
			Evidence: []string{"ejection 1 at 10:00:09.000 (outlier log): 5 by the caller's answers, 5 by the sidecar's rq_error"}, Answers: 5, Least: 10,
			Why: "the sidecar counts each error as it ends", Causes: []string{"threshold-masked-by-5xx"}, Diagnosis: "threshold masked by 5xx: set consecutive5xxErrors to 0", Took: 9 * time.Second},
		{Name: judge.Clean, Statement: timeline.NotProven, Expected: "no request to a pod while it is out", Measured: "0 wrong answers", Tolerance: "100ms after each ejection",
			Missing: "20 answers of others", Why: "the sidecar sends nothing to an ejected pod", Answers: 3, Least: 20},
	}}
	r.Threshold = judge.Threshold{Configured: 10, Measured: 5, Least: 5, Most: 5}
	r.Ejection = judge.Ejection{Pod: "servicex-error-1", ConfiguredSeconds: 30, MeasuredSeconds: 30.412, LeastSeconds: 30.411, MostSeconds: 30.413}
	return r
}

func TestAProofReadsAsInTestdata(t *testing.T) {
	r := example()
	var text, junit bytes.Buffer
	for _, p := range r.Phases {
		text.WriteString(Text(p))
	}
	text.WriteString("\n" + r.Words(false) + "\n")
	golden.Check(t, "proof.txt", text.String())
	if err := JUnit(&junit, r); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "proof.xml", junit.String())
}

func TestTheTimeNeededIsThatOfTheModel(t *testing.T) {
	load := mesh.Load{Rate: 10, Concurrency: 1, Timeout: 30 * time.Second}
	good := rule(10, 30*time.Second, 50)
	tests := []struct {
		phases      []string
		least, most time.Duration
	}{
		{[]string{judge.Preflight, judge.Trip}, 20 * time.Second, 26 * time.Second},
		{judge.Once(), 50 * time.Second, 57 * time.Second},
		{judge.All(), 140 * time.Second, 155 * time.Second},
		{[]string{judge.Preflight, judge.Mix, judge.Off}, 38 * time.Second, 48 * time.Second},
	}
	for _, tt := range tests {
		got := Estimate(good, Options{Load: load, Phases: tt.phases, MaxDelay: 4 * time.Second}, 1, 1)
		if got < tt.least || got > tt.most {
			t.Errorf("Estimate(%v) = %s, want %s to %s", tt.phases, got, tt.least, tt.most)
		}
	}
}
