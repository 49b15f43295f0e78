//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secondLab is the folder and the variables of a lab beside the one that runs, of
// the same parts; it is taken down when the test ends.
func secondLab(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = shortFolder(t)
	cache := dir + "/cache/istio-circuit-breaker"
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(partsFolder(t), cache+"/parts"); err != nil {
		t.Fatal(err)
	}
	return dir, labIn(t, dir, dir+"/cache")
}

// partsFolder is where this machine's parts are, whether a lab runs or not.
func partsFolder(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "istio-circuit-breaker/parts")
}

// labIn are the variables of a lab with those folders for its state and its cache,
// which is taken down when the test ends.
func labIn(t *testing.T, state, cache string) []string {
	t.Helper()
	// Go's own cache is below XDG_CACHE_HOME too: an empty one takes minutes.
	compiled, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"XDG_STATE_HOME=" + state, "XDG_CACHE_HOME=" + cache, "GOCACHE=" + strings.TrimSpace(string(compiled))}
	// The first lab's settings of its stack are in the same clone, if it was brought
	// up from that.
	settings, errSettings := os.ReadFile("../Pulumi.lab.yaml")
	if errSettings != nil && !errors.Is(errSettings, fs.ErrNotExist) {
		t.Fatal(errSettings)
	}
	t.Cleanup(func() {
		if out, _, err := labWith(env, "down"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if errSettings != nil {
			return
		}
		if err := os.WriteFile("../Pulumi.lab.yaml", settings, 0o644); err != nil {
			t.Error(err)
		}
	})
	return env
}

// supervisorOf is the first process of a lab that runs.
func supervisorOf(t *testing.T, env []string) int {
	t.Helper()
	out, _, _ := labWith(env, "status", "--json") // whether all works is not asked
	var status struct{ PID int }
	if err := json.Unmarshal([]byte(out), &status); err != nil || status.PID == 0 {
		t.Fatalf("status --json: %v\n%s", err, out)
	}
	return status.PID
}
