package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/board"
	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/timeline"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

func header(threshold uint32) timeline.Entry {
	return timeline.Entry{Time: start, Header: &timeline.Header{Version: timeline.Version, Command: "watch", Context: "lab",
		Namespace: "circuit-breaker", Service: "servicex-service.circuit-breaker.svc.cluster.local", Rule: breaker.Rule{Enabled: true,
			ConsecutiveGatewayErrors: &threshold, Consecutive5xxErrors: new(uint32), BaseEjectionTime: 30 * time.Second,
			Interval: time.Second, MaxEjectionPercent: 50}}}
}

func answer(s float64, pod, version string, code int) timeline.Entry {
	return timeline.Entry{Time: at(s), Answer: &timeline.Answer{Code: code, Pod: pod, Version: version, Latency: 120 * time.Millisecond}}
}

func event(s float64, e timeline.Event) timeline.Entry {
	return timeline.Entry{Time: at(s), Event: &e}
}

func snapshot(s float64, c timeline.Counters, pods ...timeline.Pod) timeline.Entry {
	c.Exported = true
	return timeline.Entry{Time: at(s), Snapshot: &timeline.Snapshot{Pods: pods, Counters: c}}
}

const (
	healthy = "servicex-6f97785c76-zfsmx"
	faulty  = "servicex-error-7dcc7cd85b-x4hw8"
)

func pod(name, version string, state timeline.State, ejections int) timeline.Pod {
	return timeline.Pod{Name: name, Version: version, Address: "198.18.0.13:8080", State: state, Ejections: ejections}
}

func play(entries ...timeline.Entry) board.Board {
	var b board.Board
	for _, e := range entries {
		b.Apply(e)
	}
	return b
}

// begun is a run that has seen both pods.
func begun() []timeline.Entry {
	return []timeline.Entry{header(3), snapshot(0.2, timeline.Counters{}, pod(healthy, "200", timeline.InRotation, 0), pod(faulty, "504", timeline.InRotation, 0))}
}

// tripped is a run whose faulty pod was ejected at 3 s.
func tripped() []timeline.Entry {
	all := begun()
	for i := range 3 {
		all = append(all, answer(0.5+float64(i), healthy, "200", 200), answer(0.9+float64(i), faulty, "504", 504))
	}
	return append(all,
		event(3.1, timeline.Event{Kind: timeline.PodEjected, Pod: faulty, Errors: 3, Ejection: 1, Cause: "CONSECUTIVE_GATEWAY_FAILURE", Source: "outlier log", Decided: at(3)}),
		snapshot(3.1, timeline.Counters{EjectionsActive: 1, EnforcedTotal: 1, EnforcedGateway: 1, DetectedGateway: 1},
			pod(healthy, "200", timeline.InRotation, 0), pod(faulty, "504", timeline.Ejected, 1)),
		answer(3.5, healthy, "200", 200), answer(4, healthy, "200", 200))
}

