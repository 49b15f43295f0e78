//go:build e2e

package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// meshConfig is the mesh's configuration as it is.
func meshConfig(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", layoutPlaces.Root, "get", "configmap", "istio", "-o", "jsonpath={.data.mesh}")
}

// meshOfLayouts is the mesh's configuration with what a layout adds to it.
type meshOfLayouts struct{ original, now string }

// restore puts back what was there.
func (m *meshOfLayouts) restore(t *testing.T) {
	t.Helper()
	m.set(t, nil)
	kubectl(t, "-n", layoutPlaces.Root, "annotate", "pods", "--selector", "app=istiod", "layouts-")
}

// set tells whether the configuration is another than before. The kubelet mounts a
// changed ConfigMap at the next look at the pod, which a new annotation brings on.
func (m *meshOfLayouts) set(t *testing.T, add map[string]any) bool {
	t.Helper()
	m.now = cmp.Or(m.now, m.original)
	text := m.original
	if len(add) > 0 {
		all := map[string]any{}
		if err := yaml.Unmarshal([]byte(m.original), &all); err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, add)
		merged, err := yaml.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		text = string(merged)
	}
	if text == m.now {
		return false
	}
	patch, err := json.Marshal(manifest{"data": manifest{"mesh": text}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", layoutPlaces.Root, "patch", "configmap", "istio", "--type", "merge", "-p", string(patch))
	kubectl(t, "-n", layoutPlaces.Root, "annotate", "pods", "--selector", "app=istiod", "--overwrite", fmt.Sprintf("layouts=%d", time.Now().UnixNano()))
	m.now = text
	return true
}
