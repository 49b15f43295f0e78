//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

const megabyte = 1 << 20

// stateDiskFull: the disk of the state is too small, is full before the node
// starts, and before its database does: `lab up` says so by the folder, and goes on
// once there is room. Filled while the lab is up, status says so; then all comes
// back by itself, with everything that was stored.
func stateDiskFull(t *testing.T) {
	dir := shortFolder(t)
	linkParts(t, dir)
	disk := mountDisk(t, dir+"/s", 300*megabyte)
	env := labIn(t, dir+"/s", dir+"/cache")
	state := dir + "/s/istio-circuit-breaker-lab"

	out, _, err := labWith(env, "up")
	want := regexp.MustCompile(`(?m)^lab: checking this machine: disk: only 0\.3 GB, 1\.0 GB needed for ` + state + `\nhint: free some space, or set `)
	if err == nil || !want.MatchString(out) {
		t.Errorf("up on a small disk: got %v, want %q\n%s", err, want, out)
	}
	for _, step := range []string{"compiling the Pulumi program and the observer", "starting the node"} {
		disk.holds(t, 1500*megabyte)
		refusedWithoutRoom(t, env, step, state, func() { disk.leave(t, 0) })
	}
	disk.holds(t, 1500*megabyte)
	if out, took, err := labWith(env, "up"); err != nil {
		t.Fatalf("up once there is room: %v after %s\n%s", err, took, out)
	}
	works(t, env)

	stored := deployed(t, env, state)
	evictedAndBack(t, env, disk)
	disk.leave(t, 0)
	stored = append(stored, storeUntilFull(t, env, dir)...)
	began := time.Now()
	err = wait.For(t.Context(), "status to tell that the disk is full", 20*time.Second, 250*time.Millisecond, func(context.Context) error {
		out, _, err := labWith(env, "status")
		if err == nil || !regexp.MustCompile(`(?m)^disk +FAIL  the disk of `+state+` has 0 MB left, 100 MB are needed: make room there`).MatchString(out) {
			return fmt.Errorf("it says:\n%s", out)
		}
		t.Logf("status tells it after %s:\n%s", time.Since(began).Round(100*time.Millisecond), out)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	disk.holds(t, 1500*megabyte)
	began = time.Now()
	worksAgain(t, env, databaseBack)
	kubectlWith(t, env, "rollout", "status", "deployment/pause", "--timeout=1m")
	t.Logf("all works again %s after there is room", time.Since(began).Round(100*time.Millisecond))
	kept := strings.Fields(kubectlWith(t, env, "get", "configmaps", "-o", `jsonpath={.items[*].metadata.name}`))
	for _, name := range stored {
		if !slices.Contains(kept, name) {
			t.Errorf("ConfigMap %s was stored and is lost; there are %q", name, kept)
		}
	}
	downLeavesNothing(t, env)
	if left, err := filepath.Glob(dir + "/s/*"); err != nil || len(left) > 0 {
		t.Errorf("on the disk after down: %q, %v", left, err)
	}
}

// linkParts has a lab below dir take the parts that this machine has, but for
// those whose name begins with one of these.
func linkParts(t *testing.T, dir string, but ...string) {
	t.Helper()
	to := dir + "/cache/istio-circuit-breaker/parts"
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(partsFolder(t) + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range found {
		name := filepath.Base(part)
		if slices.ContainsFunc(but, func(prefix string) bool { return strings.HasPrefix(name, prefix+"-") }) {
			continue
		}
		if err := os.Symlink(part, filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// refusedWithoutRoom: `lab up`, whose disk is filled once a step has ended, ends
// with an error that names the folder and what to do.
func refusedWithoutRoom(t *testing.T, env []string, step, folder string, fill func()) string {
	t.Helper()
	filled := time.Time{}
	out, err := upWatched(t, env, func(_ *os.Process, _, _ int, name string) {
		if strings.HasPrefix(name, step) {
			fill()
			filled = time.Now()
		}
	})
	want := regexp.MustCompile(`(?m)^lab: .*: the disk of ` + regexp.QuoteMeta(folder) + ` has \d+ MB left, \d+ MB are needed: `)
	if err == nil || filled.IsZero() || !want.MatchString(out) || !strings.Contains(out, "\nhint: make room there and go on with `go run ./lab up`") {
		t.Errorf("up, the disk full after %q: got %v, want %q\n%s", step, err, want, out)
	}
	t.Logf("full after %q, told after %s:\n%s", step, time.Since(filled).Round(100*time.Millisecond), out[max(0, strings.Index(out, "lab: ")):])
	return out
}

func kubectlWith(t *testing.T, env []string, args ...string) string {
	t.Helper()
	out, _, err := labWith(env, append([]string{"exec", "--", "kubectl"}, args...)...)
	if err != nil {
		t.Fatalf("kubectl %q: %v\n%s", args, err, out)
	}
	return out
}

// deployed makes a Deployment of the one image that each node has, and some
// ConfigMaps, whose names it returns.
func deployed(t *testing.T, env []string, state string) (names []string) {
	t.Helper()
	config, err := os.ReadFile(state + "/etc/containerd.toml")
	image := regexp.MustCompile(`localhost:5000/pause:\w+`).Find(config)
	if image == nil {
		t.Fatalf("looking for the pause image: %v\n%s", err, config)
	}
	kubectlWith(t, env, "create", "deployment", "pause", "--image="+string(image))
	kubectlWith(t, env, "rollout", "status", "deployment/pause", "--timeout=1m")
	for i := range 3 {
		names = append(names, fmt.Sprintf("before-%d", i))
		kubectlWith(t, env, "create", "configmap", names[i], "--from-literal=a=b")
	}
	return names
}

// storeUntilFull stores large ConfigMaps until one is refused, and returns the
// names of those that were not.
func storeUntilFull(t *testing.T, env []string, dir string) (names []string) {
	t.Helper()
	if err := os.WriteFile(dir+"/large", bytes.Repeat([]byte("x"), 500<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		name := fmt.Sprintf("large-%d", i)
		if out, _, err := labWith(env, "exec", "--", "kubectl", "--request-timeout=10s", "create", "configmap", name, "--from-file="+dir+"/large"); err != nil {
			t.Logf("%d ConfigMaps of 500 KB stored on the full disk, then: %s", i, out)
			return names
		}
		names = append(names, name)
	}
	t.Error("the database stores all the same")
	return names
}

// evictedAndBack: on a disk with next to nothing left the kubelet evicts what runs,
// and takes it again soon after there is room.
func evictedAndBack(t *testing.T, env []string, disk smallDisk) {
	t.Helper()
	disk.leave(t, megabyte) // of 1 % that the kubelet wants
	began := time.Now()
	err := wait.For(t.Context(), "the pod to be evicted", 2*time.Minute, time.Second, func(context.Context) error {
		out, _, err := labWith(env, "exec", "--", "kubectl", "get", "pods", "--no-headers", "--request-timeout=5s")
		if err == nil && !strings.Contains(out, "Evicted") && !strings.Contains(out, "Pending") && !strings.Contains(out, "Error") {
			err = fmt.Errorf("the pods are\n%s", out)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("evicted after %s\n%s", time.Since(began).Round(100*time.Millisecond), kubectlWith(t, env, "get", "pods"))
	disk.holds(t, 1500*megabyte)
	began = time.Now()
	kubectlWith(t, env, "rollout", "status", "deployment/pause", "--timeout=6m")
	t.Logf("a pod runs again %s after there is room", time.Since(began).Round(100*time.Millisecond))
}
