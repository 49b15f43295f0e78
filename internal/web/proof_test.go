package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"istio-circuit-breaker/internal/timeline"
)

func TestPodsThatAreOutComeFirst(t *testing.T) {
	h, now := newHub(Options{Pace: 1}), time.Now()
	h.show(header(now), now)
	var pods []timeline.Pod
	for i := range 40 {
		pods = append(pods, pod(fmt.Sprintf("pod-%02d", i), "200", timeline.InRotation))
	}
	pods[17].State, pods[39].State, pods[3].State = timeline.Ejected, timeline.Ejected, timeline.Terminating
	h.show(snapshot(now, pods...), now)
	var got []string
	for _, p := range partOf[[]podState](t, take(t, h.join()), "pods") {
		got = append(got, p.Name)
	}
	if diff := cmp.Diff([]string{"pod-17", "pod-39", "pod-00", "pod-01", "pod-02", "pod-03"}, got[:6]); diff != "" || len(got) != 40 {
		t.Errorf("the first of %d pods (-want +got):\n%s", len(got), diff)
	}
}

func TestAProofIsShownWithWhatItLacks(t *testing.T) {
	h, now := newHub(Options{Pace: 1}), time.Now()
	h.show(header(now), now)
	r := h.join()
	if got := partOf[proofState](t, take(t, r), "proof"); len(got.Phases) != 0 || got.Verdict != "" {
		t.Errorf("without a proof: got %+v", got)
	}
	h.show(timeline.Entry{Time: now, Phase: &timeline.Phase{Name: "clean", Pod: "p", Statement: timeline.NotProven, Expected: "no error", Measured: "0 errors",
		Answers: 2, Least: 20, Missing: "18 answers"}}, now)
	h.show(timeline.Entry{Time: now, Step: &timeline.Step{Phase: "return"}}, now)
	h.show(timeline.Entry{Time: now, Step: &timeline.Step{Phase: "return", Why: "it is out for longer"}}, now)
	h.show(timeline.Entry{Time: now, Verdict: &timeline.Verdict{Verdict: timeline.Undetermined}}, now)
	p := take(t, r)
	want := proofState{Verdict: "not proven", Sentence: "Not proven that the breaker does what the rule says.",
		Phases: []claimState{{Name: "clean", Pod: "p", Statement: timeline.NotProven, Expected: "no error", Measured: "0 errors", Answers: 2, Least: 20, Missing: "18 answers"}}}
	if diff := cmp.Diff(want, partOf[proofState](t, p, "proof")); diff != "" {
		t.Errorf("proof (-want +got):\n%s", diff)
	}
	log := []eventState{{ID: 1, At: now.UnixMilli(), Kind: stepKind, Text: "return: it is out for longer"}}
	if diff := cmp.Diff(log, partOf[[]eventState](t, p, "events")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
