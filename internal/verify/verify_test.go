package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/timeline"

	"github.com/google/go-cmp/cmp"
)

func n(v uint32) *uint32 { return &v }

func rule(threshold uint32, base time.Duration, percent int32) breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: n(threshold), Consecutive5xxErrors: n(0),
		BaseEjectionTime: base, Interval: time.Second, MaxEjectionPercent: percent, Balancer: "ROUND_ROBIN"}
}

// prove runs a proof on the fake clock, and judges its recording again: the two
// have to be the same to the byte.
func prove(t *testing.T, sim *meshtest.Sim, phases string, concurrency int) (*judge.Result, []timeline.Entry) {
	t.Helper()
	chosen, err := judge.ParsePhases(phases)
	if err != nil {
		t.Fatal(err)
	}
	var entries []timeline.Entry
	var recording bytes.Buffer
	result, err := Run(t.Context(), sim, Options{
		Load: mesh.Load{Rate: 10, Concurrency: concurrency, Timeout: 10 * time.Second}, Phases: chosen,
		Each: func(e timeline.Entry) error {
			entries = append(entries, e)
			return json.NewEncoder(&recording).Encode(e)
		}, Say: func(string) {},
	})
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	read, err := timeline.ReadAll(&recording)
	if err != nil {
		t.Fatal(err)
	}
	live, _ := json.MarshalIndent(result, "", " ")
	again, _ := json.MarshalIndent(judge.Judge(read), "", " ")
	if diff := cmp.Diff(string(live), string(again)); diff != "" {
		t.Errorf("judged again (-live +again):\n%s", diff)
	}
	return result, entries
}

func bubble(t *testing.T, test func(t *testing.T, ctx context.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, t.Context()) })
}

func describe(phases []timeline.Phase) string {
	var b strings.Builder
	for _, p := range phases {
		b.WriteString(Text(p))
	}
	return b.String()
}

func TestTheWholeLifeAgreesWithTheRule(t *testing.T) {
	tests := []struct {
		name            string
		threshold       uint32
		base            time.Duration
		percent         int32
		healthy, faulty int
		delay, lag      time.Duration
		concurrency     int
	}{
		{"threshold 10, base 30s", 10, 30 * time.Second, 50, 1, 1, 200 * time.Millisecond, 0, 1},
		{"threshold 3, base 2s", 3, 2 * time.Second, 50, 1, 1, 0, 0, 1},
		{"threshold 1", 1, 2 * time.Second, 50, 1, 1, 0, 0, 1},
		{"two faulty pods of four", 5, 10 * time.Second, 50, 2, 2, 200 * time.Millisecond, 0, 1},
		{"eight requests at a time", 5, 10 * time.Second, 50, 1, 1, 100 * time.Millisecond, 0, 8},
		{"the log is ahead of the answers", 1, 2 * time.Second, 50, 1, 1, 0, 30 * time.Millisecond, 1},
		{"the log is ahead of eight at a time", 1, 2 * time.Second, 50, 1, 1, 100 * time.Millisecond, 30 * time.Millisecond, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, ctx context.Context) {
				sim := meshtest.New(ctx, meshtest.Rule(rule(tt.threshold, tt.base, tt.percent)), meshtest.Pods(tt.healthy, tt.faulty, tt.delay)...)
				sim.AnswerLag = tt.lag
				r, _ := prove(t, sim, "all", tt.concurrency)
				if r.Verdict != timeline.Agrees {
					t.Fatalf("verdict %q\n%s", r.Verdict, describe(r.Phases))
				}
				if r.Threshold.Measured != int(tt.threshold) {
					t.Errorf("measured threshold: got %d, want %d", r.Threshold.Measured, tt.threshold)
				}
				if got, least := r.Ejection.MeasuredSeconds, tt.base.Seconds(); got < least || got > least+2 {
					t.Errorf("measured ejection: got %gs, want %gs and a sweep at most", got, least)
				}
				if r.ErrorsWhileEjected != 0 || r.Counters.Enforced5xx != 0 || r.Counters.Overflow != 0 {
					t.Errorf("got %d errors while ejected, counters %v", r.ErrorsWhileEjected, r.Counters)
				}
				if got, want := int(r.Counters.EnforcedGateway), len(r.Ejections); got != want || got < 3*tt.faulty {
					t.Errorf("got %d enforced, %d ejections, want at least %d", got, want, 3*tt.faulty)
				}
			})
		})
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	good := rule(10, 30*time.Second, 50)
	masked, few, none := good, good, good
	masked.Consecutive5xxErrors = nil
	few.MaxEjectionPercent = 10
	none.ConsecutiveGatewayErrors = n(0)
	tests := []struct {
		name   string
		rule   breaker.Rule
		change func(*meshtest.Sim)
		phases string
		want   string
	}{
		{"the threshold is masked by the 5xx default", masked, nil, "once", "threshold masked by 5xx"},
		{"maxEjectionPercent is too low", few, nil, "once", "maxEjectionPercent too low: 10 % of 2 pods lets 0 go, and 1 are faulty (ejections_overflow "},
		{"statistics are not exported", good, func(s *meshtest.Sim) { s.NoStatistics = true }, "once", "statistics not exported"},
		{"the sidecar is missing", good, func(s *meshtest.Sim) { s.NoClient = fmt.Errorf("%w: pod has no istio-proxy", mesh.ErrNoSidecar) }, "once", "sidecar missing"},
		{"retries mask the errors", good, func(s *meshtest.Sim) { s.Retries = true }, "mix", "retries mask the errors"},
		{"the breaker is off", breaker.Rule{}, nil, "once", "breaker off"},
		{"the breaker is on", good, nil, "off", "breaker on"},
		{"no threshold is set", none, nil, "once", "no threshold"},
		{"the sidecar has another rule", good, func(s *meshtest.Sim) { s.InForce = new(meshtest.Rule(masked)) }, "once", "rule not in force"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, ctx context.Context) {
				sim := meshtest.New(ctx, meshtest.Rule(tt.rule), meshtest.Pods(1, 1, time.Second)...)
				if tt.change != nil {
					tt.change(sim)
				}
				r, _ := prove(t, sim, tt.phases, 1)
				if r.Verdict == timeline.Agrees {
					t.Errorf("verdict: got %q\n%s", r.Verdict, describe(r.Phases))
				}
				if !slices.ContainsFunc(r.Diagnoses, func(d string) bool { return strings.HasPrefix(d, tt.want) }) {
					t.Errorf("diagnoses: got %q, want %q\n%s", r.Diagnoses, tt.want, describe(r.Phases))
				}
			})
		})
	}
}

