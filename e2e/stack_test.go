//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	typeRule = "kubernetes:networking.istio.io/v1:DestinationRule"
	ns       = "circuit-breaker"
)

// atFirst is what the cluster held before the first `pulumi up`.
var atFirst map[string]bool

func pulumi(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, append([]string{"pulumi"}, args...)...)
}

// set changes settings of the stack, and brings them into the cluster.
func set(t *testing.T, settings map[string]string) {
	t.Helper()
	args := []string{"pulumi", "config", "set-all"}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "--plaintext", key+"="+settings[key])
	}
	run(t, args...)
	pulumiUp(t)
}

// unset takes settings away again.
func unset(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		pulumi(t, "config", "rm", key)
	}
	pulumiUp(t)
}

// upWith is the command that brings the stack up, with more flags.
func upWith(args ...string) []string {
	return append([]string{"pulumi", "up", "--yes", "--skip-preview", "--color=never"}, args...)
}

func pulumiUp(t *testing.T, args ...string) {
	t.Helper()
	o := attempt(t, upWith(args...)...)
	if o.exit != 0 {
		// What failed comes last: of a long output a log may keep the end alone.
		t.Fatalf("the pods:\n%s\npulumi up: %s", attempt(t, "kubectl", "get", "pods", "-A").stdout, o.all())
	}
	t.Logf("pulumi up took %s: %v", o.took.Round(100_000_000), changes(t))
}

// changes counts the resources by what the last update did to them.
func changes(t *testing.T) map[string]int {
	t.Helper()
	var history []struct {
		ResourceChanges map[string]int `json:"resourceChanges"`
	}
	decode(t, pulumi(t, "stack", "history", "--json", "--page-size", "1"), &history)
	if len(history) == 0 {
		t.Fatal("the stack has no history")
	}
	return history[0].ResourceChanges
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("decoding: %v\n%s", err, text)
	}
}

// stackResource is a resource in the stack's state.
type stackResource struct {
	URN    string         `json:"urn"`
	Type   string         `json:"type"`
	ID     string         `json:"id"`
	Inputs map[string]any `json:"inputs"`
}

func resources(t *testing.T) []stackResource {
	t.Helper()
	var state struct {
		Deployment struct {
			Resources []stackResource `json:"resources"`
		} `json:"deployment"`
	}
	decode(t, pulumi(t, "stack", "export"), &state)
	return state.Deployment.Resources
}

