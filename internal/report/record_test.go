package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/compare"
	"istio-circuit-breaker/internal/judge"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/verify"
	"istio-circuit-breaker/internal/watch"
)

// record makes the recordings in testdata anew. They are kept because the order
// of what happens at one moment is not the same in every run of the simulation.
var record = flag.Bool("record", false, "make the recordings anew on the simulated mesh")

func rule(threshold uint32, base time.Duration, percent int32) breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(threshold), Consecutive5xxErrors: new(uint32),
		BaseEjectionTime: base, Interval: time.Second, MaxEjectionPercent: percent, Balancer: "ROUND_ROBIN"}
}

// scene makes the entries of one recording.
type scene func(ctx context.Context, each func(timeline.Entry) error) error

// aProof records a proof on the simulated mesh.
func aProof(sim *meshtest.Sim, phases string, concurrency int) scene {
	return func(ctx context.Context, each func(timeline.Entry) error) error {
		chosen, err := judge.ParsePhases(phases)
		if err != nil {
			return err
		}
		_, err = verify.Run(ctx, sim, verify.Options{Phases: chosen, Each: each, Say: func(string) {},
			Load: mesh.Load{Rate: 10, Concurrency: concurrency, Timeout: 10 * time.Second}})
		return err
	}
}

// aWatch records a watched run, while do changes the world.
func aWatch(sim *meshtest.Sim, length time.Duration, l mesh.Load, do func()) scene {
	return func(ctx context.Context, each func(timeline.Entry) error) error {
		ctx, stop := context.WithTimeout(ctx, length)
		defer stop()
		s, err := watch.Start(ctx, sim, watch.Options{Command: "watch", Load: l})
		if err != nil {
			return err
		}
		go do()
		for e := range s.Entries() {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	}
}

// scenes are the recordings by the name of their file.
var scenes = map[string]func(ctx context.Context) scene{
	"proof": func(ctx context.Context) scene {
		return aProof(meshtest.New(ctx, meshtest.Rule(rule(3, 4*time.Second, 50)), meshtest.Pods(1, 1, 400*time.Millisecond)...), "once", 1)
	},
	"masked": func(ctx context.Context) scene {
		masked := rule(10, 5*time.Second, 50)
		masked.Consecutive5xxErrors = nil
		return aProof(meshtest.New(ctx, meshtest.Rule(masked), meshtest.Pods(1, 1, 500*time.Millisecond)...), "once", 1)
	},
	"no-sidecar": func(ctx context.Context) scene {
		sim := meshtest.New(ctx, meshtest.Rule(rule(10, 30*time.Second, 50)), meshtest.Pods(1, 1, 0)...)
		sim.NoClient = fmt.Errorf("%w: pod servicex-client-0 has no container istio-proxy", mesh.ErrNoSidecar)
		return aProof(sim, "once", 1)
	},
	"restless": func(ctx context.Context) scene {
		sim := meshtest.New(ctx, meshtest.Rule(rule(3, 4*time.Second, 75)), meshtest.Pods(2, 1, 150*time.Millisecond)...)
		return aWatch(sim, 30*time.Second, mesh.Load{Rate: 8, Concurrency: 2, Timeout: time.Second}, func() {
			time.Sleep(6 * time.Second)
			sim.SetPods(meshtest.Pods(2, 3, 150*time.Millisecond)...)
			time.Sleep(6 * time.Second)
			sim.Break(errors.New("connection refused"))
			time.Sleep(2500 * time.Millisecond)
			sim.Break(nil)
			time.Sleep(3 * time.Second)
			sim.RestartSidecar()
			time.Sleep(4 * time.Second)
			sim.SetRule(context.Background(), []byte(`{"host":"servicex-service","trafficPolicy":{"outlierDetection":{"consecutiveGatewayErrors":6,"consecutive5xxErrors":0,"baseEjectionTime":"2s","interval":"1s","maxEjectionPercent":75}}}`))
			time.Sleep(2 * time.Second)
			sim.SetPods(meshtest.Pods(2, 1, 150*time.Millisecond)...)
		})
	},
	"compare": func(ctx context.Context) scene {
		sim := meshtest.New(ctx, meshtest.Rule(rule(3, 4*time.Second, 50)), meshtest.Pods(1, 1, 300*time.Millisecond)...)
		return func(ctx context.Context, each func(timeline.Entry) error) error {
			_, _, err := compare.Live(ctx, sim, compare.Options{Load: mesh.Load{Rate: 10, Concurrency: 1, Timeout: time.Second},
				Duration: 8 * time.Second, Each: each, Say: func(string) {}})
			return err
		}
	},
}

// recording reads a recording of testdata, or makes it.
func recording(t testing.TB, name string) []timeline.Entry {
	t.Helper()
	path := filepath.Join("testdata", name+".jsonl")
	if test, is := t.(*testing.T); is && *record {
		var lines bytes.Buffer
		synctest.Test(test, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			err := scenes[name](ctx)(ctx, func(e timeline.Entry) error { return json.NewEncoder(&lines).Encode(e) })
			if err != nil {
				t.Fatal(err)
			}
		})
		if err := os.WriteFile(path, lines.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := timeline.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
