//go:build browser

package web

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"istio-circuit-breaker/internal/breaker"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/mesh/meshtest"
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
	tests := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "./...")
	tests.Dir = "../../e2e/browser"
	tests.Env = append(os.Environ(), "WATCH_URL="+page.URL, "WATCH_LIMIT=1m")
	tests.Stdout, tests.Stderr = os.Stdout, os.Stderr
	if err := tests.Run(); err != nil {
		t.Errorf("testing in a browser: %v", err)
	}
	stop()
	<-shown
	if err := page.Close(); err != nil {
		t.Error(err)
	}
}
