//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestBenchUp times the stack's life beside the same made by hand with helm,
// kubectl and docker, in turns on one lab, and prints the medians and their
// ratios. Only `make bench-up` runs it; ROUNDS says how many turns. It judges no
// time: machines differ.
func TestBenchUp(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("ROUNDS"))
	if err != nil || rounds < 1 || rounds > 20 {
		t.Fatalf("ROUNDS=%q: must be 1 to 20", os.Getenv("ROUNDS"))
	}
	helm := buildHelm(t)
	pulumiUp(t) // the image is in Docker's cache, the program compiled
	byHand := handwritten(t, helm)
	timed(t, []string{"sh", "-ec", byHand.first[0]}) // so it is for Docker by hand
	pulumi(t, "destroy", "--yes", "--skip-preview")
	steps := []string{"first up", "unchanged", "one change", "destroy"}
	ours, theirs := map[string][]time.Duration{}, map[string][]time.Duration{}
	for range rounds {
		for i, args := range [][]string{
			upWith(), upWith(), upWith("--config", "outlier.interval=2s"),
			{"pulumi", "destroy", "--yes", "--skip-preview", "--color=never"},
		} {
			ours[steps[i]] = append(ours[steps[i]], timed(t, args))
		}
		pulumi(t, "config", "rm", "outlier.interval") // --config has saved it
		for i, lines := range [][]string{byHand.first, byHand.again, byHand.change, byHand.destroy} {
			theirs[steps[i]] = append(theirs[steps[i]], timed(t, []string{"sh", "-ec", strings.Join(lines, "\n")}))
		}
	}
	fmt.Fprintf(os.Stderr, "\n%-12s %10s %16s %8s   (medians of %d)\n", "", "pulumi", "helm, kubectl", "ratio", rounds)
	for _, step := range steps {
		a, b := median(ours[step]), median(theirs[step])
		fmt.Fprintf(os.Stderr, "%-12s %9.1fs %15.1fs %8.2f   %v beside %v\n", step, a.Seconds(), b.Seconds(), a.Seconds()/b.Seconds(), ours[step], theirs[step])
	}
}

func timed(t *testing.T, args []string) time.Duration {
	t.Helper()
	o := attempt(t, args...)
	if o.exit != 0 {
		t.Fatalf("running %q: %s", args, o.all())
	}
	return o.took.Round(100 * time.Millisecond)
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// buildHelm compiles the peer, and is its path.
func buildHelm(t *testing.T) string {
	t.Helper()
	helm := filepath.Join(t.TempDir(), "helm")
	build := exec.Command("go", "build", "-C", "testdata/helm", "-o", helm, "helm.sh/helm/v3/cmd/helm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building helm: %v\n%s", err, out)
	}
	return helm
}

// scripts do by hand, as lines of a shell, what the stack does.
type scripts struct{ first, again, change, destroy []string }

// handwritten has the stack's own objects, values and image, of its state.
func handwritten(t *testing.T, helm string) scripts {
	t.Helper()
	var namespaces, objects []any
	var crds, deployments []string
	releases := map[string]map[string]any{}
	for _, r := range resources(t) {
		plain := withoutDefaults(r.Inputs).(map[string]any)
		switch kind := r.Type[strings.LastIndex(r.Type, ":")+1:]; {
		case kind == "Release":
			releases[plain["name"].(string)] = plain
		case kind == "CustomResourceDefinition":
			crds = append(crds, r.ID)
		case kind == "Namespace":
			namespaces = append(namespaces, plain)
		case strings.HasPrefix(r.Type, "kubernetes:") && plain["kind"] != nil:
			objects = append(objects, plain)
			if kind == "Deployment" {
				deployments = append(deployments, "deployment/"+plain["metadata"].(map[string]any)["name"].(string))
			}
		}
	}
	if len(releases) != 2 || len(deployments) != 3 || len(namespaces) != 2 || len(crds) == 0 {
		t.Fatalf("the stack has releases %v, deployments %v, %d namespaces, CRDs %v", releases, deployments, len(namespaces), crds)
	}
	list := func(name string, items []any) string {
		text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
		if err != nil {
			t.Fatal(err)
		}
		return write(t, name, text)
	}
	first, manifests := list("namespaces.json", namespaces), list("objects.json", objects)
	install := func(release string, flags string) string {
		values, err := json.Marshal(releases[release]["values"])
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s upgrade --install --namespace istio-system %s %s --values %s %s", helm, release, releases[release]["chart"], write(t, release+".json", values), flags)
	}
	image := strings.TrimSpace(pulumi(t, "config", "get", "image.repository")) + ":by-hand"
	wait := fmt.Sprintf("kubectl -n %s rollout status --timeout 120s %s", ns, strings.Join(deployments, " "))
	up := []string{
		"docker build -q -t " + image + " servicex", "docker push -q " + image,
		"kubectl apply -f " + first,
		install("istio-base", ""), install("istiod", "--wait"),
		"kubectl apply -f " + manifests, wait,
	}
	return scripts{
		first: up, again: up,
		change: []string{fmt.Sprintf(`kubectl -n %s patch destinationrule servicex-service --type merge -p '{"spec":{"trafficPolicy":{"outlierDetection":{"interval":"2s"}}}}'`, ns)},
		destroy: []string{
			"kubectl delete -f " + manifests,
			helm + " uninstall --namespace istio-system istiod istio-base",
			"kubectl delete crd " + strings.Join(crds, " "),
			"kubectl delete -f " + first,
		},
	}
}

// withoutDefaults leaves out what the engine keeps beside the inputs.
func withoutDefaults(v any) any {
	switch v := v.(type) {
	case map[string]any:
		plain := map[string]any{}
		for key, below := range v {
			if !strings.HasPrefix(key, "__") {
				plain[key] = withoutDefaults(below)
			}
		}
		return plain
	case []any:
		var plain []any
		for _, below := range v {
			plain = append(plain, withoutDefaults(below))
		}
		return plain
	}
	return v
}
