package web

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/timeline"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

// played is a hub after entries, each shown at its own time.
func played(entries ...timeline.Entry) *hub {
	h := newHub(Options{})
	h.show(header(start), start)
	for _, e := range entries {
		h.show(e, e.Time)
	}
	return h
}

func TestAnAnswerCountsInTheSecondInWhichItEnded(t *testing.T) {
	slow := answered(at(0.5), "a", 504)
	slow.Answer.Latency = 2 * time.Second
	h := played(answered(at(1), "b", 200), answered(at(1.5), "b", 500), answered(at(3), "b", 0), slow)
	want := [][5]int64{{at(1).Unix(), 1, 0, 1, 0}, {at(2).Unix(), 0, 1, 0, 0}, {at(3).Unix(), 0, 0, 0, 1}}
	if diff := cmp.Diff(want, h.series.tuples()); diff != "" {
		t.Errorf("seconds (-want +got):\n%s", diff)
	}
}

func TestOnlyTheWindowIsKept(t *testing.T) {
	h := played()
	for s := range 300 {
		h.show(answered(at(float64(s)), "a", 200), at(float64(s)))
	}
	seconds := h.series.tuples()
	if n := len(seconds); n < 90 || n > 97 || seconds[n-1][0] != at(299).Unix() {
		t.Errorf("got %d seconds to %d, want the last 90 and a few", n, seconds[n-1][0])
	}
}

func TestTimesOutAreBands(t *testing.T) {
	ejected := func(s float64, n int) timeline.Entry {
		return happened(at(s), timeline.Event{Kind: timeline.PodEjected, Pod: "a", Ejection: n, Decided: at(s - 0.2)})
	}
	returned := func(s float64) timeline.Entry {
		return happened(at(s), timeline.Event{Kind: timeline.PodReturned, Pod: "a"})
	}
	here, out := pod("a", "504", timeline.InRotation), pod("a", "504", timeline.Ejected)
	out.Ejections = 1
	band := func(from, to float64) bandState {
		b := bandState{Pod: "a", From: millis(at(from))}
		if to > 0 {
			b.To = millis(at(to))
		}
		return b
	}
	tests := []struct {
		name    string
		entries []timeline.Entry
		want    []bandState
	}{
		{"none", []timeline.Entry{snapshot(at(1), here)}, []bandState{}},
		{"out now", []timeline.Entry{ejected(2, 1), snapshot(at(2), out)}, []bandState{band(1.8, 0)}},
		{"out twice", []timeline.Entry{ejected(2, 1), returned(7), ejected(10, 2)}, []bandState{band(1.8, 7), band(9.8, 0)}},
		{"out before it was watched", []timeline.Entry{snapshot(at(3), out), returned(5)}, []bandState{band(3, 5)}},
		{"removed while out", []timeline.Entry{ejected(2, 1), snapshot(at(4))}, []bandState{band(1.8, 4)}},
		{"known better later", []timeline.Entry{happened(at(2), timeline.Event{Kind: timeline.PodEjected, Pod: "a", Ejection: 1}), snapshot(at(2), out),
			happened(at(3), timeline.Event{Kind: timeline.Confirmed, Pod: "a", Ejection: 1, Detail: "ejected", Decided: at(1.9)})}, []bandState{band(1.9, 0)}},
		{"long ago", []timeline.Entry{ejected(2, 1), returned(7), snapshot(at(150), here)}, []bandState{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, played(tt.entries...).series.outs()); diff != "" {
				t.Errorf("bands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventsAreSaidInWords(t *testing.T) {
	tests := []struct {
		event timeline.Event
		want  string
	}{
		{timeline.Event{Kind: timeline.PodEjected, Pod: "p", Errors: 1, Ejection: 1}, "p was ejected after 1 error in a row"},
		{timeline.Event{Kind: timeline.PodEjected, Pod: "p", Errors: 10, Ejection: 2}, "p was ejected for the 2nd time after 10 errors in a row"},
		{timeline.Event{Kind: timeline.PodEjected, Pod: "p", Errors: 3, AtLeast: true, Ejection: 1, Detail: "the watch began later"}, "p was ejected after at least 3 errors in a row: the watch began later"},
		{timeline.Event{Kind: timeline.ClusterReplaced}, "The client's sidecar got another configuration: its pods' counts and ejections start again"},
		{timeline.Event{Kind: timeline.PodEjected, Pod: "p", Ejection: 11}, "p was ejected for the 11th time"},
		{timeline.Event{Kind: timeline.PodEjected, Pod: "p", Ejection: 23}, "p was ejected for the 23rd time"},
		{timeline.Event{Kind: timeline.PodReturned, Pod: "p", Out: 30300 * time.Millisecond}, "p is back after 30.3 s"},
		{timeline.Event{Kind: timeline.PodReturned, Pod: "p", Detail: "was out before the recording began"}, "p is back (was out before the recording began)"},
		{timeline.Event{Kind: timeline.PodAdded, Pod: "p"}, "p was added"},
		{timeline.Event{Kind: timeline.PodRemoved, Pod: "p"}, "p was removed"},
		{timeline.Event{Kind: timeline.RuleChanged}, "The rule was changed"},
		{timeline.Event{Kind: timeline.CountersReset}, "The client's sidecar restarted: its counts and ejections start again"},
		{timeline.Event{Kind: timeline.SourceLost, Source: "API server", Detail: "refused"}, "Lost touch with: API server (refused)"},
		{timeline.Event{Kind: timeline.SourceBack, Source: "API server"}, "In touch again with: API server"},
		{timeline.Event{Kind: timeline.Disagreement, Detail: "1 and 2"}, "Sources disagree (1 and 2)"},
		{timeline.Event{Kind: "something new", Pod: "p"}, "something new p"},
	}
	for _, tt := range tests {
		if got := words(tt.event); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
