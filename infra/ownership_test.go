package main

import (
	"slices"
	"strings"
	"testing"
)

// me is the identity that the fake engine gives a stack.
const me = "identity"

func namespaceOf(owner string) map[string]string {
	return map[string]string{partOfLabel: partOf, instanceLabel: stack, identityLabel: owner}
}

// istios is a cluster-scoped object of Istio's with these annotations.
func istios(name string, annotations map[string]string) object {
	var o object
	o.Metadata.Name, o.Metadata.Annotations = name, annotations
	return o
}

func helms(release, namespace string) map[string]string {
	return map[string]string{helmRelease: release, helmNamespace: namespace}
}

func TestWhatIsNotTheStacksIsRefusedBeforeAnythingIsMade(t *testing.T) {
	type namespaces = map[string]map[string]string
	for name, c := range map[string]struct {
		settings settings
		api      *fakeAPI
		want     []string
	}{
		"a namespace of somebody else's": {nil, &fakeAPI{namespaces: namespaces{"circuit-breaker": {"team": "a"}}},
			[]string{`namespace "circuit-breaker" exists already and was not made by this stack`, "hint: pulumi config set namespaceExists true"}},
		"a mesh that is there": {nil, &fakeAPI{namespaces: namespaces{"istio-system": nil}},
			[]string{`namespace "istio-system" exists already`, "hint: pulumi config set istio.install false"}},
		"both at once": {nil, &fakeAPI{namespaces: namespaces{"istio-system": nil, "circuit-breaker": nil}},
			[]string{`namespace "istio-system" exists already`, `namespace "circuit-breaker" exists already`}},
		"another stack of the same name": {nil, &fakeAPI{namespaces: namespaces{"circuit-breaker": namespaceOf("other")}},
			[]string{`namespace "circuit-breaker" exists already and was made by another stack, "other"`, "only if nobody has the state of that stack any more: pulumi config set takeOver other"}},
		"the mesh of another stack of the same name": {nil, &fakeAPI{namespaces: namespaces{"istio-system": namespaceOf("other")}},
			[]string{`namespace "istio-system" exists already and was made by another stack, "other"`}},
		"one that is on its way out": {nil, &fakeAPI{namespaces: namespaces{"circuit-breaker": namespaceOf(me)}, terminating: "circuit-breaker"},
			[]string{`namespace "circuit-breaker" is still being deleted (since 2026-11-24T09:00:00Z)`, "hint: wait until it is gone"}},
		"one that should exist": {settings{"namespace": "shop", "namespaceExists": "true"}, &fakeAPI{},
			[]string{`namespace "shop" does not exist`, "hint: pulumi config rm namespaceExists"}},
		"a webhook without its mesh": {nil, &fakeAPI{mesh: map[string][]object{"mutatingwebhookconfigurations": {istios("istio-sidecar-injector", helms("istiod", "istio-system"))}}},
			[]string{"mutatingwebhookconfiguration istio-sidecar-injector exists already", "whose it is: kubectl get mutatingwebhookconfiguration istio-sidecar-injector -o yaml"}},
		"a role of another release": {nil, &fakeAPI{namespaces: namespaces{"istio-system": namespaceOf(me)},
			mesh: map[string][]object{"clusterroles": {istios("istiod-clusterrole-istio-system", helms("mesh", "istio-system"))}}},
			[]string{"clusterrole istiod-clusterrole-istio-system exists already"}},
		"the mesh of the stack is not to be its any more": {settings{"istio.install": "false"}, &fakeAPI{namespaces: namespaces{"istio-system": namespaceOf(me)}},
			[]string{`namespace "istio-system" was made by this stack, and as it is configured now this update would delete it`, "hint: to keep it: pulumi config set istio.install true; to give it up: back to that setting, pulumi destroy"}},
		"the namespace of the stack is not to be its any more": {settings{"namespaceExists": "true"}, &fakeAPI{namespaces: namespaces{"circuit-breaker": namespaceOf(me)}},
			[]string{`namespace "circuit-breaker" was made by this stack`, "hint: to keep it: pulumi config rm namespaceExists"}},
		"another namespace than before": {settings{"namespace": "shop"}, &fakeAPI{namespaces: namespaces{"circuit-breaker": namespaceOf(me)}},
			[]string{`namespace "circuit-breaker" was made by this stack`, "hint: to keep it: pulumi config set namespace circuit-breaker"}},
		"another namespace than before identities": {settings{"namespace": "shop"}, &fakeAPI{namespaces: namespaces{"circuit-breaker": {partOfLabel: partOf, instanceLabel: stack}}},
			[]string{`namespace "circuit-breaker" was made by this stack`}},
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
				inCluster := r.outside()
				if len(inCluster) > 0 {
					t.Errorf("preview %v: registered %v", preview, inCluster)
				}
			})
		}
	}
}

