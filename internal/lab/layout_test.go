package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLayoutIsFoundFromTheWorkingFolderAndTheUsersFolders(t *testing.T) {
	source, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"lab/parts", "infra/sub"} {
		if err := os.MkdirAll(filepath.Join(source, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(source+"/Pulumi.yaml", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", "/home/user")
	t.Setenv("XDG_CACHE_HOME", "/big/cache")
	t.Setenv("XDG_STATE_HOME", "")
	for _, dir := range []string{source, source + "/infra/sub"} {
		t.Chdir(dir)
		got, err := DefaultLayout()
		want := Layout{Source: source, Cache: "/big/cache/istio-circuit-breaker", State: "/home/user/.local/state/istio-circuit-breaker-lab"}
		if err != nil || got != want {
			t.Errorf("in %s: got %+v and %v, want %+v", dir, got, err, want)
		}
	}
	t.Setenv("XDG_STATE_HOME", "/state")
	if got, err := DefaultLayout(); err != nil || got.State != "/state/istio-circuit-breaker-lab" {
		t.Errorf("got %+v and %v", got, err)
	}
	for name, value := range map[string]string{"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "./cache", "HOME": "home"} {
		for _, name := range []string{"XDG_STATE_HOME", "XDG_CACHE_HOME"} {
			t.Setenv(name, "")
		}
		t.Setenv("HOME", "/home/user")
		t.Setenv(name, value)
		if got, err := DefaultLayout(); err == nil {
			t.Errorf("%s=%s: got %+v, want it refused", name, value, got)
		}
	}
	t.Setenv("HOME", "/home/user")
	t.Setenv("XDG_STATE_HOME", filepath.Dir(source))
	if err := (Layout{Source: source, Cache: "/c", State: source}).valid(); err == nil || !strings.HasSuffix(err.Error(), "which `lab down` removes") {
		t.Errorf("a clone in the state folder: got %v", err)
	}
	if err := (Layout{Source: "/s", Cache: "/s/state/cache", State: "/s/state"}).valid(); err == nil {
		t.Error("a cache in the state folder is not refused")
	}
	if err := (Layout{Source: "/s/state-2", Cache: "/s/state.cache", State: "/s/state"}).valid(); err != nil {
		t.Errorf("folders beside each other: %v", err)
	}
	mine, theirs := Layout{State: "/a"}.cgroup(), Layout{State: "/b"}.cgroup()
	if mine == theirs || len(mine) != len("istio-circuit-breaker-lab-")+8 {
		t.Errorf("cgroups of two labs: %q and %q", mine, theirs)
	}
	elsewhere := t.TempDir()
	t.Chdir(elsewhere)
	if _, err := DefaultLayout(); err == nil || !strings.HasSuffix(err.Error(), "nor a folder above it holds Pulumi.yaml and lab/parts") {
		t.Errorf("elsewhere: got %v", err)
	}
}
