//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/callers"
)

// reader is a user of a kubeconfig of her own, who reads the services and two of their
// callers, of whom the one's Envoy alone; nothing of the gateway's namespace, and
// nothing of Istio's.
const reader = "system:serviceaccount:" + shop + ":reader"

// readerObjects are her account and her rights.
func readerObjects() []manifest {
	subject := []any{manifest{"kind": "ServiceAccount", "name": "reader", "namespace": shop}}
	bind := func(namespace, role string) manifest {
		return manifest{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": manifest{"name": role, "namespace": namespace},
			"roleRef": manifest{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}, "subjects": subject}
	}
	role := func(name string, rules ...any) manifest {
		return manifest{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": manifest{"name": name}, "rules": rules}
	}
	may := func(group string, verbs []any, resources ...any) manifest {
		return manifest{"apiGroups": []any{group}, "resources": resources, "verbs": verbs}
	}
	read := []any{"get", "list"}
	return []manifest{
		{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": manifest{"name": "reader", "namespace": shop}},
		role("shop-names", may("", read, "namespaces")),
		role("shop-reader", may("", read, "pods", "pods/log", "services", "configmaps"), may("discovery.k8s.io", read, "endpointslices"),
			may("apps", read, "deployments"), may("networking.istio.io", read, "destinationrules", "virtualservices", "serviceentries")),
		role("shop-envoys", may("", []any{"create"}, "pods/portforward")),
		{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": manifest{"name": "shop-names"},
			"roleRef": manifest{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "shop-names"}, "subjects": subject},
		bind(shop, "shop-reader"), bind(alpha, "shop-reader"), bind(beta, "shop-reader"), bind(beta, "shop-envoys"),
	}
}

// readsAPart: what may not be read is named, with what the API server says, and the
// rest is told as to anybody.
func readsAPart(t *testing.T) {
	applyAll(t, readerObjects())
	defer kubectl(t, "delete", "clusterrolebindings,clusterroles", "shop-names", "shop-reader", "shop-envoys", "--ignore-not-found")
	as := "--kubeconfig=" + readersKubeconfig(t)
	t.Run("watch", func(t *testing.T) { watchesAPart(t, as) })
	t.Run("explain", func(t *testing.T) {
		explainsAsDumped(t, beta, "httpbin", shop+"/httpbin", as)
		o := attempt(t, observeCommand, "explain", as, "--service", "httpbin."+shop, "--from", "deployment/beta."+beta)
		if o.exit != 0 || !strings.Contains(o.stderr, "not known: listing destinationrules in namespace \"istio-system\": ") || !strings.Contains(o.stderr, forbids("list", "destinationrules", "networking.istio.io", "istio-system")) {
			t.Errorf("a rule of the root namespace might decide: %s", o.all())
		}
		o = attempt(t, observeCommand, "explain", as, "--service", "httpbin."+shop, "--from", "deployment/edge."+edge)
		if o.exit != 1 || o.stdout != "" || !strings.Contains(o.stderr, `reading the deployment "edge" in namespace "`+edge+`"`) || !strings.Contains(o.stderr, `User "`+reader+`" cannot get`) {
			t.Errorf("the caller may not be read: %s", o.all())
		}
	})
	t.Run("lint", func(t *testing.T) {
		l := lintCluster(t, as, "-A")
		for _, namespace := range []string{edge, "istio-system", ns} {
			want := forbids("list", "destinationrules", "networking.istio.io", namespace)
			if !slices.ContainsFunc(l.Unread, func(text string) bool { return strings.Contains(text, want) }) {
				t.Errorf("nothing says %q: %q", want, l.Unread)
			}
		}
		for rule, pods := range map[string]int{alpha + "/httpbin-own": 3, shop + "/httpbin": 3, shop + "/fortio": 2} {
			if got := l.pods("DestinationRule " + rule); got != pods {
				t.Errorf("%s: %d pods, want %d as for anybody", rule, got, pods)
			}
		}
		if got := l.pods("DestinationRule " + ns + "/" + stacksRule); got != -1 {
			t.Errorf("a rule that may not be read is judged, with %d pods", got)
		}
		o := attempt(t, observeCommand, "lint", "--cluster", as, "-n", edge)
		if o.exit != 1 || !strings.Contains(o.stderr, forbids("list", "destinationrules", "networking.istio.io", edge)) {
			t.Errorf("no rule may be read: %s", o.all())
		}
	})
}

// forbids is what the API server says to her.
func forbids(verb, resource, group, namespace string) string {
	return fmt.Sprintf(`User %q cannot %s resource %q in API group %q in the namespace %q`, reader, verb, resource, group, namespace)
}

// watchesAPart: the one caller is told, and why the others are not.
func watchesAPart(t *testing.T, as string) {
	o := attempt(t, observeCommand, "watch", as, "--service", "httpbin."+shop, "--json", "--duration", "8s")
	if o.exit != 0 {
		t.Errorf("a watch of a part ends well: %s", o.all())
	}
	told := &following{&stream[callers.Event]{}}
	unread := map[string]string{}
	for line := range strings.Lines(o.stdout) {
		var e callers.Event
		decode(t, line, &e)
		told.seen = append(told.seen, e)
		if e.Kind == callers.CallerUnread {
			unread[e.Caller] = e.Detail
		}
	}
	has, err := ejectedBy(t, beta, httpbinHost)
	if got := told.outFor("beta"); err != nil || len(has) != 2 || !slices.Equal(got, has) {
		t.Errorf("out for beta are %q, told are %q, %v", has, got, err)
	}
	for _, namespace := range []string{edge, ns, "istio-system"} {
		if want := forbids("list", "pods", "", namespace); !strings.Contains(unread["namespace "+namespace], want) {
			t.Errorf("of namespace %s nothing says %q: %v", namespace, want, unread)
		}
	}
	alphas := strings.TrimSpace(kubectl(t, "-n", alpha, "get", "pods", "-o", "jsonpath={.items[0].metadata.name}")) + "." + alpha
	if want := forbids("create", "pods/portforward", "", alpha); !strings.Contains(unread[alphas], want) {
		t.Errorf("of %s nothing says %q: %v", alphas, want, unread)
	}
	if namespaces := []string{shop, alpha, beta}; slices.ContainsFunc(namespaces, func(n string) bool { return unread["namespace "+n] != "" }) {
		t.Errorf("namespaces that she may read are told to be unreadable: %v", unread)
	}
}

// readersKubeconfig is a file with her token, and no one else's.
func readersKubeconfig(t *testing.T) string {
	t.Helper()
	var k kubeconfig
	decode(t, kubectl(t, "config", "view", "--raw", "--flatten", "--minify", "-o", "json"), &k)
	clear(k.Users[0].User)
	k.Users[0].User["token"] = strings.TrimSpace(kubectl(t, "-n", shop, "create", "token", "reader"))
	return write(t, "kubeconfig", asJSON(t, manifest{"apiVersion": "v1", "kind": "Config", "current-context": k.CurrentContext,
		"clusters": k.Clusters, "contexts": k.Contexts, "users": k.Users}))
}
