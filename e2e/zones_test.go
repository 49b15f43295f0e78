//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// zonesApart: a faulty pod in another zone than its callers is called, and so
// ejected, unless the mesh's locality failover is asked for. (Istio takes a
// pod's label istio-locality for where it runs; the lab has one node.)
func zonesApart(t *testing.T) {
	zones := map[string]string{"servicex-client": "r1.z1", "servicex": "r1.z1", "servicex-error": "r1.z2"}
	for name, zone := range zones {
		locality(t, name, zone)
		defer locality(t, name, nil)
	}
	proves(t, 3, "--phases", "trip", "--max-delay", "100ms")
	failoverKeepsToItsZone(t)
}

// failoverKeepsToItsZone: asked for, it keeps callers from the faulty pod in
// another zone than theirs.
func failoverKeepsToItsZone(t *testing.T) {
	set(t, map[string]string{"localityLbSetting.enabled": "true"})
	defer unset(t, "localityLbSetting.enabled")
	err := wait.For(t.Context(), "the client's sidecar to put a zone behind the other", time.Minute, time.Second, func(context.Context) error {
		clusters := kubectl(t, "-n", ns, "exec", "deployment/servicex-client", "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "clusters")
		for line := range strings.Lines(clusters) {
			if strings.Contains(line, "|servicex-service.") && strings.HasSuffix(strings.TrimSpace(line), "::priority::1") {
				return nil
			}
		}
		return errors.New("all of the service's endpoints have priority 0")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := versionsCalled(t); got["504"] != 0 || got["200"] == 0 {
		t.Errorf("with locality failover, answers by version: got %v, want none of the other zone's pod", got)
	}
	o := attempt(t, observeCommand, "verify", "--json", "--phases", "trip", "--rate", "20")
	var p proof
	decode(t, o.stdout, &p)
	if !p.names("locality-failover") || o.exit == 0 {
		t.Errorf("causes %v, want locality-failover: %s", p.Causes, o.all())
	}
}

// locality moves a Deployment's pods to a zone; nil takes the label away.
func locality(t *testing.T, deployment string, zone any) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"istio-locality": zone}}}}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", ns, "patch", "deployment", deployment, "--type", "merge", "-p", string(patch))
	kubectl(t, "-n", ns, "rollout", "status", "deployment", deployment, "--timeout", "90s")
}

// versionsCalled sends requests for a while and counts the answers by the
// version of the pod that gave them.
func versionsCalled(t *testing.T) map[string]int {
	t.Helper()
	lines := kubectl(t, "-n", ns, "exec", "deployment/servicex-client", "-c", "client", "--",
		"/servicex", "client", "-url", "http://servicex-service."+ns+".svc.cluster.local/", "-rate", "20", "-duration", "2s")
	count := map[string]int{}
	for line := range strings.Lines(lines) {
		var answer struct{ Version string }
		decode(t, line, &answer)
		count[answer.Version]++
	}
	return count
}
