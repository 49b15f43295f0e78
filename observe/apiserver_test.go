package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// apiServer answers for the objects of testdata/cluster.yaml; refused are
// resource/namespace that the user may not list or get, * for all namespaces at once.
func apiServer(t *testing.T, refused ...string) http.HandlerFunc {
	t.Helper()
	text, err := os.ReadFile("testdata/cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for part := range strings.SplitSeq(string(text), "\n---\n") {
		var o map[string]any
		if err := yaml.Unmarshal([]byte(part), &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		namespace, resource, name := asked(r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		if place := resource + "/" + namespace; slices.Contains(refused, place) || namespace == "" && slices.Contains(refused, resource+"/*") {
			fail(w, http.StatusForbidden, "Forbidden", fmt.Sprintf("%s is forbidden: User %q cannot list resource %q", resource, r.Header.Get("Impersonate-User"), place))
			return
		}
		items := []any{}
		for _, o := range all {
			meta := o["metadata"].(map[string]any)
			of, _ := meta["namespace"].(string)
			if plural(o["kind"].(string)) != resource || namespace != "" && of != namespace || name != "" && meta["name"] != name {
				continue
			}
			if name != "" {
				json.NewEncoder(w).Encode(o)
				return
			}
			items = append(items, o)
		}
		if name != "" {
			fail(w, http.StatusNotFound, "NotFound", resource+" "+name+" not found")
			return
		}
		list := map[string]any{"kind": "List", "apiVersion": "v1", "items": items}
		if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			list["kind"], list["apiVersion"] = "PartialObjectMetadataList", "meta.k8s.io/v1"
		}
		json.NewEncoder(w).Encode(list)
	}
}

func fail(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": message})
}

// asked is what a path is of: /api/v1 or /apis/GROUP/VERSION, then, for objects of
// a namespace, namespaces/NAME, then the resource and the object's name.
func asked(path string) (namespace, resource, name string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if parts = parts[2:]; strings.HasPrefix(path, "/apis/") {
		parts = parts[1:]
	}
	if len(parts) > 2 && parts[0] == "namespaces" {
		namespace, parts = parts[1], parts[2:]
	}
	if len(parts) > 1 {
		name = parts[1]
	}
	return namespace, parts[0], name
}

func plural(kind string) string {
	if kind == "ServiceEntry" {
		return "serviceentries"
	}
	return strings.ToLower(kind) + "s"
}
