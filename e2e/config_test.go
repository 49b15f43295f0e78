//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// badConfigurations: each is refused by `up` before anything is made, and one
// with many faults names them all.
func badConfigurations(t *testing.T) {
	tests := []struct {
		name     string
		settings map[string]string
		want     []string
	}{
		{"no number", map[string]string{"outlier.consecutiveErrors": "ten"}, []string{"outlier.consecutiveErrors", `"ten"`, "1 to 10000"}},
		{"zero", map[string]string{"outlier.consecutiveErrors": "0"}, []string{"outlier.consecutiveErrors", `"0"`, "1 to 10000"}},
		{"negative", map[string]string{"replicas.faulty": "-1"}, []string{"replicas.faulty", `"-1"`, "1 to 50"}},
		{"overflow", map[string]string{"outlier.consecutiveErrors": "4294967306"}, []string{"outlier.consecutiveErrors", `"4294967306"`, "1 to 10000"}},
		{"a duration without unit", map[string]string{"outlier.baseEjectionTime": "30"}, []string{"outlier.baseEjectionTime", `"30"`, "1s to 1h"}},
		{"a percentage that never ejects", map[string]string{"outlier.maxEjectionPercent": "49"}, []string{"outlier.maxEjectionPercent", `"49"`}},
		{"several at once", map[string]string{"outlier.consecutivErrors": "5", "image.repository": "UPPER/Case", "faulty.maxDelay": "soon"},
			[]string{"outlier.consecutivErrors", "outlier.consecutiveErrors", "image.repository", "UPPER/Case", "faulty.maxDelay", `"soon"`}},
	}
	before := settled(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := stackFile(t, tt.settings)
			for _, command := range [][]string{{"up", "--yes", "--skip-preview"}, {"preview"}} {
				o := attempt(t, append(append([]string{"pulumi"}, command...), "--color=never", "--config-file", file)...)
				if o.exit == 0 {
					t.Errorf("pulumi %s succeeded: %s", command[0], o.all())
				}
				for _, want := range tt.want {
					if !strings.Contains(o.stdout+o.stderr, want) {
						t.Errorf("pulumi %s does not name %s: %s", command[0], want, o.all())
					}
				}
				if strings.Contains(o.stdout+o.stderr, "panic") {
					t.Errorf("pulumi %s panics: %s", command[0], o.all())
				}
			}
			for _, r := range resources(t) {
				if r.Type != typeStack {
					t.Errorf("made all the same: %s", r.URN)
				}
			}
		})
	}
	if more := beyond(before, everything(t)); len(more) > 0 {
		t.Errorf("made in the cluster all the same: %q", more)
	}
}

// previewAlone: a preview needs neither a cluster nor CRDs in it.
func previewAlone(t *testing.T) {
	nowhere := write(t, "kubeconfig", []byte(`{apiVersion: v1, kind: Config, current-context: none,
  contexts: [{name: none, context: {cluster: none, user: none}}],
  clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: none, user: {token: none}}]}`))
	file := stackFile(t, map[string]string{"kubernetes:kubeconfig": nowhere})
	preview := run(t, "env", "KUBECONFIG="+nowhere, "pulumi", "preview", "--json", "--config-file", file)
	var plan struct {
		ChangeSummary map[string]int `json:"changeSummary"`
	}
	decode(t, preview, &plan)
	if n := plan.ChangeSummary["create"]; n < 20 || len(plan.ChangeSummary) > 2 {
		t.Errorf("planned: got %v, want the whole stack to be created", plan.ChangeSummary)
	}
	if !strings.Contains(preview, typeRule) {
		t.Error("no DestinationRule is planned")
	}
	file = stackFile(t, map[string]string{"kubernetes:kubeconfig": nowhere, "image.repository": ""})
	preview = run(t, "env", "KUBECONFIG="+nowhere, "pulumi", "preview", "--color=never", "--config-file", file)
	if want := "image.repository is not set, and there is no cluster to ask"; !strings.Contains(preview, want) {
		t.Errorf("a preview without registry and cluster does not say %q:\n%s", want, preview)
	}
}

// imageThatIsThere: with image.reference nothing is built, and no Docker needed.
func imageThatIsThere(t *testing.T) {
	reference := "localhost:5000/servicex@" + strings.TrimSpace(pulumi(t, "stack", "output", "imageDigest"))
	pulumi(t, "config", "set", "image.reference", reference)
	defer unset(t, "image.reference")
	o := attempt(t, "env", "DOCKER_HOST=unix:///there/is/none.sock", "pulumi", "up", "--yes", "--skip-preview", "--color=never")
	if o.exit != 0 {
		t.Fatalf("up without Docker: %s", o.all())
	}
	if got := changes(t); got["delete"] != 1 || got["update"] != 0 || got["create"] != 0 {
		t.Errorf("changes: got %v, want the image to be forgotten and the pods left alone", got)
	}
}

// stackFile is the lab's stack file with some settings changed, or left out where
// they are empty; names without a colon are ours.
func stackFile(t *testing.T, settings map[string]string) string {
	t.Helper()
	text, err := os.ReadFile("../Pulumi.lab.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var stack struct {
		Config map[string]any `json:"config"`
	}
	if err := yaml.Unmarshal(text, &stack); err != nil {
		t.Fatal(err)
	}
	for key, value := range settings {
		if !strings.Contains(key, ":") {
			key = "istio-circuit-breaker:" + key
		}
		stack.Config[key] = value
		if value == "" {
			delete(stack.Config, key)
		}
	}
	if text, err = yaml.Marshal(stack); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "Pulumi.lab.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
