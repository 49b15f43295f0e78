package compare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/golden"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

func rule() breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(5)), Consecutive5xxErrors: new(uint32),
		BaseEjectionTime: 30 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"}
}

func live(t *testing.T, change func(*meshtest.Sim, *Options, context.CancelFunc)) (sim *meshtest.Sim, off, on Side, before json.RawMessage, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim = meshtest.New(t.Context(), meshtest.Rule(rule()), meshtest.Pods(1, 1, 200*time.Millisecond)...)
		r, _ := sim.Rule(t.Context())
		before = r.Spec
		o := Options{Load: mesh.Load{Rate: 10, Concurrency: 1, Timeout: time.Second}, Duration: 20 * time.Second,
			Each: func(timeline.Entry) error { return nil }, Say: func(string) {}}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if change != nil {
			change(sim, &o, stop)
		}
		off, on, err = Live(ctx, sim, o)
	})
	return sim, off, on, before, err
}

func TestOffAndOnDifferByWhatTheBreakerDoes(t *testing.T) {
	_, off, on, _, err := live(t, nil)
	if err != nil {
		t.Fatalf("Live: %v", err)
	}
	if off.Breaker != "off" || off.Ejections != 0 || off.SuccessRate < 0.45 || off.SuccessRate > 0.55 {
		t.Errorf("off: got %+v, want half of the answers and no ejection", off)
	}
	if on.Breaker != "on" || on.Ejections != 1 || on.SuccessRate < 0.9 {
		t.Errorf("on: got %+v, want nearly all answers and one ejection", on)
	}
	if on.UntilTripped != 10 {
		t.Errorf("requests until tripped: got %d, want 10: five for each of two pods", on.UntilTripped)
	}
	if on.Wasted >= off.Wasted {
		t.Errorf("wasted: got %gs on and %gs off, want less on", on.Wasted, off.Wasted)
	}
}

func TestTheRuleIsPutBackAsItWas(t *testing.T) {
	tests := []struct {
		name   string
		change func(*meshtest.Sim, *Options, context.CancelFunc)
		failed bool
	}{
		{"after both runs", nil, false},
		{"after an interruption", func(_ *meshtest.Sim, o *Options, stop context.CancelFunc) {
			n := 0
			o.Each = func(timeline.Entry) error {
				if n++; n == 50 {
					stop()
				}
				return nil
			}
		}, true},
		{"after an error", func(_ *meshtest.Sim, o *Options, _ context.CancelFunc) {
			o.Each = func(timeline.Entry) error { return errors.New("disk full") }
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sim, _, _, before, err := live(t, tt.change)
			if (err != nil) != tt.failed {
				t.Errorf("error: got %v, want one: %t", err, tt.failed)
			}
			specs := sim.Specs()
			if len(specs) != 2 {
				t.Fatalf("got %d changes of the rule, want 2", len(specs))
			}
			if strings.Contains(string(specs[0]), "outlierDetection") {
				t.Errorf("first change: got %s, want no outlierDetection", specs[0])
			}
			if !bytes.Equal(specs[1], before) {
				t.Errorf("last change: got %s, want %s", specs[1], before)
			}
		})
	}
}

func TestFiguresOfARecording(t *testing.T) {
	start := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	answer := func(ms, latency, code int) timeline.Entry {
		return timeline.Entry{Time: at(ms), Answer: &timeline.Answer{Code: code, Latency: time.Duration(latency) * time.Millisecond}}
	}
	entries := []timeline.Entry{
		{Time: at(0), Header: &timeline.Header{Rule: rule()}},
		answer(0, 10, 200), answer(100, 500, 504), answer(700, 20, 200), answer(800, 400, 504),
		{Time: at(1300), Event: &timeline.Event{Kind: timeline.PodEjected, Ejection: 1, Pod: "p", Decided: at(1201)}},
		answer(1250, 30, 200), answer(1400, 40, 200),
	}
	got, err := Of(entries)
	if err != nil {
		t.Fatal(err)
	}
	got.Wasted = float64(time.Duration(got.Wasted*1e9).Round(time.Millisecond)) / 1e9
	want := Side{Breaker: "on", Seconds: 1.44, Requests: 6, Succeeded: 4, SuccessRate: 4.0 / 6, P50: 0.03, P90: 0.5, P99: 0.5,
		Worst: 0.5, Wasted: 0.9, UntilTripped: 4, Ejections: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Of() (-want +got):\n%s", diff)
	}
}

