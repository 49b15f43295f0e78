package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/lint"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"
)

// shop is a cluster: cart has two ready pods, one of them v1, and one that is going; reviews is
// called by a rule of another namespace.
const shop = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop, creationTimestamp: "2026-11-24T10:00:00Z", annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}, managedFields: [{manager: kubectl}]}
spec:
  host: cart
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5, interval: 1s, maxEjectionPercent: 30}}
  subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5, interval: 1s, maxEjectionPercent: 100}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart-again, namespace: shop, creationTimestamp: "2026-11-24T10:00:05Z"}
spec:
  host: cart.shop.svc.cluster.local
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 9, interval: 1s, maxEjectionPercent: 50}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: web, creationTimestamp: "2026-11-24T10:00:05Z"}
spec:
  host: cart.shop.svc.cluster.local
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http: [{route: [{destination: {host: cart}}], fault: {abort: {httpStatus: 503, percentage: {value: 100}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: http, port: 80}, {name: admin, port: 90}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-4, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
endpoints:
- {addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: cart-1}}
- {addresses: [10.0.0.2], targetRef: {kind: Pod, name: cart-2}}
- {addresses: [10.0.0.3], conditions: {ready: false, terminating: true}, targetRef: {kind: Pod, name: cart-3}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-6, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv6
endpoints:
- {addresses: ["fd00::1"], conditions: {ready: true}, targetRef: {kind: Pod, name: cart-1}}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart, version: v1}}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-2, namespace: shop, labels: {app: cart, version: v2}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: web}
---
apiVersion: v1
kind: Namespace
metadata: {name: istio-system}
`

const meshOfShop = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultTrafficPolicy: {outlierDetection: {consecutive5xxErrors: 7, maxEjectionPercent: 10}}
`

// clusterOf is a cluster with objects, and what its user may not do: the verb, the
// resource and the namespace, such as list pods shop; * stands for all at once.
func clusterOf(t *testing.T, objects string, may ...string) Client {
	t.Helper()
	var all, partial []runtime.Object
	for text := range strings.SplitSeq(objects, "\n---\n") {
		o := &object{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
		partial = append(partial, &named{TypeMeta: metav1.TypeMeta{APIVersion: o.GetAPIVersion(), Kind: o.GetKind()},
			ObjectMeta: metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: o.GetName(), Labels: o.GetLabels()}})
	}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		rules: "DestinationRuleList", routes: "VirtualServiceList", entries: "ServiceEntryList", slicesKind: "EndpointSliceList",
		services: "ServiceList", pods: "PodList", namespaces: "NamespaceList", configMaps: "ConfigMapList"}, all...)
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	names := metadatafake.NewSimpleMetadataClient(scheme, partial...)
	refuse := func(a clienttesting.Action) (bool, runtime.Object, error) {
		where := a.GetNamespace()
		if where == "" {
			where = "*"
		}
		if !slices.Contains(may, a.GetVerb()+" "+a.GetResource().Resource+" "+where) {
			return false, nil, nil
		}
		return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), "", errors.New("User \"dev\" cannot "+a.GetVerb()+" them there"))
	}
	client.PrependReactor("*", "*", refuse)
	names.PrependReactor("*", "*", refuse)
	return Client{client, names}
}

func codes(t *testing.T, i *Inventory) (all []string) {
	t.Helper()
	r, err := i.Lint(lint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.File != "" || f.Line != 0 || f.Column != 0 {
			t.Errorf("a place in a file: %+v", f)
		}
		if f.Severity != lint.Info {
			all = append(all, f.Object+" "+f.Code)
		}
	}
	return all
}

