package timeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARecordingIsSplitAtItsHeaders(t *testing.T) {
	header, answer, phase := Entry{Header: &Header{}}, Entry{Answer: &Answer{}}, Entry{Phase: &Phase{}}
	tests := []struct {
		name    string
		entries []Entry
		want    []int // entries of each run
	}{
		{"nothing", nil, nil},
		{"no header", []Entry{phase, answer}, []int{2}},
		{"one run", []Entry{header, answer, answer}, []int{3}},
		{"a proof looks around first", []Entry{phase, phase, header, answer}, []int{4}},
		{"a comparison", []Entry{header, answer, header, answer, answer}, []int{2, 3}},
		{"a proof and a comparison", []Entry{phase, header, header, answer, header}, []int{2, 2, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, run := range Runs(tt.entries) {
				got = append(got, len(run))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries of each run (-want +got):\n%s", diff)
			}
		})
	}
}
