package board

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

func answer(s float64, pod string, code int) timeline.Entry {
	return timeline.Entry{Time: at(s), Answer: &timeline.Answer{Code: code, Pod: pod, Latency: time.Millisecond}}
}

func event(s float64, e timeline.Event) timeline.Entry {
	return timeline.Entry{Time: at(s), Event: &e}
}

func snapshot(s float64, c timeline.Counters, pods ...timeline.Pod) timeline.Entry {
	return timeline.Entry{Time: at(s), Snapshot: &timeline.Snapshot{Pods: pods, Counters: c}}
}

var (
	rule = breaker.Rule{Enabled: true, BaseEjectionTime: 10 * time.Second, Interval: time.Second}
	head = timeline.Entry{Time: start, Header: &timeline.Header{Version: timeline.Version, Rule: rule}}
	good = timeline.Pod{Name: "good", Version: "200", Address: "a:1", State: timeline.InRotation}
	bad  = timeline.Pod{Name: "bad", Version: "504", Address: "a:2", State: timeline.InRotation}
	out  = timeline.Pod{Name: "bad", Version: "504", Address: "a:2", State: timeline.Ejected, Ejections: 1}
)

func play(entries ...timeline.Entry) Board {
	var b Board
	b.Apply(head)
	for _, e := range entries {
		b.Apply(e)
	}
	return b
}

func row(t *testing.T, b Board, name string) Row {
	t.Helper()
	for _, r := range b.Rows {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no row of %q among %v", name, b.Rows)
	return Row{}
}

func TestARowCountsItsPodsAnswers(t *testing.T) {
	b := play(snapshot(0, timeline.Counters{}, bad, good),
		answer(1, "bad", 504), answer(1, "good", 200), answer(2, "bad", 504), answer(2, "", 503), answer(3, "", 0), answer(4, "bad", 500), answer(5, "bad", 503))
	want := []Row{
		{Name: "good", Version: "200", Address: "a:1", State: timeline.InRotation, Requests: 1, OK: 1},
		{Name: "bad", Version: "504", Address: "a:2", State: timeline.InRotation, Requests: 4, Failed: 2, Other: 2, InARow: 4}, // of any 5xx, which is what the rule counts,
	}
	if diff := cmp.Diff(want, b.Rows); diff != "" {
		t.Errorf("Rows (-want +got):\n%s", diff)
	}
	totals := Totals{Requests: 7, OK: 1, Gateway: 4, Other: 1, NoAnswer: 1, NoPod: 1, Latency: 7 * time.Millisecond}
	if diff := cmp.Diff(totals, b.Totals); diff != "" {
		t.Errorf("Totals (-want +got):\n%s", diff)
	}
}

func TestTheTimeLeftFollowsTheRule(t *testing.T) {
	ejected := func(s float64, n int) timeline.Entry {
		return event(s, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: n})
	}
	returned := func(s float64) timeline.Entry {
		return event(s, timeline.Event{Kind: timeline.PodReturned, Pod: "bad"})
	}
	tests := []struct {
		name    string
		entries []timeline.Entry
		now     float64
		want    time.Duration
		known   bool
	}{
		{"in rotation: none", nil, 1, 0, false},
		{"first ejection: the base", []timeline.Entry{ejected(1, 1)}, 3, 8 * time.Second, true},
		{"past its time it waits for the sweep", []timeline.Entry{ejected(1, 1)}, 11.5, 0, true},
		{"ejected again at once: twice the base", []timeline.Entry{ejected(1, 1), returned(11.5), ejected(12, 2)}, 12, 20 * time.Second, true},
		{"back for long: the base again", []timeline.Entry{ejected(1, 1), returned(11.5), ejected(30, 2)}, 30, 10 * time.Second, true},
		{"a restart of the sidecar: the base again", []timeline.Entry{ejected(1, 1), event(2, timeline.Event{Kind: timeline.CountersReset}), returned(2), ejected(2.5, 2)}, 2.5, 10 * time.Second, true},
		{"Envoy's own time counts from when it decided", []timeline.Entry{ejected(1, 1),
			event(2, timeline.Event{Kind: timeline.Confirmed, Pod: "bad", Ejection: 1, Detail: "ejected", Decided: at(0.5)})}, 2, 8500 * time.Millisecond, true},
		{"another configuration of the cluster: the base again", []timeline.Entry{ejected(1, 1), event(2, timeline.Event{Kind: timeline.ClusterReplaced}), returned(2), ejected(2.5, 2)}, 2.5, 10 * time.Second, true},
		{"a changed rule", []timeline.Entry{event(0, timeline.Event{Kind: timeline.RuleChanged, Rule: &breaker.Rule{Enabled: true, BaseEjectionTime: time.Minute}}), ejected(1, 1)}, 1, time.Minute, true},
		{"out before the recording: unknown", []timeline.Entry{snapshot(1, timeline.Counters{}, out)}, 1, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := play(append([]timeline.Entry{snapshot(0, timeline.Counters{}, bad, good)}, tt.entries...)...)
			got, known := row(t, b, "bad").Left(b.Rule, at(tt.now))
			if got != tt.want || known != tt.known {
				t.Errorf("Left() = %s, %t; want %s, %t", got, known, tt.want, tt.known)
			}
		})
	}
}