// many is a run of six pods in all states, with all kinds of answers and events.
func many() []timeline.Entry {
	pods := []timeline.Pod{
		pod("servicex-a", "200", timeline.InRotation, 0), pod("servicex-b", "200", timeline.Terminating, 0), pod("servicex-c", "200", timeline.Unknown, 0),
		pod("servicex-error-a", "504", timeline.Ejected, 2), pod("servicex-error-b", "504", timeline.Ejected, 1), pod("servicex-error-c", "504", timeline.InRotation, 0)}
	all := []timeline.Entry{header(7), snapshot(0.2, timeline.Counters{}, append(pods[:5:5], pod("servicex-error-d", "504", timeline.InRotation, 0))...)}
	for i, code := range []int{200, 204, 404, 500, 503, 504, 0, 100} {
		all = append(all, answer(1+float64(i), "servicex-error-c", "504", code))
	}
	return append(all,
		answer(10, "", "", 503),
		event(11, timeline.Event{Kind: timeline.PodEjected, Pod: "servicex-error-a", Errors: 7, Ejection: 1}),
		event(41.5, timeline.Event{Kind: timeline.PodReturned, Pod: "servicex-error-a", Ejection: 1, Out: 30500 * time.Millisecond, Source: "endpoint health"}),
		event(42, timeline.Event{Kind: timeline.PodEjected, Pod: "servicex-error-a", Errors: 1, Ejection: 2}),
		event(42.5, timeline.Event{Kind: timeline.PodAdded, Pod: "servicex-error-c", Detail: "198.18.0.20:8080", Source: "API server"}),
		event(43, timeline.Event{Kind: timeline.PodRemoved, Pod: "servicex-error-d", Detail: "198.18.0.21:8080", Source: "API server"}),
		event(43.5, timeline.Event{Kind: timeline.Disagreement, Source: "counters", Detail: "the counters say 2 ejected, endpoint health says 1"}),
		event(44, timeline.Event{Kind: timeline.SourceLost, Source: "load", Detail: "connection refused"}),
		event(45, timeline.Event{Kind: timeline.SourceBack, Source: "load"}),
		event(46, timeline.Event{Kind: timeline.SourceLost, Source: "API server", Detail: "dial tcp 127.0.0.1:6443:\nconnect: \x1b[2Jconnection refused"}),
		event(47, timeline.Event{Kind: timeline.RuleChanged, Source: "API server", Rule: &breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(7)),
			Consecutive5xxErrors: new(uint32), BaseEjectionTime: 20 * time.Second, Interval: time.Second, MaxEjectionPercent: 50}}),
		snapshot(48, timeline.Counters{EjectionsActive: 2, EnforcedTotal: 3, EnforcedGateway: 3, DetectedGateway: 4, Overflow: 1}, pods...))
}

// proved is a proof that failed.
func proved() []timeline.Entry {
	phase := func(s float64, p timeline.Phase) timeline.Entry { return timeline.Entry{Time: at(s), Phase: &p} }
	all := []timeline.Entry{phase(-1, timeline.Phase{Name: "preflight", Expected: "a client with sidecar", Measured: "all there", Statement: timeline.Proven, Took: 38 * time.Millisecond})}
	return append(append(all, tripped()...),
		phase(3.2, timeline.Phase{Name: "mix", Expected: "both", Measured: "1 answer of 200, 1 gateway error", Statement: timeline.Proven, Took: 753 * time.Millisecond}),
		phase(3.3, timeline.Phase{Name: "trip", Pod: faulty, Expected: "out after 10 gateway errors in a row", Measured: "out after 3", Statement: timeline.Refuted, Took: 2 * time.Second,
			Diagnosis: "the threshold is masked by the 5xx detector's default of 5: set consecutive5xxErrors to 0"}),
		phase(3.4, timeline.Phase{Name: "clean", Expected: "no error", Measured: "0 errors", Statement: timeline.Proven}),
		timeline.Entry{Time: at(3.5), Verdict: &timeline.Verdict{Verdict: timeline.Differs, Words: "threshold:     configured 10, measured 3\nejection time: configured 30s, measured none\nverdict:       the breaker does not do what the rule says"}})
}

// unproven is a proof that a part of the evidence is missing for, on a cluster
// whose clock is ahead, as it departs from its plan.
func unproven() []timeline.Entry {
	phase := func(s float64, p timeline.Phase) timeline.Entry { return timeline.Entry{Time: at(s), Phase: &p} }
	return append(tripped(),
		timeline.Entry{Time: at(3.2), Clock: &timeline.Clock{Name: timeline.SidecarClock, Least: 2940 * time.Millisecond, Most: 3080 * time.Millisecond}},
		timeline.Entry{Time: at(3.2), Clock: &timeline.Clock{Name: timeline.APIServerClock, Least: -40 * time.Millisecond, Most: 990 * time.Millisecond}},
		timeline.Entry{Time: at(3.3), Step: &timeline.Step{Phase: "trip", Load: &timeline.Load{Rate: 10, Concurrency: 8}}},
		timeline.Entry{Time: at(3.4), Symptom: &timeline.Symptom{Code: "no-answers", Detail: "nobody answered"}},
		phase(3.5, timeline.Phase{Name: "trip", Pod: faulty, Expected: "out after 3 gateway errors in a row", Measured: "out after 3", Statement: timeline.Proven, Answers: 3, Least: 3}),
		phase(3.6, timeline.Phase{Name: "clean", Pod: faulty, Expected: "no error while out", Measured: "0 errors", Statement: timeline.NotProven, Answers: 2, Least: 20,
			Missing: "answers of other pods while it was out: send more than 1 request a second"}),
		timeline.Entry{Time: at(3.7), Step: &timeline.Step{Phase: "return", Why: "it is out for longer, until 09:01:04"}},
		event(3.8, timeline.Event{Kind: timeline.ClusterReplaced, Source: "endpoint health"}),
		event(3.9, timeline.Event{Kind: timeline.PodEjected, Pod: faulty, Errors: 1, AtLeast: true, Ejection: 2, Source: "endpoint health", Detail: "the watch began later"}),
		timeline.Entry{Time: at(4), Verdict: &timeline.Verdict{Verdict: timeline.Undetermined, Words: "verdict:       not proven: 1 of 2 claims"}})
}

