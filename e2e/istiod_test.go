//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"

	"sigs.k8s.io/yaml"
)

// istiodVersion is the version of Istio's module that a module of ours pins.
func istiodVersion(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-C", module, "-m", "-f", "{{.Version}}", "istio.io/istio").Output()
	if err != nil {
		t.Fatalf("asking for the version of Istio in %q: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// istiodDate is the day of a pseudo-version, which is all that tells two of them
// apart for a reader.
func istiodDate(version string) string {
	parts := strings.Split(version, "-")
	if len(parts) < 2 || len(parts[len(parts)-2]) < 8 {
		return version
	}
	stamp := parts[len(parts)-2]
	stamp = stamp[strings.LastIndex(stamp, ".")+1:]
	return fmt.Sprintf("of %s-%s-%s", stamp[:4], stamp[4:6], stamp[6:8])
}

// onIstiod measures all facts on the istiod of testdata/istiod, with the lab's own
// Envoy.
func onIstiod(t *testing.T, version string) []string {
	dir := readableFolder(t)
	build := exec.Command("go", "build", "-C", "testdata/istiod", "-trimpath", "-o", filepath.Join(dir, "pilot-discovery"),
		"-ldflags", "-s -w -X istio.io/istio/pkg/version.buildVersion="+version, "istio.io/istio/pilot/cmd/pilot-discovery")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building istiod %s: %v\n%s", version, err, out)
	}
	mine := kubectl(t, "-n", "istio-system", "get", "deployment", "istiod", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
	defer swapIstiod(t, mine)
	defer swapInjector(t)()
	swapIstiod(t, imageWith(t, mine, dir, "pilot-discovery", "istiod-"+strings.TrimPrefix(istiodDate(version), "of ")))
	err := wait.For(t.Context(), "the mesh to be istiod "+version+" alone", time.Minute, time.Second, func(context.Context) error {
		var says struct {
			MeshVersion []struct{ Info struct{ Version string } }
		}
		o := attempt(t, "istioctl", "version", "--output", "json") // asks pods that end, too, and then prints no JSON alone
		if err := json.Unmarshal([]byte(o.stdout), &says); err != nil {
			return fmt.Errorf("decoding: %w: %s", err, o.all())
		}
		if len(says.MeshVersion) != 1 || says.MeshVersion[0].Info.Version != version {
			return fmt.Errorf("the mesh is %v", says.MeshVersion)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// A sidecar holds on to what the istiod before has told it until it speaks with this one.
	err = wait.For(t.Context(), "the client's sidecar to speak with istiod "+version, time.Minute, time.Second, func(context.Context) error {
		if speak := run(t, "istioctl", "proxy-status"); !strings.Contains(speak, "servicex-client-") {
			return fmt.Errorf("it speaks with %s", speak)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return measured(t, "istiod-"+version)
}

// chartsOf is the folder of Istio's own charts, in the version that a module of ours
// pins.
func chartsOf(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "-C", module, "mod", "download", "-json", "istio.io/istio").Output()
	if err != nil {
		t.Fatalf("finding Istio's charts: %v", err)
	}
	var istio struct{ Dir string }
	decode(t, string(out), &istio)
	return filepath.Join(istio.Dir, "manifests/charts")
}

// swapInjector gives the mesh the injection template of the istiod of
// testdata/istiod: its functions need not be those of another's. The values stay.
func swapInjector(t *testing.T) (restore func()) {
	t.Helper()
	const name = "istio-sidecar-injector"
	set := func(config string) {
		patch, err := json.Marshal(map[string]any{"data": map[string]string{"config": config}})
		if err != nil {
			t.Fatal(err)
		}
		kubectl(t, "-n", "istio-system", "patch", "configmap", name, "--type", "merge", "--patch", string(patch))
	}
	mine := kubectl(t, "-n", "istio-system", "get", "configmap", name, "-o", "jsonpath={.data.config}")
	text, err := exec.Command(buildHelm(t), "template", "istiod", filepath.Join(chartsOf(t, "testdata/istiod"), "istio-control/istio-discovery"),
		"--namespace", "istio-system", "--show-only", "templates/istiod-injector-configmap.yaml").Output()
	if err != nil {
		t.Fatalf("rendering the injector of another istiod: %v", err)
	}
	var injector struct {
		Data struct{ Config string }
	}
	if err := yaml.Unmarshal(text, &injector); err != nil || injector.Data.Config == "" {
		t.Fatalf("reading the injector of another istiod: %v\n%s", err, text)
	}
	set(injector.Data.Config)
	return func() { set(mine) }
}

// swapIstiod runs istiod from another image.
func swapIstiod(t *testing.T, image string) {
	t.Helper()
	kubectl(t, "-n", "istio-system", "set", "image", "deployment/istiod", "discovery="+image)
	kubectl(t, "-n", "istio-system", "rollout", "status", "deployment", "istiod", "--timeout", "120s")
}
