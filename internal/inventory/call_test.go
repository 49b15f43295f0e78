package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/target"
)

// callers are workloads that call cart, and a rule for one of them.
const callers = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: web, labels: {app: not-of-the-pods}}
spec: {template: {metadata: {labels: {app: front}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: shop, labels: {app: alone}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: twice, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: twice, namespace: shop}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: for-web, namespace: shop, creationTimestamp: "2026-11-24T10:00:00Z"}
spec:
  host: cart
  workloadSelector: {matchLabels: {app: web}}
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}}
`

// service and caller are those that a user writes.
func service(t *testing.T, text, namespace string) target.Target {
	t.Helper()
	s, err := target.Parse(text, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func caller(t *testing.T, text string) target.Caller {
	t.Helper()
	c, err := target.ParseCaller(text, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatACallerHasIsReadFromTheCluster(t *testing.T) {
	const rest = shop + "---" + callers + "---" + meshOfShop
	tests := []struct {
		name, namespace, service, from string
		caller                         string
		has                            []string // ports, subset, pods, consecutive5xxErrors and its object
		selected                       bool
	}{
		{"any of the service's namespace", "shop", "cart", "ns/shop", "namespace/shop",
			[]string{`[80 90]  2 5 shop/cart`, `[80 90] v1 1 5 shop/cart`}, true},
		{"one that a workloadSelector is for", "shop", "cart", "statefulset/web", "statefulset/web.shop",
			[]string{`[80 90]  2 3 shop/for-web`}, false},
		{"a pod that none is for", "shop", "cart", "alone", "pod/alone.shop",
			[]string{`[80 90]  2 5 shop/cart`, `[80 90] v1 1 5 shop/cart`}, false},
		{"a namespace whose rule has none: the mesh's default", "shop", "cart", "namespace/web", "namespace/web",
			[]string{`[80 90]  2 7 MeshConfig`}, false},
		{"a workload of another namespace", "default", "cart.shop", "front.web", "deployment/front.web",
			[]string{`[80 90]  2 7 MeshConfig`}, false},
		{"by the full name and from elsewhere", "elsewhere", "cart.shop.svc.cluster.local", "ns/elsewhere", "namespace/elsewhere",
			[]string{`[80 90]  2 5 shop/cart`, `[80 90] v1 1 5 shop/cart`}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ReadCall(t.Context(), clusterOf(t, rest), service(t, tt.service, tt.namespace), caller(t, tt.from))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range c.Has() {
				f := field(h.Result, "consecutive5xxErrors")
				got = append(got, fmt.Sprint(h.Ports, " ", h.Subset, " ", h.Pods, " ", f.Value, " ", f.Origin.Object))
			}
			if !slices.Equal(got, tt.has) || c.Caller.String() != tt.caller || c.Selected() != tt.selected || len(c.Unread) > 0 {
				t.Errorf("%s has %q, selected %t, not known %q; want %s, %q, %t", c.Caller, got, c.Selected(), c.Unread, tt.caller, tt.has, tt.selected)
			}
		})
	}
}

func field(r effective.Result, name string) effective.Field {
	for _, f := range r.Fields {
		if f.Name == name {
			return f
		}
	}
	return effective.Field{}
}

func TestACallThatCannotBeReadIsNamed(t *testing.T) {
	const rest = shop + "---" + callers
	tests := []struct {
		name, service, from string
		refused             []string
		errors              []string
		hint                string
	}{
		{"no such service and no such caller", "basket", "nobody", nil,
			[]string{`finding the service "basket": there is none in namespace "shop"`, `finding the caller "nobody.shop": there is no such workload in namespace "shop"`}, "write NAME.NAMESPACE"},
		{"two workloads of a name", "cart", "twice", nil, []string{`finding the caller "twice.shop": there are daemonset/twice.shop and pod/twice.shop`}, "write its kind, such as daemonset/twice.shop"},
		{"a workload that may not be read", "cart", "deployment/front.web", []string{"get deployments web"}, []string{`reading the deployment "front" in namespace "web": deployments.apps is forbidden`}, "write namespace/web for any caller there"},
		{"no rules at all", "cart", "ns/shop", []string{"list destinationrules shop", "list destinationrules istio-system"},
			[]string{`listing destinationrules in namespace "shop": destinationrules.networking.istio.io is forbidden`, `in namespace "istio-system"`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadCall(t.Context(), clusterOf(t, rest, tt.refused...), service(t, tt.service, "shop"), caller(t, tt.from))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.errors {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if !strings.HasPrefix(hint.Of(err), tt.hint) {
				t.Errorf("hint is %q, want %q", hint.Of(err), tt.hint)
			}
		})
	}
}

// What may decide and cannot be read is said, and the rest computed.
func TestRulesOfANamespaceThatMayNotBeReadAreNotKnown(t *testing.T) {
	c, err := ReadCall(t.Context(), clusterOf(t, shop, "list destinationrules istio-system", "list endpointslices shop"), service(t, "cart", "shop"), caller(t, "ns/shop"))
	if err != nil {
		t.Fatal(err)
	}
	if n, known := c.Pods("shop", "cart", nil); known {
		t.Errorf("%+v pods, and none may be read", n)
	}
	var all strings.Builder
	for _, err := range c.Unread {
		fmt.Fprintln(&all, err)
	}
	for _, want := range []string{"its default policy is not known", `listing destinationrules in namespace "istio-system"`, `listing endpointslices in namespace "shop"`} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("got %s; want %q in it", all.String(), want)
		}
	}
}
