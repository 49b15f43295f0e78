package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

func at(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

func head(command string, rule breaker.Rule) timeline.Entry {
	return timeline.Entry{Time: noon, Header: &timeline.Header{Version: timeline.Version, Command: command, Context: "lab", Namespace: "circuit-breaker", Service: "servicex-service", Rule: rule}}
}

func happened(s float64, e timeline.Event) timeline.Entry {
	return timeline.Entry{Time: at(s), Event: &e}
}

func ejected(s, decided float64, pod string, number, errors int) timeline.Entry {
	return happened(s, timeline.Event{Kind: timeline.PodEjected, Pod: pod, Ejection: number, Errors: errors, Decided: at(decided), Source: "outlier log"})
}

func returned(s float64, pod string, number int) timeline.Entry {
	return happened(s, timeline.Event{Kind: timeline.PodReturned, Pod: pod, Ejection: number, Decided: at(s), Source: "outlier log"})
}

func replied(s, took float64, pod string, code int) timeline.Entry {
	return timeline.Entry{Time: at(s), Answer: &timeline.Answer{Pod: pod, Code: code, Latency: time.Duration(took * float64(time.Second))}}
}

func seen(s float64, counters timeline.Counters, pods ...timeline.Pod) timeline.Entry {
	return timeline.Entry{Time: at(s), Snapshot: &timeline.Snapshot{Pods: pods, Counters: counters}}
}

func phase(s timeline.Statement) timeline.Entry {
	return timeline.Entry{Time: at(9), Phase: &timeline.Phase{Name: "trip", Expected: "out after 3", Measured: "out after 3", Statement: s, Diagnosis: "known"}}
}

func verdict(v string) timeline.Entry {
	return timeline.Entry{Time: at(10), Verdict: &timeline.Verdict{Verdict: v, Words: "words"}}
}

func of(t *testing.T, entries ...timeline.Entry) *Report {
	t.Helper()
	r, err := Of(entries)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsNoRecordingIsRefused(t *testing.T) {
	newer := head("watch", rule(3, time.Second, 50))
	newer.Header.Version = timeline.Version + 1
	tests := []struct {
		name    string
		entries []timeline.Entry
		want    string
	}{
		{"nothing", nil, "the recording is empty"},
		{"other JSON", []timeline.Entry{{}, {}}, "nothing in the file is an entry of a recording"},
		{"a newer format", []timeline.Entry{newer}, "format version 3, and only versions up to 2 are known"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Of(tt.entries)
			if err == nil || !strings.HasPrefix(err.Error(), "making a report: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTheVerdictIsOneSentence(t *testing.T) {
	on := rule(3, time.Second, 50)
	off := breaker.Rule{}
	tests := []struct {
		name, verdict, want string
		entries             []timeline.Entry
	}{
		{"a proof that agrees", Agrees, "The breaker does what the rule says.", []timeline.Entry{head("verify", on), phase(timeline.Proven), verdict(timeline.Agrees)}},
		{"a proof that no ejection was asked of", Agrees, "What was looked at is as the rule says; whether the breaker ejects was not (--phases trip).",
			[]timeline.Entry{head("verify", on), {Time: at(9), Phase: &timeline.Phase{Name: "mix", Statement: timeline.Proven}}, verdict(timeline.Agrees)}},
		{"a proof that refutes", Refuted, "The breaker does not do what the rule says.", []timeline.Entry{head("verify", on), phase(timeline.Refuted), verdict(timeline.Differs)}},
		{"a proof without a header", Refuted, "The breaker does not do what the rule says.", []timeline.Entry{phase(timeline.Refuted), verdict(timeline.Differs)}},
		{"a proof that lacks something", NotProven, "Not proven that the breaker does what the rule says.", []timeline.Entry{head("verify", on), phase(timeline.NotProven), verdict(timeline.Undetermined)}},
		{"a verdict that says more than its phases", NotProven, "Not proven that the breaker does what the rule says.", []timeline.Entry{head("verify", on), phase(timeline.NotProven), verdict(timeline.Agrees)}},
		{"a statement that is none", NotProven, "Not proven that the breaker does what the rule says.", []timeline.Entry{head("verify", on), phase(""), verdict(timeline.Agrees)}},
		{"a verdict that is none", NotProven, "Not proven that the breaker does what the rule says.", []timeline.Entry{head("verify", on), phase(timeline.Proven), verdict("")}},
		{"two proofs, one of them refuted", Refuted, "The breaker does not do what the rule says.",
			[]timeline.Entry{head("verify", on), phase(timeline.Refuted), verdict(timeline.Differs), head("verify", on), phase(timeline.NotProven), verdict(timeline.Undetermined)}},
		{"a proof that was stopped", NoVerdict, "No verdict: this proof did not reach its end.", []timeline.Entry{head("verify", on), phase(timeline.Proven)}},
		{"a watched run", NoVerdict, "No verdict: this run was watched, not proved.", []timeline.Entry{head("watch", on), replied(1, 0.1, "a", 200)}},
		{"half a comparison", NoVerdict, "No verdict: this comparison has only one of its two runs.", []timeline.Entry{head("compare", off), replied(1, 0.1, "a", 200)}},
		{"a comparison", NoVerdict, "The breaker lifts the share of good answers from 50.0 % to 100.0 %.",
			[]timeline.Entry{head("compare", off), replied(1, 0.1, "a", 200), replied(2, 0.1, "b", 504), head("compare", on), replied(3, 0.1, "a", 200)}},
		{"a comparison without a gain", NoVerdict, "The breaker does not help here: 100.0 % good answers without it, 50.0 % with it.",
			[]timeline.Entry{head("compare", off), replied(3, 0.1, "a", 200), head("compare", on), replied(1, 0.1, "a", 200), replied(2, 0.1, "b", 504)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := of(t, tt.entries...)
			if r.Verdict != tt.verdict || r.Sentence != tt.want {
				t.Errorf("got %q: %q, want %q: %q", r.Verdict, r.Sentence, tt.verdict, tt.want)
			}
		})
	}
}

func TestAnEjectionIsOneSpanOfItsPod(t *testing.T) {
	pod := func(state timeline.State) timeline.Pod {
		return timeline.Pod{Name: "p", Version: "504", State: state}
	}
	health := func(s float64, kind timeline.EventKind) timeline.Entry {
		e := timeline.Event{Kind: kind, Pod: "p", Ejection: 1, Source: "endpoint health"}
		if kind == timeline.PodEjected {
			e.Errors = 2
		}
		return happened(s, e)
	}
	told := func(s, decided float64, kind timeline.EventKind) timeline.Entry {
		e := timeline.Event{Kind: timeline.Confirmed, Detail: string(kind), Pod: "p", Ejection: 1, Cause: "CONSECUTIVE_5XX", Decided: at(decided), Source: "outlier log"}
		if kind == timeline.PodEjected {
			e.Errors, e.Cause = 3, "CAUSE"
		}
		return happened(s, e)
	}
	tests := []struct {
		name    string
		entries []timeline.Entry
		want    []Out
	}{
		{"from decision to return", []timeline.Entry{ejected(1.2, 1, "p", 1, 3), returned(5, "p", 1)},
			[]Out{{Number: 1, Errors: 3, span: span{1, 5}, Returned: true, exact: true}}},
		{"with what the log told later", []timeline.Entry{health(1.2, timeline.PodEjected), told(2, 1, timeline.PodEjected), health(5.2, timeline.PodReturned), told(6, 5, timeline.PodReturned)},
			[]Out{{Number: 1, Errors: 3, Cause: "CAUSE", span: span{1, 5}, Returned: true, exact: true}}},
		{"to the end where it is still out", []timeline.Entry{ejected(1, 1, "p", 1, 3), replied(8, 2, "q", 200)},
			[]Out{{Number: 1, Errors: 3, span: span{1, 10}, exact: true}}},
		{"from the start where it was out before", []timeline.Entry{seen(1, timeline.Counters{}, pod(timeline.Ejected)), returned(4, "p", 0)},
			[]Out{{span: span{0, 4}, Returned: true}}},
		{"until a restart of the sidecar", []timeline.Entry{ejected(1, 1, "p", 1, 3), happened(3, timeline.Event{Kind: timeline.CountersReset}),
			happened(3, timeline.Event{Kind: timeline.PodReturned, Pod: "p", Ejection: 1})},
			[]Out{{Number: 1, Errors: 3, span: span{1, 3}, Cut: "the sidecar restarted", exact: true}}},
		{"until the pod is removed", []timeline.Entry{ejected(1, 1, "p", 1, 3), happened(3, timeline.Event{Kind: timeline.PodRemoved, Pod: "p"})},
			[]Out{{Number: 1, Errors: 3, span: span{1, 3}, Cut: "the pod was removed", exact: true}}},
		{"never before the start", []timeline.Entry{ejected(1, -5, "p", 1, 3), returned(2, "p", 1)},
			[]Out{{Number: 1, Errors: 3, span: span{0, 2}, Returned: true, exact: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := of(t, append([]timeline.Entry{head("watch", rule(3, time.Second, 50))}, tt.entries...)...)
			for _, p := range r.Runs[0].Pods {
				if p.Name != "p" {
					continue
				}
				if diff := cmp.Diff(tt.want, p.Outs, cmp.AllowUnexported(Out{})); diff != "" {
					t.Errorf("ejections (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAConfirmationIsNoEventOfItsOwn(t *testing.T) {
	r := of(t, head("watch", rule(3, time.Second, 50)),
		happened(1.25, timeline.Event{Kind: timeline.PodEjected, Pod: "p", Ejection: 1, Errors: 2, Source: "endpoint health"}),
		happened(2, timeline.Event{Kind: timeline.Confirmed, Detail: "ejected", Pod: "p", Ejection: 1, Errors: 3, Cause: "CAUSE", Decided: at(1), Source: "outlier log"}))
	events := r.Runs[0].Events
	if len(events) != 1 {
		t.Fatalf("got %d events, want 1", len(events))
	}
	e := events[0]
	if e.At != 1 || e.Seen != 0.25 || e.Errors != 3 || e.Cause != "CAUSE" || strings.Join(e.Sources, "+") != "endpoint health+outlier log" {
		t.Errorf("got %+v, want it decided at 1 s, seen 0.25 s later, with errors and cause of the log", e)
	}
}

func TestAPodIsThereFromItsAdditionToItsRemoval(t *testing.T) {
	old, young := timeline.Pod{Name: "old", State: timeline.InRotation}, timeline.Pod{Name: "young", State: timeline.InRotation}
	going := timeline.Pod{Name: "young", State: timeline.Terminating}
	r := of(t, head("watch", rule(3, time.Second, 50)), seen(0.5, timeline.Counters{}, old), seen(2, timeline.Counters{}, old, young),
		seen(6, timeline.Counters{}, old, going), seen(7, timeline.Counters{}, old), replied(9, 1, "old", 200))
	got := map[string][][]span{}
	for _, p := range r.Runs[0].Pods {
		got[p.Name] = [][]span{p.there, p.dim}
	}
	want := map[string][][]span{"old": {{{0, 10}}, nil}, "young": {{{2, 7}}, {{6, 7}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("there and dim (-want +got):\n%s", diff)
	}
}

func TestLostSourcesMakeOneGap(t *testing.T) {
	lost := func(s float64, source string) timeline.Entry {
		return happened(s, timeline.Event{Kind: timeline.SourceLost, Source: source})
	}
	back := func(s float64, source string) timeline.Entry {
		return happened(s, timeline.Event{Kind: timeline.SourceBack, Source: source})
	}
	r := of(t, head("watch", rule(3, time.Second, 50)), lost(2, "rule"), lost(1, "load"), back(3, "load"), lost(2.5, "load"), back(4, "rule"), back(4.5, "load"), lost(8, "load"), back(1, "nobody"), replied(9, 1, "a", 200))
	want := []gap{{span{1, 4.5}, []string{"load", "rule"}}, {span{8, 10}, []string{"load"}}}
	if diff := cmp.Diff(want, r.Runs[0].gaps, cmp.AllowUnexported(gap{})); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}
