//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// changePolicy changes the traffic policy of the rule in the cluster.
func changePolicy(t *testing.T, change func(policy map[string]any)) (restore func()) {
	t.Helper()
	return changeSpec(t, func(spec map[string]any) { change(spec["trafficPolicy"].(map[string]any)) })
}

// changeSpec changes the rule in the cluster. It writes in the name of whoever
// applied the rule, so that Pulumi meets no conflict later. restore puts back what
// was there.
func changeSpec(t *testing.T, change func(spec map[string]any)) (restore func()) {
	t.Helper()
	var rule live
	decode(t, kubectl(t, "-n", ns, "get", "destinationrule", "servicex-service", "--show-managed-fields", "-o", "json"), &rule)
	manager := ""
	for _, f := range rule.Metadata.ManagedFields {
		if f.Operation == "Apply" {
			manager = f.Manager
		}
	}
	if manager == "" {
		t.Fatalf("the rule was applied by nobody: %+v", rule.Metadata)
	}
	rule.Metadata.ManagedFields = nil
	before, err := json.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	change(rule.Spec)
	after, err := json.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	apply := func(text []byte) {
		kubectl(t, "apply", "--server-side", "--force-conflicts", "--field-manager", manager, "-f", write(t, "rule.json", text))
	}
	apply(after)
	// A field that was added is nobody's but ours: Pulumi does not take it away.
	return func() { apply(before) }
}

// detection is the outlierDetection of a policy.
func detection(policy map[string]any) map[string]any {
	return policy["outlierDetection"].(map[string]any)
}

// namedIn is how long a proof may take to name what is wrong.
const namedIn = time.Minute

// causesAreNamed: what ordinary clusters do to a breaker is told by its name.
func causesAreNamed(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*testing.T) func()
		want  string
		exit  []int
	}{
		{"panic routing by minHealthPercent", func(t *testing.T) func() {
			return changePolicy(t, func(p map[string]any) { detection(p)["minHealthPercent"] = 60 })
		}, "panic-routing", []int{3}},
		{"the rule hidden by its own portLevelSettings", func(t *testing.T) func() {
			return changePolicy(t, func(p map[string]any) {
				p["portLevelSettings"] = []any{map[string]any{"port": map[string]any{"number": 80}, "loadBalancer": map[string]any{"simple": "RANDOM"}}}
			})
		}, "hidden-by-port-level", []int{3}},
		{"a server that demands mTLS of a caller in plain text", func(t *testing.T) func() {
			restore := changePolicy(t, func(p map[string]any) { p["tls"] = map[string]any{"mode": "DISABLE"} })
			kubectl(t, "apply", "-f", write(t, "strict.json", []byte(`{"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"strict","namespace":"`+ns+`"},"spec":{"mtls":{"mode":"STRICT"}}}`)))
			return func() {
				kubectl(t, "-n", ns, "delete", "peerauthentication", "strict")
				restore()
			}
		}, "mtls-mismatch", []int{3, 4}},
		{"errors injected before the service is called", func(t *testing.T) func() {
			kubectl(t, "apply", "-f", write(t, "fault.json", []byte(`{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"fault","namespace":"`+ns+
				`"},"spec":{"hosts":["servicex-service"],"http":[{"fault":{"abort":{"percentage":{"value":100},"httpStatus":504}},"route":[{"destination":{"host":"servicex-service"}}]}]}}`)))
			return func() { kubectl(t, "-n", ns, "delete", "virtualservice", "fault") }
		}, "fault-injection", []int{3, 4}},
		{"a route to a subset that nobody declares", routed(`{"route":[{"destination":{"host":"servicex-service","subset":"nowhere"}}]}`), "no-cluster", []int{4}},
		{"no route for the request", routed(`{"match":[{"uri":{"prefix":"/nowhere"}}],"route":[{"destination":{"host":"servicex-service"}}]}`), "no-route", []int{4}},
		{"requests that go to a subset with a policy of its own", func(t *testing.T) func() {
			restore := changeSpec(t, func(spec map[string]any) {
				spec["subsets"] = []any{map[string]any{"name": "all", "labels": map[string]any{"app": "servicex"},
					"trafficPolicy": map[string]any{"outlierDetection": map[string]any{"consecutiveGatewayErrors": 50, "consecutive5xxErrors": 0}}}}
			})
			unroute := routed(`{"route":[{"destination":{"host":"servicex-service","subset":"all"}}]}`)(t)
			return func() { unroute(); restore() }
		}, "hidden-by-subset", []int{3, 4}},
		{"retries that mask the errors", routed(`{"retries":{"attempts":3,"retryOn":"gateway-error"},"route":[{"destination":{"host":"servicex-service"}}]}`), "retries-mask", []int{3, 4}},
		{"a timeout of the mesh below the pods' delay", routed(`{"timeout":"20ms","route":[{"destination":{"host":"servicex-service"}}]}`), "upstream-timeout", []int{3, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer tt.spoil(t)()
			began := time.Now()
			o := attempt(t, observeCommand, "verify", "--json", "--phases", "once", "--rate", "20")
			took := time.Since(began)
			var p proof
			decode(t, o.stdout, &p)
			ends := false
			for _, exit := range tt.exit {
				ends = ends || exit == o.exit
			}
			if !ends || !p.names(tt.want) || took > namedIn {
				t.Errorf("exit code %d after %s, causes %v; want %v within %s, %s\n%s", o.exit, took.Round(time.Second), p.Causes, tt.exit, namedIn, tt.want, o.all())
			}
		})
	}
}

