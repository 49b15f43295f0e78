//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// nodeFlags are those of `lab up` for a lab of NODES nodes in two zones. Somebody
// else's lab of another number is not to be taken down for it.
func nodeFlags(was bool) ([]string, error) {
	nodes := os.Getenv("NODES")
	if nodes == "" {
		return nil, nil
	}
	if was {
		out, err := exec.Command(labCommand, "exec", "--", "kubectl", "get", "nodes", "--output=name").Output()
		if got := fmt.Sprint(strings.Count(string(out), "\n")); err != nil || got != nodes {
			return nil, fmt.Errorf("a lab of %s nodes runs, not of %s: take it down first", got, nodes)
		}
	}
	return []string{"--nodes", nodes, "--zones", "2"}, nil
}

// TestNodes brings the stack up on a lab of three nodes in two zones.
func TestNodes(t *testing.T) {
	if os.Getenv("NODES") == "" {
		t.Skip("NODES says of how many nodes the lab is to be: `make nodes`")
	}
	for _, c := range []endCase{
		{"nodes say where they are as those of clouds do", nodesInZones, false},
		{"the stack's pods are on all of them", podsOnAllNodes, true},
		{"pods of each node reach services by name", eachNodeReachesServices, false},
		{"the API server reaches pods on each node", eachNodeIsReached, false},
		{"a faulty pod on a node in another zone is ejected too", zonesOfNodes, false},
		{"a node that is killed comes back", nodeComesBack, false},
	} {
		if !t.Run(c.name, c.run) && c.needed {
			t.Fatalf("%q failed: what follows needs it", c.name)
		}
	}
	destroy(t)
}

func nodesInZones(t *testing.T) {
	got := kubectl(t, "get", "nodes", "--no-headers", "-o", "custom-columns="+
		`N:.metadata.name,H:.metadata.labels.kubernetes\.io/hostname,R:.metadata.labels.topology\.kubernetes\.io/region,Z:.metadata.labels.topology\.kubernetes\.io/zone`)
	want := "lab lab lab lab-a lab-2 lab-2 lab lab-b lab-3 lab-3 lab lab-a"
	if strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("names, host names, regions, zones: got\n%s\nwant %q", got, want)
	}
}

func podsOnAllNodes(t *testing.T) {
	set(t, map[string]string{"replicas.healthy": "3"})
	on := map[string]bool{}
	for _, node := range podNodes(t) {
		on[node] = true
	}
	if want := []string{"lab", "lab-2", "lab-3"}; !slices.Equal(slices.Sorted(maps.Keys(on)), want) {
		t.Errorf("pods are on %v, want %q", podNodes(t), want)
	}
}

// podNodes are the nodes of the stack's pods, by the pods' names.
func podNodes(t *testing.T) map[string]string {
	t.Helper()
	nodes := map[string]string{}
	for line := range strings.Lines(kubectl(t, "-n", ns, "get", "pods", "--no-headers", "-o", "custom-columns=N:.metadata.name,S:.spec.nodeName")) {
		if f := strings.Fields(line); len(f) == 2 {
			nodes[f[0]] = f[1]
		}
	}
	return nodes
}

// eachNodeReachesServices: DNS, kube-proxy and the way to other nodes' pods, and
// exec, which the API server asks that node's kubelet for.
func eachNodeReachesServices(t *testing.T) {
	for pod, node := range podNodes(t) {
		lines := kubectl(t, "-n", ns, "exec", pod, "--", "/servicex", "client", "-url", "http://servicex-service."+ns+".svc.cluster.local/", "-rate", "20", "-duration", "8s") // longer than a faulty pod waits
		if !strings.Contains(lines, `"version":"`) {
			t.Errorf("from %s on %s:\n%s", pod, node, lines)
		}
	}
}

func eachNodeIsReached(t *testing.T) {
	for pod, node := range podNodes(t) {
		if log := kubectl(t, "-n", ns, "logs", pod, "-c", "istio-proxy"); !strings.Contains(log, "\n") {
			t.Errorf("the log of %s on %s is empty", pod, node)
		}
		if !strings.HasPrefix(pod, "servicex-client") {
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			line, end := printing(t, background(ctx, "kubectl", "-n", ns, "port-forward", "pod/"+pod, ":8080"), stop, `^Forwarding from (127\.0\.0\.1:\d+) `)
			answersAsServiceX(t, line[1])
			end()
		}
	}
}

// zonesOfNodes: the lesson about zones, where the nodes are what says of it.
func zonesOfNodes(t *testing.T) {
	for name, zone := range map[string]string{"servicex-client": "lab-a", "servicex-error": "lab-b"} {
		placed(t, name, fmt.Sprintf("%q", zone))
		defer placed(t, name, "null")
	}
	proves(t, 10, "--phases", "trip", "--max-delay", "100ms")
	failoverKeepsToItsZone(t)
}

// placed puts a Deployment's pods on nodes of a zone; null puts them anywhere.
func placed(t *testing.T, deployment, zone string) {
	t.Helper()
	kubectl(t, "-n", ns, "patch", "deployment", deployment, "--type", "merge", "-p",
		`{"spec":{"template":{"spec":{"nodeSelector":{"topology.kubernetes.io/zone":`+zone+`}}}}}`)
	kubectl(t, "-n", ns, "rollout", "status", "deployment", deployment, "--timeout", "90s")
}

func nodeComesBack(t *testing.T) {
	asks(t, "node", "kill", "lab-3")
	if out, err := exec.Command(labCommand, "status").CombinedOutput(); err == nil || !strings.Contains(string(out), "lab-3 was killed") {
		t.Errorf("status: got %v and\n%s", err, out)
	}
	if out := attempt(t, "kubectl", "get", "--raw", "/api/v1/nodes/lab-3/proxy/healthz"); out.exit == 0 {
		t.Errorf("its kubelet answers: %s", out.all())
	}
	began := time.Now()
	asks(t, "node", "start", "lab-3")
	t.Logf("it is Ready %s after its start", time.Since(began).Round(100*time.Millisecond))
	// What was Ready before it was killed is told as that for some seconds more.
	err := wait.For(t.Context(), "its pods to run again and the client's sidecar to have all of them", 5*time.Minute, time.Second, func(context.Context) error {
		pods := kubectl(t, "-n", ns, "get", "pods", "--no-headers", "-o", "wide")
		again := 0
		for line := range strings.Lines(pods) {
			f := strings.Fields(line)
			if f[1] != "2/2" {
				return errors.New(pods)
			}
			if strings.Contains(line, " lab-3 ") && f[3] != "0" {
				again++
			}
		}
		clusters := attempt(t, "kubectl", "-n", ns, "exec", "deployment/servicex-client", "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "clusters").stdout
		has := 0
		for line := range strings.Lines(clusters) {
			if strings.Contains(line, "|servicex-service.") && strings.Contains(line, "::health_flags::") {
				has++
			}
		}
		if again == 0 || has != 4 {
			return fmt.Errorf("%d pods of lab-3 run again, the sidecar has %d of 4:\n%s", again, has, pods)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("its pods are back %s after its start", time.Since(began).Round(100*time.Millisecond))
	proves(t, 10, "--phases", "trip", "--max-delay", "100ms")
}