func up(t *testing.T) {
	atFirst = settled(t)
	pulumiUp(t)
	var outputs struct {
		ServiceURL  string            `json:"serviceURL"`
		Namespace   string            `json:"namespace"`
		ImageDigest string            `json:"imageDigest"`
		Rule        string            `json:"rule"`
		Commands    map[string]string `json:"commands"`
		Readme      string            `json:"readme"`
	}
	decode(t, pulumi(t, "stack", "output", "--json"), &outputs)
	if outputs.ServiceURL != "http://servicex-service."+ns+".svc.cluster.local" || outputs.Namespace != ns {
		t.Errorf("outputs: got %+v", outputs)
	}
	if !strings.HasPrefix(outputs.Rule, "10 gateway errors") {
		t.Errorf("the rule in words: got %q", outputs.Rule)
	}
	if !strings.Contains(outputs.Readme, "\n"+outputs.Commands["verify"]+"\n") || strings.Contains(outputs.Readme, "${") {
		t.Errorf("the readme is not filled in:\n%s", outputs.Readme)
	}
	for _, name := range []string{"watch", "verify", "pods", "tune", "remove"} {
		if outputs.Commands[name] == "" {
			t.Errorf("no command to %s in %v", name, outputs.Commands)
		}
	}
	images := kubectl(t, "-n", ns, "get", "deployments", "-o", `jsonpath={range .items[*]}{.spec.template.spec.containers[0].image}{"\n"}{end}`)
	want := strings.Repeat("localhost:5000/servicex@"+outputs.ImageDigest+"\n", 3)
	if images != want || !strings.HasPrefix(outputs.ImageDigest, "sha256:") {
		t.Errorf("images of the Deployments: got %q, want %q", images, want)
	}
	pods := kubectl(t, "-n", ns, "get", "pods", "-o", `jsonpath={range .items[*]}{.metadata.labels.app}/{.metadata.labels.version} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
	if diff := cmp.Diff([]string{"servicex-client/ True", "servicex/200 True", "servicex/504 True"}, slices.Sorted(strings.Lines(pods)), trimmed); diff != "" {
		t.Errorf("pods, app/version ready (-want +got):\n%s", diff)
	}
}

var trimmed = cmp.Transformer("trim", strings.TrimSpace)

func upUnchanged(t *testing.T) {
	pulumiUp(t, "--expect-no-changes")
	if got := changes(t); len(got) != 1 || got["same"] == 0 {
		t.Errorf("changes of a second up: got %v, want all the same", got)
	}
	pulumi(t, "preview", "--expect-no-changes")
	home := strings.TrimSpace(run(t, "sh", "-c", `echo "$PULUMI_HOME"`))
	if info, err := os.Stat(filepath.Join(home, "logs")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("place of Pulumi's logs of each run: got %v, %v, want a file, for which Pulumi keeps none", info, err)
	}
}

// planned is what a preview would do to each resource that does not stay the same,
// by the end of its URN.
func planned(t *testing.T) map[string]string {
	t.Helper()
	var plan struct {
		Steps []struct {
			Op  string `json:"op"`
			URN string `json:"urn"`
		} `json:"steps"`
	}
	decode(t, pulumi(t, "preview", "--json"), &plan)
	ops := map[string]string{}
	for _, s := range plan.Steps {
		if s.Op != "same" {
			_, what, _ := strings.Cut(s.URN, "::istio-circuit-breaker::")
			ops[what] = s.Op
		}
	}
	return ops
}

func thresholdAlone(t *testing.T) {
	pulumi(t, "config", "set", "outlier.consecutiveErrors", "3")
	want := map[string]string{typePart + "Breaker$" + typeRule + "::servicex-service": "update"}
	if diff := cmp.Diff(want, planned(t)); diff != "" {
		t.Errorf("planned changes (-want +got):\n%s", diff)
	}
	pulumiUp(t)
	if got := changes(t); got["update"] != 1 || got["same"] == 0 || len(got) != 2 {
		t.Errorf("changes: got %v, want one update and the rest the same", got)
	}
}

func destroyLeavesNothing(t *testing.T) {
	destroy(t)
	leavesNothing(t, atFirst)
}

func destroy(t *testing.T) {
	t.Helper()
	o := attempt(t, "pulumi", "destroy", "--yes", "--skip-preview", "--color=never")
	if o.exit != 0 {
		t.Fatalf("pulumi destroy: %s", o.all())
	}
	t.Logf("pulumi destroy took %s", o.took.Round(100_000_000))
	if left := resources(t); len(left) > 0 {
		t.Errorf("resources in the state after destroy: %v", left)
	}
}

// upAgain: that it is as fast as the first is in the log, not a condition.
func upAgain(t *testing.T) { up(t) }

func namespaceDefault(t *testing.T) {
	destroy(t)
	before := everything(t)
	set(t, map[string]string{"namespace": "default"})
	if got := kubectl(t, "get", "namespace", "default", "-o", `jsonpath={.metadata.labels.istio-injection}`); got != "enabled" {
		t.Errorf("label istio-injection of namespace default: got %q, want enabled", got)
	}
	proves(t, 10, "--namespace", "default", "--phases", "trip")
	destroy(t)
	leavesNothing(t, before)
	if got := kubectl(t, "get", "namespace", "default", "-o", `jsonpath={.status.phase}{.metadata.labels.istio-injection}`); got != "Active" {
		t.Errorf("namespace default after destroy: got %q, want it active and without the injection label", got)
	}
	unset(t, "namespace")
}

// wideMesh has the stack's mesh look at all namespaces, and not at the stack's
// alone, until narrow is called.
func wideMesh(t *testing.T) (narrow func()) {
	t.Helper()
	was := strings.TrimSpace(pulumi(t, "config", "get", "istio.values"))
	var values map[string]any
	decode(t, was, &values)
	values["meshConfig"] = map[string]any{"discoverySelectors": []any{}}
	wide, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	set(t, map[string]string{"istio.values": string(wide)})
	return func() {
		set(t, map[string]string{"istio.values": was})
		// What istiod has put into the namespaces of others stays there.
		for _, name := range []string{"istio-ca-root-cert", "istio-ca-crl"} {
			namespaces := kubectl(t, "get", "configmaps", "--all-namespaces", "--field-selector", "metadata.name="+name, "-o", `jsonpath={range .items[*]}{.metadata.namespace}{"\n"}{end}`)
			for _, namespace := range strings.Fields(namespaces) {
				if namespace != ns && namespace != "istio-system" {
					kubectl(t, "--namespace", namespace, "delete", "configmap", name)
				}
			}
		}
	}
}

// meshThatIsThere: a second stack in a namespace of its own, on the mesh that
// the first one has installed, which looks at it by its label.
func meshThatIsThere(t *testing.T) {
	before := everything(t)
	second := func(args ...string) string { return pulumi(t, append(args, "--stack", "second")...) }
	pulumi(t, "stack", "init", "second", "--no-select")
	defer func() {
		second("stack", "rm", "--yes", "--force")
		pulumi(t, "stack", "select", "lab") // removing any stack leaves none selected
	}()
	second("config", "set-all", "--plaintext", "istio.install=false", "--plaintext", "namespace=second",
		"--plaintext", "image.repository=localhost:5000/servicex", "--plaintext", "outlier.consecutiveErrors=4")
	second("up", "--yes", "--skip-preview")
	proves(t, 4, "--namespace", "second", "--phases", "trip")
	second("destroy", "--yes", "--skip-preview")
	after := everything(t)
	if more := beyond(before, after); len(more) > 0 {
		t.Errorf("left after destroy: %q", more)
	}
	if fewer := beyond(after, before); len(fewer) > 0 {
		t.Errorf("gone with the second stack: %q", fewer)
	}
	fmt.Fprintln(t.Output(), "the first stack is as it was")
}