func TestBoardsAsDrawn(t *testing.T) {
	tests := []struct {
		name          string
		entries       []timeline.Entry
		now           float64
		width, height int
		colour        bool
	}{
		{"nothing", nil, 0, 80, 24, false},
		{"before-snapshot", []timeline.Entry{header(3)}, 0.1, 80, 24, false},
		{"begun", begun(), 1, 120, 36, false},
		{"tripped", tripped(), 4.2, 120, 36, false},
		{"tripped-colour", tripped(), 4.2, 120, 36, true},
		{"tripped-80", tripped(), 4.2, 80, 24, false},
		{"tripped-60", tripped(), 4.2, 60, 20, false},
		{"tripped-40", tripped(), 4.2, 40, 14, false},
		{"sweep", tripped(), 33.5, 120, 36, false},
		{"sweep-60", tripped(), 33.5, 60, 20, false},
		{"many", many(), 50, 120, 36, false},
		{"many-60", many(), 50, 60, 20, false},
		{"many-8-lines", many(), 50, 80, 8, false},
		{"many-colour", many(), 50, 100, 30, true},
		{"proved", proved(), 4, 120, 40, false},
		{"proved-60", proved(), 4, 60, 20, false},
		{"unproven", unproven(), 4, 120, 40, false},
		{"unproven-colour", unproven(), 4, 100, 40, true},
		{"unproven-60", unproven(), 4, 60, 20, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(Lines(play(tt.entries...), at(tt.now), tt.width, tt.height, tt.colour), "\n") + "\n"
			golden.Check(t, tt.name+".txt", strings.ReplaceAll(got, "\x1b", "␛"))
		})
	}
}

func TestEverySizeFits(t *testing.T) {
	odd := append(many(), header(1), answer(60, strings.Repeat("лонг-", 60), "v\x1b[31m", 504),
		event(61, timeline.Event{Kind: timeline.PodEjected, Pod: strings.Repeat("名", 90), Detail: "\xff\xfe\x00"}))
	odd[len(odd)-3].Header.Command, odd[len(odd)-3].Header.Service = strings.Repeat("x", 200), "日本"
	for name, entries := range map[string][]timeline.Entry{"nothing": nil, "tripped": tripped(), "many": many(), "proved": proved(), "unproven": unproven(), "odd": odd} {
		b := play(entries...)
		for width := 0; width <= 130; width++ {
			for _, height := range []int{-1, 0, 1, 2, 3, 5, 8, 9, 12, 24, 50, 500} {
				lines := Lines(b, at(50), width, height, false)
				if len(lines) > max(height, 1) {
					t.Errorf("%s at %dx%d: %d lines", name, width, height, len(lines))
				}
				for _, l := range lines {
					if n := utf8.RuneCountInString(l); n > max(width, 1) {
						t.Fatalf("%s at %dx%d: %d characters: %q", name, width, height, n, l)
					}
					if !utf8.ValidString(l) || strings.ContainsAny(l, "\x1b\n\r\t\x00") {
						t.Fatalf("%s at %dx%d: not printable: %q", name, width, height, l)
					}
				}
			}
		}
	}
}