func TestWhatIsTheStacksIsFineTheSecondTime(t *testing.T) {
	both := func(labels map[string]string) map[string]map[string]string {
		return map[string]map[string]string{"circuit-breaker": labels, "istio-system": labels}
	}
	ofRelease := map[string][]object{
		"clusterroles": {istios("istiod-clusterrole-istio-system", helms("istiod", "istio-system"))},
		"customresourcedefinitions": {istios("sidecars.networking.istio.io", map[string]string{
			helmRelease: "istio-base", adoptedAnnotation: "istio-system/istio-base"})},
	}
	for name, c := range map[string]struct {
		settings settings
		labels   map[string]string
	}{
		"by its identity":                     {nil, namespaceOf(me)},
		"by its identity under another name":  {nil, map[string]string{partOfLabel: partOf, instanceLabel: "old", identityLabel: me}},
		"from a version without identities":   {nil, map[string]string{partOfLabel: partOf, instanceLabel: stack}},
		"of another stack, taken over":        {settings{"takeOver": "other"}, namespaceOf("other")},
		"of another stack's, which is nobody": {settings{"takeOver": "prod"}, map[string]string{partOfLabel: partOf, instanceLabel: "prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := run{settings: c.settings, api: &fakeAPI{namespaces: both(c.labels), mesh: ofRelease}}
			r.must(t)
		})
	}
}

func TestOtherStacksBesideThisOne(t *testing.T) {
	r := run{settings: settings{"istio.install": "false", "namespace": "shop"},
		api: &fakeAPI{namespaces: map[string]map[string]string{"istio-system": namespaceOf("other"), "circuit-breaker": namespaceOf("other")}}}
	r.must(t)
}

func TestCRDsThatWereThereAreNeitherMadeNorDeleted(t *testing.T) {
	for name, annotations := range map[string]map[string]string{
		"of no release":          nil,
		"left by helm uninstall": helms("istio-base", "istio-system"),
	} {
		t.Run(name, func(t *testing.T) {
			r := run{api: &fakeAPI{mesh: map[string][]object{"customresourcedefinitions": {
				istios("sidecars.networking.istio.io", annotations), istios("widgets.example.com", nil),
			}}}}
			r.must(t)
			if slices.Contains(r.engine.Keys(), typeCRD+" sidecars.networking.istio.io") {
				t.Error("the CRD is a resource of the stack and would be deleted with it")
			}
			if !slices.Contains(r.engine.Keys(), typeCRD+" destinationrules.networking.istio.io") {
				t.Error("the CRDs that were not there are not the stack's either")
			}
			values := r.engine.Resource(t, releaseType, baseRelease).Input("values", "base", "excludedCRDs")
			if list, ok := values.([]any); !ok || len(list) != 1 || list[0] != "sidecars.networking.istio.io" {
				t.Errorf("the chart leaves out %v", values)
			}
		})
	}
}

// Somebody deletes a CRD that was there before the stack, and the next update
// makes it: from then on it is the stack's, like any other.
func TestCRDsThatTheStackHasMadeAnewAreItsOwn(t *testing.T) {
	theirs, ours := istios("sidecars.networking.istio.io", nil), istios("gateways.networking.istio.io", nil)
	ours.Metadata.Labels = map[string]string{partOfLabel: "istio", identityLabel: me}
	own := identity{id: me, crdsBefore: []string{"gateways.networking.istio.io", "sidecars.networking.istio.io"}}
	if got := own.stillForeign([]object{theirs, ours}); !slices.Equal(got, []string{"sidecars.networking.istio.io"}) {
		t.Errorf("still of others: %v", got)
	}
}

func TestClusterThatDoesNotAnswer(t *testing.T) {
	preview := run{api: &fakeAPI{down: true}, preview: true}
	if err := preview.start(t); err != nil {
		t.Errorf("a preview needs no cluster, but: %v", err)
	}
	update := run{api: &fakeAPI{down: true}}
	err := update.start(t)
	want := `looking for namespace "circuit-breaker": the API server answered 503: etcd is gone`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("updating: %v\nwant %q", err, want)
	}
	if keys := update.engine.Keys(); len(keys) > 0 {
		t.Errorf("registered %v", keys)
	}
}
