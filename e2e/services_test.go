//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// Namespaces of services that others wrote, and of their callers.
const (
	shop  = "shop"       // the services, and the rules of whoever runs them
	alpha = "shop-alpha" // a caller with a rule of its own
	beta  = "shop-beta"  // a caller without
	edge  = "shop-edge"  // a gateway of Istio's chart
)

var shopNamespaces = []string{shop, alpha, beta, edge}

const (
	httpbinHost = "httpbin." + shop + ".svc.cluster.local"
	fortioHost  = "fortio." + shop + ".svc.cluster.local"
)

// longOut is longer than the case: who is out stays out.
const longOut = "600s"

// servicesOfOthers: services that we did not write, with rules of their own, called by
// two sidecars and a gateway that have different ones. What is said of them is what the
// callers' own Envoys say, which the test reads for itself.
func servicesOfOthers(t *testing.T) {
	before := everything(t)
	began := time.Now()
	applyAll(t, injected(shopNamespaces...)) // istiod's ConfigMap is there before the pods that mount it
	defer func() {
		kubectl(t, append([]string{"delete", "namespaces", "--timeout", "2m"}, shopNamespaces...)...)
		if more := beyond(before, everything(t)); len(more) > 0 {
			t.Errorf("left in the cluster: %q", more)
		}
	}()
	image := servicesImage(t)
	t.Logf("the image is there after %s", time.Since(began).Round(time.Second))
	applyAll(t, shopObjects(image))
	defer removeGateway(t)
	bringGateway(t)
	kubectl(t, "wait", "--for=condition=Available", "deployments", "--all-namespaces", "--selector", shopLabel, "--timeout", "180s")
	t.Logf("services and callers are there after %s", time.Since(began).Round(time.Second))
	t.Run("who has ejected whom", watchesOthers)
	t.Run("why, by each caller's own rule", explainsOthers)
	t.Run("what the rules mean", lintsOthers)
	t.Run("the same as metrics", exportsOthers)
	t.Run("a user who may read a part", readsAPart)
	t.Run("rules at random", func(t *testing.T) { randomRules(t, image) })
	t.Logf("all took %s", time.Since(began).Round(time.Second))
}

// servicesImage has go-httpbin and fortio in it, of their modules and nothing else.
// It is named by its digest.
func servicesImage(t *testing.T) string {
	t.Helper()
	dir := readableFolder(t)
	build := exec.Command("go", "build", "-C", "testdata/services", "-trimpath", "-o", dir, "tool")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the services: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY fortio go-httpbin /\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const image = "localhost:5000/others:e2e"
	run(t, "env", "DOCKER_BUILDKIT=0", "docker", "build", "--quiet", "--tag", image, dir)
	run(t, "docker", "push", "--quiet", image)
	digest := strings.TrimSpace(run(t, "docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", image))
	run(t, "docker", "image", "rm", image)
	return digest
}

// shopLabel is of all Deployments but the gateway's, which Helm waits for.
const shopLabel = "shop=e2e"

// fortioServer listens for HTTP alone.
var fortioServer = []any{"/fortio", "server", "-http-port", "8080", "-grpc-port", "disabled", "-tcp-port", "disabled", "-udp-port", "disabled", "-redirect-port", "disabled"}

// shopObjects are the services with their rules, and the callers with sidecars.
func shopObjects(image string) []manifest {
	own := manifest{"consecutive5xxErrors": 3, "interval": "1s", "baseEjectionTime": "10s", "maxEjectionPercent": 34}
	return []manifest{
		deploymentOf(shop, "httpbin", image, 3, []any{"/go-httpbin", "-port", "8080"}, nil), plainService(shop, "httpbin", nil),
		deploymentOf(shop, "fortio", image, 2, fortioServer, nil), plainService(shop, "fortio", nil),
		outlierRule(shop, "httpbin", "httpbin", nil, manifest{"consecutive5xxErrors": 5, "interval": "1s", "baseEjectionTime": longOut, "maxEjectionPercent": 67}),
		outlierRule(shop, "fortio", "fortio", []any{beta, edge}, manifest{"consecutiveGatewayErrors": 4, "consecutive5xxErrors": 0, "interval": "1s", "baseEjectionTime": longOut, "maxEjectionPercent": 100}),
		outlierRule(alpha, "httpbin-own", httpbinHost, []any{"."}, own),
		deploymentOf(alpha, "alpha", image, 1, fortioServer, nil),
		deploymentOf(beta, "beta", image, 1, fortioServer, manifest{"proxy.istio.io/config": `proxyStatsMatcher: {inclusionRegexps: [".*outlier_detection.*"]}`}),
		{"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": manifest{"name": "edge", "namespace": edge}, "spec": manifest{
			"selector": manifest{"istio": "edge"}, "servers": []any{manifest{"hosts": []any{"*"}, "port": manifest{"number": 80, "name": "http", "protocol": "HTTP"}}}}},
		{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": manifest{"name": "edge", "namespace": edge}, "spec": manifest{
			"hosts": []any{"*"}, "gateways": []any{"edge"}, "http": []any{
				manifest{"match": []any{manifest{"uri": manifest{"prefix": "/unstable"}}}, "route": routeTo(httpbinHost)},
				manifest{"route": routeTo(fortioHost)}}}},
	}
}

// injected are namespaces whose pods get sidecars of the stack's mesh.
func injected(names ...string) (all []manifest) {
	for _, name := range names {
		all = append(all, manifest{"apiVersion": "v1", "kind": "Namespace", "metadata": manifest{"name": name, "labels": manifest{"istio-injection": "enabled"}}})
	}
	return all
}

