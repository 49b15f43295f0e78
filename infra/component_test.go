package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyResource are runs that register each resource of the program between them.
func everyResource(t *testing.T) []*run {
	t.Helper()
	m := aMachine(t, nil)
	m.listen(t, ".colima/default/docker.sock") // in a provider of its own
	more := &run{
		machine:  m,
		settings: settings{"namespace": "default", "image.pullSecret.username": "robot", "image.pullSecret.password": "hunter2"},
		secret:   []string{"image.pullSecret.password"},
		api:      &fakeAPI{noPolicies: true, namespaces: map[string]map[string]string{"default": nil, "shop": {injectionLabel: "enabled"}}},
	}
	more.must(t)
	return []*run{up(t, nil), more}
}

func TestTreeShowsTheParts(t *testing.T) {
	tree := map[string][]string{}
	for _, r := range everyResource(t) {
		for _, child := range r.engine.All() {
			_, part, _ := strings.Cut(child.Parent(), " ")
			tree[part] = append(tree[part], child.Key())
		}
	}
	for part, children := range tree {
		slices.Sort(children)
		tree[part] = slices.Compact(children)
	}
	want := map[string][]string{
		"": { // what several parts use, and the parts
			typeComponent + "Application application", typeComponent + "Breaker breaker", typeComponent + "Image image", typeComponent + "Mesh mesh",
			typeNamespace + " circuit-breaker", typePatch + " default", typeStash + " crds-before", typeStash + " identity",
		},
		"image": {typeImage + " servicex", typeSecret + " servicex-pull", "pulumi:providers:docker docker"},
		"mesh": slices.Sorted(slices.Values(append(crdKeys("destinationrules.networking.istio.io", "sidecars.networking.istio.io"),
			typeNamespace+" istio-system", releaseType+" istio-base", releaseType+" istiod",
			policyType+" "+policyName, bindingType+" "+policyName,
			typeConfigMap+" "+crl, typeConfigMap+" "+rootCert, typeConfigMap+" shop/"+crl, typeConfigMap+" shop/"+rootCert,
		))),
		"application": {typeDeployment + " servicex", typeDeployment + " servicex-client", typeDeployment + " servicex-error", typeService + " servicex-service"},
		"breaker":     {typeRule + " servicex-service"},
	}
	if diff := cmp.Diff(want, tree); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
}

// A stack that was made before there were parts has all of its resources at the
// top. They are those in testdata/urns.txt, which stays as it is; none may be made
// anew, for that would be another mesh and other pods.
func TestResourcesOfAStackWithoutPartsStay(t *testing.T) {
	text, err := os.ReadFile("testdata/urns.txt")
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for _, r := range everyResource(t) {
		claimed := map[string]string{}
		for _, now := range r.engine.All() {
			for _, urn := range append(now.Aliases(), now.URN()) {
				if by := claimed[urn]; by != "" {
					t.Errorf("%s is what both %s and %s were", urn, by, now.Key())
				}
				claimed[urn], kept[urn] = now.Key(), true
			}
		}
	}
	for was := range strings.FieldsSeq(string(text)) {
		if !kept[was] {
			t.Errorf("would be deleted: %s", was)
		}
	}
}

// A preview does not wait for what only an update knows.
func TestPartsTellWhatTheyHaveComeTo(t *testing.T) {
	for _, preview := range []bool{true, false} {
		r := run{preview: preview}
		r.must(t)
		if got := r.engine.Done(); got != 5 {
			t.Errorf("preview %t: %d have told their outputs, want four parts and the stack", preview, got)
		}
	}
}