// The watch holds an ejection back until the answer that caused it has come,
// while looks go on: a pod is shown as out when it is known since when.
func TestAnEjectionIsShownWithItsTime(t *testing.T) {
	look := func(s float64) timeline.Entry { return snapshot(s, timeline.Counters{EjectionsActive: 1}, out) }
	told := event(1.3, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1})
	for _, tt := range []struct {
		name    string
		entries []timeline.Entry
		state   timeline.State
		known   bool
	}{
		{"its event is still to come", []timeline.Entry{look(1), look(1.1)}, timeline.InRotation, false},
		{"its event has come", []timeline.Entry{look(1), look(1.1), told}, timeline.Ejected, true},
		{"its event does not come", []timeline.Entry{look(1), look(1.5), look(2)}, timeline.Ejected, false},
		{"it was out at once", nil, timeline.Ejected, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := snapshot(0, timeline.Counters{}, bad)
			if tt.entries == nil {
				first = look(0)
			}
			b := play(append([]timeline.Entry{first}, tt.entries...)...)
			r := row(t, b, "bad")
			if _, known := r.Left(b.Rule, at(3)); r.State != tt.state || known != tt.known {
				t.Errorf("state %s, time known: %t; want %s, %t", r.State, known, tt.state, tt.known)
			}
		})
	}
}

// The answer to a look may be older than the event that comes before it.
func TestALookThatWasAskedForBeforeAChangeDoesNotUndoIt(t *testing.T) {
	look := func(asked, s float64, pod timeline.Pod) timeline.Entry {
		e := snapshot(s, timeline.Counters{}, pod)
		e.Snapshot.Asked = at(asked)
		return e
	}
	ejected := event(1, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1})
	returned := event(11, timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1})
	for _, tt := range []struct {
		name    string
		entries []timeline.Entry
		want    timeline.State
	}{
		{"asked before the ejection was told", []timeline.Entry{ejected, look(0.9, 1.1, bad)}, timeline.Ejected},
		{"asked after it", []timeline.Entry{ejected, look(1.1, 1.2, bad)}, timeline.InRotation},
		{"asked before the return was told", []timeline.Entry{ejected, look(2, 2.1, out), returned, look(10.9, 11.1, out), look(10.95, 12.5, out)}, timeline.InRotation},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := play(append([]timeline.Entry{look(0, 0.1, bad)}, tt.entries...)...)
			r := row(t, b, "bad")
			if r.State != tt.want || r.Ejections != 1 && tt.want == timeline.Ejected {
				t.Errorf("got %+v, want %s", r, tt.want)
			}
			if _, known := r.Left(b.Rule, at(3)); known != (tt.want == timeline.Ejected) {
				t.Errorf("time left known: %t", known)
			}
		})
	}
}

func TestAReturnStartsTheCountAgain(t *testing.T) {
	b := play(snapshot(0, timeline.Counters{}, bad), answer(1, "bad", 504), answer(2, "bad", 504),
		event(3, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1}), snapshot(3, timeline.Counters{EjectionsActive: 1}, out),
		event(13, timeline.Event{Kind: timeline.PodReturned, Pod: "bad", Ejection: 1}), answer(14, "bad", 504))
	r := row(t, b, "bad")
	if r.InARow != 1 || r.Ejections != 1 || r.State != timeline.InRotation || !r.EjectedAt.IsZero() {
		t.Errorf("row = %+v, want 1 error in a row, 1 ejection, in rotation", r)
	}
	if b.Totals.Ejections != 1 {
		t.Errorf("Totals.Ejections = %d, want 1", b.Totals.Ejections)
	}
}

func TestPodsThatGoKeepTheirNumbers(t *testing.T) {
	added := timeline.Pod{Name: "worse", Version: "504", Address: "a:3", State: timeline.InRotation}
	b := play(snapshot(0, timeline.Counters{}, bad, good), answer(1, "bad", 504),
		snapshot(2, timeline.Counters{}, good, added), answer(1.5, "bad", 504))
	var names []string
	for _, r := range b.Rows {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"good", "worse"}, names); diff != "" {
		t.Errorf("rows after scaling (-want +got):\n%s", diff)
	}
	if len(b.Gone) != 1 || b.Gone[0].Name != "bad" || b.Gone[0].Failed != 2 {
		t.Errorf("Gone = %+v, want bad with 2 failed", b.Gone)
	}
}

