//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/effective/layout"
	"istio-circuit-breaker/internal/wait"
)

// Everything that the layouts make has the label, and is in these namespaces or in
// the root one.
const layoutLabel = "layouts=e2e"

var layoutPlaces = layout.Places{Client: "layout-client", Root: "istio-system", Domain: "cluster.local"}

// fenceHost is a service whose threshold changes with each layout, by rules that
// are written after it: who has the new one has the layout. Every caller's
// namespace has a rule of its own, which nothing in a layout comes before.
const fenceHost = "fence.layout-a.svc.cluster.local"

func fence(n int) uint32 { return uint32(1000 + n) }

func fenceCall(from string) layout.Call { return layout.Call{From: from, Host: fenceHost, Port: 80} }

type manifest = map[string]any

// object is a manifest with the label.
func object(apiVersion, kind, namespace, name string, rest manifest) manifest {
	m := manifest{"apiVersion": apiVersion, "kind": kind, "metadata": manifest{"name": name, "labels": manifest{"layouts": "e2e"}}}
	if namespace != "" {
		m["metadata"].(manifest)["namespace"] = namespace
	}
	maps.Copy(m, rest)
	return m
}

func applyAll(t *testing.T, all []manifest) {
	t.Helper()
	var text bytes.Buffer
	for _, m := range all {
		one, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(one)
		text.WriteString("\n---\n")
	}
	kubectl(t, "apply", "-f", write(t, "layout.yaml", text.Bytes()))
}

// makeCallers makes what all layouts share: namespaces, services, which need no
// pods to be clusters, and the callers.
func makeCallers(t *testing.T, layouts []layout.Layout) {
	t.Helper()
	var all []manifest
	for _, name := range []string{layoutPlaces.Client, "layout-a", "layout-b"} {
		all = append(all, object("v1", "Namespace", "", name, nil))
	}
	callers, made := map[string]layout.Caller{}, map[string]bool{}
	for _, l := range layouts {
		maps.Copy(callers, l.Callers)
		for _, c := range append(l.Calls, fenceCall("")) {
			if !made[c.Host] {
				made[c.Host] = true
				all = append(all, serviceOf(c))
			}
		}
	}
	image := callersImage(t)
	for name, c := range callers {
		all = append(all, callerPod(name, c, image))
	}
	applyAll(t, all)
	kubectl(t, "wait", "--for=condition=Ready", "pods", "--all-namespaces", "--selector", layoutLabel, "--timeout", "90s")
}

func callersImage(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(kubectl(t, "-n", ns, "get", "deployment", "servicex-client", "-o", "jsonpath={.spec.template.spec.containers[0].image}"))
}

// renew makes the callers anew that a layout wants new.
func renew(t *testing.T, l layout.Layout) {
	t.Helper()
	for _, name := range l.Renew {
		c := l.Callers[name]
		kubectl(t, "--namespace", c.Namespace, "delete", "pod", "layout-"+name)
		applyAll(t, []manifest{callerPod(name, c, callersImage(t))})
		kubectl(t, "--namespace", c.Namespace, "wait", "--for=condition=Ready", "pod/layout-"+name, "--timeout", "90s")
	}
}

// serviceOf is a Service, or a ServiceEntry where the host is not the cluster's.
func serviceOf(c layout.Call) manifest {
	ports := []any{manifest{"name": "http", "number": 80, "protocol": "HTTP"}, manifest{"name": "http-alt", "number": 8080, "protocol": "HTTP"}}
	name, _, _ := strings.Cut(c.Host, ".")
	if c.Namespace != "" {
		return object("networking.istio.io/v1", "ServiceEntry", c.Of(), name, manifest{"spec": manifest{"hosts": []any{c.Host}, "ports": ports,
			"resolution": "STATIC", "location": "MESH_EXTERNAL", "endpoints": []any{manifest{"address": "192.0.2.1"}}}})
	}
	for _, p := range ports {
		p := p.(manifest)
		p["port"], p["protocol"] = p["number"], "TCP"
		delete(p, "number")
	}
	return object("v1", "Service", c.Of(), name, manifest{"spec": manifest{"ports": ports}})
}

func callerPod(name string, c layout.Caller, image string) manifest {
	container := manifest{"name": "client", "image": image, "args": []any{"wait"}}
	annotations := manifest{}
	if c.Gateway {
		container = manifest{"name": "istio-proxy", "image": "auto"}
		annotations["inject.istio.io/templates"] = "gateway"
	}
	pod := object("v1", "Pod", c.Namespace, "layout-"+name, manifest{"spec": manifest{"terminationGracePeriodSeconds": 1, "containers": []any{container}}})
	labels := pod["metadata"].(manifest)["labels"].(manifest)
	labels["sidecar.istio.io/inject"] = "true"
	for k, v := range c.Labels {
		labels[k] = v
	}
	pod["metadata"].(manifest)["annotations"] = annotations
	return pod
}

// removeLayouts takes everything away again.
func removeLayouts(t *testing.T) {
	t.Helper()
	kubectl(t, "delete", "destinationrules,pods", "--all-namespaces", "--selector", layoutLabel)
	kubectl(t, "delete", "namespaces", "--selector", layoutLabel, "--timeout", "2m")
}

// applyRules writes the rules of a layout, the older ones first and in an earlier
// second, and then the fences.
func applyRules(t *testing.T, l layout.Layout, n int) {
	t.Helper()
	ages := map[string][]manifest{}
	for _, text := range l.Rules {
		var m manifest
		decode(t, string(text), &m)
		metadata := m["metadata"].(manifest)
		labels, _ := metadata["labels"].(manifest)
		metadata["labels"] = manifest{"layouts": "e2e"}
		maps.Copy(metadata["labels"].(manifest), labels)
		age, _ := metadata["creationTimestamp"].(string)
		delete(metadata, "creationTimestamp")
		ages[age] = append(ages[age], m)
	}
	order := slices.Sorted(maps.Keys(ages))
	for _, age := range order[:max(len(order)-1, 0)] {
		applyAll(t, ages[age])
		nextSecond(t)
	}
	var last []manifest
	if len(order) > 0 {
		last = ages[order[len(order)-1]]
	}
	for _, namespace := range []string{layoutPlaces.Client, layoutPlaces.Root} {
		rule := object("networking.istio.io/v1", "DestinationRule", namespace, "layout-fence", manifest{"spec": manifest{"host": fenceHost, "exportTo": []any{"."},
			"trafficPolicy": manifest{"outlierDetection": manifest{"consecutive5xxErrors": fence(n)}}}})
		rule["metadata"].(manifest)["labels"].(manifest)["layout-fence"] = "true"
		last = append(last, rule)
	}
	applyAll(t, last)
}

// nextSecond: what is made after it has another creationTimestamp.
func nextSecond(t *testing.T) {
	t.Helper()
	now := time.Now().Unix()
	if err := wait.For(t.Context(), "the next second", 2*time.Second, 20*time.Millisecond, func(context.Context) error {
		if time.Now().Unix() == now {
			return errors.New("it is the same second")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
