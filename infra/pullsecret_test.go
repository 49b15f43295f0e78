package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const typeSecret = "kubernetes:core/v1:Secret"

// pulls are the pull secrets of each Deployment.
func pulls(t *testing.T, r *run) []any {
	t.Helper()
	var all []any
	for _, name := range []string{"servicex", "servicex-error", "servicex-client"} {
		all = append(all, r.engine.Resource(t, typeDeployment, name).Input("spec", "template", "spec", "imagePullSecrets"))
	}
	return all
}

func TestPodsPullWithoutASecretByDefault(t *testing.T) {
	if diff := cmp.Diff([]any{nil, nil, nil}, pulls(t, up(t, nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPodsPullWithTheSecretThatIsThere(t *testing.T) {
	r := up(t, settings{"image.pullSecret.name": "regcred"})
	with := []any{map[string]any{"name": "regcred"}}
	if diff := cmp.Diff([]any{with, with, with}, pulls(t, r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(everything(), r.engine.Keys()); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
}

func TestPodsPullWithASecretThatIsMade(t *testing.T) {
	for name, c := range map[string]struct{ server, image, want string }{
		"for the image's registry":        {"", "registry.example:5000/x@" + digest, "registry.example:5000"},
		"for Docker Hub":                  {"", "you/servicex@" + digest, "https://index.docker.io/v1/"},
		"for the registry that is set":    {"mirror.example", "you/servicex@" + digest, "mirror.example"},
		"for what the nodes call it":      {"", "", "registry:5000"},
		"for Docker Hub by a login's URL": {"https://index.docker.io/v1/", "", "https://index.docker.io/v1/"},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings{"image.pullSecret.username": "robot", "image.pullSecret.password": `hunter"2`, "image.pullRepository": "registry:5000/x"}
			for key, value := range map[string]string{"image.reference": c.image, "image.pullSecret.server": c.server} {
				if value != "" {
					s[key] = value
				}
			}
			r := run{settings: s, secret: []string{"image.pullSecret.password"}}
			r.must(t)
			with := []any{map[string]any{"name": "servicex-pull"}}
			if diff := cmp.Diff([]any{with, with, with}, pulls(t, &r)); diff != "" {
				t.Errorf("pods (-want +got):\n%s", diff)
			}
			secret := r.engine.Resource(t, typeSecret, "servicex-pull")
			if got := secret.Input("type"); got != "kubernetes.io/dockerconfigjson" {
				t.Errorf("type %v", got)
			}
			data := secret.Inputs["data"]
			if !data.ContainsSecrets() {
				t.Error("its data is not secret")
			}
			encoded := data.SecretValue().Element.ObjectValue()[".dockerconfigjson"].StringValue()
			got, err := base64.StdEncoding.DecodeString(encoded)
			want := `{"auths":{"` + c.want + `":{"username":"robot","password":"hunter\"2","auth":"` + base64.StdEncoding.EncodeToString([]byte(`robot:hunter"2`)) + `"}}}`
			if err != nil || string(got) != want {
				t.Errorf("data %s (%v), want %s", got, err, want)
			}
			if got := secret.Input("metadata", "namespace"); got != "circuit-breaker" {
				t.Errorf("in namespace %v", got)
			}
		})
	}
}

// No input but the Secret's data, and no output, holds the password.
func TestPasswordIsNowhereElse(t *testing.T) {
	r := run{settings: settings{"image.pullSecret.username": "robot", "image.pullSecret.password": "hunter2"}, secret: []string{"image.pullSecret.password"}}
	r.must(t)
	for _, resource := range r.engine.All() {
		if resource.TypeToken != typeSecret && strings.Contains(string(resource.JSON(t)), "hunter2") {
			t.Errorf("%s holds the password", resource.Key())
		}
	}
	for name, value := range r.outputs {
		if text, ok := value.(string); ok && strings.Contains(text, "hunter2") {
			t.Errorf("output %s holds the password", name)
		}
	}
}

func TestPreviewNeedsNoClusterForThePullSecret(t *testing.T) {
	r := run{preview: true, api: &fakeAPI{down: true}, secret: []string{"image.pullSecret.password"},
		settings: settings{"image.repository": "unset", "image.pullSecret.username": "robot", "image.pullSecret.password": "hunter2"}}
	r.must(t)
	r.engine.Resource(t, typeSecret, "servicex-pull")
}