// routed sends requests of the service where an HTTP route of Istio says.
func routed(route string) func(*testing.T) func() {
	return func(t *testing.T) func() {
		kubectl(t, "apply", "-f", write(t, "route.json", []byte(`{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"routed","namespace":"`+ns+
			`"},"spec":{"hosts":["servicex-service"],"http":[`+route+`]}}`)))
		return func() { kubectl(t, "-n", ns, "delete", "virtualservice", "routed") }
	}
}

// nobodyFaulty: with no faulty pod nothing is proven, and that is said soon.
func nobodyFaulty(t *testing.T) {
	kubectl(t, "-n", ns, "scale", "deployment", "servicex-error", "--replicas", "0")
	kubectl(t, "-n", ns, "wait", "--for=delete", "pod", "-l", "version=504", "--timeout=60s")
	defer func() {
		kubectl(t, "-n", ns, "scale", "deployment", "servicex-error", "--replicas", "1")
		kubectl(t, "-n", ns, "rollout", "status", "deployment", "servicex-error", "--timeout", "90s")
	}()
	for _, phases := range []string{"once", "trip", "return", "counters"} {
		t.Run(phases, func(t *testing.T) {
			began := time.Now()
			p := verify(t, 4, "--phases", phases)
			if took := time.Since(began); !p.names("no-faulty-pod") || took > 20*time.Second {
				t.Errorf("after %s: causes %v, want no-faulty-pod within 20s", took.Round(time.Second), p.Causes)
			}
		})
	}
}

// another detector than the stack's is right too, where the rule means it.
func fiveXXAlone(t *testing.T) {
	set(t, map[string]string{"faulty.maxDelay": "100ms"})
	changeRule(t, map[string]any{"consecutive5xxErrors": 7, "consecutiveGatewayErrors": nil, "baseEjectionTime": "2s"})
	defer restoreRule(t)
	proves(t, 7, "--max-delay", "100ms")
}

// changedByHand: a rule that is not the declared one is told, whatever it does.
func changedByHand(t *testing.T) {
	changeRule(t, map[string]any{"consecutiveGatewayErrors": 4})
	defer restoreRule(t)
	o := attempt(t, observeCommand, "verify", "--phases", "preflight")
	if !strings.Contains(o.stdout, "changed by hand") {
		t.Errorf("a changed rule is not told: %s", o.all())
	}
	if o := attempt(t, observeCommand, "verify", "--phases", "preflight", "--expect-threshold", fmt.Sprint(10)); o.exit != 3 {
		t.Errorf("another threshold than demanded: want exit code 3, got %s", o.all())
	}
}
