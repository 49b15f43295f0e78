//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refused runs pulumi, which has to fail with all of these words and to leave the
// cluster as it is.
func refused(t *testing.T, command []string, words ...string) {
	t.Helper()
	before := everything(t)
	o := attempt(t, command...)
	for _, want := range words {
		if o.exit == 0 || !strings.Contains(o.stdout+o.stderr, want) {
			t.Errorf("%q: want an error with %q, got %s", command, want, o.all())
		}
	}
	if after := everything(t); !maps.Equal(before, after) {
		t.Errorf("%q: more %q, gone %q", command, beyond(before, after), beyond(after, before))
	}
}

// clusterScopedAreKnown: the program looks for whatever Istio's charts make
// without a namespace before it makes anything. CRDs go by their group.
func clusterScopedAreKnown(t *testing.T) {
	kinds := strings.Join(strings.Fields(kubectl(t, "api-resources", "--namespaced=false", "--verbs=list", "-o", "name")), ",")
	list := kubectl(t, "get", kinds, "--ignore-not-found", "-o",
		`jsonpath={range .items[*]}{.metadata.annotations.meta\.helm\.sh/release-namespace} {.kind} {.metadata.name}{"\n"}{end}`)
	var found []string
	for line := range strings.Lines(list) {
		if object, ours := strings.CutPrefix(strings.TrimSpace(line), "istio-system "); ours && !strings.HasPrefix(object, "CustomResourceDefinition ") {
			kind, name, _ := strings.Cut(object, " ")
			found = append(found, strings.ToLower(kind)+" "+name)
		}
	}
	slices.Sort(found)
	known, err := os.ReadFile("../infra/testdata/clusterscoped.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(known)), "\n"), found); diff != "" {
		t.Errorf("the charts' objects without a namespace (-known +found):\n%s", diff)
	}
}

// renamed: a stack under another name is the same stack. Only the label that says
// its name, on its two namespaces, is another.
func renamed(t *testing.T) {
	labelsAlone := func(name string) {
		t.Helper()
		pulumiUp(t)
		if got := changes(t); got["update"] != 2 || got["same"] == 0 || len(got) != 2 {
			t.Errorf("changes of the stack as %q: got %v, want two updates and the rest the same", name, got)
		}
	}
	pulumi(t, "stack", "rename", "renamed", "--stack", "lab")
	pulumi(t, "stack", "select", "renamed")
	labelsAlone("renamed")
	pulumi(t, "stack", "rename", "lab", "--stack", "renamed")
	pulumi(t, "stack", "select", "lab")
	labelsAlone("lab")
}

// elsewhere is a backend of its own, with a stack of the same name and settings.
func elsewhere(t *testing.T) func(args ...string) []string {
	t.Helper()
	url := "PULUMI_BACKEND_URL=file://" + t.TempDir()
	in := func(args ...string) []string { return append([]string{"env", url}, args...) }
	run(t, in("pulumi", "stack", "init", "lab", "--no-select")...)
	return in
}

// anotherBackend: a stack of the same name whose state is elsewhere is another
// stack, until that state is moved there.
func anotherBackend(t *testing.T) {
	in := elsewhere(t)
	refused(t, in(upWith("--stack", "lab")...), `namespace "circuit-breaker" exists already and was made by another stack`,
		`namespace "istio-system" exists already and was made by another stack`, "find out whose it is")
	state := filepath.Join(t.TempDir(), "state.json")
	pulumi(t, "stack", "export", "--file", state)
	run(t, in("pulumi", "stack", "import", "--stack", "lab", "--file", state)...)
	run(t, in(upWith("--stack", "lab", "--expect-no-changes")...)...)
	pulumiUp(t, "--expect-no-changes")
}

// switchedOver: settings whose change would delete a namespace that the stack has
// made are refused while it is there.
func switchedOver(t *testing.T) {
	for setting, keep := range map[string]string{
		"istio.install=false":  "pulumi config set istio.install true",
		"namespaceExists=true": "pulumi config rm namespaceExists",
		"namespace=elsewhere":  "pulumi config set namespace " + ns,
	} {
		key, _, _ := strings.Cut(setting, "=")
		pulumi(t, "config", "set-all", "--plaintext", setting)
		refused(t, upWith(), "was made by this stack", keep, "pulumi destroy, then the new setting")
		pulumi(t, "config", "rm", key)
	}
	for key, value := range map[string]string{"client.enabled": "false", "istio.keepCRDs": "true"} {
		set(t, map[string]string{key: value})
		unset(t, key)
	}
	pulumiUp(t, "--expect-no-changes")
	proves(t, 10, "--phases", "trip")
}

// takenOver: a stack whose state is lost is taken over by one that says so, and
// goes with it.
func takenOver(t *testing.T) {
	owner := strings.TrimSpace(kubectl(t, "get", "namespace", ns, "-o", `jsonpath={.metadata.labels.istio-circuit-breaker/stack}`))
	if owner == "" {
		t.Fatal("the namespace has no label of its owner")
	}
	in := elsewhere(t)
	pulumi(t, "config", "set", "takeOver", owner)
	run(t, in(upWith("--stack", "lab")...)...)
	pulumi(t, "config", "rm", "takeOver")
	run(t, in(upWith("--stack", "lab", "--expect-no-changes")...)...)
	proves(t, 10, "--phases", "trip")
	refused(t, upWith(), "was made by another stack")
	run(t, in("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "lab")...)
	for object := range everything(t) {
		if strings.Contains(object, ns) || strings.Contains(object, "istio") {
			t.Errorf("left after destroy: %s", object)
		}
	}
	pulumiUp(t, "--refresh")
}

// crdsOfOthers: CRDs that were there before the stack, and what they hold,
// outlive it.
func crdsOfOthers(t *testing.T) {
	const name = "serviceentries.networking.istio.io"
	var crd struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec"`
	}
	decode(t, kubectl(t, "get", "crd", name, "-o", "json"), &crd)
	crd.Metadata = map[string]any{"name": name}
	text, err := json.Marshal(crd)
	if err != nil {
		t.Fatal(err)
	}
	destroy(t)
	kubectl(t, "create", "-f", write(t, "crd.json", text))
	kubectl(t, "wait", "--for=condition=Established", "crd/"+name)
	kubectl(t, "create", "-f", write(t, "entry.json", []byte(`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"theirs","namespace":"default"},"spec":{"hosts":["example.com"],"ports":[{"number":80,"name":"http","protocol":"HTTP"}],"resolution":"NONE"}}`)))
	before := everything(t)
	o := attempt(t, upWith()...)
	if o.exit != 0 || !strings.Contains(o.stdout, "in the cluster before this stack are used as they are, and stay, with all their objects, at destroy: "+name) {
		t.Errorf("up beside a CRD of others: %s", o.all())
	}
	pulumiUp(t, "--expect-no-changes")
	proves(t, 10, "--phases", "trip")
	destroy(t)
	after := everything(t)
	if more, gone := beyond(before, after), beyond(after, before); len(more)+len(gone) > 0 {
		slices.Sort(more)
		t.Errorf("after destroy: more %q, gone %q", more, gone)
	}
	kubectl(t, "delete", "crd", name)
	pulumiUp(t)
}