func TestAConfirmationAddsToItsEventOnly(t *testing.T) {
	b := play(event(1, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Errors: 2, Source: "endpoint health"}),
		event(2, timeline.Event{Kind: timeline.Confirmed, Pod: "bad", Ejection: 1, Errors: 3, Cause: "CONSECUTIVE_GATEWAY_FAILURE", Detail: "ejected", Decided: at(0.9), Source: "outlier log"}))
	want := []Event{{Time: at(1), Event: timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Errors: 3,
		Cause: "CONSECUTIVE_GATEWAY_FAILURE", Decided: at(0.9), Source: "endpoint health"}}}
	if diff := cmp.Diff(want, b.Events); diff != "" {
		t.Errorf("Events (-want +got):\n%s", diff)
	}
	if got := row(t, b, "bad").Ejections; got != 1 {
		t.Errorf("ejections = %d, want 1", got)
	}
}

func TestOnlyTheNewestAreKept(t *testing.T) {
	var b Board
	for i := range 1000 {
		b.Apply(answer(float64(i), "good", 200))
		b.Apply(event(float64(i), timeline.Event{Kind: timeline.SourceLost, Detail: fmt.Sprint(i)}))
	}
	if len(b.Recent) != RecentAnswers || !b.Recent[RecentAnswers-1].Time.Equal(at(999)) {
		t.Errorf("%d recent answers, want the newest %d", len(b.Recent), RecentAnswers)
	}
	if len(b.Events) != RecentEvents || b.Events[0].Detail != "900" {
		t.Errorf("%d events from %s on, want %d from 900 on", len(b.Events), b.Events[0].Detail, RecentEvents)
	}
	if b.Totals.Requests != 1000 || !b.Now.Equal(at(999)) || !b.Began.Equal(start) {
		t.Errorf("totals %+v from %s to %s, want 1000 over all", b.Totals, b.Began, b.Now)
	}
}

func TestACloneStaysAsItWas(t *testing.T) {
	b := play(snapshot(0, timeline.Counters{}, bad, good), answer(1, "bad", 504))
	before, same := b.Clone(), b.Clone()
	b.Apply(answer(2, "bad", 504))
	b.Apply(event(3, timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1}))
	if diff := cmp.Diff(same, before); diff != "" {
		t.Errorf("clone (-before +after):\n%s", diff)
	}
	if got := row(t, before, "bad").Failed; got != 1 {
		t.Errorf("clone's failed = %d, want 1", got)
	}
}

func TestStepsThatSaySomethingAreLogged(t *testing.T) {
	load := &timeline.Load{Rate: 10, Concurrency: 8}
	b := play(
		timeline.Entry{Time: at(1), Step: &timeline.Step{Phase: "trip"}},
		timeline.Entry{Time: at(2), Step: &timeline.Step{Phase: "trip", Load: load}},
		timeline.Entry{Time: at(3), Step: &timeline.Step{Phase: "return", Why: "the pod is out for longer, until 10:00:40"}},
		timeline.Entry{Time: at(4), Step: &timeline.Step{Load: &timeline.Load{}, Why: "the pod is alone"}})
	var got []string
	for _, e := range b.Events {
		got = append(got, StepWords(*e.Step))
	}
	want := []string{"10 requests a second, 8 workers", "return: the pod is out for longer, until 10:00:40", "no requests: the pod is alone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestTheNewestEstimateOfEachClockIsKept(t *testing.T) {
	clock := func(name string, least, most time.Duration) timeline.Entry {
		return timeline.Entry{Time: at(1), Clock: &timeline.Clock{Name: name, Least: least, Most: most}}
	}
	b := play(clock(timeline.SidecarClock, -time.Second, time.Second), clock(timeline.APIServerClock, 0, time.Second), clock(timeline.SidecarClock, 0, 5))
	want := []timeline.Clock{{Name: timeline.APIServerClock, Most: time.Second}, {Name: timeline.SidecarClock, Most: 5}}
	if diff := cmp.Diff(want, b.Clocks); diff != "" {
		t.Errorf("clocks (-want +got):\n%s", diff)
	}
}

func TestErrorsThatWereNotAllSeenAreSaidToBe(t *testing.T) {
	for _, tt := range []struct {
		e    timeline.Event
		want string
	}{
		{timeline.Event{}, ""},
		{timeline.Event{Errors: 1}, "after 1 error in a row"},
		{timeline.Event{Errors: 3, Detail: "of another matter"}, "after 3 errors in a row"},
		{timeline.Event{Errors: 3, AtLeast: true, Detail: "the watch began later"}, "after at least 3 errors in a row: the watch began later"},
		{timeline.Event{Errors: 1, AtLeast: true}, "after at least 1 error in a row"},
		{timeline.Event{AtLeast: true, Detail: "the watch began later"}, "after errors that were not seen: the watch began later"},
	} {
		if got := ErrorsWords(tt.e); got != tt.want {
			t.Errorf("ErrorsWords(%+v) = %q, want %q", tt.e, got, tt.want)
		}
	}
}
