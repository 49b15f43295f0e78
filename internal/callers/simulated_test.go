package callers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
)

// simulated is a cluster whose callers are simulated meshes with the same pods:
// each has an Envoy of its own.
type simulated struct {
	sending sync.WaitGroup

	mu     sync.Mutex
	sims   map[string]*meshtest.Sim // by caller
	found  Found
	broken map[string]error // of callers that cannot be read
	asked  map[string]int   // questions by caller
	// nameless until then: no pod has a name before that time.
	nameless time.Time
}

var errRefused = errors.New(`pods "web" is forbidden: User "eve" cannot create resource "pods/portforward"`)

// simulate makes callers, which write a log unless they are called "silent".
func simulate(ctx context.Context, rule breaker.Rule, pods []meshtest.Pod, names ...string) *simulated {
	s := &simulated{sims: map[string]*meshtest.Sim{}, broken: map[string]error{}, asked: map[string]int{}}
	for _, name := range names {
		s.sims[name] = meshtest.New(ctx, meshtest.Rule(rule), pods...)
		s.found.Callers = append(s.found.Callers, Caller{Workload: name, Namespace: "shop", Pod: name + "-1", Kind: Sidecar, UID: name, Log: name != "silent"})
	}
	return s
}

func (s *simulated) Check(context.Context, target.Target) error { return nil }

func (s *simulated) Find(context.Context, Scope) Found {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found
}

func (s *simulated) Pods(ctx context.Context, _ target.Target) (Names, error) {
	names := Names{}
	if time.Now().Before(s.nameless) {
		return names, nil
	}
	for _, sim := range s.sims {
		pods, err := mesh.Pods(ctx, sim)
		if err != nil {
			return nil, err
		}
		for _, p := range pods {
			names[p.Address[:len(p.Address)-len(":8080")]] = p.Name
		}
	}
	return names, nil
}

func (s *simulated) Open(c Caller) Envoy { return &simulatedEnvoy{s, c.Workload} }

func (s *simulated) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

type simulatedEnvoy struct {
	s    *simulated
	name string
}

func (e *simulatedEnvoy) Admin(ctx context.Context, path string) ([]byte, time.Time, error) {
	e.s.mu.Lock()
	err := e.s.broken[e.name]
	e.s.asked[e.name]++
	e.s.mu.Unlock()
	if err != nil {
		return nil, time.Time{}, err
	}
	body, err := e.s.sims[e.name].Admin(ctx, mesh.Client{}, path)
	return body, time.Now().Truncate(time.Second), err
}

func (e *simulatedEnvoy) Log(ctx context.Context, back time.Duration, line func([]byte)) error {
	return e.s.sims[e.name].SidecarLog(ctx, mesh.Client{}, back, line)
}

func (e *simulatedEnvoy) Close() {}

// three is the rule of the tests: out after 3 gateway errors in a row, for 5 s.
func three() breaker.Rule {
	return breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(3)), Consecutive5xxErrors: new(uint32(0)),
		BaseEjectionTime: 5 * time.Second, Interval: time.Second, MaxEjectionPercent: 50, Balancer: "ROUND_ROBIN"}
}

// calls sends requests from a caller until the test's context ends.
func (s *simulated) calls(ctx context.Context, name string, rate float64) {
	s.sending.Go(func() {
		_ = s.sims[name].Send(ctx, mesh.Client{}, mesh.Load{Rate: rate, Concurrency: 1, Timeout: time.Second}, func(time.Time, timeline.Answer) {})
	})
}

// watched runs a session for a time, with something done meanwhile, and returns
// what happened and what was known at last.
func watched(t *testing.T, d time.Duration, from []target.Caller, make func(context.Context) *simulated, meanwhile func(context.Context, *simulated, *Session)) (events []Event, last Matrix) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		world, end := context.WithCancel(t.Context())
		s := make(world)
		defer s.sending.Wait()
		defer end()
		ctx, stop := context.WithTimeout(world, d)
		defer stop()
		session, err := Start(ctx, s, Scope{Target: mesh.Target(mesh.Namespace), From: from}, 250*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if meanwhile != nil {
			go meanwhile(world, s, session)
		}
		for e := range session.Events() {
			events = append(events, e)
			last = session.Matrix()
		}
		last = session.Matrix()
	})
	return events, last
}

func of(events []Event, kind timeline.EventKind, caller string) (some []Event) {
	for _, e := range events {
		if e.Kind == kind && (e.Workload == caller || caller == "") {
			some = append(some, e)
		}
	}
	return some
}
