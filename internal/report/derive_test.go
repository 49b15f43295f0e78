package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/timeline"
)

func TestAWatchedRunIsComparedWithItsRule(t *testing.T) {
	on := rule(3, 10*time.Second, 50)
	p, q := timeline.Pod{Name: "p", Version: "504"}, timeline.Pod{Name: "q", Version: "200"}
	counted := func(s float64, enforced, overflow uint64) timeline.Entry {
		return seen(s, timeline.Counters{Exported: true, EnforcedTotal: enforced, EnforcedGateway: enforced, Overflow: overflow}, p, q)
	}
	answers := []timeline.Entry{replied(0.5, 0.1, "q", 200), replied(40, 1, "q", 200)}
	after := happened(12, timeline.Event{Kind: timeline.RuleChanged, Rule: new(rule(3, 30*time.Second, 50))})
	tests := []struct {
		name    string
		rule    breaker.Rule
		entries []timeline.Entry
		want    []string // what, measured, result
	}{
		{"as the rule says", on, []timeline.Entry{counted(0, 0, 0), ejected(1, 1, "p", 1, 3), counted(2, 1, 0), returned(11.5, "p", 1), counted(41, 1, 0)},
			[]string{"Threshold: 3, agrees", "1st ejection: 10.5 s, agrees", "Pods out at once: at most 1, agrees", "Envoy's counters: 1 enforced, agrees"}},
		{"too many errors", on, []timeline.Entry{ejected(1, 1, "p", 1, 5), returned(11.5, "p", 1), ejected(25, 25, "p", 2, 3), returned(35.5, "p", 2)},
			[]string{"Threshold: 5, 3, differs", "1st ejection: 10.5 s, agrees", "2nd ejection: 10.5 s, agrees", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"fewer errors than the recording can know", on, []timeline.Entry{ejected(1, 1, "p", 1, 2), returned(11.5, "p", 1)},
			[]string{"Threshold: 2, cannot tell", "1st ejection: 10.5 s, agrees", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"longer each time within a sweep", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(11.5, "p", 1), ejected(12, 12, "p", 2, 3), returned(32.5, "p", 2)},
			[]string{"Threshold: 3, each of 2 times, agrees", "1st ejection: 10.5 s, agrees", "2nd ejection: 20.5 s, agrees", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"not longer although it should be", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(11.5, "p", 1), ejected(12, 12, "p", 2, 3), returned(22.5, "p", 2)},
			[]string{"Threshold: 3, each of 2 times, agrees", "1st ejection: 10.5 s, agrees", "2nd ejection: 10.5 s, differs", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"too short", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(6, "p", 1)},
			[]string{"Threshold: 3, agrees", "1st ejection: 5.0 s, differs", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"longer, perhaps by ejections before the recording", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(21.5, "p", 1)},
			[]string{"Threshold: 3, agrees", "1st ejection: 20.5 s, cannot tell", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"cut short by a restart", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), happened(5, timeline.Event{Kind: timeline.CountersReset}),
			happened(5, timeline.Event{Kind: timeline.PodReturned, Pod: "p", Ejection: 1}), ejected(6, 6, "p", 2, 3), returned(16.5, "p", 2)},
			[]string{"Threshold: 3, each of 2 times, agrees", "1st ejection: 4.0 s, cut short, cannot tell", "2nd ejection: 10.5 s, agrees", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"still out", on, []timeline.Entry{ejected(35, 35, "p", 1, 3)},
			[]string{"Threshold: 3, agrees", "1st ejection: still out after 6.0 s, cannot tell", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"out for ever", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(11.5, "p", 1), ejected(15, 15, "p", 2, 3)},
			[]string{"Threshold: 3, each of 2 times, agrees", "1st ejection: 10.5 s, agrees", "2nd ejection: still out after 26.0 s, differs", "Pods out at once: at most 1, agrees", "Envoy's counters: not exported, cannot tell"}},
		{"a rule that changed", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(11.5, "p", 1), after, ejected(20, 20, "p", 2, 3), returned(30.5, "p", 2)},
			[]string{"Threshold: 3, each of 2 times, agrees", "1st ejection: 10.5 s, agrees", "2nd ejection: 10.5 s, differs", "Envoy's counters: not exported, cannot tell"}},
		{"a rule whose change was noticed a moment later", on, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(11.5, "p", 1), ejected(20, 20, "p", 2, 3), returned(22, "p", 2),
			ejected(22.5, 22.5, "p", 3, 1), happened(23, timeline.Event{Kind: timeline.RuleChanged, Rule: new(rule(1, 2*time.Second, 50))}), returned(24.5, "p", 3)},
			[]string{"Threshold: 3, 3, 1, cannot tell", "1st ejection: 10.5 s, agrees", "2nd ejection: 2.0 s, cannot tell", "3rd ejection: 2.0 s, cannot tell", "Envoy's counters: not exported, cannot tell"}},
		{"counters that miss one", on, []timeline.Entry{counted(0, 5, 0), ejected(1, 1, "p", 1, 3), returned(11.5, "p", 1), ejected(25, 25, "p", 2, 3), returned(35.5, "p", 2), counted(41, 6, 2)},
			[]string{"Threshold: 3, each of 2 times, agrees", "1st ejection: 10.5 s, agrees", "2nd ejection: 10.5 s, agrees", "Pods out at once: at most 1, agrees", "Envoy's counters: 1 enforced, 2 refused (overflow), differs"}},
		{"no ejection", on, nil, []string{"Threshold: no pod was ejected, cannot tell"}},
		{"breaker off", breaker.Rule{}, nil, []string{"Ejections: 0, agrees"}},
		{"breaker off, and an ejection", breaker.Rule{}, []timeline.Entry{ejected(1, 1, "p", 1, 3), returned(31, "p", 1)},
			[]string{"Threshold: 3, differs", "1st ejection: 30.0 s, agrees", "Ejections: 1, differs", "Envoy's counters: not exported, cannot tell"}},
		{"more out than may be", rule(3, 10*time.Second, 50), []timeline.Entry{ejected(1, 1, "p", 1, 3), ejected(2, 2, "q", 1, 3), returned(11.5, "p", 1), returned(12.5, "q", 1)},
			[]string{"Threshold: 3, agrees", "1st ejection: 10.5 s, agrees", "Threshold: 3, agrees", "1st ejection: 10.5 s, agrees", "Pods out at once: at most 2, differs", "Envoy's counters: not exported, cannot tell"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries := append([]timeline.Entry{head("watch", tt.rule), seen(0, timeline.Counters{}, p, q)}, tt.entries...)
			var got []string
			for _, c := range of(t, append(entries, answers...)...).Runs[0].Checks {
				got = append(got, fmt.Sprintf("%s: %s, %s", c.What, c.Measured, c.Result))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsUnderWayAreAllowedFor(t *testing.T) {
	r := of(t, head("watch", rule(3, 10*time.Second, 50)), replied(0.1, 1, "p", 504), replied(0.2, 1, "p", 504), ejected(1.3, 1.3, "p", 1, 4))
	if c := r.Runs[0].Checks[0]; c.Result != Agrees || c.Tolerance != "up to 1 more under way" {
		t.Errorf("got %+v, want that it agrees with one more under way", c)
	}
}

func TestAProofIsReportedByItsPhases(t *testing.T) {
	say := func(name, pod string, s timeline.Statement) timeline.Entry {
		return timeline.Entry{Time: at(1), Phase: &timeline.Phase{Name: name, Pod: pod, Expected: "e", Measured: "m", Why: "why", Diagnosis: "cause", Statement: s}}
	}
	lacks := say("clean", "p", timeline.NotProven)
	lacks.Phase.Diagnosis, lacks.Phase.Missing = "", "answers"
	r := of(t, say("preflight", "", timeline.Proven), head("verify", rule(3, time.Second, 50)), ejected(1, 1, "p", 1, 9), say("mix", "", timeline.Refuted),
		say("trip", "p", timeline.Proven), lacks, say("return", "p", timeline.Proven), say("second", "p", timeline.Refuted), say("counters", "", timeline.Proven))
	var got []string
	for _, c := range r.Runs[0].Checks {
		got = append(got, c.What+" "+c.Pod+" "+c.Result+" "+c.Why)
	}
	want := []string{"Mix  refuted cause", "Threshold p proven why", "Errors while out p not proven answers", "1st ejection p proven why", "2nd ejection p refuted cause", "Envoy's counters  proven why"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
}

func TestManyEjectionsAreSummedUp(t *testing.T) {
	entries := []timeline.Entry{head("watch", rule(3, time.Second, 50)), replied(0, 0.1, "q", 200)}
	for i := range 20 {
		from := 10 * float64(i)
		back := from + 1.5
		if i == 15 {
			back = from + 8
		}
		entries = append(entries, ejected(from, from, "p", i+1, 3), returned(back, "p", i+1))
	}
	checks := of(t, entries...).Runs[0].Checks
	if got := checks[7]; got.What != "Later ejections" || got.Measured != "13 agree, 1 differ, 0 cannot be told" || got.Result != Differs {
		t.Errorf("got %+v, want the sum of the ejections from the 7th on", got)
	}
}
