package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamespaceOfTheStacksOwn(t *testing.T) {
	r := up(t, settings{"namespace": "demo"})
	want := map[string]any{partOfLabel: partOf, instanceLabel: stack, "istio-injection": "enabled"}
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

func TestRevisionOfAnotherMesh(t *testing.T) {
	r := up(t, settings{"istio.install": "false", "istio.revision": "canary"})
	labels := r.engine.Resource(t, typeNamespace, "circuit-breaker").Input("metadata", "labels")
	if diff := cmp.Diff(any(map[string]any{partOfLabel: partOf, instanceLabel: stack, revisionLabel: "canary"}), labels); diff != "" {
		t.Errorf("namespace (-want +got):\n%s", diff)
	}
	client := r.engine.Resource(t, typeDeployment, "servicex-client")
	if got := client.Input("spec", "template", "metadata", "labels", revisionLabel); got != "canary" {
		t.Errorf("the client asks for revision %v", got)
	}
}

func TestForeignNamespacesAreRefusedBeforeAnythingIsMade(t *testing.T) {
	ours := map[string]string{partOfLabel: partOf, instanceLabel: stack}
	for name, c := range map[string]struct {
		settings settings
		api      *fakeAPI
		want     []string
	}{
		"a namespace of somebody else's": {nil, &fakeAPI{namespaces: map[string]map[string]string{"circuit-breaker": {"team": "a"}}},
			[]string{`namespace "circuit-breaker" exists already and was not made by stack "dev"`, "hint: pulumi config set namespaceExists true"}},
		"a mesh that is there": {nil, &fakeAPI{namespaces: map[string]map[string]string{"istio-system": nil}},
			[]string{`namespace "istio-system" exists already`, "hint: pulumi config set istio.install false"}},
		"both at once": {nil, &fakeAPI{namespaces: map[string]map[string]string{"istio-system": nil, "circuit-breaker": nil}},
			[]string{`namespace "istio-system" exists already`, `namespace "circuit-breaker" exists already`}},
		"one of another stack": {nil, &fakeAPI{namespaces: map[string]map[string]string{"circuit-breaker": {partOfLabel: partOf, instanceLabel: "prod"}}},
			[]string{`was not made by stack "dev", but by stack "prod"`, "hint: if that is this stack, renamed: kubectl label --overwrite namespace circuit-breaker app.kubernetes.io/instance=dev"}},
		"one that is on its way out": {nil, &fakeAPI{namespaces: map[string]map[string]string{"circuit-breaker": ours}, terminating: "circuit-breaker"},
			[]string{`namespace "circuit-breaker" is still being deleted (since 2026-11-24T09:00:00Z)`, "hint: wait until it is gone"}},
		"one that should exist": {settings{"namespace": "shop", "namespaceExists": "true"}, &fakeAPI{},
			[]string{`namespace "shop" does not exist`, "hint: pulumi config rm namespaceExists"}},
	} {
		for _, preview := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				r := run{settings: c.settings, api: c.api, preview: preview}
				err := r.start(t)
				for _, want := range c.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("preview %v: %v\nwant %q", preview, err, want)
					}
				}
				if keys := r.engine.Keys(); len(keys) > 0 {
					t.Errorf("preview %v: registered %v", preview, keys)
				}
			})
		}
	}
}

func TestNamespacesOfTheStackAreFineTheSecondTime(t *testing.T) {
	ours := map[string]string{partOfLabel: partOf, instanceLabel: stack}
	r := run{api: &fakeAPI{namespaces: map[string]map[string]string{"circuit-breaker": ours, "istio-system": ours}}}
	r.must(t)
}

func TestClusterThatDoesNotAnswer(t *testing.T) {
	preview := run{api: &fakeAPI{down: true}, preview: true}
	if err := preview.start(t); err != nil {
		t.Errorf("a preview needs no cluster, but: %v", err)
	}
	update := run{api: &fakeAPI{down: true}}
	err := update.start(t)
	want := `looking for namespace "istio-system": the API server answered 503: etcd is gone`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("updating: %v\nwant %q", err, want)
	}
}
