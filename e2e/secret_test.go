//go:build e2e

package e2e

import (
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