func TestRulesAreJudgedByWhatTheClusterHas(t *testing.T) {
	const (
		without = "DestinationRule shop/cart two-rules-one-host" // callers in web, where the mesh has none for them
		newer   = "DestinationRule shop/cart-again two-rules-one-host"
		tooFew  = "DestinationRule shop/cart none-ejectable"
		only    = "DestinationRule shop/cart all-ejectable"
		fault   = "VirtualService shop/cart fault-not-counted"
		mesh    = "MeshConfig istio-system/istio none-ejectable"
	)
	all := []string{tooFew, only, newer, fault}
	tests := []struct {
		name    string
		scope   Scope
		refused []string
		want    []string
		unread  []string // parts of what is not known, in its order
	}{
		{"all namespaces", Scope{Namespace: "default", All: true}, nil, append([]string{mesh}, all...), nil},
		{"one namespace", Scope{Namespace: "shop"}, nil, all, nil},
		{"a namespace with a rule that takes the detection away", Scope{Namespace: "web"}, nil, nil, nil},
		{"one namespace alone", Scope{Namespace: "shop"}, []string{"list destinationrules *", "list destinationrules istio-system"},
			[]string{tooFew, only, newer, fault}, []string{"listing destinationrules of all namespaces: destinationrules.networking.istio.io is forbidden", `listing destinationrules in namespace "istio-system"`}},
		{"all but one of the namespaces", Scope{Namespace: "default", All: true}, []string{"list destinationrules *", "list destinationrules web"},
			append([]string{mesh}, tooFew, only, newer, fault), []string{"of all namespaces", `listing destinationrules in namespace "web": destinationrules.networking.istio.io is forbidden: User "dev" cannot list them there`}},
		{"no list of namespaces", Scope{Namespace: "shop", All: true}, []string{"list destinationrules *", "list namespaces *"},
			append([]string{mesh}, tooFew, only, newer, fault), []string{"of all namespaces", "listing namespaces"}},
		{"no endpoints", Scope{Namespace: "shop"}, []string{"list endpointslices shop"},
			[]string{tooFew, newer, fault}, []string{`listing endpointslices in namespace "shop"`}},
		{"no pods: only their numbers as a whole are known", Scope{Namespace: "shop"}, []string{"list pods shop"},
			[]string{tooFew, newer, fault}, []string{`listing pods in namespace "shop"`}},
		{"no MeshConfig", Scope{Namespace: "default", All: true}, []string{"get configmaps istio-system"},
			append([]string{without}, all...), []string{"reading the mesh's configuration, so that its default policy is not known: configmaps"}},
		{"no routes", Scope{Namespace: "shop"}, []string{"list virtualservices shop"},
			[]string{tooFew, only, newer}, []string{"listing virtualservices"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := Read(t.Context(), clusterOf(t, shop+"---"+meshOfShop, tt.refused...), tt.scope)
			if err != nil {
				t.Fatal(err)
			}
			got := codes(t, found)
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if len(found.Unread) != len(tt.unread) {
				t.Fatalf("not known: %q; want %q", found.Unread, tt.unread)
			}
			for i, want := range tt.unread {
				if !strings.Contains(found.Unread[i].Error(), want) {
					t.Errorf("not known: %q; want %q", found.Unread[i], want)
				}
			}
		})
	}
}

func TestNothingThatMayBeReadIsAnError(t *testing.T) {
	client := clusterOf(t, shop, "list destinationrules *", "list destinationrules shop")
	_, err := Read(t.Context(), client, Scope{Namespace: "shop"})
	if err == nil || !strings.Contains(err.Error(), `in namespace "shop": destinationrules.networking.istio.io is forbidden`) || !strings.Contains(hint.Of(err), "kubectl auth can-i list destinationrules") {
		t.Errorf("got %v with hint %q", err, hint.Of(err))
	}
}

func TestOtherErrorsThanRefusalsEndIt(t *testing.T) {
	client := clusterOf(t, shop)
	client.Objects.(*fake.FakeDynamicClient).PrependReactor("list", "destinationrules", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewNotFound(rules.GroupResource(), "")
	})
	if _, err := Read(t.Context(), client, Scope{Namespace: "shop"}); !errors.Is(err, errNoIstio) || hint.Of(err) == "" {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Read(ctx, clusterOf(t, shop), Scope{Namespace: "shop"}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// From Istio 1.31 on pods that are not ready are hosts of Envoy, unless the rule
// sets minHealthPercent; those that are going are none.
func TestPodsThatAreNotReadyAreHosts(t *testing.T) {
	slow := strings.NewReplacer("ready: false, terminating: true", "ready: false, terminating: false").Replace(shop)
	for objects, want := range map[string]lint.Pods{shop: {Ready: 2}, slow: {Ready: 2, NotReady: 1}} {
		found, err := Read(t.Context(), clusterOf(t, objects), Scope{Namespace: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		if got, known := found.Pods("shop", "cart", nil); got != want || !known {
			t.Errorf("got %+v, known %t; want %+v", got, known, want)
		}
		hosts := want.Ready + want.NotReady
		if want.Hosts(0) != hosts || want.Hosts(50) != want.Ready {
			t.Errorf("%+v: %d hosts, with minHealthPercent %d", want, want.Hosts(0), want.Hosts(50))
		}
		r, err := found.Lint(lint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Rules[0].Pods != hosts {
			t.Errorf("the rule is for %d pods, want %d: %s", r.Rules[0].Pods, hosts, r.Rules[0].Words)
		}
	}
}

// Kubernetes says of the slices of a headless service that it is one.
func TestAHeadlessServiceHasNoPodsToChoose(t *testing.T) {
	headless := strings.ReplaceAll(shop, "kubernetes.io/service-name: cart}", `kubernetes.io/service-name: cart, service.kubernetes.io/headless: ""}`)
	for objects, want := range map[string]bool{shop: false, headless: true} {
		found, err := Read(t.Context(), clusterOf(t, objects), Scope{Namespace: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(codes(t, found), func(f string) bool { return strings.HasSuffix(f, "shop/cart no-pods-to-choose") })
		if got != want || found.Headless("shop", "cart") != want {
			t.Errorf("headless: %t, want %t", got, want)
		}
	}
}

// A rule for a service that is not there is told where the services may be read.
func TestARuleForNoServiceIsTold(t *testing.T) {
	misspelt := strings.Replace(shop, "host: cart.shop.svc.cluster.local", "host: crat.shop.svc.cluster.local", 1)
	for _, refused := range [][]string{nil, {"list services *", "list services shop"}} {
		found, err := Read(t.Context(), clusterOf(t, misspelt, refused...), Scope{Namespace: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(codes(t, found), "DestinationRule shop/cart-again no-such-service"); got != (refused == nil) {
			t.Errorf("refused %q: told %t", refused, got)
		}
	}
}
