package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := strings.CutPrefix(r.URL.Query().Get("labelSelector"), "owner=helm,name="); ok {
		var items []object
		for path, o := range s.objects {
			if strings.HasPrefix(path, r.URL.Path+"/") && o.Metadata.Labels["name"] == name {
				items = append(items, o)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
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
		var patch object
		if err := json.NewDecoder(r.Body).Decode(&patch); err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.changes = append(s.changes, "label "+r.URL.Path+" "+patch.Metadata.Labels[identityLabel])
	}
	_ = json.NewEncoder(w).Encode(o)
}

func labelled(labels map[string]string) object {
	var o object
	o.Metadata.Labels = labels
	return o
}

func record(name, release, status string) object {
	o := labelled(map[string]string{"owner": "helm", "name": release, "status": status})
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
		secrets    = "/api/v1/namespaces/istio-system/secrets/"
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
		"a namespace":              {map[string]object{ns: labelled(namespaceOf(me))}, typeNamespace, metadata("", "shop"), []string{"label " + ns + " " + me}, ""},
		"one that is taken over":   {map[string]object{deployment: labelled(namespaceOf("given-up"))}, typeDeployment, metadata("shop", "servicex"), []string{"delete " + deployment}, ""},
		"somebody's Deployment":    {map[string]object{deployment: labelled(map[string]string{"app": "x"})}, typeDeployment, metadata("shop", "servicex"), nil, `deployment "servicex" in namespace "shop" exists already and was not made by this stack`},
		"another stack's":          {map[string]object{deployment: labelled(namespaceOf("other"))}, typeDeployment, metadata("shop", "servicex"), nil, `was made by another stack, "other"`},
		"another's namespace":      {map[string]object{ns: labelled(map[string]string{partOfLabel: partOf, instanceLabel: stack})}, typeNamespace, metadata("", "shop"), nil, `namespace "shop" exists already and was made by another stack, "dev"`},
		"another kind of object":   {map[string]object{deployment: labelled(nil)}, typeConfigMap, metadata("shop", "servicex"), nil, ""},
		"a release half way":       {map[string]object{secrets + "v1": record("v1", "istiod", "pending-install")}, releaseType, release, []string{"delete " + secrets + "v1"}, ""},
		"a whole release":          {map[string]object{secrets + "v1": record("v1", "istiod", "deployed")}, releaseType, release, []string{"delete " + secrets + "v1"}, ""},
		"the release of another's": {map[string]object{secrets + "v1": record("v1", "gateway", "deployed")}, releaseType, release, nil, ""},
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

func TestAnUpdateClearsOnlyWhatWasKilledHalfWay(t *testing.T) {
	const secrets = "/api/v1/namespaces/istio-system/secrets/"
	api := &store{objects: map[string]object{
		secrets + "v1": record("v1", "istiod", "superseded"),
		secrets + "v2": record("v2", "istiod", "deployed"),
		secrets + "v3": record("v3", "istiod", "pending-upgrade"),
	}}
	server := httptest.NewServer(api)
	defer server.Close()
	err := clearRelease(t.Context(), &cluster{client: server.Client(), server: server.URL}, "istio-system", "istiod", pending)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"delete " + secrets + "v3"}, api.changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
