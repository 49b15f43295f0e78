//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestUpgrade brings the stack up with the program of an earlier commit, which is
// in UPGRADE_FROM, then with today's: nothing is replaced, and what the stack made
// goes with `destroy`. Only `make upgrade` runs it; a clone without history cannot.
func TestUpgrade(t *testing.T) {
	from := os.Getenv("UPGRADE_FROM")
	if from == "" {
		t.Skip("a campaign of its own: make upgrade")
	}
	earlier := filepath.Join(t.TempDir(), "earlier")
	git(t, "worktree", "add", "--detach", earlier, from)
	t.Cleanup(func() { git(t, "worktree", "remove", "--force", earlier) })
	fetch := exec.CommandContext(t.Context(), "go", "list", "-deps", "./infra") // the lab has no way out
	fetch.Dir = earlier
	if out, err := fetch.CombinedOutput(); err != nil {
		t.Fatalf("fetching the modules of %s: %v\n%s", from, err, out)
	}
	destroy(t) // of a lab that was kept
	atFirst = settled(t)
	settings, err := os.ReadFile("../Pulumi.lab.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(earlier, "Pulumi.lab.yaml"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := attempt(t, append([]string{"env", "-C", earlier}, upWith("--stack", "lab")...)...); o.exit != 0 {
		t.Fatalf("pulumi up with the program of %s: %s", from, o.all())
	}
	before := identities(t)

	ops := planned(t)
	for urn, op := range ops {
		t.Logf("planned: %-8s %s", op, urn)
		if op != "create" && op != "update" {
			t.Errorf("planned for %s: %s, want no replacement and no deletion", urn, op)
		}
	}
	if len(ops) == 0 {
		t.Errorf("nothing is planned: the program of %s is today's", from)
	}
	pulumiUp(t)
	after := identities(t)
	if lost := slices.DeleteFunc(before, func(object string) bool { return slices.Contains(after, object) }); len(lost) > 0 {
		t.Errorf("objects that are other ones now:\n%s", strings.Join(lost, "\n"))
	}
	upUnchanged(t)
	proves(t, 10, "--phases", "trip")
	destroyLeavesNothing(t)
}

// identities are the UIDs of what the stack declares and a replacement would make
// anew. Pods are not among them: an update may renew those.
func identities(t *testing.T) []string {
	t.Helper()
	list := kubectl(t, "get", "namespaces,crds,deployments,services,destinationrules,mutatingwebhookconfigurations", "--all-namespaces",
		"-o", `jsonpath={range .items[*]}{.metadata.uid} {.kind} {.metadata.namespace}/{.metadata.name}{"\n"}{end}`)
	return strings.Split(strings.TrimSpace(list), "\n")
}

func git(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", append([]string{"-C", ".."}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}