func routeTo(host string) []any {
	return []any{manifest{"destination": manifest{"host": host, "port": manifest{"number": 80}}}}
}

func outlierRule(namespace, name, host string, exportTo []any, detection manifest) manifest {
	spec := manifest{"host": host, "trafficPolicy": manifest{"outlierDetection": detection}}
	if exportTo != nil {
		spec["exportTo"] = exportTo
	}
	return manifest{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": manifest{"name": name, "namespace": namespace}, "spec": spec}
}

func deploymentOf(namespace, name, image string, pods int, command []any, annotations manifest) manifest {
	labels := manifest{"app": name, "shop": "e2e"}
	all := manifest{"sidecar.istio.io/proxyCPU": "10m", "sidecar.istio.io/proxyMemory": "40Mi"}
	for k, v := range annotations {
		all[k] = v
	}
	return manifest{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": manifest{"name": name, "namespace": namespace, "labels": labels}, "spec": manifest{
		"replicas": pods, "selector": manifest{"matchLabels": manifest{"app": name}},
		"template": manifest{"metadata": manifest{"labels": labels, "annotations": all}, "spec": manifest{"terminationGracePeriodSeconds": 1,
			"containers": []any{manifest{"name": "server", "image": image, "command": command}}}}}}
}

// plainService is of the pods of a selector; nil for those of its own name.
func plainService(namespace, name string, selector manifest) manifest {
	if selector == nil {
		selector = manifest{"app": name}
	}
	return manifest{"apiVersion": "v1", "kind": "Service", "metadata": manifest{"name": name, "namespace": namespace}, "spec": manifest{"selector": selector,
		"ports": []any{manifest{"name": "http", "port": 80, "targetPort": 8080}}}}
}

// bringGateway installs Istio's own chart, that of the module which the lab's istiod
// is compiled from, by a Pulumi stack of its own.
func bringGateway(t *testing.T) {
	t.Helper()
	gateway(t, "stack", "select", "--create", "edge")
	gateway(t, "config", "set-all", "--plaintext", "chart="+filepath.Join(chartsOf(t, "../lab/parts/cluster"), "gateway"), "--plaintext", "namespace="+edge)
	gateway(t, "up", "--yes", "--skip-preview", "--color=never")
}

func removeGateway(t *testing.T) {
	t.Helper()
	gateway(t, "destroy", "--yes", "--skip-preview", "--color=never")
	gateway(t, "stack", "rm", "--yes", "edge")
}

// gateway runs pulumi on the gateway's own project.
func gateway(t *testing.T, args ...string) {
	t.Helper()
	pulumi(t, append([]string{"--cwd", "e2e/gateway"}, args...)...)
}

// loaded sends n requests to a URL from a caller, one after the other, and counts the
// answers by their codes.
func loaded(t *testing.T, namespace, url string, n int) map[string]int {
	t.Helper()
	text := kubectl(t, "-n", namespace, "exec", "deployment/"+strings.TrimPrefix(namespace, shop+"-"), "-c", "server", "--",
		"/fortio", "load", "-quiet", "-allow-initial-errors", "-qps", "0", "-c", "1", "-n", fmt.Sprint(n), "-timeout", "5s", "-json", "-", url)
	var result struct{ RetCodes map[string]int }
	decode(t, text, &result)
	return result.RetCodes
}

// asked is what a caller's own Envoy answers.
func asked(t *testing.T, namespace, path string) (string, error) {
	t.Helper()
	o := attempt(t, "kubectl", "-n", namespace, "exec", "deployment/"+strings.TrimPrefix(namespace, shop+"-"), "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", path)
	if o.exit != 0 {
		return "", errors.New(o.all())
	}
	return o.stdout, nil
}

// hostsOf are the hosts of a service by pod, as the text form of a caller's /clusters
// has them, and whether each is ejected.
func hostsOf(t *testing.T, namespace, host string) (out map[string]bool, err error) {
	t.Helper()
	text, err := asked(t, namespace, "clusters")
	if err != nil {
		return nil, err
	}
	pods := podsByAddress(t)
	out = map[string]bool{}
	flags := regexp.MustCompile(`(?m)^outbound\|80\|\|` + regexp.QuoteMeta(host) + `;?::([0-9.]+):\d+::health_flags::(\S+)$`)
	for _, m := range flags.FindAllStringSubmatch(text, -1) {
		out[pods[m[1]]] = strings.Contains(m[2], "/failed_outlier_check")
	}
	return out, nil
}

func podsByAddress(t *testing.T) map[string]string {
	t.Helper()
	pods := map[string]string{}
	for line := range strings.Lines(kubectl(t, "-n", shop, "get", "pods", "-o", `jsonpath={range .items[*]}{.status.podIP} {.metadata.name}{"\n"}{end}`)) {
		address, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		pods[address] = name
	}
	return pods
}

// untilCallerHas waits until a caller's Envoy has as many hosts of a service.
func untilCallerHas(t *testing.T, namespace, host string, pods int) {
	t.Helper()
	err := wait.For(t.Context(), fmt.Sprintf("the caller in %s to have %d hosts of %s", namespace, pods, host), time.Minute, 500*time.Millisecond, func(context.Context) error {
		hosts, err := hostsOf(t, namespace, host)
		if err == nil && len(hosts) != pods {
			err = fmt.Errorf("it has %v", hosts)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
