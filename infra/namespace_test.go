package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamespaceOfTheStacksOwn(t *testing.T) {
	r := up(t, settings{"namespace": "demo"})
	want := map[string]any{partOfLabel: partOf, instanceLabel: stack, identityLabel: "identity", "istio-injection": "enabled"}
	if diff := cmp.Diff(any(want), r.engine.Resource(t, typeNamespace, "demo").Input("metadata", "labels")); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

// Pulumi takes more names of stacks than Kubernetes takes values of labels.
func TestNamespacesCarryAnyStacksName(t *testing.T) {
	for stack, want := range map[string]string{
		"dev":                    "dev",
		"dev-":                   "stack-dev-",
		"_dev":                   "stack-dev-",
		"---":                    "stack--",
		strings.Repeat("n", 63):  strings.Repeat("n", 63),
		strings.Repeat("n", 100): "stack-" + strings.Repeat("n", 40) + "-",
	} {
		got := labelValue(stack)
		if !strings.HasPrefix(got, want) || len(got) > 63 {
			t.Errorf("labelValue(%q) = %q, want %q", stack, got, want)
		}
		if got != labelValue(stack) || got == labelValue(stack+"_") {
			t.Errorf("labelValue(%q) is not its own", stack)
		}
	}
}

func TestExistingNamespaceIsLabelledAndNeverOwned(t *testing.T) {
	there := map[string]map[string]string{"default": {}, "shop": {"team": "shop"}}
	for namespace, s := range map[string]settings{
		"default": {"namespace": "default"},
		"shop":    {"namespace": "shop", "namespaceExists": "true"},
	} {
		t.Run(namespace, func(t *testing.T) {
			r := run{settings: s, api: &fakeAPI{namespaces: there}}
			r.must(t)
			want := map[string]any{"name": namespace, "labels": map[string]any{"istio-injection": "enabled"}}
			if diff := cmp.Diff(any(want), r.engine.Resource(t, typePatch, namespace).Input("metadata")); diff != "" {
				t.Errorf("patch (-want +got):\n%s", diff)
			}
			for _, key := range r.engine.Keys() {
				if key == typeNamespace+" "+namespace {
					t.Error("the namespace is a resource of the stack and would be deleted with it")
				}
			}
			for _, name := range []string{rootCert, crl} {
				if got := r.engine.Resource(t, typeConfigMap, name).Input("metadata", "namespace"); got != namespace {
					t.Errorf("istiod's ConfigMap %s is taken care of in namespace %v", name, got)
				}
				if got := r.engine.Resource(t, releaseType, "istiod").DependsOn(); !strings.Contains(strings.Join(got, " "), name) {
					t.Errorf("istiod depends on %v: at destroy it would make its ConfigMap %s again", got, name)
				}
			}
		})
	}
}

// A namespace that ends waits for its pods; where it stays, the Deployments do.
func TestPodsAreWaitedForOnceAtDestroy(t *testing.T) {
	for namespace, want := range map[string]any{"circuit-breaker": "background", "default": nil} {
		r := run{settings: settings{"namespace": namespace}, api: &fakeAPI{namespaces: map[string]map[string]string{"default": {}}}}
		r.must(t)
		for _, name := range []string{"servicex", "servicex-error", "servicex-client"} {
			if got := r.engine.Resource(t, typeDeployment, name).Input("metadata", "annotations", "pulumi.com/deletionPropagationPolicy"); got != want {
				t.Errorf("%s in %s: deletion propagates %v, want %v", name, namespace, got, want)
			}
		}
	}
}

func TestRevisionOfAnotherMesh(t *testing.T) {
	r := up(t, settings{"istio.install": "false", "istio.revision": "canary"})
	labels := r.engine.Resource(t, typeNamespace, "circuit-breaker").Input("metadata", "labels")
	if diff := cmp.Diff(any(map[string]any{partOfLabel: partOf, instanceLabel: stack, identityLabel: "identity", revisionLabel: "canary"}), labels); diff != "" {
		t.Errorf("namespace (-want +got):\n%s", diff)
	}
	client := r.engine.Resource(t, typeDeployment, "servicex-client")
	if got := client.Input("spec", "template", "metadata", "labels", revisionLabel); got != "canary" {
		t.Errorf("the client asks for revision %v", got)
	}
}
