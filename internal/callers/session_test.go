package callers

import (
	"context"
	"testing"
	"time"

	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

func TestCallersThatDisagreeAreToldApart(t *testing.T) {
	events, last := watched(t, 12*time.Second, nil, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(1, 1, 0), "busy", "idle")
		s.calls(ctx, "busy", 10)
		return s
	}, nil)
	if n := len(of(events, timeline.PodEjected, "idle")); n != 0 {
		t.Errorf("the idle caller ejected %d times, want never", n)
	}
	ejected := of(events, timeline.PodEjected, "busy")
	if len(ejected) == 0 || ejected[0].Pod != "servicex-error-1" || ejected[0].Address == "" || ejected[0].Ejection != 1 {
		t.Fatalf("got %+v, want the first ejection of the faulty pod", ejected)
	}
	if returned := of(events, timeline.PodReturned, "busy"); len(returned) == 0 || returned[0].Out < 5*time.Second || returned[0].Out > 7*time.Second {
		t.Errorf("returned: got %+v, want once, after 5s to 7s", returned)
	}
	if len(last.Views) != 2 {
		t.Fatalf("got %d views, want one of each caller", len(last.Views))
	}
	busy, idle := last.Views[0], last.Views[1]
	if busy.Requests == 0 || idle.Requests != 0 || len(busy.Pods) != 2 || len(idle.Pods) != 2 {
		t.Errorf("got %+v and %+v, want requests of the busy caller alone, and both pods", busy, idle)
	}
	if busy.Outlier == nil || busy.Outlier.Gateway != 3 {
		t.Errorf("outlier detection: got %+v, want that of the rule", busy.Outlier)
	}
	var counted uint64
	for c, n := range busy.Ejections {
		if c.Pod != "servicex-error-1" || c.Cause != "CONSECUTIVE_GATEWAY_FAILURE" {
			t.Errorf("counted %+v", c)
		}
		counted += n
	}
	if counted != uint64(len(ejected)) {
		t.Errorf("counted %d ejections, and told of %d", counted, len(ejected))
	}
}

func TestAnEjectionHasItsCauseAndTimesFromWhateverIsThere(t *testing.T) {
	for _, tt := range []struct {
		name, caller string
		statistics   bool
		cause        string
		most         time.Duration // of how exactly its time is known
	}{
		{"log and counters", "busy", true, "CONSECUTIVE_GATEWAY_FAILURE", 250 * time.Millisecond},
		{"counters alone", "silent", true, "CONSECUTIVE_GATEWAY_FAILURE", 270 * time.Millisecond},
		{"endpoint health alone", "silent", false, Unknown, 270 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			events, last := watched(t, 5*time.Second, []target.Caller{{Name: tt.caller, Namespace: "shop"}}, func(ctx context.Context) *simulated {
				s := simulate(ctx, three(), meshtest.Pods(1, 1, 0), tt.caller)
				s.sims[tt.caller].NoStatistics = !tt.statistics
				return s
			}, func(ctx context.Context, s *simulated, _ *Session) {
				s.calls(ctx, tt.caller, 10)
			})
			ejected := of(events, timeline.PodEjected, "")
			if len(ejected) != 1 || ejected[0].Since == nil || ejected[0].Back == nil {
				t.Fatalf("got %+v, want one ejection with its times", ejected)
			}
			if since := ejected[0].Since; !since.Latest.After(since.Earliest) {
				t.Errorf("since: got %+v, want a time between", since)
			}
			cell := last.Views[0].Pods[1]
			if !cell.Out || cell.Pod != "servicex-error-1" {
				t.Fatalf("got %+v, want the faulty pod out", cell)
			}
			if off := cell.Since.Latest.Sub(cell.Since.Earliest); off > tt.most {
				t.Errorf("the time is known to %s, want %s", off, tt.most)
			}
			if least, most := cell.Back.Earliest.Sub(cell.Since.Earliest), cell.Back.Latest.Sub(cell.Since.Latest); least != 5*time.Second || tt.statistics && most != 6*time.Second || !tt.statistics && most != 301*time.Second {
				t.Errorf("back after %s to %s", least, most)
			}
			if n := last.Views[0].Ejections[Count{"servicex-error-1", tt.cause}]; n != 1 {
				t.Errorf("counted %v, want one by %s", last.Views[0].Ejections, tt.cause)
			}
		})
	}
}

func TestAPodThatWasOutBeforeIsSaidSo(t *testing.T) {
	events, last := watched(t, time.Second, nil, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(1, 1, 0), "busy")
		s.calls(ctx, "busy", 20)
		time.Sleep(2 * time.Second)
		return s
	}, nil)
	out := of(events, OutAlready, "busy")
	if len(out) != 1 || !out[0].Since.Earliest.IsZero() || out[0].Since.Latest.IsZero() || !out[0].Back.Earliest.IsZero() || out[0].Back.Latest.IsZero() {
		t.Errorf("got %+v, want one whose beginning is not known", out)
	}
	if len(of(events, timeline.PodEjected, "")) != 0 || len(last.Views[0].Ejections) != 0 {
		t.Errorf("it is counted as an ejection: %v", last.Views[0].Ejections)
	}
}

