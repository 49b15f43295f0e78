package verify

import (
	"bytes"
	"testing"
	"time"

	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

// example is a proof with one failed phase.
func example() *Result {
	r := &Result{Verdict: Differs, Diagnoses: []string{"threshold masked by 5xx: set consecutive5xxErrors to 0"}, Phases: []timeline.Phase{
		{Name: Mix, Expected: "200 from 1 healthy pod, 504 from 1 faulty pod", Measured: "1 answer of 200, 1 gateway error", Why: "the balancer takes all pods in turn", Statement: timeline.Proven, Took: 1200 * time.Millisecond},
		{Name: Trip, Pod: "servicex-error-1", Expected: "out after 10 gateway errors in a row", Measured: "out after 5", Tolerance: "none",
			Why: "requests go one at a time", Diagnosis: "threshold masked by 5xx: set consecutive5xxErrors to 0", Took: 9 * time.Second},
	}}
	r.Threshold.Configured, r.Threshold.Measured = 10, 5
	r.Ejection.Pod, r.Ejection.ConfiguredSeconds, r.Ejection.MeasuredSeconds = "servicex-error-1", 30, 30.412
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
	if err := r.JUnit(&junit); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "proof.xml", junit.String())
}

func TestPhasesBringWhatTheyNeed(t *testing.T) {
	tests := []struct {
		list string
		want []string
	}{
		{"once", Once()},
		{"all", All()},
		{"clean", []string{Preflight, Trip, Clean}},
		{"backoff", []string{Preflight, Trip, Return, Second, Backoff}},
		{" healthy , mix", []string{Preflight, Mix, Healthy}},
		{"off", []string{Preflight, Mix, Off, Counters}},
	}
	for _, tt := range tests {
		got, err := ParsePhases(tt.list)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("ParsePhases(%q) = %v (-want +got):\n%s", tt.list, err, diff)
		}
	}
}

func TestTheTimeNeededIsThatOfTheModel(t *testing.T) {
	load := mesh.Load{Rate: 10, Concurrency: 1, Timeout: 30 * time.Second}
	good := rule(10, 30*time.Second, 50)
	tests := []struct {
		phases      []string
		least, most time.Duration
	}{
		{[]string{Preflight, Trip}, 20 * time.Second, 26 * time.Second},
		{Once(), 50 * time.Second, 57 * time.Second},
		{All(), 140 * time.Second, 155 * time.Second},
		{[]string{Preflight, Mix, Off}, 38 * time.Second, 48 * time.Second},
	}
	for _, tt := range tests {
		got := Estimate(good, Options{Load: load, Phases: tt.phases, MaxDelay: 4 * time.Second}, 1, 1)
		if got < tt.least || got > tt.most {
			t.Errorf("Estimate(%v) = %s, want %s to %s", tt.phases, got, tt.least, tt.most)
		}
	}
}
