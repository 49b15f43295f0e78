package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsTooOldIsRefusedBeforeAnythingIsMade(t *testing.T) {
	type labels = map[string]string
	istiod := func(labels labels, image string) map[string]any {
		return map[string]any{
			"metadata": map[string]any{"labels": labels},
			"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
				"containers": []any{map[string]any{"name": "discovery", "image": image}},
			}}},
		}
	}
	there := settings{"istio.install": "false"}
	old := []string{"v1beta1", "v1alpha3"}
	rule := map[string][]object{"customresourcedefinitions": {istios("destinationrules.networking.istio.io", nil)}}
	const newer = "hint: update that mesh; or remove it, and have the stack install one: pulumi config rm istio.install"
	for name, c := range map[string]struct {
		settings settings
		api      *fakeAPI
		want     []string
	}{
		"Kubernetes": {nil, &fakeAPI{kubernetes: "v1.22.17-eks-0a21954"},
			[]string{"Kubernetes v1.22.17-eks-0a21954 is too old: 1.23 is the least", "hint: update the cluster, or choose another: pulumi config set kubernetes:context NAME"}},
		"both Kubernetes and the mesh": {there, &fakeAPI{kubernetes: "v1.21.1", serves: old},
			[]string{"Kubernetes v1.21.1 is too old", "the CRDs of Istio's in the cluster serve no DestinationRule of networking.istio.io/v1: they are older than Istio 1.22, which is the least", newer}},
		"a mesh by its charts' label": {there, &fakeAPI{serves: old, istiod: istiod(labels{"app.kubernetes.io/version": "1.21.2", "istio.io/rev": "default"}, "")},
			[]string{"Istio 1.21.2 is too old: 1.22 is the least, because the rule is a DestinationRule of networking.istio.io/v1", newer}},
		"a mesh by its image": {there, &fakeAPI{serves: old, istiod: istiod(labels{"istio.io/rev": "default"}, "a.example:5000/istio/pilot:1.20.8-distroless@sha256:0")},
			[]string{"Istio 1.20.8-distroless is too old", newer}},
		"a mesh by its revision": {settings{"istio.install": "false", "istio.revision": "1-19"}, &fakeAPI{serves: old, istiod: istiod(labels{"istio.io/rev": "1-19"}, "pilot:1.19.0")},
			[]string{"Istio 1.19.0 is too old"}},
		"another revision is not asked": {there, &fakeAPI{serves: old, istiod: istiod(labels{"istio.io/rev": "1-19"}, "pilot:1.19.0")},
			[]string{"the CRDs of Istio's in the cluster serve no DestinationRule"}},
		"no mesh at all": {there, &fakeAPI{serves: []string{}},
			[]string{"istio.install is false, and there is no Istio in the cluster", "hint: pulumi config rm istio.install"}},
		"CRDs that were left": {nil, &fakeAPI{serves: old, mesh: rule},
			[]string{"the CRDs of Istio's in the cluster serve no DestinationRule of networking.istio.io/v1", "hint: whose are they?"}},
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

func TestWhatIsOldEnoughOrNotKnownIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		settings settings
		api      *fakeAPI
	}{
		"the least Kubernetes":            {nil, &fakeAPI{kubernetes: "v1.23.0"}},
		"a version that cannot be read":   {nil, &fakeAPI{kubernetes: "main"}},
		"a mesh that serves the rule":     {settings{"istio.install": "false"}, &fakeAPI{serves: []string{"v1"}}},
		"no CRDs where they will be made": {nil, &fakeAPI{serves: []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := run{settings: c.settings, api: c.api}
			r.must(t)
		})
	}
}

func TestOldChartsInAFolderAreRefused(t *testing.T) {
	for version, refused := range map[string]bool{"1.23.4": true, "1.24.0": false, "1.0.0": false} {
		folder := t.TempDir()
		for _, chart := range []string{"base", "istiod"} {
			if err := os.MkdirAll(filepath.Join(folder, chart), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, chart, "Chart.yaml"), []byte("name: "+chart+"\nversion: "+version+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r := run{settings: settings{"istio.chartRepository": folder}}
		err := r.start(t)
		if !refused && err == nil {
			continue
		}
		want := "istiod/Chart.yaml\": Istio's chart " + version + " is too old: 1.24 is the least"
		if err == nil || !refused || !strings.Contains(err.Error(), want) {
			t.Errorf("charts %s: %v", version, err)
		}
	}
}
