//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// otherDomain: in a mesh of another domain rule, sidecars and observer name the
// service by it. Pods' DNS has the lab's own domain all the while: the client
// calls the service by a name without one.
func otherDomain(t *testing.T) {
	const host = "servicex-service." + ns + ".svc.corp.internal"
	set(t, map[string]string{"clusterDomain": "corp.internal"})
	defer func() {
		unset(t, "clusterDomain")
		restartPods(t)
	}()
	restartPods(t)
	if got := kubectl(t, "-n", ns, "get", "destinationrule", "servicex-service", "-o", "jsonpath={.spec.host}"); got != host {
		t.Errorf("the rule is for %q, want %q", got, host)
	}
	proves(t, 3, "--phases", "trip", "--max-delay", "100ms", "--rate", "20")
	pod := strings.TrimSpace(kubectl(t, "-n", ns, "get", "pods", "-l", "app=servicex-client", "-o", "jsonpath={.items[0].metadata.name}"))
	clusters := kubectl(t, "-n", ns, "exec", pod, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "clusters")
	if !strings.Contains(clusters, "outbound|80||"+host+"::") || strings.Contains(clusters, "outbound|80||servicex-service."+ns+".svc.cluster.local") {
		t.Errorf("the client's sidecar has\n%s", clusters)
	}
}

// restartPods has all pods of the stack's namespace injected anew.
func restartPods(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", ns, "delete", "pods", "--all", "--grace-period", "1")
	for _, name := range []string{"servicex", "servicex-error", "servicex-client"} {
		kubectl(t, "-n", ns, "rollout", "status", "deployment", name, "--timeout", "120s")
	}
}
