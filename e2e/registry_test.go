//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

const hosting = "local-registry-hosting"

// registryOfTheCluster: where no repository is set, it is the one that the
// cluster says, in the words of kind and of k3d; where it says none, or nothing
// of use, `up` says what to do and changes nothing.
func registryOfTheCluster(t *testing.T) {
	set := strings.TrimSpace(pulumi(t, "config", "get", "image.repository"))
	pulumi(t, "config", "rm", "image.repository")
	defer func() {
		kubectl(t, "-n", "kube-public", "delete", "configmap", hosting, "--ignore-not-found")
		pulumi(t, "config", "set", "image.repository", set)
		pulumiUp(t, "--expect-no-changes")
	}()
	for _, tt := range []struct {
		name, hosting, want string
		refused             bool
	}{
		{"none", "", "the cluster names no registry of its own", true},
		{"no host", "help: https://registry.example/help", "set the registry up as https://registry.example/help says", true},
		{"no YAML", `host: "localhost:5000`, `decoding "localRegistryHosting.v1"`, true},
		{"as kind says it", `host: "localhost:5000"`, "the image goes to localhost:5000/servicex, pods pull from localhost:5000/servicex", false},
		{"as k3d says it", "host: 0.0.0.0:5000\nhostFromContainerRuntime: localhost:5000", "the image goes to localhost:5000/servicex", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.hosting != "" {
				kubectl(t, "-n", "kube-public", "delete", "configmap", hosting, "--ignore-not-found")
				kubectl(t, "-n", "kube-public", "create", "configmap", hosting, "--from-literal=localRegistryHosting.v1="+tt.hosting)
			}
			o := attempt(t, "pulumi", "up", "--yes", "--skip-preview", "--color=never", "--expect-no-changes")
			if (o.exit != 0) != tt.refused || !strings.Contains(o.stdout+o.stderr, tt.want) {
				t.Errorf("want %q, refused %v; pulumi up: %s", tt.want, tt.refused, o.all())
			}
		})
	}
}
