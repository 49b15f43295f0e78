package timeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestARunIsShownByTheObserversClock(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
	}
	clock := func(name string, least, most float64) Entry {
		return Entry{Time: at(0), Clock: &Clock{Name: name, Least: time.Duration(least * 1e9), Most: time.Duration(most * 1e9)}}
	}
	run := func(ahead float64, clocks ...Entry) []Entry {
		return append(clocks,
			Entry{Time: at(1 + ahead), Answer: &Answer{Code: 200}},
			Entry{Time: at(2), Snapshot: &Snapshot{Asked: at(1.5)}},
			Entry{Time: at(3), Outlier: &Outlier{Decided: at(2 + ahead)}},
			Entry{Time: at(3), Event: &Event{Kind: PodEjected, Decided: at(2 + ahead)}},
			Entry{Time: at(4), Event: &Event{Kind: PodReturned}})
	}
	tests := []struct {
		name   string
		clocks []Entry
		ahead  float64
	}{
		{"no estimate", nil, 0},
		{"ahead", []Entry{clock(SidecarClock, 2, 4)}, 3},
		{"behind", []Entry{clock(SidecarClock, -6, -4)}, -5},
		{"perhaps the same", []Entry{clock(SidecarClock, -0.1, 4)}, 0},
		{"the last estimate is the best", []Entry{clock(SidecarClock, 0.1, 9), clock(SidecarClock, 2, 4)}, 3},
		{"the API server's has no part in it", []Entry{clock(APIServerClock, 2, 4)}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given, same := run(tt.ahead, tt.clocks...), run(tt.ahead, tt.clocks...)
			if diff := cmp.Diff(run(0, tt.clocks...), OnOneClock(given)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(same, given); diff != "" {
				t.Errorf("what was given (-before +after):\n%s", diff)
			}
		})
	}
}