func TestACallerThatCannotBeReadIsNamedWithTheReason(t *testing.T) {
	events, last := watched(t, 3*time.Second, nil, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(1, 1, 0), "open", "closed")
		s.broken["closed"] = errRefused
		s.found.Unread = []Unread{{Name: "way-1.shop", Reason: isWaypoint}}
		return s
	}, nil)
	unread := of(events, CallerUnread, "closed")
	if len(unread) != 1 || unread[0].Detail != errRefused.Error() {
		t.Errorf("got %+v, want it told once, in the API server's words", unread)
	}
	reasons := map[string]string{}
	for _, u := range last.Unread {
		reasons[u.Name] = u.Reason
	}
	if len(last.Views) != 1 || reasons["closed-1.shop"] != errRefused.Error() || reasons["way-1.shop"] != isWaypoint {
		t.Errorf("got %d views and %v", len(last.Views), reasons)
	}
}

func TestACallerThatIsLostIsSaidAndIsBack(t *testing.T) {
	events, last := watched(t, 6*time.Second, []target.Caller{{Name: "busy", Namespace: "shop"}}, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(2, 0, 0), "busy")
		s.calls(ctx, "busy", 10)
		return s
	}, func(_ context.Context, s *simulated, session *Session) {
		time.Sleep(time.Second)
		s.set(func() { s.broken["busy"] = errRefused })
		time.Sleep(2 * time.Second)
		if v := session.Matrix().Views; len(v) != 1 || v[0].Lost != errRefused.Error() {
			t.Errorf("while it is lost: got %+v", v)
		}
		s.set(func() { delete(s.broken, "busy") })
	})
	if lost, back := of(events, timeline.SourceLost, "busy"), of(events, timeline.SourceBack, "busy"); len(lost) != 1 || len(back) != 1 {
		t.Errorf("got %d losses and %d returns, want one each", len(lost), len(back))
	}
	if last.Views[0].Lost != "" {
		t.Errorf("at last it is lost: %s", last.Views[0].Lost)
	}
}

func TestCallersComeAndGo(t *testing.T) {
	events, last := watched(t, 25*time.Second, nil, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(1, 0, 0), "old", "new")
		s.found.Callers = s.found.Callers[:1]
		return s
	}, func(_ context.Context, s *simulated, _ *Session) {
		time.Sleep(5 * time.Second)
		s.set(func() { s.found.Callers = []Caller{{Workload: "new", Namespace: "shop", Pod: "new-1", UID: "new"}} })
	})
	if len(of(events, CallerFound, "new")) != 1 || len(of(events, CallerGone, "old")) != 1 || len(last.Views) != 1 || last.Views[0].Caller.Workload != "new" {
		t.Errorf("got %d views; events %+v", len(last.Views), events)
	}
}

// A hidden namespace is no reason to take its callers for gone.
func TestCallersThatCannotBeListedJustNowStay(t *testing.T) {
	events, last := watched(t, 15*time.Second, nil, func(ctx context.Context) *simulated {
		return simulate(ctx, three(), meshtest.Pods(1, 0, 0), "cart")
	}, func(_ context.Context, s *simulated, _ *Session) {
		time.Sleep(5 * time.Second)
		s.set(func() { s.found = Found{Unread: []Unread{{Name: namespaceOf + "shop", Reason: "connection refused"}}} })
	})
	if len(of(events, CallerGone, "")) != 0 || len(last.Views) != 1 {
		t.Errorf("got %d views; events %+v", len(last.Views), events)
	}
}

func TestARestartedSidecarForgetsItsEjections(t *testing.T) {
	events, last := watched(t, 4*time.Second, nil, func(ctx context.Context) *simulated {
		return simulate(ctx, three(), meshtest.Pods(1, 1, 0), "busy")
	}, func(ctx context.Context, s *simulated, _ *Session) {
		call, stop := context.WithCancel(ctx)
		s.calls(call, "busy", 20)
		time.Sleep(2 * time.Second)
		stop()
		s.sims["busy"].RestartSidecar()
	})
	if len(of(events, timeline.PodEjected, "busy")) != 1 || len(of(events, timeline.PodReturned, "busy")) != 1 || last.Views[0].Out() != 0 {
		t.Errorf("events %+v, out at last: %d", events, last.Views[0].Out())
	}
}

func TestAQuietCallerIsAskedSeldom(t *testing.T) {
	var asked map[string]int
	watched(t, 20*time.Second, nil, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(1, 0, 0), "busy", "idle")
		s.calls(ctx, "busy", 10)
		asked = s.asked
		return s
	}, nil)
	if asked["busy"] < 60 || asked["idle"] > 40 {
		t.Errorf("asked %v times in 20s", asked)
	}
}

// A name that is learned later is no other pod: what was counted of its address
// goes on.
func TestAPodWhoseNameIsLearnedLaterIsTheSamePod(t *testing.T) {
	events, last := watched(t, 14*time.Second, []target.Caller{{Name: "busy", Namespace: "shop"}}, func(ctx context.Context) *simulated {
		s := simulate(ctx, three(), meshtest.Pods(1, 1, 0), "busy")
		s.nameless = time.Now().Add(5 * time.Second)
		s.calls(ctx, "busy", 10)
		return s
	}, nil)
	ejected := of(events, timeline.PodEjected, "busy")
	if len(ejected) != 2 || ejected[0].Pod != ejected[0].Address || ejected[1].Pod != "servicex-error-1" || ejected[1].Ejection != 2 || ejected[1].Address != ejected[0].Address {
		t.Errorf("got %+v, want the second ejection of one pod, by its name", ejected)
	}
	if out := of(events, OutAlready, ""); len(out) != 0 || last.Views[0].Pods[1].Ejections != 2 {
		t.Errorf("got %+v and %+v", out, last.Views[0].Pods)
	}
}
