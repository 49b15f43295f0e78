//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/envoyadmin"
	"istio-circuit-breaker/internal/mesh"
	"istio-circuit-breaker/internal/wait"
)

// finding is one of lint's.
type finding struct {
	Code, Object string
	Never        bool
	Callers      []struct{ Rules []string }
}

// linted is what lint says of a cluster, as far as it is looked at.
type linted struct {
	Where    string    `json:"where"`
	Unread   []string  `json:"unread"`
	Findings []finding `json:"findings"`
	Rules    []struct {
		Object   string
		Pods     int
		Errors   int
		Detector string
	} `json:"rules"`
}

func (l linted) has(code, object string) bool {
	for _, f := range l.Findings {
		if f.Code == code && f.Object == object {
			return true
		}
	}
	return false
}

// pods that a rule is for, as lint counts them; -1 where it does not know the rule.
func (l linted) pods(object string) int {
	for _, r := range l.Rules {
		if r.Object == object {
			return r.Pods
		}
	}
	return -1
}

// explained is what explain says of a service of a cluster.
type explained struct {
	Service, Caller string
	Has             []struct {
		Pods   int
		Fields []struct {
			Name, Value string
			Origin      struct{ Object, Default string }
		}
	}
}

// field is a value in force, and the object that it comes from.
func (e explained) field(name string) (value, object string) {
	for _, f := range e.Has[0].Fields {
		if f.Name == name {
			return f.Value, f.Origin.Object
		}
	}
	return "", ""
}

const stacksRule = "servicex-service"

// foreignRules: lint and explain read the cluster, and of two rules for one host say
// which is in force as the client's own Envoy has it, by their ages and their exportTo.
func foreignRules(t *testing.T) {
	defer kubectl(t, "-n", ns, "delete", "destinationrules", "--selector", layoutLabel)
	alone := lintCluster(t, "-n", ns)
	if alone.Where != "namespace "+ns || len(alone.Unread) > 0 || alone.has("two-rules-one-host", "DestinationRule "+ns+"/"+stacksRule) {
		t.Errorf("got %+v", alone)
	}
	behind := kubectl(t, "-n", ns, "get", "endpointslices", "--selector", "kubernetes.io/service-name="+mesh.Service, "-o", `jsonpath={.items[*].endpoints[*].targetRef.name}`)
	if want := len(strings.Fields(behind)); alone.pods("DestinationRule "+ns+"/"+stacksRule) != want {
		t.Errorf("got %+v, want %d pods", alone.Rules, want)
	}
	explainsAsEnvoyHas(t, ns+"/"+stacksRule)
	for _, tt := range []struct {
		name     string
		exportTo []any
		// inForce and lost are the rules' names.
		inForce, lost string
	}{
		{"a newer rule with the same exportTo is not in force", nil, stacksRule, "newer"},
		{"a newer rule with another exportTo is in force", []any{"."}, "newer", stacksRule},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nextSecond(t)
			spec := manifest{"host": mesh.Host(ns, ""), "trafficPolicy": manifest{"outlierDetection": manifest{"consecutive5xxErrors": 77, "maxEjectionPercent": 50}}}
			if tt.exportTo != nil {
				spec["exportTo"] = tt.exportTo
			}
			applyAll(t, []manifest{object("networking.istio.io/v1", "DestinationRule", ns, "newer", manifest{"spec": spec})})
			defer kubectl(t, "-n", ns, "delete", "destinationrule", "newer")
			explainsAsEnvoyHas(t, ns+"/"+tt.inForce)
			both := lintCluster(t, "-n", ns)
			if !both.has("two-rules-one-host", "DestinationRule "+ns+"/"+tt.lost) || both.has("two-rules-one-host", "DestinationRule "+ns+"/"+tt.inForce) {
				t.Errorf("%s is not in force, and %s is: %+v", tt.lost, tt.inForce, both.Findings)
			}
		})
	}
	t.Run("what may not be read is said in the API server's words", readsWhatItMay)
}

func lintCluster(t *testing.T, args ...string) (l linted) {
	t.Helper()
	o := attempt(t, append([]string{observeCommand, "lint", "--cluster", "-o", "json"}, args...)...)
	if o.exit != 0 && o.exit != 3 {
		t.Fatal(o.all())
	}
	decode(t, o.stdout, &l)
	return l
}

