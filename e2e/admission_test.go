//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

// refusedPods: a quota and Pod Security are met by the probe as by the real pods,
// their words are shown, and the run ends soon; a quota that the stack's own pods
// use up does not keep a rule from being tuned.
func refusedPods(t *testing.T) {
	t.Run("a quota that is used up", func(t *testing.T) {
		pods := strings.Fields(kubectl(t, "-n", ns, "get", "pods", "-o", "name"))
		kubectl(t, "-n", ns, "create", "quota", "small", "--hard=pods=1")
		defer kubectl(t, "-n", ns, "delete", "quota", "small")
		kubectl(t, "-n", ns, "wait", "quota", "small", "--for=jsonpath={.status.used.pods}", "--timeout=30s")
		o := attempt(t, upWith("--expect-no-changes")...)
		if o.exit != 0 || !strings.Contains(o.stdout+o.stderr, "lets no further pod in") || !strings.Contains(o.stdout+o.stderr, "exceeded quota: small") {
			t.Errorf("pulumi up with %d pods of 1: %s", len(pods), o.all())
		}
	})
	second := func(args ...string) outcome {
		return attempt(t, append(append([]string{"pulumi"}, args...), "--stack", "second")...)
	}
	second("stack", "init", "--no-select")
	defer func() {
		second("destroy", "--yes", "--skip-preview")
		second("stack", "rm", "--yes", "--force")
		pulumi(t, "stack", "select", "lab") // removing any stack leaves none selected
	}()
	second("config", "set-all", "--plaintext", "istio.install=false", "--plaintext", "namespace=walled",
		"--plaintext", "namespaceExists=true", "--plaintext", "image.repository=localhost:5000/servicex")
	for _, tt := range []struct {
		name string
		wall func()
		want string
	}{
		{"no room in the quota", func() { kubectl(t, "-n", "walled", "create", "quota", "none", "--hard=pods=0") }, "exceeded quota: none"},
		{"no limits where the quota wants them", func() {
			kubectl(t, "-n", "walled", "create", "quota", "cpu", "--hard=limits.cpu=1m")
		}, "failed quota: cpu: must specify limits.cpu"},
		{"restricted Pod Security", func() {
			kubectl(t, "label", "namespace", "walled", "pod-security.kubernetes.io/enforce=restricted")
		}, `violates PodSecurity "restricted`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kubectl(t, "create", "namespace", "walled")
			defer kubectl(t, "delete", "namespace", "walled")
			tt.wall()
			o := second("up", "--yes", "--skip-preview", "--color=never")
			if o.exit == 0 || !strings.Contains(o.stdout+o.stderr, tt.want) || !strings.Contains(o.stdout+o.stderr, "a quota or a policy of the namespace") {
				t.Errorf("pulumi up: want %q, got %s", tt.want, o.all())
			}
			if o.took > time.Minute {
				t.Errorf("a refusal took %s", o.took)
			}
			if left := kubectl(t, "-n", "walled", "get", "deployments,pods", "-o", "name"); left != "" {
				t.Errorf("made all the same: %s", left)
			}
			second("destroy", "--yes", "--skip-preview")
		})
	}
}
