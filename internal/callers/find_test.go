package callers

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/target"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

var reviews = target.Target{Service: "reviews", Namespace: "shop", Port: 9080}

// podIn is a running pod of a Deployment, with containers by name.
func podIn(namespace, name string, containers ...string) *corev1.Pod {
	owner := true
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name + "-5d4f-x", UID: types.UID(namespace + name), Labels: map[string]string{"pod-template-hash": "5d4f"},
		OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: name + "-5d4f", Controller: &owner}}}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	for _, c := range containers {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: c})
	}
	return p
}

func changed(p *corev1.Pod, change func(*corev1.Pod)) *corev1.Pod {
	change(p)
	return p
}

// forbid has the fake API server refuse as a real one does.
func forbid(c *fake.Clientset, verb, resource string, namespaces ...string) {
	c.PrependReactor(verb, resource, func(a clienttesting.Action) (bool, runtime.Object, error) {
		for _, n := range namespaces {
			if a.GetNamespace() == n {
				return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", fmt.Errorf(`User "eve" cannot %s resource %q`, verb, resource))
			}
		}
		return false, nil, nil
	})
}

func finder(c *fake.Clientset) Finder { return Finder{Core: c.CoreV1(), Slices: c.DiscoveryV1()} }

func namesOf(f Found) (callers []string, unread map[string]string) {
	unread = map[string]string{}
	for _, c := range f.Callers {
		callers = append(callers, fmt.Sprintf("%s %s.%s", c.Kind, c.Workload, c.Namespace))
	}
	for _, u := range f.Unread {
		unread[u.Name] = u.Reason
	}
	return callers, unread
}

func TestEveryPodWithAnEnvoyIsACaller(t *testing.T) {
	native := podIn("shop", "native", "app")
	native.Spec.InitContainers = []corev1.Container{{Name: "istio-init"}, {Name: "istio-proxy"}}
	found := finder(fake.NewClientset(
		podIn("shop", "cart", "app", "istio-proxy"), native,
		changed(podIn("edge", "ingress", "istio-proxy"), func(p *corev1.Pod) { p.Labels["istio"] = "ingressgateway" }),
		changed(podIn("edge", "gw", "istio-proxy"), func(p *corev1.Pod) { p.Labels["gateway.networking.k8s.io/gateway-name"] = "gw" }),
		changed(podIn("edge", "bare", "istio-proxy"), func(p *corev1.Pod) { p.Spec.Containers[0].Args = []string{"proxy", "router"} }),
		changed(podIn("shop", "way", "istio-proxy"), func(p *corev1.Pod) { p.Spec.Containers[0].Args = []string{"proxy", "waypoint"} }),
		changed(podIn("istio-system", "ztunnel", "istio-proxy"), func(p *corev1.Pod) { p.Spec.Containers[0].Args = []string{"proxy", "ztunnel"} }),
		changed(podIn("shop", "mild", "app"), func(p *corev1.Pod) { p.Annotations = map[string]string{ambientPod: "enabled"} }),
		changed(podIn("shop", "crash", "app", "istio-proxy"), func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "istio-proxy"}}
		}),
		changed(podIn("shop", "done", "app", "istio-proxy"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
		podIn("kube-system", "dns", "app"), podIn("kube-system", "other", "app"),
	)).Find(t.Context(), Scope{Target: reviews})
	got, unread := namesOf(found)
	if diff := cmp.Diff([]string{"gateway bare.edge", "gateway gw.edge", "gateway ingress.edge", "sidecar cart.shop", "sidecar native.shop"}, got); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	want := map[string]string{"way-5d4f-x.shop": isWaypoint, "ztunnel-5d4f-x.istio-system": isZtunnel, "mild-5d4f-x.shop": isAmbient, "crash-5d4f-x.shop": "its container istio-proxy does not run",
		"2 pods": withoutSidecar}
	if diff := cmp.Diff(want, unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

func TestCallersAreThoseOfTheWorkloadsAskedFor(t *testing.T) {
	found := finder(fake.NewClientset(podIn("shop", "cart", "app", "istio-proxy"), podIn("shop", "web", "app", "istio-proxy"), podIn("pay", "cart", "app", "istio-proxy"),
		podIn("shop", "plain", "app"))).Find(t.Context(), Scope{Target: reviews, From: []target.Caller{{Name: "cart", Namespace: "shop"}, {Name: "web-5d4f-x", Namespace: "shop"}, {Name: "plain", Namespace: "shop"}, {Name: "gone", Namespace: "pay"}}})
	got, unread := namesOf(found)
	if diff := cmp.Diff([]string{"sidecar cart.shop", "sidecar web.shop"}, got); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"plain-5d4f-x.shop": noSidecar, "gone.pay": `no pod runs that is, or is of, "gone"`}, unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

func TestACallerIsAskedForByItsKindOrItsNamespace(t *testing.T) {
	agent := changed(podIn("shop", "agent", "app", "istio-proxy"), func(p *corev1.Pod) {
		p.OwnerReferences[0].Kind, p.OwnerReferences[0].Name, p.Labels = "DaemonSet", "cart", nil
	})
	client := fake.NewClientset(podIn("shop", "cart", "app", "istio-proxy"), agent, podIn("pay", "till", "app", "istio-proxy"), podIn("pay", "plain", "app"))
	for from, want := range map[string]struct {
		callers []string
		unread  map[string]string
	}{
		"cart":                {[]string{"agent-5d4f-x", "cart-5d4f-x"}, nil},
		"deployment/cart":     {[]string{"cart-5d4f-x"}, nil},
		"ds/cart":             {[]string{"agent-5d4f-x"}, nil},
		"sts/cart":            {nil, map[string]string{"statefulset/cart.shop": "no pod of it runs"}},
		"pod/cart":            {nil, map[string]string{"pod/cart.shop": "no such pod runs"}},
		"pod/cart-5d4f-x":     {[]string{"cart-5d4f-x"}, nil},
		"namespace/pay":       {[]string{"till-5d4f-x"}, map[string]string{"1 pod": withoutSidecar}},
		"namespace/elsewhere": {nil, map[string]string{"namespace/elsewhere": "no pod runs there"}},
	} {
		t.Run(from, func(t *testing.T) {
			c, err := target.ParseCaller(from, "shop")
			if err != nil {
				t.Fatal(err)
			}
			found := finder(client).Find(t.Context(), Scope{Target: reviews, From: []target.Caller{c}})
			var got []string
			for _, c := range found.Callers {
				got = append(got, c.Pod)
			}
			if diff := cmp.Diff(want.callers, got); diff != "" {
				t.Errorf("callers (-want +got):\n%s", diff)
			}
			if _, unread := namesOf(found); !maps.Equal(unread, want.unread) {
				t.Errorf("not read are %v, want %v", unread, want.unread)
			}
		})
	}
}

func TestWhatMayNotBeListedIsSaidInTheAPIServersWords(t *testing.T) {
	namespaces := []runtime.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "secret"}}}
	for _, tt := range []struct {
		name   string
		forbid func(*fake.Clientset)
		want   []string
		unread string
	}{
		{"one namespace", func(c *fake.Clientset) { forbid(c, "list", "pods", "", "secret") }, []string{"sidecar cart.shop"}, "namespace secret"},
		{"all but the service's own", func(c *fake.Clientset) { forbid(c, "list", "pods", ""); forbid(c, "list", "namespaces", "") }, []string{"sidecar cart.shop"}, otherNamespaces},
		{"none", func(c *fake.Clientset) { forbid(c, "list", "pods", "", "shop", "secret") }, nil, "namespace shop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := fake.NewClientset(append(namespaces, podIn("shop", "cart", "app", "istio-proxy"), podIn("secret", "spy", "app", "istio-proxy"))...)
			tt.forbid(c)
			got, unread := namesOf(finder(c).Find(t.Context(), Scope{Target: reviews}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("callers (-want +got):\n%s", diff)
			}
			if !strings.Contains(unread[tt.unread], `User "eve" cannot list resource`) {
				t.Errorf("unread: got %q, want %q with the API server's words", unread, tt.unread)
			}
		})
	}
}