func TestTheLengthOfARunFollowsTheModel(t *testing.T) {
	defaults := breaker.Load{Healthy: 1, Faulty: 1, Rate: 10, Concurrency: 1, MaxDelay: 4 * time.Second, Timeout: 30 * time.Second}
	ten := rule()
	ten.ConsecutiveGatewayErrors, ten.Balancer = new(uint32(10)), "ROUND_ROBIN"
	never := ten
	never.MaxEjectionPercent = 10
	rare := ten
	rare.ConsecutiveGatewayErrors = new(uint32(10000))
	healthy := defaults
	healthy.Healthy, healthy.Faulty = 2, 0
	tests := []struct {
		name   string
		rule   breaker.Rule
		load   breaker.Load
		asked  time.Duration
		length time.Duration
		doubt  string
	}{
		{"chosen", ten, defaults, 0, 55 * time.Second, ""},
		{"long enough", ten, defaults, 40 * time.Second, 40 * time.Second, ""},
		{"too short", ten, defaults, 12 * time.Second, 12 * time.Second, "12s may be too short to show anything: by the model a pod trips after 14s to 26s; take 55s"},
		{"longer than is compared", rare, defaults, 0, 0, "by the model a pod trips after 5h30m30s to 5h36m50s, which is more than is compared"},
		{"never", never, defaults, 0, 0, "this rule ejects nothing under this load: maxEjectionPercent 10 of 2 pods is less than one pod: nothing is ever ejected, ejections_overflow rises instead."},
		{"nothing to eject", ten, healthy, time.Minute, time.Minute, "this rule ejects nothing under this load: No pod is faulty, so there is nothing to eject."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			length, doubt := Length(tt.rule, tt.load, tt.asked)
			if length != tt.length || doubt != tt.doubt {
				t.Errorf("got %s and %q\nwant %s and %q", length, doubt, tt.length, tt.doubt)
			}
		})
	}
}

func TestWhatCannotBeSeenIsSaidBeforehand(t *testing.T) {
	var said []string
	_, _, on, _, err := live(t, func(_ *meshtest.Sim, o *Options, _ context.CancelFunc) {
		o.Duration, o.MaxDelay, o.Load.Rate = 4*time.Second, 200*time.Millisecond, 1
		o.Say = func(line string) { said = append(said, line) }
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(said) == 0 || !strings.HasPrefix(said[0], "Warning: 4s may be too short to show anything: ") {
		t.Errorf("said: %q, want a warning first", said)
	}
	if got := Tripped(on); !strings.HasPrefix(got, "not within ") {
		t.Errorf("requests until tripped: got %q, want that it was not within the run", got)
	}
}

func TestARunWithoutAnswersIsRefused(t *testing.T) {
	_, err := Of([]timeline.Entry{{Header: &timeline.Header{}}})
	if err == nil || err.Error() != "comparing runs: there are no answers in the run with the breaker off" {
		t.Errorf("got %v", err)
	}
}

func TestTheTableReadsAsInTestdata(t *testing.T) {
	var got bytes.Buffer
	off := Side{Breaker: "off", Seconds: 40.2, Requests: 38, Succeeded: 19, SuccessRate: 0.5, P50: 0.004, P90: 3.1, P99: 3.9, Worst: 3.95, Wasted: 38.4}
	on := Side{Breaker: "on", Seconds: 40, Requests: 220, Succeeded: 210, SuccessRate: 0.9545, P50: 0.003, P90: 0.006, P99: 3.2, Worst: 3.9, Wasted: 20.1, UntilTripped: 20, Ejections: 1}
	if err := Text(&got, off, on); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "table.txt", got.String())
}
