package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a quota or Pod Security looks at is the same in the probe as in the pods
// that are made after it: where these are let in, so is that.
func TestTheProbeIsLikeTheRealPods(t *testing.T) {
	text, err := json.Marshal(probePod("1-31-4").Spec)
	if err != nil {
		t.Fatal(err)
	}
	var probe map[string]any
	if err := json.Unmarshal(text, &probe); err != nil {
		t.Fatal(err)
	}
	container := probe["containers"].([]any)[0].(map[string]any)
	r := up(t, nil)
	for _, name := range []string{"servicex", "servicex-error", "servicex-client"} {
		made := func(path ...any) any {
			return r.engine.Resource(t, typeDeployment, name).Input(append([]any{"spec", "template", "spec"}, path...)...)
		}
		for what, pair := range map[string][2]any{
			"the pod's security context": {made("securityContext"), probe["securityContext"]},
			"the container's":            {made("containers", 0, "securityContext"), container["securityContext"]},
			"its resources":              {made("containers", 0, "resources"), container["resources"]},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" || pair[0] == nil {
				t.Errorf("%s: %s (-real +probe):\n%s", name, what, diff)
			}
		}
	}
}
