//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kubeconform validates the manifests against the schemas that the API server
// itself publishes, those of Istio's CRDs too: no other place has these versions.
func kubeconform(t *testing.T, tool string, all map[string]manifest) {
	schemas := t.TempDir()
	var input bytes.Buffer
	for _, m := range all {
		writeSchema(t, schemas, m)
		input.Write(asJSON(t, m))
		input.WriteString("\n---\n")
	}
	conforming := func(input *bytes.Buffer) (found, checked int, text string) {
		text = judgement(t, input, tool, "-strict", "-output", "json", "-summary",
			"-schema-location", filepath.Join(schemas, "{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json"), "-")
		var result struct {
			Summary struct{ Valid, Invalid, Errors, Skipped int } `json:"summary"`
		}
		decode(t, text, &result)
		s := result.Summary
		return s.Invalid + s.Errors + s.Skipped, s.Valid, text
	}
	if found, checked, text := conforming(&input); found > 0 || checked != len(all) {
		t.Errorf("%d of %d manifests conform:\n%s", checked, len(all), text)
	}
	// The schemas are what refuses: a field that none has, at any depth, and a
	// wrong type.
	for _, m := range all {
		spec, _ := m["spec"].(map[string]any)
		bad := []manifest{with(m, "spce", map[string]any{}), with(m, "metadata", map[string]any{"name": 1})}
		if spec != nil {
			bad = append(bad, with(m, "spec", with(spec, "replikas", 1)))
		}
		for _, b := range bad {
			if found, _, text := conforming(bytes.NewBuffer(asJSON(t, b))); found != 1 {
				t.Errorf("%s conforms: %s", asJSON(t, b), text)
			}
		}
	}
}

// with is m with one field more, or another.
func with(m manifest, field string, value any) manifest {
	changed := maps.Clone(m)
	changed[field] = value
	return changed
}

// writeSchema writes the API server's schema of m's kind, with all that it refers
// to, where kubeconform looks for it.
func writeSchema(t *testing.T, dir string, m manifest) {
	t.Helper()
	version, kind := m["apiVersion"].(string), m["kind"].(string)
	group, short, grouped := strings.Cut(version, "/")
	path := "/openapi/v3/apis/" + version
	if !grouped {
		group, short, path = version, version, "/openapi/v3/api/"+version
	}
	file := filepath.Join(dir, group+"-"+short+"-"+strings.ToLower(kind)+".json")
	if _, err := os.Stat(file); err == nil {
		return
	}
	var api struct {
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	decode(t, kubectl(t, "get", "--raw", path), &api)
	schema := map[string]any{"components": api.Components}
	for name, s := range api.Components.Schemas {
		noOther(s)
		of, _ := s["x-kubernetes-group-version-kind"].([]any)
		if len(of) == 1 && of[0].(map[string]any)["kind"] == kind {
			schema["$ref"] = "#/components/schemas/" + name
		}
	}
	if schema["$ref"] == nil {
		t.Fatalf("the API server has no schema of %s %s", version, kind)
	}
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// noOther makes a schema refuse fields that it does not name, which is what the
// API server does under strict validation. Schemas below oneOf and its like only
// say more of fields that are named beside them.
func noOther(schema any) {
	s, ok := schema.(map[string]any)
	if !ok {
		return
	}
	properties, _ := s["properties"].(map[string]any)
	if _, open := s["additionalProperties"]; properties != nil && !open && s["x-kubernetes-preserve-unknown-fields"] != true {
		s["additionalProperties"] = false
	}
	for _, p := range properties {
		noOther(p)
	}
	noOther(s["items"])
	noOther(s["additionalProperties"])
}
