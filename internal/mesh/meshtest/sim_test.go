package meshtest

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest/envoy"
	"istio-circuit-breaker/internal/timeline"
)

// called sends requests for a time, and gives the answers as they came.
func called(ctx context.Context, s *Sim, length time.Duration, l mesh.Load) (answers []timeline.Answer, sent []time.Time) {
	ctx, stop := context.WithTimeout(ctx, length)
	defer stop()
	heard := make(chan struct {
		at time.Time
		a  timeline.Answer
	}, 4096)
	// It ends with ctx, which is no failure.
	_ = s.Send(ctx, mesh.Client{}, l, func(at time.Time, a timeline.Answer) {
		heard <- struct {
			at time.Time
			a  timeline.Answer
		}{at, a}
	})
	close(heard)
	for h := range heard {
		answers, sent = append(answers, h.a), append(sent, h.at)
	}
	return answers, sent
}

func TestEveryLineTellsTheClustersClock(t *testing.T) {
	for _, ahead := range []time.Duration{-5 * time.Second, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := New(t.Context(), Gateway(1, time.Minute, 50), Pods(1, 1, 0)...)
			s.Ahead = ahead
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			lines := make(chan []byte, 16)
			go s.SidecarLog(ctx, mesh.Client{}, 0, func(line []byte) {
				if line != nil {
					lines <- line
				}
			})
			began := time.Now()
			_, sent := called(ctx, s, time.Second, mesh.Load{Rate: 10, Concurrency: 1})
			if d := sent[0].Sub(began) - ahead; d < 0 || d > time.Second {
				t.Errorf("the first answer was sent %s after the start and %s", d, ahead)
			}
			var line struct{ Timestamp time.Time }
			if err := json.Unmarshal(<-lines, &line); err != nil {
				t.Fatal(err)
			}
			if d := line.Timestamp.Sub(began) - ahead; d < 0 || d > time.Second {
				t.Errorf("the log's time is %s after the start and %s", d, ahead)
			}
			dates, err := s.Dates(ctx, mesh.Client{})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range dates {
				if ago := d.Answered.Add(ahead).Sub(d.Said); ago < 0 || ago > time.Second+d.Stale {
					t.Errorf("the %s's date is %s old", d.Clock, ago)
				}
			}
		})
	}
}

func TestAnAnswerTellsWhoGaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), Gateway(1, time.Minute, 100), Pod{Name: "a", Version: "504", Code: 504, Delay: 30 * time.Millisecond})
		answers, _ := called(t.Context(), s, time.Second, mesh.Load{Rate: 10, Concurrency: 1})
		first, last := answers[0], answers[len(answers)-1]
		if first.Pod != "a" || first.Upstream == nil || *first.Upstream != 30*time.Millisecond || first.Latency <= *first.Upstream {
			t.Errorf("first: got %+v, want the pod's, which the sidecar waited 30ms for", first)
		}
		if !last.Own() || last.Code != 503 || last.Said != "no healthy upstream" || last.Upstream != nil {
			t.Errorf("last: got %+v, want the sidecar's own", last)
		}
	})
}

func TestARequestThatIsGivenUpIsNotBooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), Gateway(1, time.Minute, 100), Pod{Name: "a", Version: "504", Code: 504, Delay: time.Second})
		answers, _ := called(t.Context(), s, 2*time.Second, mesh.Load{Concurrency: 1, Timeout: 500 * time.Millisecond})
		if a := answers[0]; a.Code != 0 || a.Error == "" {
			t.Errorf("got %+v, want no answer", a)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if h := s.envoy.Hosts(time.Now())[0]; h.Errors() != 0 || h.Ejected() || h.Requests() == 0 {
			t.Errorf("the host has %d errors of %d requests, ejected %t", h.Errors(), h.Requests(), h.Ejected())
		}
	})
}

func TestAnotherRuleIsAnotherCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(t.Context(), Gateway(1, time.Minute, 50), Pods(1, 1, 0)...)
		called(t.Context(), s, time.Second, mesh.Load{Rate: 10, Concurrency: 1})
		if out := s.out(); out != 1 {
			t.Fatalf("%d out, want 1", out)
		}
		s.ChangeRule(Gateway(5, time.Minute, 50))
		if out := s.out(); out != 0 {
			t.Errorf("%d out after another rule, want none", out)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, stat := range s.envoy.Stats(time.Now()) {
			if stat == (envoy.Stat{Name: "outlier_detection.ejections_enforced_total", Value: 0}) {
				t.Error("ejections_enforced_total started again")
			}
		}
	})
}
