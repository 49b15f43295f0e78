package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apilabels "k8s.io/apimachinery/pkg/labels"
)

// selected reports whether one of the discovery selectors of a Helm release
// matches a namespace, as istiod decides it.
func selected(t *testing.T, selectors any, name string, of map[string]string) bool {
	t.Helper()
	text, err := json.Marshal(selectors)
	if err != nil {
		t.Fatal(err)
	}
	var all []metav1.LabelSelector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	set := apilabels.Set{"kubernetes.io/metadata.name": name}
	for k, v := range of {
		set[k] = v
	}
	return slices.ContainsFunc(all, func(s metav1.LabelSelector) bool {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		if err != nil {
			t.Fatal(err)
		}
		return selector.Matches(set)
	})
}

func TestIstiodLooksAtEveryNamespaceThatItInjects(t *testing.T) {
	selectors := up(t, settings{"namespace": "demo"}).engine.Resource(t, releaseType, istiodRelease).Input("values", "meshConfig", "discoverySelectors")
	for name, c := range map[string]struct {
		labels map[string]string
		want   bool
	}{
		"istio-system": {nil, true},
		"demo":         {nil, true},
		"shop":         {nil, false},
		"labelled":     {map[string]string{"istio-injection": "enabled"}, true},
		"disabled":     {map[string]string{"istio-injection": "disabled"}, false},
		"by revision":  {map[string]string{"istio.io/rev": "default"}, true},
		// The certificate there has to be that of the other mesh.
		"of another mesh": {map[string]string{"istio.io/rev": "canary"}, false},
	} {
		if got := selected(t, selectors, name, c.labels); got != c.want {
			t.Errorf("namespace %q with labels %v: looks at it %v, want %v", name, c.labels, got, c.want)
		}
	}
}

// withUID answers as the API server does, which gives each namespace one.
func withUID(args pulumi.MockResourceArgs) resource.PropertyMap {
	if args.TypeToken == typeNamespace {
		outputs := args.Inputs.Copy()
		outputs["metadata"].ObjectValue()["uid"] = resource.NewProperty("uid-of-" + args.Name)
		return outputs
	}
	return providers(args)
}

func TestIstiodsConfigMapsBelongToTheMeshsNamespace(t *testing.T) {
	r := run{}
	r.engine.Outputs = withUID
	r.must(t)
	policy := r.engine.Resource(t, policyType, policyName)
	const owner = `[JSONPatch{op: "add", path: "/metadata/ownerReferences", value: [{"apiVersion": "v1", "kind": "Namespace", "name": "istio-system", "uid": "uid-of-istio-system"}]}]`
	if diff := cmp.Diff(any([]any{map[string]any{"patchType": "JSONPatch", "jsonPatch": map[string]any{"expression": owner}}}), policy.Input("spec", "mutations")); diff != "" {
		t.Errorf("mutations (-want +got):\n%s", diff)
	}
	const istiods = `request.userInfo.username == "system:serviceaccount:istio-system:istiod" && object.metadata.name in ["istio-ca-root-cert", "istio-ca-crl"]`
	if diff := cmp.Diff(any([]any{map[string]any{"name": "made-by-istiod", "expression": istiods}}), policy.Input("spec", "matchConditions")); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
	if got := policy.Input("spec", "failurePolicy"); got != "Ignore" {
		t.Errorf("where the owner cannot be written: %v, want the ConfigMap all the same", got)
	}
	if got := r.engine.Resource(t, bindingType, policyName).Input("spec", "policyName"); got != policyName {
		t.Errorf("the binding is of policy %v", got)
	}
}

func TestWithoutPoliciesTheStackMakesTheConfigMapsItself(t *testing.T) {
	api := &fakeAPI{noPolicies: true, terminating: "leaving", namespaces: map[string]map[string]string{
		"shop": {"istio-injection": "enabled"}, "till": {"istio.io/rev": "default"}, "canary": {"istio.io/rev": "canary"},
		"office": nil, "leaving": {"istio-injection": "enabled"},
	}}
	r := run{api: api}
	r.must(t)
	var got []string
	for _, key := range r.engine.Keys() {
		if name, ok := strings.CutPrefix(key, typeConfigMap+" "); ok {
			got = append(got, name)
		}
		if strings.Contains(key, policyName) {
			t.Errorf("registered %s, of a kind that is not there", key)
		}
	}
	want := []string{"shop/istio-ca-crl", "shop/istio-ca-root-cert", "till/istio-ca-crl", "till/istio-ca-root-cert"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config maps (-want +got):\n%s", diff)
	}
	for _, key := range want {
		namespace, name, _ := strings.Cut(key, "/")
		m := r.engine.Resource(t, typeConfigMap, key)
		if m.Input("metadata", "namespace") != namespace || m.Input("metadata", "name") != name {
			t.Errorf("%s is %v", key, m.Input("metadata"))
		}
		if !slices.Contains(r.engine.Resource(t, releaseType, istiodRelease).DependsOn(), key) {
			t.Errorf("istiod does not depend on %s: at destroy it would make it again", key)
		}
	}
}

func TestPoliciesOfOthersAreRefusedBeforeAnythingIsMade(t *testing.T) {
	of := func(labels map[string]string) object {
		var o object
		o.Metadata.Labels = labels
		return o
	}
	for name, c := range map[string]struct {
		policy object
		want   string
	}{
		"of nobody":                  {of(nil), `mutatingadmissionpolicy "istio-circuit-breaker-istiod" exists already and was not made by this stack`},
		"of another stack":           {of(namespaceOf("other")), `exists already and was made by another stack, "other"`},
		"of this stack is no matter": {of(namespaceOf(me)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run{api: &fakeAPI{policies: map[string]object{"mutatingadmissionpolicies": c.policy}}}
			err := r.start(t)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("running: %v\nwant %q", err, c.want)
			}
			if made := r.outside(); len(made) > 0 {
				t.Errorf("registered %v", made)
			}
		})
	}
}