func TestTheAdminPortAndTheLogAreReadOffThePod(t *testing.T) {
	c, reason := Of(changed(podIn("shop", "cart", "app", "istio-proxy"), func(p *corev1.Pod) {
		p.Spec.Containers[1].Env = []corev1.EnvVar{{Name: "PROXY_CONFIG", Value: `{"proxyAdminPort":15500}`}}
		p.Spec.Containers[1].Args = []string{"proxy", "sidecar", "--outlierLogPath=/dev/stdout"}
	}))
	if reason != "" || c.AdminPort != 15500 || !c.Log {
		t.Errorf("got %+v, %q, want the port 15500 and a log", c, reason)
	}
	if c, _ := Of(podIn("shop", "cart", "app", "istio-proxy")); c.AdminPort != 15000 || c.Log {
		t.Errorf("got %+v, want the port 15000 and no log", c)
	}
}

func TestAMissingServiceOrPortIsNamed(t *testing.T) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "reviews"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 9080}, {Port: 9443}}}}
	closed := fake.NewClientset()
	forbid(closed, "get", "services", "shop")
	for _, tt := range []struct {
		name   string
		client *fake.Clientset
		target target.Target
		want   error
		hint   string
	}{
		{"as it is", fake.NewClientset(service), reviews, nil, ""},
		{"any port", fake.NewClientset(service), target.Target{Service: "reviews", Namespace: "shop"}, nil, ""},
		{"a misspelt name", fake.NewClientset(service), target.Target{Service: "revews", Namespace: "shop"}, ErrNoService, "did you mean reviews?"},
		{"another namespace", fake.NewClientset(service), target.Target{Service: "reviews", Namespace: "prod"}, ErrNoService, "--service reviews.NAMESPACE"},
		{"another port", fake.NewClientset(service), target.Target{Service: "reviews", Namespace: "shop", Port: 80}, ErrNoPort, "9080, 9443"},
		{"one that may not be read", closed, reviews, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := finder(tt.client).Check(t.Context(), tt.target)
			if !errors.Is(err, tt.want) || !strings.Contains(hint.Of(err), tt.hint) {
				t.Errorf("got %v with hint %q, want %v and %q", err, hint.Of(err), tt.want, tt.hint)
			}
		})
	}
}

func TestPodsAreNamedByTheirEndpointSlices(t *testing.T) {
	at := func(pod, ip string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{ip}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod}}
	}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "reviews-1", Labels: map[string]string{discoveryv1.LabelServiceName: "reviews"}},
		Endpoints: []discoveryv1.Endpoint{at("reviews-a", "198.18.0.1"), at("host-1", "198.18.0.9"), at("host-2", "198.18.0.9")}}
	names, err := finder(fake.NewClientset(slice)).Pods(t.Context(), reviews)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"198.18.0.1:9080": "reviews-a", "198.18.0.9:9080": "198.18.0.9:9080", "198.18.0.7:9080": "198.18.0.7:9080", "pipe": "pipe"} {
		if got := names.Of(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}