func TestColourAddsNothingButCodes(t *testing.T) {
	strip := strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[32m", "", "\x1b[31;1m", "", "\x1b[33m", "")
	for _, width := range []int{40, 60, 80, 120} {
		without, with := Lines(play(many()...), at(50), width, 30, false), Lines(play(many()...), at(50), width, 30, true)
		for i := range with {
			with[i] = strings.TrimRight(strip.Replace(with[i]), " ")
		}
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("at %d columns (-without +with):\n%s", width, diff)
		}
	}
}

func TestTheSameBoardIsDrawnTheSame(t *testing.T) {
	b := play(many()...)
	first := Lines(b, at(50), 100, 30, true)
	if diff := cmp.Diff(first, Lines(b, at(50), 100, 30, true)); diff != "" {
		t.Errorf("second drawing (-first +second):\n%s", diff)
	}
}

func TestFewLinesShowTheEjectedPodsFirst(t *testing.T) {
	var pods []timeline.Pod
	for i := range 30 {
		pods = append(pods, pod(fmt.Sprintf("pod-%02d", i), "200", timeline.InRotation, 0))
	}
	for i := range 10 {
		pods[i].State = timeline.Unknown
	}
	pods[17].State, pods[29].State = timeline.Ejected, timeline.Ejected
	text := strings.Join(Lines(play(header(3), snapshot(0, timeline.Counters{}, pods...)), at(1), 80, 14, false), "\n")
	for _, want := range []string{"pod-17", "pod-29", "pod-00", "more pods: ", "in rotation"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func TestAnEventIsOneLine(t *testing.T) {
	local := time.Date(2026, 11, 24, 9, 0, 0, 250e6, time.Local)
	tests := []struct {
		name string
		e    timeline.Event
		want string
	}{
		{"one error", timeline.Event{Kind: timeline.PodEjected, Pod: "b", Errors: 1, Ejection: 1}, "ejected b after 1 error in a row"},
		{"errors", timeline.Event{Kind: timeline.PodEjected, Pod: "b", Errors: 3, Cause: "CONSECUTIVE_5XX", Source: "outlier log"}, "ejected b CONSECUTIVE_5XX after 3 errors in a row (outlier log)"},
		{"errors that nobody counted", timeline.Event{Kind: timeline.PodEjected, Pod: "b"}, "ejected b"},
		{"a return", timeline.Event{Kind: timeline.PodReturned, Pod: "b", Out: 30300 * time.Millisecond}, "returned b after 30.3s"},
		{"errors that were not all seen", timeline.Event{Kind: timeline.PodEjected, Pod: "b", Errors: 3, AtLeast: true, Detail: "the watch began later", Source: "outlier log"},
			"ejected b after at least 3 errors in a row: the watch began later (outlier log)"},
		{"another configuration", timeline.Event{Kind: timeline.ClusterReplaced, Source: "endpoint health"}, "cluster replaced (endpoint health)"},
		{"a rule", timeline.Event{Kind: timeline.RuleChanged, Rule: &breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(1))}, Source: "API server"},
			"rule changed: now 1 gateway error in a row, out for 30s, sweep every 10s, at most 10 % of pods (API server)"},
		{"a breaker that is off", timeline.Event{Kind: timeline.RuleChanged, Rule: &breaker.Rule{}}, "rule changed: now no pod is ever taken out"},
		{"codes and lines", timeline.Event{Kind: timeline.SourceLost, Source: "load", Detail: "dial\n\x1b[2J"}, "connection lost dial ?[2J (load)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := EventLine(timeline.Entry{Time: local, Event: &tt.e}), "09:00:00.250 "+tt.want; got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
	step := timeline.Entry{Time: local, Step: &timeline.Step{Phase: "return", Why: "it is out for longer"}}
	if got, want := EventLine(step), "09:00:00.250 step return: it is out for longer"; got != want {
		t.Errorf("a step: got %q, want %q", got, want)
	}
	for _, e := range []timeline.Entry{header(3), {Step: &timeline.Step{Phase: "return"}}, {Clock: &timeline.Clock{}}, {Outlier: &timeline.Outlier{}}, {Symptom: &timeline.Symptom{}}, event(1, timeline.Event{Kind: timeline.Confirmed, Pod: "b"})} {
		if got := EventLine(e); got != "" {
			t.Errorf("EventLine(%+v) = %q, want nothing", e, got)
		}
	}
}