func TestABreakerThatIsOffNeverEjects(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		r, _ := prove(t, meshtest.New(ctx, meshtest.Rule{}, meshtest.Pods(1, 1, time.Second)...), "off", 4)
		if r.Verdict != timeline.Agrees || len(r.Ejections) != 0 {
			t.Errorf("got %q with %d ejections\n%s", r.Verdict, len(r.Ejections), describe(r.Phases))
		}
	})
}

func TestAProofStartsFromZero(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		sim := meshtest.New(ctx, meshtest.Rule(rule(10, 2*time.Second, 50)), meshtest.Pods(1, 1, 0)...)
		// Somebody called before: three errors stand in Envoy's count.
		before, stop := context.WithTimeout(ctx, 690*time.Millisecond)
		defer stop()
		client, _ := sim.Client(ctx)
		sim.Send(before, client, mesh.Load{Rate: 10, Concurrency: 1}, func(time.Time, timeline.Answer) {})
		r, _ := prove(t, sim, "trip", 1)
		if r.Threshold.Measured != 10 {
			t.Errorf("measured threshold: got %d, want 10\n%s", r.Threshold.Measured, describe(r.Phases))
		}
	})
}

func TestAProofNeedsNoOutlierLog(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		sim := meshtest.New(ctx, meshtest.Rule(rule(3, 10*time.Second, 50)), meshtest.Pods(1, 1, 0)...)
		sim.NoLog = true
		if r, _ := prove(t, sim, "once", 1); r.Verdict != timeline.Agrees {
			t.Errorf("verdict %q\n%s", r.Verdict, describe(r.Phases))
		}
	})
}

// Between two looks a pod may come back and go again: that is not taken for
// answers of a pod that is out.
func TestWithoutALogWhatWasMissedIsNotHeldAgainstTheBreaker(t *testing.T) {
	for range 20 {
		bubble(t, func(t *testing.T, ctx context.Context) {
			sim := meshtest.New(ctx, meshtest.Rule(rule(3, 2*time.Second, 50)), meshtest.Pods(1, 1, 0)...)
			sim.NoLog = true
			if r, _ := prove(t, sim, "once", 1); r.Verdict == timeline.Differs {
				t.Errorf("verdict %q\n%s", r.Verdict, describe(r.Phases))
			}
		})
	}
}

func TestAPodThatGoesInARolloutIsNotWaitedFor(t *testing.T) {
	for _, phases := range []string{"once", "off"} {
		t.Run(phases, func(t *testing.T) {
			bubble(t, func(t *testing.T, ctx context.Context) {
				pods, r := meshtest.Pods(1, 2, 0), rule(3, 2*time.Second, 100)
				if phases == "off" {
					r = breaker.Rule{}
				}
				sim := meshtest.New(ctx, meshtest.Rule(r), pods...)
				time.AfterFunc(150*time.Millisecond, func() { sim.SetPods(pods[:2]...) })
				began := time.Now()
				if result, _ := prove(t, sim, phases, 1); result.Verdict != timeline.Agrees || time.Since(began) > 20*time.Second {
					t.Errorf("verdict %q after %s\n%s", result.Verdict, time.Since(began), describe(result.Phases))
				}
			})
		})
	}
}

// refusing is a mesh whose API server does not allow to send requests.
type refusing struct{ *meshtest.Sim }

func (refusing) Send(context.Context, mesh.Client, mesh.Load, func(time.Time, timeline.Answer)) error {
	return fmt.Errorf("sending requests: %w: pods \"servicex-client\" is forbidden", mesh.ErrRefused)
}

func TestWhatIsNotAllowedEndsTheProofAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context) {
		began := time.Now()
		_, err := Run(ctx, refusing{meshtest.New(ctx, meshtest.Rule(rule(10, 30*time.Second, 50)), meshtest.Pods(1, 1, 0)...)}, Options{
			Load: mesh.Load{Rate: 10, Concurrency: 1, Timeout: 10 * time.Second}, Phases: judge.Once(),
			Each: func(timeline.Entry) error { return nil }, Say: func(string) {}})
		if !errors.Is(err, mesh.ErrRefused) || !strings.Contains(err.Error(), "is forbidden") || time.Since(began) > 5*time.Second {
			t.Errorf("after %s: got %v, want the API server's words within 5s", time.Since(began), err)
		}
	})
}
