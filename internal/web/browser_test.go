//go:build browser

package web

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
	"istio-circuit-breaker/internal/target"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/watch"
)

// TestInABrowser runs the tests of module e2e/browser, which are for any mesh,
// on a page of the simulated one:
//
//	go test -tags browser -run TestInABrowser ./internal/web
func TestInABrowser(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	rule := breaker.Rule{Enabled: true, ConsecutiveGatewayErrors: new(uint32(10)), Consecutive5xxErrors: new(uint32),
		BaseEjectionTime: 4 * time.Second, Interval: time.Second, MaxEjectionPercent: 50}
	sim := meshtest.New(ctx, meshtest.Rule(rule), meshtest.Pods(1, 1, 100*time.Millisecond)...)
	load := mesh.Load{Rate: 8, Concurrency: 2, Timeout: time.Second}
	session, err := watch.Start(ctx, sim, watch.Options{Command: "watch", Load: load})
	if err != nil {
		t.Fatal(err)
	}
	page, err := Open(ctx, "", Options{Load: load, On: true, SetLoad: session.SetLoad, Pace: 1})
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		for e := range session.Entries() {
			page.Show(e, time.Now())
		}
	}()
	inABrowser(t, page.URL, "WATCH_LIMIT=1m", "./...")
	stop()
	<-shown
	if err := page.Close(); err != nil {
		t.Error(err)
	}
}

// inABrowser runs tests of module e2e/browser on a page.
func inABrowser(t *testing.T, url, setting string, args ...string) {
	t.Helper()
	tests := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-v"}, args...)...)
	tests.Dir = "../../e2e/browser"
	tests.Env = append(os.Environ(), "WATCH_URL="+url, setting)
	tests.Stdout, tests.Stderr = os.Stdout, os.Stderr
	if err := tests.Run(); err != nil {
		t.Errorf("testing in a browser: %v", err)
	}
}

// service is one that is simulated: each of five callers has one of fifty pods
// out after another, for three steps of a second.
type service struct {
	mu    sync.Mutex
	views []callers.View
}

func simulatedService() *service {
	s := &service{}
	of := target.Target{Service: "reviews", Namespace: "shop", Port: 9080}
	for i := range 5 {
		name := fmt.Sprint("caller-", i+1)
		v := callers.View{Caller: callers.Caller{Workload: name, Namespace: "shop", Pod: name + "-5d4f9-x2x"}, Cluster: of.Cluster(), Requests: 1,
			Outlier: &timeline.OutlierDetection{BaseEjectionTime: 3 * time.Second, Interval: time.Second, MaxEjectionTime: time.Minute}, OutlierKnown: true}
		for k := range 50 {
			v.Pods = append(v.Pods, callers.Cell{Pod: fmt.Sprintf("reviews-%02d", k+1)})
		}
		s.views = append(s.views, v)
	}
	return s
}

// step ejects a pod of each caller, takes the oldest in again, and tells of it.
func (s *service) step(n int, now time.Time, tell func(callers.Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.views {
		v := &s.views[i]
		v.Pods = slices.Clone(v.Pods) // the page may still have the old ones
		v.Requests += 7
		at := callers.Between{Earliest: now, Latest: now}
		out, in := &v.Pods[(49+50*5-n%50-i)%50], &v.Pods[(49+3+50*5-n%50-i)%50]
		out.Out, out.Since = true, at
		out.Ejections++
		tell(callers.Event{Time: now, Kind: timeline.PodEjected, Caller: v.Caller.String(), Pod: out.Pod, Since: &at, Ejection: out.Ejections})
		if in.Out {
			in.Out = false
			tell(callers.Event{Time: now, Kind: timeline.PodReturned, Caller: v.Caller.String(), Pod: in.Pod, Out: 3 * time.Second})
		}
	}
}

func (s *service) matrix() callers.Matrix {
	s.mu.Lock()
	defer s.mu.Unlock()
	return callers.Matrix{Target: target.Target{Service: "reviews", Namespace: "shop", Port: 9080}, Began: time.Now(), Views: slices.Clone(s.views)}
}

// TestCallersInABrowser runs the tests of the page of callers.
func TestCallersInABrowser(t *testing.T) {
	s := simulatedService()
	page, err := OpenCallers(t.Context(), "", s.matrix)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	var goesOn sync.WaitGroup
	goesOn.Go(func() {
		for n, tick := 0, time.NewTicker(time.Second); ; n++ {
			s.step(n, time.Now(), page.Show)
			select {
			case <-over:
				return
			case <-tick.C:
			}
		}
	})
	inABrowser(t, page.URL, "WATCH_LIMIT=1m", "-tags", "browser", "-run", "^TestCallersPage", ".")
	close(over)
	goesOn.Wait()
	if err := page.Close(); err != nil {
		t.Error(err)
	}
}
