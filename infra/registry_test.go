package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-circuit-breaker/internal/config"

	"sigs.k8s.io/yaml"
)

// published is a ConfigMap of testdata/registry: each as its tool writes it.
func published(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/registry", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Metadata struct{ Name, Namespace string }
		Data     map[string]string
	}
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if m.Metadata.Name != hostingName || m.Metadata.Namespace != hostingNamespace {
		t.Fatalf("%s is of %s/%s", name, m.Metadata.Namespace, m.Metadata.Name)
	}
	return m.Data
}

func TestRegistryIsTheClustersWhereNoneIsSet(t *testing.T) {
	none := settings{"image.repository": "unset"}
	for name, c := range map[string]struct {
		settings       settings
		cluster        string
		pushed, pulled string
	}{
		"k3d":                           {none, "k3d", "localhost:5000/servicex", "registry:5000/servicex"},
		"k3d that listens on any":       {none, "k3d-any-address", "localhost:41315/servicex", "k3d-k3s-default-registry:5000/servicex"},
		"kind":                          {none, "kind", "localhost:5001/servicex", "localhost:5001/servicex"},
		"minikube by ctlptl":            {none, "minikube", "localhost:54911/servicex", "ctlptl-registry:5000/servicex"},
		"MicroK8s":                      {none, "microk8s", "localhost:32000/servicex", "localhost:32000/servicex"},
		"a name for the nodes wins":     {settings{"image.repository": "unset", "image.pullRepository": "registry.local/x"}, "k3d", "localhost:5000/servicex", "registry.local/x"},
		"a repository that is set wins": {nil, "k3d", "docker.io/you/servicex", "docker.io/you/servicex"},
		"and is not doubted":            {nil, "empty-host", "docker.io/you/servicex", "docker.io/you/servicex"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run{settings: c.settings, api: &fakeAPI{registry: published(t, c.cluster)}}
			r.must(t)
			if got, _ := r.engine.Resource(t, typeImage, "servicex").Input("imageName").(string); !strings.HasPrefix(got, c.pushed+":") {
				t.Errorf("pushed as %v, want %v", got, c.pushed)
			}
			got := r.engine.Resource(t, typeDeployment, "servicex").Input("spec", "template", "spec", "containers", 0, "image")
			if got != c.pulled+"@"+digest {
				t.Errorf("pods run %v, want %v", got, c.pulled)
			}
		})
	}
}

func TestRegistryThatCannotBeFoundIsToldBeforeAnythingIsMade(t *testing.T) {
	const place, hand = "ConfigMap kube-public/local-registry-hosting", "pulumi config set image.repository docker.io/YOU/servicex"
	for name, c := range map[string]struct {
		api  *fakeAPI
		want []string
	}{
		"none": {&fakeAPI{}, []string{"istio-circuit-breaker:image.repository: is not set, and the cluster names no registry of its own", "fix: " + hand}},
		"none, and more is wrong": {&fakeAPI{namespaces: map[string]map[string]string{"istio-system": nil}},
			[]string{"istio-circuit-breaker:image.repository: is not set", `namespace "istio-system" exists already`}},
		"an empty host": {&fakeAPI{registry: published(t, "empty-host")},
			[]string{"reading the cluster's registry from " + place + `: "localRegistryHosting.v1" names no host`, "hint: set the registry up as https://kind.sigs.k8s.io/docs/user/local-registry/ says; or " + hand}},
		"no YAML":         {&fakeAPI{registry: published(t, "no-yaml")}, []string{`decoding "localRegistryHosting.v1": `, "hint: " + hand}},
		"a list":          {&fakeAPI{registry: map[string]string{hostingKey: "[a]"}}, []string{`decoding "localRegistryHosting.v1": `, "hint: " + hand}},
		"another version": {&fakeAPI{registry: map[string]string{"localRegistryHosting.v2": "host: localhost:5000"}}, []string{`there is no key "localRegistryHosting.v1"`, "hint: " + hand}},
		"a URL for host":  {&fakeAPI{registry: map[string]string{hostingKey: "host: http://localhost:5000"}}, []string{`host "http://localhost:5000" of "localRegistryHosting.v1" is a URL`}},
		"a name of Docker Hub's for the nodes": {&fakeAPI{registry: map[string]string{hostingKey: "host: localhost:5000\nhostFromContainerRuntime: registry"}},
			[]string{`hostFromContainerRuntime "registry" of "localRegistryHosting.v1" is no registry's host: it would be read as docker.io/registry/servicex`, "hint: " + hand}},
		"no right to look": {&fakeAPI{noRights: true}, []string{"looking for the cluster's registry in " + place + ": the API server answered 403: ", "hint: " + hand}},
	} {
		for _, preview := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				r := run{settings: settings{"image.repository": "unset"}, api: c.api, preview: preview}
				err := r.start(t)
				for _, want := range c.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("preview %v: %v\nwant %q", preview, err, want)
					}
				}
				if keys := r.outside(); len(keys) > 0 {
					t.Errorf("preview %v: registered %v", preview, keys)
				}
			})
		}
	}
}

func TestPreviewNeedsNoClusterForTheRegistry(t *testing.T) {
	r := run{settings: settings{"image.repository": "unset"}, api: &fakeAPI{down: true}, preview: true}
	r.must(t)
	if got := r.engine.Resource(t, typeImage, "servicex").Input("imageName"); got != nil {
		t.Errorf("the image's name is %v, without a cluster that says it", got)
	}
}

// FuzzHosting feeds any text as what a cluster says of its registry: what is
// taken makes names that can be pushed and pulled.
func FuzzHosting(f *testing.F) {
	files, err := filepath.Glob("testdata/registry/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, value, _ := strings.Cut(string(text), hostingKey+": |\n")
		f.Add(strings.ReplaceAll(value, "\n    ", "\n"))
	}
	for _, seed := range []string{"host: 0.0.0.0:5000", "host: '[::]:5000'", "host: 5000", "host: {}", "", "\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := readHosting(map[string]string{hostingKey: text})
		if err != nil {
			return
		}
		image := h.complete(config.Image{})
		if image.Repository == "" || strings.HasPrefix(image.Repository, "0.0.0.0") {
			t.Errorf("pushes to %q", image.Repository)
		}
		for _, name := range []string{image.Repository, pullName(image)} {
			if host, ok := strings.CutSuffix(name, "/servicex"); !ok || host == "" {
				t.Errorf("took %q for a repository", name)
			}
		}
	})
}
