//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// secretValues: Helm values set as a secret are in no output of Pulumi's and not
// in the state, where only their encrypted form is.
func secretValues(t *testing.T) {
	const word = "correct-horse-battery-staple"
	open := strings.TrimSpace(pulumi(t, "config", "get", "istio.values"))
	values := map[string]any{}
	decode(t, open, &values)
	values["podAnnotations"] = map[string]any{"example.test/password": word}
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	pulumi(t, "config", "set", "--secret", "istio.values", string(text))
	defer set(t, map[string]string{"istio.values": open})
	for _, args := range [][]string{
		{"preview", "--diff"}, {"preview", "--json"}, {"up", "--yes", "--skip-preview", "--diff"}, {"up", "--yes", "--refresh"}, {"stack", "export"},
	} {
		o := attempt(t, append(append([]string{"pulumi"}, args...), "--color=never")...)
		if o.exit != 0 {
			t.Fatalf("pulumi %q: %s", args, o.all())
		}
		if strings.Contains(o.stdout+o.stderr, word) {
			t.Errorf("pulumi %q shows the secret", args)
		}
	}
	if shown := pulumi(t, "stack", "export", "--show-secrets"); !strings.Contains(shown, word) {
		t.Error("the secret is not in the state at all, so that nothing was proven")
	}
	if got := kubectl(t, "-n", "istio-system", "get", "pods", "-l", "app=istiod", "-o", `jsonpath={.items[*].metadata.annotations.example\.test/password}`); !strings.Contains(got, word) {
		t.Errorf("the value did not reach istiod: got %q", got)
	}
}

// pullSecret: credentials of a private registry reach the cluster and all pods,
// and are in no output of Pulumi's and not in the state.
func pullSecret(t *testing.T) {
	const word = "correct-horse-battery-staple"
	encoded := base64.StdEncoding.EncodeToString([]byte("robot:" + word))
	want := `{"auths":{"localhost:5000":{"username":"robot","password":"` + word + `","auth":"` + encoded + `"}}}`
	pulumi(t, "config", "set", "image.pullSecret.username", "robot")
	pulumi(t, "config", "set", "--secret", "image.pullSecret.password", word)
	defer func() {
		unset(t, "image.pullSecret.username", "image.pullSecret.password")
		if o := attempt(t, "kubectl", "-n", ns, "get", "secret", "servicex-pull"); o.exit == 0 {
			t.Error("the Secret stays although nothing asks for it")
		}
	}()
	for _, args := range [][]string{
		{"preview", "--diff"}, {"preview", "--json"}, {"up", "--yes", "--skip-preview", "--diff"}, {"up", "--yes", "--refresh"}, {"stack", "export"}, {"stack", "output", "--json"},
	} {
		o := attempt(t, append(append([]string{"pulumi"}, args...), "--color=never")...)
		if o.exit != 0 {
			t.Fatalf("pulumi %q: %s", args, o.all())
		}
		for _, secret := range []string{word, encoded, base64.StdEncoding.EncodeToString([]byte(want))} {
			if strings.Contains(o.stdout+o.stderr, secret) {
				t.Errorf("pulumi %q shows the password", args)
			}
		}
	}
	upUnchanged(t)
	login := kubectl(t, "-n", ns, "get", "secret", "servicex-pull", "-o", `go-template={{index .data ".dockerconfigjson" | base64decode}}`)
	if login != want {
		t.Errorf("the Secret: got %s, want %s", login, want)
	}
	with := kubectl(t, "-n", ns, "get", "deployments", "-o", "jsonpath={.items[*].spec.template.spec.imagePullSecrets[*].name}")
	if with != "servicex-pull servicex-pull servicex-pull" {
		t.Errorf("the pods pull with %q", with)
	}
}
