package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/timeline"
)

func TestTheLoadIsReadFromTheAnswers(t *testing.T) {
	tests := []struct {
		name    string
		answers []timeline.Entry
		want    Load
		words   string
	}{
		{"none", nil, Load{}, "No requests: the run only looked."},
		{"one after the other", []timeline.Entry{replied(1, 0.5, "a", 200), replied(1.5, 0.5, "a", 200), replied(2, 3, "b", 504)},
			Load{Requests: 3, Seconds: 4, PerSecond: 0.75, Most: 1}, "3 requests in 4.0 s, 0.8 a second on average, one at a time"},
		{"three at once", []timeline.Entry{replied(1, 2, "a", 200), replied(1.5, 1, "a", 200), replied(1.7, 0.1, "a", 200), replied(2.9, 0.1, "a", 200)},
			Load{Requests: 4, Seconds: 2, PerSecond: 2, Most: 3}, "4 requests in 2.0 s, 2.0 a second on average, up to 3 at a time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := of(t, append([]timeline.Entry{head("watch", rule(3, time.Second, 50))}, tt.answers...)...).Runs[0].Load
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("load (-want +got):\n%s", diff)
			}
			if got.words() != tt.words {
				t.Errorf("words: got %q, want %q", got.words(), tt.words)
			}
		})
	}
}

func TestLatenciesAreByPodAndCode(t *testing.T) {
	entries := []timeline.Entry{head("watch", rule(3, time.Second, 50)), replied(0, 1, "b", 504), replied(0, 5, "", 0), replied(0, 0.5, "", 503)}
	for i := range 100 {
		entries = append(entries, replied(float64(i), float64(i+1)/100, "a", 200))
	}
	want := []Latency{
		{Pod: "a", Code: 200, Count: 100, P50: 0.5, P90: 0.9, P99: 0.99, Worst: 1},
		{Pod: "b", Code: 504, Count: 1, P50: 1, P90: 1, P99: 1, Worst: 1, kind: gateway},
		{Code: 0, Count: 1, P50: 5, P90: 5, P99: 5, Worst: 5, kind: silent},
		{Code: 503, Count: 1, P50: 0.5, P90: 0.5, P99: 0.5, Worst: 0.5, kind: gateway},
	}
	if diff := cmp.Diff(want, of(t, entries...).Runs[0].Latencies, cmp.AllowUnexported(Latency{})); diff != "" {
		t.Errorf("latencies (-want +got):\n%s", diff)
	}
}

func TestPeriodsTellBeforeDuringAndAfter(t *testing.T) {
	entries := []timeline.Entry{head("watch", rule(3, time.Second, 50)),
		replied(0.5, 0.1, "a", 200), replied(0.7, 0.1, "b", 504), ejected(1, 1, "b", 1, 3),
		replied(1.5, 0.1, "a", 200), replied(2, 0.1, "a", 201), ejected(3, 3, "c", 1, 3), replied(3.5, 0.1, "a", 500),
		returned(4, "b", 1), returned(5, "c", 1), replied(6, 0.1, "", 0), replied(7, 1, "a", 200)}
	want := []Period{
		{What: "Before the first ejection", span: span{0, 1}, Seconds: 1, Requests: 2, Good: 1},
		{What: "b out", span: span{1, 3}, Seconds: 2, Requests: 2, Good: 2, Out: true},
		{What: "2 pods out", span: span{3, 4}, Seconds: 1, Requests: 1, Out: true},
		{What: "c out", span: span{4, 5}, Seconds: 1, Out: true},
		{What: "All back", span: span{5, 8}, Seconds: 3, Requests: 2, Good: 1},
	}
	if diff := cmp.Diff(want, of(t, entries...).Runs[0].Periods, cmp.AllowUnexported(Period{})); diff != "" {
		t.Errorf("periods (-want +got):\n%s", diff)
	}
}

func TestManyPeriodsArePutTogether(t *testing.T) {
	entries := []timeline.Entry{head("watch", rule(3, time.Second, 50)), replied(0.5, 0.1, "a", 504)}
	for i := range 10 {
		from := 1 + 2*float64(i)
		entries = append(entries, ejected(from, from, "b", i+1, 3), replied(from+0.5, 0.1, "a", 200), returned(from+1, "b", i+1), replied(from+1.5, 0.1, "b", 504))
	}
	want := []Period{
		{What: "Before the first ejection", span: span{0, 1}, Seconds: 1, Requests: 1},
		{What: "While a pod was out", span: span{1, 20}, Seconds: 10, Requests: 10, Good: 10, Out: true},
		{What: "While all were back", span: span{2, 20.6}, Seconds: 9.6, Requests: 10},
	}
	if diff := cmp.Diff(want, of(t, entries...).Runs[0].Periods, cmp.AllowUnexported(Period{})); diff != "" {
		t.Errorf("periods (-want +got):\n%s", diff)
	}
}
