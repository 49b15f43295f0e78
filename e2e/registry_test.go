//go:build e2e

package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

// platformOfTheNodes: the image is built for the node, and a setting that is of
// another platform is told before anything is made.
func platformOfTheNodes(t *testing.T) {
	node := kubectl(t, "get", "nodes", "-o", "jsonpath={.items[0].status.nodeInfo.operatingSystem}/{.items[0].status.nodeInfo.architecture}")
	for _, r := range resources(t) {
		if build, _ := r.Inputs["build"].(map[string]any); build != nil && build["platform"] != node {
			t.Errorf("built for %v, the node is %s", build["platform"], node)
		}
	}
	other := "linux/arm64"
	if node == other {
		other = "linux/amd64"
	}
	file := stackFile(t, map[string]string{"image.platform": other})
	o := attempt(t, "pulumi", "preview", "--color=never", "--config-file", file)
	if want := "image.platform is " + other + ", but nodes are " + node; !strings.Contains(o.stdout+o.stderr, want) {
		t.Errorf("a preview for another platform does not say %q: %s", want, o.all())
	}
}

// tagOfContent: a stack from before, whose image is ":latest", gets the tag of its
// content by one build, and keeps its pods.
func tagOfContent(t *testing.T) {
	name := imageInState(t)
	if !regexp.MustCompile(`^localhost:5000/servicex:[0-9a-f]{16}-linux-(amd64|arm64)$`).MatchString(name) {
		t.Errorf("the image's name: got %q", name)
	}
	state := strings.ReplaceAll(pulumi(t, "stack", "export"), name, "localhost:5000/servicex:latest")
	pulumi(t, "stack", "import", "--file", write(t, "state.json", []byte(state)))
	before := stackPods(t)
	pulumiUp(t)
	if got := changes(t); got["update"] != 1 || got["same"] == 0 || len(got) != 2 {
		t.Errorf("changes: got %v, want the image alone", got)
	}
	if got := imageInState(t); got != name {
		t.Errorf("the image's name: got %q, want %q", got, name)
	}
	if after := stackPods(t); after != before {
		t.Errorf("pods: got %q, before %q", after, before)
	}
	upUnchanged(t)
}

// stackPods lists the stack's pods, but for those on their way out: the case before may
// have replaced some, which take half a minute to go.
func stackPods(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", ns, "get", "pods", "-o", `go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}`)
}

func imageInState(t *testing.T) string {
	t.Helper()
	for _, r := range resources(t) {
		if r.Type == "docker:index/image:Image" {
			name, _ := r.Inputs["imageName"].(string)
			return name
		}
	}
	t.Fatal("the stack has no image")
	return ""
}

// dockerContext: without DOCKER_HOST the engine is that of the docker command's
// current context. The image moves to a provider of its own, and back, and no pod
// does.
func dockerContext(t *testing.T) {
	host := strings.TrimSpace(run(t, "printenv", "DOCKER_HOST"))
	folder := t.TempDir()
	meta := filepath.Join(folder, "contexts", "meta", fmt.Sprintf("%x", sha256.Sum256([]byte("there"))))
	if err := os.MkdirAll(meta, 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		filepath.Join(meta, "meta.json"):     fmt.Sprintf(`{"Name":"there","Endpoints":{"docker":{"Host":%q}}}`, host),
		filepath.Join(folder, "config.json"): `{"currentContext":"there"}`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := stackPods(t)
	defer func() {
		pulumiUp(t)
		upUnchanged(t)
		if after := stackPods(t); after != before {
			t.Errorf("pods: got %q, before %q", after, before)
		}
	}()
	o := attempt(t, "env", "-u", "DOCKER_HOST", "DOCKER_CONFIG="+folder, "pulumi", "up", "--yes", "--skip-preview", "--color=never")
	if want := `context "there"'s, at ` + host; o.exit != 0 || !strings.Contains(o.stdout+o.stderr, want) {
		t.Errorf("want %q; pulumi up: %s", want, o.all())
	}
}
