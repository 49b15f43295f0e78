package verify

import (
	"context"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/mesh/meshtest/envoysim"
	"istio-circuit-breaker/internal/timeline"
)

// world is a mesh, and what a proof of its breaker has to come to.
type world struct {
	name        string
	rule        breaker.Rule
	pods        []meshtest.Pod
	phases      string // "all" unless told
	concurrency int    // 1 unless told
	rate        float64
	expect      int // --expect-threshold
	// make prepares the mesh before the proof begins.
	make func(ctx context.Context, s *meshtest.Sim)
	want string
}

// pods of the usual world: one of each, the faulty one slow.
func usual() []meshtest.Pod { return meshtest.Pods(1, 1, 200*time.Millisecond) }

// brief is the usual rule: the errors given, 2s, half of the pods.
func brief(threshold uint32) breaker.Rule { return rule(threshold, 2*time.Second, 50) }

func with(r breaker.Rule, change func(*breaker.Rule)) breaker.Rule {
	change(&r)
	return r
}

// acts has the sidecar act by something else than it shows.
func acts(change func(*timeline.OutlierDetection)) func(context.Context, *meshtest.Sim) {
	return func(_ context.Context, s *meshtest.Sim) {
		s.Acts = func(c *timeline.Sidecar) { change(c.Outlier) }
	}
}

func threshold(n uint32) func(context.Context, *meshtest.Sim) {
	return acts(func(o *timeline.OutlierDetection) { o.Gateway = n })
}

// flawed has the breaker itself be wrong.
func flawed(f envoysim.Flaws) func(context.Context, *meshtest.Sim) {
	return func(_ context.Context, s *meshtest.Sim) { s.SetFlaws(f) }
}

// lie changes what the counters show once there was an ejection.
func lie(change func(*timeline.Counters)) func(context.Context, *meshtest.Sim) {
	return func(_ context.Context, s *meshtest.Sim) {
		s.Counters = func(c *timeline.Counters) {
			if c.EnforcedTotal > 0 {
				change(c)
			}
		}
	}
}

// logged changes the lines of the outlier log.
func logged(change func(line map[string]any) []map[string]any) func(context.Context, *meshtest.Sim) {
	return func(_ context.Context, s *meshtest.Sim) { s.Line = change }
}

// shifted has a line's time be another.
func shifted(by time.Duration) func(context.Context, *meshtest.Sim) {
	return logged(func(line map[string]any) []map[string]any {
		line["timestamp"] = line["timestamp"].(time.Time).Add(by)
		return []map[string]any{line}
	})
}

// after does something to the mesh some time after the proof has begun.
func after(wait time.Duration, do func(ctx context.Context, s *meshtest.Sim)) func(context.Context, *meshtest.Sim) {
	return func(ctx context.Context, s *meshtest.Sim) {
		timer := time.AfterFunc(wait, func() { do(ctx, s) })
		context.AfterFunc(ctx, func() { timer.Stop() })
	}
}

// beside has somebody else call through the same sidecar, who tells nobody.
func beside(rate float64) func(context.Context, *meshtest.Sim) {
	return func(ctx context.Context, s *meshtest.Sim) {
		go s.Send(ctx, mesh.Client{}, mesh.Load{Rate: rate, Concurrency: 1}, func(time.Time, timeline.Answer) {}) //nolint:errcheck // ends with the test
	}
}

// during has the sidecar answer every n-th request itself while a pod is out.
func during(n int, code int, said string) func(context.Context, *meshtest.Sim) {
	return func(_ context.Context, s *meshtest.Sim) {
		calls := 0
		s.Own = func(_ time.Time, c timeline.Counters) *timeline.Answer {
			if c.EjectionsActive == 0 {
				return nil
			}
			if calls++; calls%n != 0 {
				return nil
			}
			return &timeline.Answer{Code: code, Said: said}
		}
	}
}