// explainsAsEnvoyHas waits until the client's Envoy has what explain says, of that
// object.
func explainsAsEnvoyHas(t *testing.T, object string) {
	t.Helper()
	var e explained
	decode(t, run(t, observeCommand, "explain", "--service", mesh.Service, "-n", ns, "--from", "deployment/"+mesh.ClientApp, "--json"), &e)
	if e.Service != mesh.Host(ns, "") || e.Caller != "deployment/"+mesh.ClientApp+"."+ns || len(e.Has) != 1 {
		t.Fatalf("got %+v", e)
	}
	if _, from := e.field("maxEjectionPercent"); from != object {
		t.Errorf("maxEjectionPercent is of %q, want %q", from, object)
	}
	path := "config_dump?resource=dynamic_active_clusters&name_regex=" + url.QueryEscape(`outbound\|80\|\|`+mesh.Host(ns, "")+";?")
	err := wait.For(t.Context(), "the client's Envoy to have what is explained", shownIn, 200*time.Millisecond, func(context.Context) error {
		o := attempt(t, "kubectl", "-n", ns, "exec", "deployment/"+mesh.ClientApp, "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", path)
		if o.exit != 0 {
			return fmt.Errorf("asking the client's Envoy: %s", o.all())
		}
		has, err := envoyadmin.ParseConfig([]byte(o.stdout), mesh.EnvoyCluster(ns, ""))
		if err != nil {
			return err
		}
		if has.Outlier == nil {
			return fmt.Errorf("it has no outlier detection, and explained is %+v", e)
		}
		any5xx := strconv.Itoa(int(has.Outlier.Any5xx))
		if has.Outlier.Enforcing5xx == 0 {
			any5xx = "off"
		}
		percent := strconv.Itoa(int(has.Outlier.MaxEjectionPercent))
		errors, _ := e.field("consecutive5xxErrors")
		most, _ := e.field("maxEjectionPercent")
		if errors != any5xx || most != percent {
			return fmt.Errorf("it has consecutive_5xx %s and max_ejection_percent %s; explained is %s and %s", any5xx, percent, errors, most)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// readsWhatItMay: a user who may list the rules of the stack's namespace alone.
func readsWhatItMay(t *testing.T) {
	const user = "system:serviceaccount:" + ns + ":lint-reader"
	account := object("v1", "ServiceAccount", ns, "lint-reader", nil)
	role := object("rbac.authorization.k8s.io/v1", "Role", ns, "lint-reader", manifest{"rules": []any{
		manifest{"apiGroups": []any{"networking.istio.io"}, "resources": []any{"destinationrules"}, "verbs": []any{"list"}}}})
	binding := object("rbac.authorization.k8s.io/v1", "RoleBinding", ns, "lint-reader", manifest{
		"roleRef":  manifest{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lint-reader"},
		"subjects": []any{manifest{"kind": "ServiceAccount", "name": "lint-reader", "namespace": ns}}})
	applyAll(t, []manifest{account, role, binding})
	defer kubectl(t, "-n", ns, "delete", "serviceaccounts,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io", "--selector", layoutLabel)

	o := attempt(t, observeCommand, "lint", "--cluster", "-o", "json", "-n", ns, "--as", user)
	var l linted
	decode(t, o.stdout, &l)
	if o.exit != 0 && o.exit != 3 || l.pods("DestinationRule "+ns+"/"+stacksRule) != 0 {
		t.Errorf("the pods are not known: %s", o.all())
	}
	for _, resource := range []string{"endpointslices", "configmaps"} {
		if !slices.ContainsFunc(l.Unread, func(text string) bool {
			return strings.Contains(text, resource) && strings.Contains(text, `User "`+user+`" cannot`)
		}) {
			t.Errorf("nothing is said of %s: %q", resource, l.Unread)
		}
	}
	for _, args := range [][]string{{"-n", "default"}, {"-A", "-n", "default"}} {
		o := attempt(t, append([]string{observeCommand, "lint", "--cluster", "--as", user}, args...)...)
		if o.exit != 1 || !strings.Contains(o.stderr, `User "`+user+`" cannot list resource "destinationrules"`) {
			t.Errorf("%q: nothing may be read: %s", args, o.all())
		}
	}
}
