package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// store is an API server with these objects, which it deletes and labels, and
// notes that it did.
type store struct {
	mu      sync.Mutex
	objects map[string]object
	changes []string
	// contents are of Helm's records, by their paths.
	contents map[string]string
}

func (s *store) start(t *testing.T) *cluster {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &cluster{client: server.Client(), server: server.URL}
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Query().Get("labelSelector") == "owner=helm" {
		var items []object
		for path, o := range s.objects {
			if strings.HasPrefix(path, r.URL.Path+"/") {
				items = append(items, o)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
		return
	}
	if r.Method == http.MethodPost {
		var o object
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.objects[r.URL.Path+"/"+o.Metadata.Name] = o
		s.changes = append(s.changes, "create "+r.URL.Path+" "+o.Metadata.Name)
		_ = json.NewEncoder(w).Encode(o)
		return
	}
	o, ok := s.objects[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]string{"kind": "Status", "reason": "NotFound"})
		return
	}
	switch r.Method {
	case http.MethodDelete:
		delete(s.objects, r.URL.Path)
		s.changes = append(s.changes, "delete "+r.URL.Path)
	case http.MethodPatch:
		var patch struct {
			object
			secretData
		}
		if err := json.NewDecoder(r.Body).Decode(&patch); err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		change := "change " + r.URL.Path
		for label, value := range map[string]string{"status": patch.Metadata.Labels["status"], "release": patch.Metadata.Annotations[helmRelease], "stack": patch.Metadata.Labels[identityLabel]} {
			if value != "" {
				change += " " + label + "=" + value
			}
		}
		s.changes = append(s.changes, change)
		if text := patch.Data.Release; text != "" {
			s.contents[r.URL.Path] = text
		}
	}
	if text, ok := s.contents[r.URL.Path]; ok {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"release": text}})
		return
	}
	_ = json.NewEncoder(w).Encode(o)
}

func labelled(labels map[string]string) object {
	var o object
	o.Metadata.Labels = labels
	return o
}

func record(name, release string, revision int, status string) object {
	o := labelled(map[string]string{"owner": "helm", "name": release, "version": strconv.Itoa(revision), "status": status})
	o.Metadata.Name = name
	return o
}

func metadata(namespace, name string) resource.PropertyMap {
	m := map[string]any{"name": name, "labels": map[string]any{identityLabel: me}}
	if namespace != "" {
		m["namespace"] = namespace
	}
	return resource.NewPropertyMapFromMap(map[string]any{"metadata": m})
}

