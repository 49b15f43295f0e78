package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChartsComeFromWhereTheConfigurationSays(t *testing.T) {
	folder := t.TempDir()
	for _, chart := range []string{"base", "istiod"} {
		if err := os.MkdirAll(filepath.Join(folder, chart), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, chart, "Chart.yaml"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		settings             settings
		chart, repo, version any
	}{
		"Istio's repository by default": {nil, "istiod", "https://istio-release.storage.googleapis.com/charts", "1.31.4"},
		"a mirror and another version": {settings{"istio.chartRepository": "http://mirror.example/charts", "istio.version": "1.30.2"},
			"istiod", "http://mirror.example/charts", "1.30.2"},
		"an OCI registry": {settings{"istio.chartRepository": "oci://mirror.example/charts/"}, "oci://mirror.example/charts/istiod", nil, "1.31.4"},
		"a folder":        {settings{"istio.chartRepository": folder}, folder + "/istiod", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := up(t, c.settings).engine.Resource(t, releaseType, "istiod")
			got := []any{r.Input("chart"), r.Input("repositoryOpts", "repo"), r.Input("version")}
			if diff := cmp.Diff([]any{c.chart, c.repo, c.version}, got); diff != "" {
				t.Errorf("chart, repository, version (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFolderWithoutChartsIsRefusedBeforeAnythingIsMade(t *testing.T) {
	r := run{settings: settings{"istio.chartRepository": "no/such/folder"}}
	err := r.start(t)
	for _, want := range []string{"no base/Chart.yaml", "no istiod/Chart.yaml", "no/such/folder", "pulumi config rm istio.chartRepository"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("running: %v\nwant %q", err, want)
		}
	}
	if keys := r.engine.Keys(); len(keys) > 0 {
		t.Errorf("registered %v", keys)
	}
}

func TestInstallationIsBounded(t *testing.T) {
	r := up(t, settings{"istio.timeout": "90s"})
	for _, name := range []string{"istio-base", "istiod"} {
		release := r.engine.Resource(t, releaseType, name)
		if got := release.Input("timeout"); got != 90.0 {
			t.Errorf("%s: timeout %v, want 90 seconds", name, got)
		}
		if release.Input("name") != name || release.Input("namespace") != "istio-system" || release.Input("atomic") != true {
			t.Errorf("%s: name %v, namespace %v, atomic %v", name, release.Input("name"), release.Input("namespace"), release.Input("atomic"))
		}
	}
}

func TestValuesOfTheUserWinOverOurs(t *testing.T) {
	r := up(t, settings{"istio.hub": "mirror.example/istio", "istio.tag": "1.2.3",
		"istio.values": `{"global":{"proxy":{"resources":{"requests":{"cpu":"1m"}}},"logAsJson":true},"autoscaleEnabled":true,"env":{"A":"b"}}`})
	istiod := r.engine.Resource(t, releaseType, "istiod")
	for path, want := range map[string]any{
		"global.proxy.resources.requests.cpu":       "1m",
		"global.proxy.resources.requests.memory":    "64Mi",
		"global.proxy.outlierLogPath":               "/dev/stdout",
		"global.logAsJson":                          true,
		"global.hub":                                "mirror.example/istio",
		"global.tag":                                "1.2.3",
		"global.defaultPodDisruptionBudget.enabled": false,
		"autoscaleEnabled":                          true,
		"resources.requests.memory":                 "256Mi",
		"env.A":                                     "b",
	} {
		at := []any{"values"}
		for _, step := range strings.Split(path, ".") {
			at = append(at, step)
		}
		if got := istiod.Input(at...); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if hub := up(t, nil).engine.Resource(t, releaseType, "istiod").Input("values", "global", "hub"); hub != nil {
		t.Errorf("hub is %v without being configured", hub)
	}
}

func TestSecretValuesStaySecret(t *testing.T) {
	values := settings{"istio.values": `{"env":{"PASSWORD":"hunter2"}}`}
	secret, open := run{settings: values, secret: []string{"istio.values"}}, run{settings: values}
	secret.must(t)
	open.must(t)
	for want, r := range map[bool]*run{true: &secret, false: &open} {
		if got := r.engine.Resource(t, releaseType, "istiod").Inputs["values"].ContainsSecrets(); got != want {
			t.Errorf("values are secret: %v, want %v", got, want)
		}
	}
}

func TestCRDsAreTheStacksToDeleteUnlessKept(t *testing.T) {
	for keep, settings := range map[bool]settings{false: nil, true: {"istio.keepCRDs": "true"}} {
		crd := up(t, settings).engine.Resource(t, typeCRD, "sidecars.networking.istio.io")
		if got := crd.RegisterRPC.GetRetainOnDelete(); got != keep {
			t.Errorf("istio.keepCRDs=%v: retained %v", keep, got)
		}
		want := map[string]any{"group": "networking.istio.io", "names": map[string]any{"kind": "Sidecar"}}
		if diff := cmp.Diff(any(want), crd.Input("spec")); diff != "" {
			t.Errorf("says more than which CRD is meant (-want +got):\n%s", diff)
		}
	}
}

func TestPreviewShowsTheCRDsOfThePinnedVersion(t *testing.T) {
	r := run{preview: true}
	r.must(t)
	var got []string
	for _, key := range r.engine.Keys() {
		if name, ok := strings.CutPrefix(key, typeCRD+" "); ok {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff(sortedKeys(crdKinds()), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCRDsThatAreNotKnownAreLeftAlone(t *testing.T) {
	got := crdNames(map[string][]string{
		"CustomResourceDefinition.apiextensions.k8s.io/apiextensions.k8s.io/v1": {"new.networking.istio.io"},
		"Deployment.apps/apps/v1": {"istio-system/istiod"},
	})
	if !slices.Equal(got, []string{"new.networking.istio.io"}) {
		t.Errorf("names %v", got)
	}
	r := run{}
	r.engine.Outputs = newCRDProviders
	r.must(t)
	if slices.Contains(r.engine.Keys(), typeCRD+" new.networking.istio.io") {
		t.Error("a CRD without known kind was registered; the provider refuses it")
	}
}

// The API server refuses what the provider makes of an update of these few fields.
func TestAdoptedCRDsAreNeverUpdated(t *testing.T) {
	found := 0
	for _, r := range up(t, nil).engine.All() {
		if r.TypeToken == typeCRD {
			found++
			if got := r.RegisterRPC.GetIgnoreChanges(); !slices.Contains(got, "metadata") || !slices.Contains(got, "spec") {
				t.Errorf("%s: changes of %q are ignored, want metadata and spec", r.Key(), got)
			}
		}
	}
	if found == 0 {
		t.Error("no CRD was adopted")
	}
}
