//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/callers"
	"istio-circuit-breaker/internal/timeline"
	"istio-circuit-breaker/internal/wait"
)

// The other caller, of whom this stack knows nothing.
const (
	otherCaller    = "other-client"
	otherNamespace = "other-callers"
)

// anyServiceAnyCaller: two callers of one service, of whom one sends requests. That
// one ejects the faulty pod, and the other does not; both are told, in each form,
// and so is why nobody can be read by a user who may only look.
func anyServiceAnyCaller(t *testing.T) {
	defer wideMesh(t)()
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "baseEjectionTime": "5s"})
	defer restoreRule(t)
	makeOtherCaller(t)
	defer kubectl(t, "delete", "namespace", otherNamespace, "--timeout", "2m")
	service := "servicex-service." + ns

	seen := &following{follow[callers.Event](t, observeCommand, "watch", "--json", "--service", service)}
	seen.until(t, "both callers to be found", func() bool {
		return len(seen.of(callers.CallerFound, "servicex-client")) > 0 && len(seen.of(callers.CallerFound, otherCaller)) > 0
	})
	defer sendFromClient(t)()
	var returned callers.Event
	seen.until(t, "an ejection with its return", func() bool {
		for _, e := range seen.of(timeline.PodReturned, "servicex-client") {
			if returned = e; e.Out > 0 { // none that the new rule ended
				return true
			}
		}
		return false
	})
	if returned.Out < 5*time.Second || returned.Out > 8*time.Second {
		t.Errorf("it was out for %s, want 5s to 8s", returned.Out)
	}
	ejected := seen.of(timeline.PodEjected, "servicex-client")
	if len(ejected) == 0 || !strings.HasPrefix(ejected[0].Pod, faulty) || ejected[0].Since == nil || ejected[0].Back == nil {
		t.Errorf("ejected: got %+v, want the faulty pod with its times", ejected)
	}
	if !slices.ContainsFunc(append(ejected, seen.of(timeline.Confirmed, "servicex-client")...), func(e callers.Event) bool { return e.Cause == "CONSECUTIVE_GATEWAY_FAILURE" }) {
		t.Errorf("nothing tells the cause of %+v", ejected)
	}
	if idle := seen.of(timeline.PodEjected, otherCaller); len(idle) > 0 {
		t.Errorf("the caller that sends nothing ejected: %+v", idle)
	}
	seen.stop()

	lines := run(t, observeCommand, "watch", "--service", service, "--from", "servicex-client", "--duration", "20s")
	if !strings.Contains(lines, " ejected "+faulty) || strings.Contains(lines, otherCaller) {
		t.Errorf("the lines of one caller:\n%s", lines)
	}
	scrapesBoth(t, service)
	readsNobody(t, service)
}

// makeOtherCaller is a Deployment of the client's image in a namespace of its own.
func makeOtherCaller(t *testing.T) {
	t.Helper()
	labels := manifest{"app": otherCaller, "sidecar.istio.io/inject": "true"}
	applyAll(t, []manifest{
		{"apiVersion": "v1", "kind": "Namespace", "metadata": manifest{"name": otherNamespace}},
		{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": manifest{"name": otherCaller, "namespace": otherNamespace}, "spec": manifest{
			"selector": manifest{"matchLabels": manifest{"app": otherCaller}},
			"template": manifest{"metadata": manifest{"labels": labels}, "spec": manifest{"terminationGracePeriodSeconds": 1,
				"containers": []any{manifest{"name": "client", "image": callersImage(t), "args": []any{"wait"}}}}}}},
	})
	kubectl(t, "-n", otherNamespace, "rollout", "status", "deployment", otherCaller, "--timeout", "90s")
}

// sendFromClient has the stack's client send until it is stopped.
func sendFromClient(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := background(ctx, "kubectl", "-n", ns, "exec", "deployment/servicex-client", "-c", "client", "--",
		"/servicex", "client", "-url", "http://servicex-service."+ns+".svc.cluster.local/", "-rate", "20", "-concurrency", "4", "-duration", "5m")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() { cancel(); _ = cmd.Wait() } // ended by us: its exit code says nothing
}

// scrapesBoth: the exporter has both callers, in this machine's reach.
func scrapesBoth(t *testing.T, service string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := background(ctx, observeCommand, "export", "--service", service, "--listen", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var text string
	err = wait.For(t.Context(), "an ejection in the metrics", time.Minute, 250*time.Millisecond, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSpace(url), nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if text = string(body); err == nil && !sample(text, "istio_outlier_ejections_total", "servicex-client", "") {
			err = errors.New("none yet")
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if !sample(text, "istio_outlier_caller_up", otherCaller, " 1") || sample(text, "istio_outlier_ejections_total", otherCaller, "") {
		t.Errorf("the other caller is to be up, and to have ejected nobody:\n%s", text)
	}
}

// sample is whether there is one of a workload's, with an end.
func sample(text, name, workload, end string) bool {
	return slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool {
		return strings.HasPrefix(line, name+"{") && strings.Contains(line, fmt.Sprintf("caller_workload=%q", workload)) && strings.HasSuffix(line, end)
	})
}

// readsNobody: a user who may list and not forward ports is told so of each caller.
func readsNobody(t *testing.T, service string) {
	t.Helper()
	kubectl(t, "create", "clusterrolebinding", "e2e-viewer", "--clusterrole", "view", "--user", "viewer")
	defer kubectl(t, "delete", "clusterrolebinding", "e2e-viewer")
	lines := run(t, observeCommand, "watch", "--service", service, "--as", "viewer", "--duration", "10s")
	for _, caller := range []string{"servicex-client-", otherCaller + "-"} {
		if !slices.ContainsFunc(strings.Split(lines, "\n"), func(line string) bool {
			return strings.Contains(line, "caller not read "+caller) && strings.Contains(line, "pods/portforward")
		}) {
			t.Errorf("%s is not told to be unreadable, with the API server's words:\n%s", caller, lines)
		}
	}
}

// following is a running `observe watch --service --json`.
type following struct{ *stream[callers.Event] }

// of picks the events of a kind of a workload.
func (f *following) of(kind timeline.EventKind, workload string) (some []callers.Event) {
	for _, e := range f.all() {
		if e.Kind == kind && e.Workload == workload {
			some = append(some, e)
		}
	}
	return some
}

func (f *following) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.For(t.Context(), what, time.Minute, 50*time.Millisecond, func(context.Context) error {
		if !holds() {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v; events: %+v", err, f.all())
	}
}
