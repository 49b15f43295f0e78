//go:build e2e

package e2e

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cacheDiskFull: the disk of the cache is filled while Envoy is fetched, while a
// part is compiled, and while images are made. `lab up` says so by the folder, and
// nothing that is half-written is taken for whole once there is room.
func cacheDiskFull(t *testing.T) {
	dir := shortFolder(t)
	cache := dir + "/cache/istio-circuit-breaker"
	disk := mountDisk(t, cache, 1800*megabyte)
	fetched := []string{"envoy", "pause"} // what takes seconds to make
	linkParts(t, dir, fetched...)
	env := labIn(t, dir, dir+"/cache")
	made := func() (names []string) {
		for _, part := range fetched {
			found, err := filepath.Glob(cache + "/parts/" + part + "-*")
			if err != nil {
				t.Fatal(err)
			}
			for _, folder := range found {
				names = append(names, filepath.Base(folder))
			}
		}
		return names
	}
	for _, full := range []struct {
		after string // a step
		bytes uint64 // left
		made  int    // parts
	}{
		{"installing Debian packages", megabyte, 0},          // less than the wheel
		{"installing Debian packages", 60 * megabyte, 0},     // more than the wheel, less than what is in it
		{"building Pulumi's Go language host", 100 << 10, 1}, // less than what is linked
		{"waiting for the API server", 20 * megabyte, 2},     // less than Istio's images
		{"waiting for the API server", 150 * megabyte, 2},    // less than Go's
	} {
		refusedWithoutRoom(t, env, full.after, cache, func() { disk.leave(t, full.bytes) })
		if got := made(); len(got) != full.made {
			t.Errorf("full after %q: parts %q are there, want %d", full.after, got, full.made)
		}
		disk.holds(t, 1800*megabyte)
	}
	if out, took, err := labWith(env, "up"); err != nil {
		t.Fatalf("up once there is room: %v after %s\n%s", err, took, out)
	}
	works(t, env)
	for _, name := range made() {
		for _, file := range filesOf(t, partsFolder(t)+"/"+name) {
			if got, want := sum(t, cache+"/parts/"+name+"/"+file), sum(t, partsFolder(t)+"/"+name+"/"+file); got != want {
				t.Errorf("%s of %s is not what this machine has", file, name)
			}
		}
	}
	state := dir + "/istio-circuit-breaker-lab"
	deployed(t, env, state) // of an image of the registry
	if out := kubectlWith(t, env, "get", "pods", "--no-headers"); !strings.Contains(out, "Running") {
		t.Error(out)
	}
	downLeavesNothing(t, env)
}

func filesOf(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func sum(t *testing.T, file string) [sha256.Size]byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(content)
}
