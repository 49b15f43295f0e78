//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// registryDiskFull: the registry has no room for the image. `up` says so in the
// registry's or Docker's words, the pods stay as they are, and once there is room
// the next `up` goes on.
func registryDiskFull(t *testing.T) {
	const repository = "full/servicex"
	was := strings.TrimSpace(pulumi(t, "config", "get", "image.repository"))
	before := stackPods(t)
	room := fullDisk(t, repository)
	defer room()
	pulumi(t, "config", "set", "image.repository", "localhost:5000/"+repository)
	o := attempt(t, upWith()...)
	if o.exit == 0 || !strings.Contains(o.stdout+o.stderr, "localhost:5000/"+repository) || !strings.Contains(o.stdout+o.stderr, "500 Internal Server Error") {
		t.Errorf("pulumi up with a full registry: %s", o.all())
	}
	t.Logf("pulumi up with a full registry took %s", o.took)
	if after := stackPods(t); after != before {
		t.Errorf("the pods are %q now, were %q", after, before)
	}
	room()
	pulumiUp(t)
	if got := imageInState(t); !strings.HasPrefix(got, "localhost:5000/"+repository+":") {
		t.Errorf("the image is %q once there is room", got)
	}
	pulumi(t, "config", "set", "image.repository", was)
	pulumiUp(t)
}

// fullDisk puts a file system without room where the lab's registry keeps a
// repository, in the registry's own mount namespace, until room is called.
func fullDisk(t *testing.T, repository string) (room func()) {
	t.Helper()
	config := run(t, "sh", "-c", `cat "$(dirname "$KUBECONFIG")/etc/registry.yml"`)
	data := regexp.MustCompile(`rootdirectory: "(.+?)"`).FindStringSubmatch(config)
	pids, err := exec.Command("pgrep", "-f", "^/[^ ]*docker-registry serve .*/etc/registry.yml").Output()
	pid := strings.TrimSpace(string(pids))
	if data == nil || err != nil || strings.Contains(pid, "\n") {
		t.Fatalf("looking for the lab's registry: processes %q, %v; its configuration:\n%s", pids, err, config)
	}
	folder := filepath.Join(data[1], "docker/registry/v2/repositories", repository)
	inside := func(args ...string) {
		if out, err := exec.Command("nsenter", append([]string{"--mount", "--target", pid, "--"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("running %q beside the registry: %v\n%s", args, err, out)
		}
	}
	inside("mkdir", "-p", folder)
	inside("mount", "-t", "tmpfs", "-o", "nr_inodes=1,size=4k", "full", folder)
	full := true
	return func() {
		if full {
			inside("umount", folder)
		}
		full = false
	}
}