func TestLeftOversMakeWayOnlyWhereTheyAreTheStacks(t *testing.T) {
	const (
		deployment = "/apis/apps/v1/namespaces/shop/deployments/servicex"
		service    = "/api/v1/namespaces/shop/services/servicex-service"
		rule       = "/apis/networking.istio.io/v1/namespaces/shop/destinationrules/servicex-service"
		ns         = "/api/v1/namespaces/shop"
		policy     = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies/istio-circuit-breaker-istiod"
	)
	release := resource.NewPropertyMapFromMap(map[string]any{"name": "istiod", "namespace": "istio-system"})
	for name, c := range map[string]struct {
		objects map[string]object
		typ     string
		inputs  resource.PropertyMap
		want    []string
		err     string
	}{
		"nothing there":            {nil, typeDeployment, metadata("shop", "servicex"), nil, ""},
		"a Deployment":             {map[string]object{deployment: labelled(namespaceOf(me))}, typeDeployment, metadata("shop", "servicex"), []string{"delete " + deployment}, ""},
		"a Service":                {map[string]object{service: labelled(namespaceOf(me))}, typeService, metadata("shop", serviceName), []string{"delete " + service}, ""},
		"a rule":                   {map[string]object{rule: labelled(namespaceOf(me))}, typeRule, metadata("shop", serviceName), []string{"delete " + rule}, ""},
		"a namespace":              {map[string]object{ns: labelled(namespaceOf(me))}, typeNamespace, metadata("", "shop"), []string{"change " + ns + " stack=" + me}, ""},
		"a policy":                 {map[string]object{policy: labelled(namespaceOf(me))}, policyType, metadata("", policyName), []string{"delete " + policy}, ""},
		"another stack's policy":   {map[string]object{policy: labelled(namespaceOf("other"))}, policyType, metadata("", policyName), nil, `mutatingadmissionpolicy "istio-circuit-breaker-istiod" exists already and was made by another stack`},
		"one that is taken over":   {map[string]object{deployment: labelled(namespaceOf("given-up"))}, typeDeployment, metadata("shop", "servicex"), []string{"delete " + deployment}, ""},
		"somebody's Deployment":    {map[string]object{deployment: labelled(map[string]string{"app": "x"})}, typeDeployment, metadata("shop", "servicex"), nil, `deployment "servicex" in namespace "shop" exists already and was not made by this stack`},
		"another stack's":          {map[string]object{deployment: labelled(namespaceOf("other"))}, typeDeployment, metadata("shop", "servicex"), nil, `was made by another stack, "other"`},
		"another's namespace":      {map[string]object{ns: labelled(map[string]string{partOfLabel: partOf, instanceLabel: stack})}, typeNamespace, metadata("", "shop"), nil, `namespace "shop" exists already and was made by another stack, "dev"`},
		"another kind of object":   {map[string]object{deployment: labelled(nil)}, typeConfigMap, metadata("shop", "servicex"), nil, ""},
		"a release half way":       {map[string]object{secrets + "v1": record("v1", "istiod", 1, "pending-install")}, releaseType, release, []string{"delete " + secrets + "v1"}, ""},
		"a whole release":          {map[string]object{secrets + "v1": record("v1", "istiod", 1, "deployed")}, releaseType, release, []string{"delete " + secrets + "v1"}, ""},
		"the release of another's": {map[string]object{secrets + "v1": record("v1", "gateway", 1, "deployed")}, releaseType, release, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			api := &store{objects: c.objects}
			server := httptest.NewServer(api)
			defer server.Close()
			own := identity{id: me, takeOver: "given-up"}
			err := own.clear(t.Context(), &cluster{client: server.Client(), server: server.URL}, c.typ, c.inputs)
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("clearing: %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, api.changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

const secrets = "/api/v1/namespaces/istio-system/secrets/"

// records are Helm's, by name; the content of the last is that of release.
func records(t *testing.T, release map[string]any, all ...object) *store {
	t.Helper()
	text, err := encodeRecord(release)
	if err != nil {
		t.Fatal(err)
	}
	s := &store{objects: map[string]object{}, contents: map[string]string{}}
	for _, r := range all {
		s.objects[secrets+r.Metadata.Name] = r
		s.contents[secrets+r.Metadata.Name] = text
	}
	return s
}

func TestAnUpdateReopensOnlyWhatWasKilledHalfWay(t *testing.T) {
	for name, c := range map[string]struct {
		last string
		want []string
	}{
		"an update":         {"pending-upgrade", []string{"delete " + secrets + "v3"}},
		"going back":        {"pending-rollback", []string{"delete " + secrets + "v3"}},
		"a removal":         {"uninstalling", []string{"change " + secrets + "v3 status=deployed"}},
		"nothing":           {"deployed", nil},
		"an update, failed": {"failed", nil}, // Helm goes on from there
	} {
		t.Run(name, func(t *testing.T) {
			release := map[string]any{"name": "istiod", "info": map[string]any{"status": c.last}, "version": json.Number("3")}
			api := records(t, release, record("v1", "istiod", 1, "superseded"), record("v2", "istiod", 2, "deployed"), record("v3", "istiod", 3, c.last),
				record("other", "theirs", 9, "pending-upgrade"))
			if err := reopenRelease(t.Context(), api.start(t), "istio-system", "istiod"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, api.changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if c.last != "uninstalling" {
				return
			}
			got, err := decodeRecord(api.contents[secrets+"v3"])
			release["info"] = map[string]any{"status": "deployed"}
			if diff := cmp.Diff(release, got); err != nil || diff != "" {
				t.Errorf("the record (-want +got): %v\n%s", err, diff)
			}
		})
	}
}

func TestAnUpdateTakesOverWhatIsToBeTakenOver(t *testing.T) {
	const ns = "/api/v1/namespaces/shop"
	for name, c := range map[string]struct {
		owner string
		want  []string
	}{
		"of the one to take over": {"other", []string{"change " + ns + " stack=" + me}},
		"the stack's own":         {me, nil},
		"of somebody else":        {"third", nil},
	} {
		t.Run(name, func(t *testing.T) {
			api := &store{objects: map[string]object{ns: labelled(namespaceOf(c.owner))}}
			err := identity{id: me, takeOver: "other"}.reopen(t.Context(), api.start(t), typeNamespace, metadata("", "shop"))
			if diff := cmp.Diff(c.want, api.changes); err != nil || diff != "" {
				t.Errorf("changes (-want +got): %v\n%s", err, diff)
			}
		})
	}
}

func TestReleaseThatAKillHasLeftIsUpdated(t *testing.T) {
	for status, want := range map[string]any{"deployed": nil, "pending-upgrade": "taken up after revision 2 was left pending-upgrade", "uninstalling": "taken up after revision 2 was left uninstalling"} {
		t.Run(status, func(t *testing.T) {
			r := run{api: &fakeAPI{namespaces: map[string]map[string]string{"istio-system": namespaceOf(me), "circuit-breaker": namespaceOf(me)},
				secrets: []object{record("v1", "istiod", 1, "superseded"), record("v2", "istiod", 2, status)}}}
			r.must(t)
			istiod := r.engine.Resource(t, releaseType, istiodRelease)
			if got := istiod.Input("description"); got != want {
				t.Errorf("description = %v, want %v", got, want)
			}
			if ignored := slices.Contains(istiod.RegisterRPC.GetIgnoreChanges(), "description"); ignored != (want == nil) {
				t.Errorf("the description of the state stays: %t", ignored)
			}
		})
	}
}

func TestCRDsAreTakenOverOnlyOnPurpose(t *testing.T) {
	const path = crds + "/sidecars.networking.istio.io"
	for name, c := range map[string]struct {
		owner, takeOver string
		want            []string
		wrong           string
	}{
		"the chart has just made it":  {"", "", nil, ""},
		"a killed run labelled it":    {me, "", nil, ""},
		"another stack's":             {"other", "", nil, "made by another stack"},
		"another stack's, taken over": {"other", "other", []string{"change " + path + " stack=" + me}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			api := &store{objects: map[string]object{path: labelled(map[string]string{identityLabel: c.owner})}}
			err := identity{id: me, takeOver: c.takeOver}.clear(t.Context(), api.start(t), typeCRD, metadata("", "sidecars.networking.istio.io"))
			if diff := cmp.Diff(c.want, api.changes); diff != "" || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want %q; changes (-want +got):\n%s", err, c.wrong, diff)
			}
		})
	}
}

func TestDeletedCRDIsMadeAnewAsHelmAppliedIt(t *testing.T) {
	manifest := `---
# Source: base/templates/crds.yaml
apiVersion: v1
kind: ServiceAccount
metadata: {name: sidecars.networking.istio.io}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sidecars.networking.istio.io}
spec: {group: networking.istio.io}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gateways.networking.istio.io}
`
	for name, want := range map[string][]string{
		"sidecars.networking.istio.io": {"create " + crds + " sidecars.networking.istio.io", "change " + crds + "/sidecars.networking.istio.io release=istio-base"},
		"gateways.networking.istio.io": nil, // it is there
		"widgets.networking.istio.io":  nil, // the chart has none
	} {
		t.Run(name, func(t *testing.T) {
			api := records(t, map[string]any{"name": "istio-base", "manifest": manifest}, record("v1", "istio-base", 1, "deployed"))
			api.objects[crds+"/gateways.networking.istio.io"] = object{}
			err := identity{id: me}.clear(t.Context(), api.start(t), typeCRD, metadata("", name))
			if diff := cmp.Diff(want, api.changes); err != nil || diff != "" {
				t.Errorf("changes (-want +got): %v\n%s", err, diff)
			}
		})
	}
}
