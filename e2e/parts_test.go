//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	typeStack = "pulumi:pulumi:Stack"
	typePart  = "istio-circuit-breaker:infra:" // and its kind
)

// partsOfAStack: a stack from before there were parts, with all of its resources at
// the top, gets the parts by an update that makes nothing else and changes nothing.
func partsOfAStack(t *testing.T) {
	urns := func() []string {
		var all []string
		for _, r := range resources(t) {
			all = append(all, r.URN)
		}
		return slices.Sorted(slices.Values(all))
	}
	pods := func() string { return kubectl(t, "get", "pods", "--all-namespaces", "-o", "name") }
	wanted, before := urns(), pods()
	pulumi(t, "stack", "import", "--file", write(t, "state.json", withoutParts(t, pulumi(t, "stack", "export"))))
	for _, urn := range urns() {
		if strings.Contains(urn, typePart) {
			t.Errorf("still in the state from before: %s", urn)
		}
	}

	parts := map[string]string{}
	for _, kind := range []string{"Application", "Breaker", "Image", "Mesh"} {
		parts[typePart+kind+"::"+strings.ToLower(kind)] = "create"
	}
	if diff := cmp.Diff(parts, planned(t)); diff != "" {
		t.Fatalf("planned beside what stays the same (-want +got):\n%s", diff)
	}

	pulumiUp(t)
	if got := changes(t); got["create"] != len(parts) || got["same"] == 0 || len(got) != 2 {
		t.Errorf("changes: got %v, want the parts made and the rest the same", got)
	}
	if after := pods(); after != before {
		t.Errorf("pods: got %q, before %q", after, before)
	}
	if diff := cmp.Diff(wanted, urns()); diff != "" {
		t.Errorf("resources in the state (-before +after):\n%s", diff)
	}
	upUnchanged(t)
}

// withoutParts is a state as it was before there were parts: their children are the
// stack's, in all that names them, and no alias tells of anything else.
func withoutParts(t *testing.T, state string) []byte {
	t.Helper()
	state = regexp.MustCompile(regexp.QuoteMeta(typePart)+`\w+\$`).ReplaceAllString(state, "")
	var all map[string]any
	numbers := json.NewDecoder(bytes.NewReader([]byte(state)))
	numbers.UseNumber() // as they are
	if err := numbers.Decode(&all); err != nil {
		t.Fatalf("decoding the state: %v", err)
	}
	deployment := all["deployment"].(map[string]any)
	var stack string
	var kept []any
	for _, r := range deployment["resources"].([]any) {
		r := r.(map[string]any)
		switch typ := r["type"].(string); {
		case typ == typeStack: // the first one
			stack = r["urn"].(string)
		case strings.HasPrefix(typ, typePart):
			continue
		}
		if parent, _ := r["parent"].(string); strings.Contains(parent, typePart) {
			r["parent"] = stack
		}
		delete(r, "aliases")
		kept = append(kept, r)
	}
	deployment["resources"] = kept
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
