//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rulesAreValid: the rendered rules of all tested configurations pass Istio's
// own validation, in its webhook and in istioctl, and istioctl analyze.
func rulesAreValid(t *testing.T) {
	files, err := filepath.Glob("../infra/testdata/destinationrule/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("golden rules: got %q, %v", files, err)
	}
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// In a namespace that is there; the rule itself is what is checked.
		text = bytes.ReplaceAll(text, []byte(`"namespace": "demo"`), []byte(`"namespace": "`+ns+`"`))
		path := write(t, filepath.Base(file), text)
		o := attempt(t, "kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", path)
		if o.exit != 0 {
			t.Errorf("Istio's webhook refuses %s: %s", file, o.all())
		}
		if o := attempt(t, "istioctl", "validate", "-f", path); o.exit != 0 {
			t.Errorf("istioctl refuses %s: %s", file, o.all())
		}
		all = append(append(all, text...), "---\n"...)
	}
	// The webhook is what validates: it refuses what Istio does not know.
	bad := bytes.Replace(all[:bytes.Index(all, []byte("---"))], []byte("ROUND_ROBIN"), []byte("ROUND_AND_ROUND"), 1)
	bad = bytes.Replace(bad, []byte(`"interval": "1s"`), []byte(`"interval": "0s"`), 1)
	if o := attempt(t, "kubectl", "apply", "--dry-run=server", "-f", write(t, "bad.json", bad)); o.exit == 0 {
		t.Errorf("a bad rule is taken: %s", o.all())
	}
	o := attempt(t, "istioctl", "analyze", "--namespace", ns, "--failure-threshold", "Warning")
	if o.exit != 0 || !strings.Contains(o.stdout+o.stderr, "No validation issues found") {
		t.Errorf("istioctl analyze: %s", o.all())
	}
}

func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
