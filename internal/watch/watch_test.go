package watch

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/timeline"
)

var load = mesh.Load{Rate: 10, Concurrency: 1, Timeout: time.Second}

func rule() breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(3)), Consecutive5xxErrors: new(uint32),
		BaseEjectionTime: 4 * time.Second, Interval: time.Second, MaxEjectionPercent: 75, Balancer: "ROUND_ROBIN"}
}

// watched runs a session for a time on the fake clock, while do changes the world.
func watched(t *testing.T, length time.Duration, l mesh.Load, do func(sim *meshtest.Sim, s *Session)) []timeline.Entry {
	t.Helper()
	var entries []timeline.Entry
	synctest.Test(t, func(t *testing.T) {
		sim := meshtest.New(t.Context(), meshtest.Rule(rule()), meshtest.Pods(1, 1, 0)...)
		ctx, stop := context.WithTimeout(t.Context(), length)
		defer stop()
		s, err := Start(ctx, sim, Options{Command: "watch", Load: l})
		if err != nil {
			t.Fatalf("Start: %v", err)
		}
		go do(sim, s)
		for e := range s.Entries() {
			entries = append(entries, e)
		}
	})
	return entries
}

func nothing(*meshtest.Sim, *Session) {}

// events are those of one kind, as "kind pod source".
func events(entries []timeline.Entry, kind timeline.EventKind) (all []timeline.Entry) {
	for _, e := range entries {
		if e.Event != nil && e.Event.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

func TestAnEjectionIsShownWithinHalfASecond(t *testing.T) {
	ejected := events(watched(t, 3*time.Second, load, nothing), timeline.PodEjected)
	if len(ejected) != 1 {
		t.Fatalf("got %d ejections, want 1", len(ejected))
	}
	e := ejected[0]
	if late := e.Time.Sub(e.Event.Decided); late < 0 || late > 500*time.Millisecond {
		t.Errorf("shown %s after the decision, want at most 500ms", late)
	}
	if e.Event.Pod != "servicex-error-1" || e.Event.Errors != 3 {
		t.Errorf("got %+v, want servicex-error-1 after 3 errors", *e.Event)
	}
}

func TestTheStreamBeginsWithItsHeader(t *testing.T) {
	entries := watched(t, time.Second, load, nothing)
	if h := entries[0].Header; h == nil || h.Command != "watch" || !h.Rule.Enabled || h.Context != "simulated" {
		t.Errorf("first entry: got %+v, want the header", entries[0])
	}
	for i, e := range entries[1:] {
		if e.Header != nil {
			t.Errorf("entry %d is another header", i+1)
		}
	}
}

func TestPodsThatComeAndGoAreFollowed(t *testing.T) {
	entries := watched(t, 5*time.Second, load, func(sim *meshtest.Sim, _ *Session) {
		time.Sleep(2 * time.Second)
		sim.SetPods(meshtest.Pods(1, 3, 0)...)
		time.Sleep(2 * time.Second)
		sim.SetPods(meshtest.Pods(1, 1, 0)...)
	})
	if got := len(events(entries, timeline.PodAdded)); got != 2 {
		t.Errorf("got %d pods added, want 2", got)
	}
	if got := len(events(entries, timeline.PodRemoved)); got != 2 {
		t.Errorf("got %d pods removed, want 2", got)
	}
	if got := len(events(entries, timeline.PodEjected)); got != 3 {
		t.Errorf("got %d ejections, want 3: of each faulty pod", got)
	}
}

func TestALostAPIServerIsSaidAndSurvived(t *testing.T) {
	entries := watched(t, 12*time.Second, load, func(sim *meshtest.Sim, _ *Session) {
		time.Sleep(2 * time.Second)
		sim.Break(errors.New("connection refused"))
		time.Sleep(3 * time.Second)
		sim.Break(nil)
	})
	lost, back := events(entries, timeline.SourceLost), events(entries, timeline.SourceBack)
	names := map[string]bool{}
	for _, e := range lost {
		if names[e.Event.Source] {
			t.Errorf("%s is lost twice", e.Event.Source)
		}
		names[e.Event.Source] = true
	}
	for _, e := range back {
		delete(names, e.Event.Source)
	}
	if len(lost) != 6 || len(names) > 0 {
		t.Errorf("got %d sources lost, and not back: %v; want all 6 and back", len(lost), names)
	}
	if len(events(entries, timeline.PodReturned)) == 0 {
		t.Error("the return after the outage was not seen")
	}
}

func TestARestartedSidecarIsSaid(t *testing.T) {
	entries := watched(t, 6*time.Second, load, func(sim *meshtest.Sim, _ *Session) {
		time.Sleep(2500 * time.Millisecond)
		sim.RestartSidecar()
	})
	if got := len(events(entries, timeline.CountersReset)); got != 1 {
		t.Errorf("got %d resets, want 1", got)
	}
	if got := len(events(entries, timeline.PodEjected)); got != 2 {
		t.Errorf("got %d ejections, want 2: the restarted sidecar begins again", got)
	}
}

func TestAChangedRuleIsSaid(t *testing.T) {
	entries := watched(t, 4*time.Second, load, func(sim *meshtest.Sim, _ *Session) {
		time.Sleep(2 * time.Second)
		sim.SetRule(context.Background(), []byte(`{"host":"servicex-service"}`))
	})
	changed := events(entries, timeline.RuleChanged)
	if len(changed) != 1 || changed[0].Event.Rule == nil || changed[0].Event.Rule.Enabled {
		t.Errorf("got %v, want one change to a rule that is off", changed)
	}
}

func TestLoadIsSwitchedWhileItRuns(t *testing.T) {
	count := func(entries []timeline.Entry, from, to time.Duration) (n int) {
		for _, e := range entries {
			if at := e.Time.Sub(entries[0].Time); e.Answer != nil && at >= from && at < to {
				n++
			}
		}
		return n
	}
	entries := watched(t, 9*time.Second, mesh.Load{}, func(_ *meshtest.Sim, s *Session) {
		time.Sleep(3 * time.Second)
		s.SetLoad(load)
		time.Sleep(3 * time.Second)
		s.SetLoad(mesh.Load{})
	})
	for _, want := range []struct {
		from, to    time.Duration
		least, most int
	}{{0, 3 * time.Second, 0, 0}, {3 * time.Second, 6 * time.Second, 25, 30}, {7 * time.Second, 9 * time.Second, 0, 0}} {
		if got := count(entries, want.from, want.to); got < want.least || got > want.most {
			t.Errorf("answers from %s to %s: got %d, want %d to %d", want.from, want.to, got, want.least, want.most)
		}
	}
}

func TestWhatIsMissingAtTheStartIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		sim := meshtest.New(ctx, meshtest.Rule(rule()), meshtest.Pods(1, 1, 0)...)
		sim.NoClient = fmt.Errorf("%w: nothing there", mesh.ErrNoClient)
		if _, err := Start(ctx, sim, Options{}); !errors.Is(err, mesh.ErrNoClient) {
			t.Errorf("got %v, want %v", err, mesh.ErrNoClient)
		}
	})
}

func TestAClusterOfAnotherDomainIsWatchedByItsOwnNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := meshtest.New(t.Context(), meshtest.Rule(rule()), meshtest.Pods(1, 1, 0)...)
		sim.Domain = "corp.internal"
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		s, err := Start(ctx, sim, Options{Command: "watch", Load: load})
		if err != nil {
			t.Fatalf("Start: %v", err)
		}
		service, lines, ejected := "", 0, 0
		for e := range s.Entries() {
			switch {
			case e.Header != nil:
				service = e.Header.Service
			case e.Outlier != nil:
				lines++
			case e.Event != nil && e.Event.Kind == timeline.PodEjected:
				ejected++
			}
		}
		if service != "servicex-service.circuit-breaker.svc.corp.internal" || lines != 1 || ejected != 1 {
			t.Errorf("of %q %d lines of the log and %d ejections, want one of each", service, lines, ejected)
		}
	})
}
