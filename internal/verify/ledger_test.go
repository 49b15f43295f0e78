package verify

import (
	"testing"
	"time"

	"istio-circuit-breaker/internal/timeline"
)

// The log may tell of an ejection before the line of the answer that caused it
// has come through the API server.
func TestAnEjectionIsSettledOnceTheAnswerThatCausedItHasCome(t *testing.T) {
	start := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	l := newLedger()
	answer := func(ms, code int, pod string) {
		l.apply(timeline.Entry{Time: at(ms), Answer: &timeline.Answer{Code: code, Pod: pod, Latency: 5 * time.Millisecond}})
	}
	answer(0, 504, "bad")
	answer(10, 504, "bad")
	l.apply(timeline.Entry{Time: at(26), Event: &timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Decided: at(25)}})
	if l.settled(l.pods["bad"].outs[0], at(26)) {
		t.Error("settled although the third answer has not come")
	}
	answer(20, 504, "bad")
	if l.settled(l.pods["bad"].outs[0], at(27)) {
		t.Error("settled although no later answer has come")
	}
	answer(30, 200, "good")
	if !l.settled(l.pods["bad"].outs[0], at(36)) {
		t.Error("not settled although all has come")
	}
	if asked, _, _ := l.pods["bad"].inARow(0); asked != 3 {
		t.Errorf("errors in a row: got %d, want 3", asked)
	}
	silent := newLedger()
	silent.apply(timeline.Entry{Time: at(26), Event: &timeline.Event{Kind: timeline.PodEjected, Pod: "bad", Ejection: 1, Decided: at(25)}})
	if !silent.settled(silent.pods["bad"].outs[0], at(26).Add(logLimit+time.Millisecond)) {
		t.Error("waited for longer than the limit")
	}
}
