package judge

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{"counters", []string{Preflight, Trip, Counters}},
		{"healthy", []string{Preflight, Mix, Healthy}},
		{"off,counters", []string{Preflight, Mix, Off, Counters}},
		{"off", []string{Preflight, Mix, Off, Counters}},
	}
	for _, tt := range tests {
		got, err := ParsePhases(tt.list)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("ParsePhases(%q) = %v (-want +got):\n%s", tt.list, err, diff)
		}
	}
}
