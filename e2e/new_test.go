//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newProject: "pulumi new" makes a project of the repository, under another name,
// whose settings reach the program.
func newProject(t *testing.T) {
	// pulumi new ends with "go mod tidy", which wants more modules than have been
	// compiled here, and there is no network in the lab.
	tidy := exec.Command("go", "mod", "tidy", "-diff")
	tidy.Dir = ".."
	if out, err := tidy.CombinedOutput(); err != nil {
		t.Fatalf("fetching the modules that tidy wants: %v\n%s", err, out)
	}
	dir, home := t.TempDir(), t.TempDir()
	template, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	// Away from the lab's own stack, and from which one is selected.
	there := func(args ...string) outcome {
		return attempt(t, append([]string{"env", "-C", dir, "PULUMI_HOME=" + home, "PULUMI_BACKEND_URL=file://" + home,
			"PULUMI_CONFIG_PASSPHRASE=of a test", "pulumi", "--non-interactive", "--color=never"}, args...)...)
	}
	made := there("new", template, "--yes", "--name", "mine", "--stack", "first")
	if made.exit != 0 || !strings.Contains(made.stdout, "go run ./observe verify") {
		t.Fatalf("pulumi new without the words of what is next: %s", made.all())
	}
	for key, want := range map[string]string{"outlier.consecutiveErrors": "10", "mine:namespace": "circuit-breaker", "istio.install": "true"} {
		if got := there("config", "get", key); strings.TrimSpace(got.stdout) != want {
			t.Errorf("setting %s: want %q, got %s", key, want, got.all())
		}
	}
	if o := there("config", "set", "outlier.consecutiveErrors", "0"); o.exit != 0 {
		t.Fatalf("setting a threshold: %s", o.all())
	}
	if o := there("preview"); o.exit == 0 || !strings.Contains(o.stdout+o.stderr, `outlier.consecutiveErrors = "0": is out of range`) {
		t.Errorf("pulumi preview with a bad setting of the project's own name: %s", o.all())
	}
}
