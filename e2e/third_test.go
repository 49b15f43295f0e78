//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-circuit-breaker/internal/wait"
)

// thirdNamespaces: pods of namespaces that are none of the stack's start on its
// mesh where these are labelled for injection, before the stack comes up or after;
// and when the stack goes, nothing of istiod's stays there.
func thirdNamespaces(t *testing.T) {
	image := "localhost:5000/servicex@" + strings.TrimSpace(pulumi(t, "stack", "output", "imageDigest"))
	destroy(t)
	const early, late = "third-early", "third-late"
	for _, name := range []string{early, late} {
		kubectl(t, "create", "namespace", name)
		defer kubectl(t, "delete", "namespace", name, "--wait")
	}
	before := settled(t)
	kubectl(t, "label", "namespace", early, "istio-injection=enabled")
	pulumiUp(t)
	kubectl(t, "label", "namespace", late, "istio.io/rev=default")
	for _, name := range []string{early, late} {
		kubectl(t, "--namespace", name, "run", "caller", "--image="+image, "--", "wait")
		// A pod that is made before its ConfigMap is waits for the kubelet's next try.
		kubectl(t, "--namespace", name, "wait", "--for=condition=Ready", "pod/caller", "--timeout=180s")
		containers := kubectl(t, "--namespace", name, "get", "pod", "caller", "-o", "jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}")
		if !slices.Contains(strings.Fields(containers), "istio-proxy") {
			t.Errorf("the pod in namespace %q has no sidecar: %s", name, containers)
		}
		owner := kubectl(t, "--namespace", name, "get", "configmap", "istio-ca-root-cert", "-o", "jsonpath={.metadata.ownerReferences[*].kind}/{.metadata.ownerReferences[*].name}")
		if owner != "Namespace/istio-system" {
			t.Errorf("istiod's ConfigMap in namespace %q is owned by %q, want the mesh's namespace", name, owner)
		}
	}
	upUnchanged(t)
	destroy(t)
	err := wait.For(t.Context(), "istiod's ConfigMaps to be gone", time.Minute, time.Second, func(context.Context) error {
		left := kubectl(t, "get", "configmaps", "--all-namespaces", "-l", "istio.io/config=true", "-o", "name")
		if left != "" {
			return fmt.Errorf("there are %q", strings.Fields(left))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{early, late} {
		kubectl(t, "--namespace", name, "delete", "pod", "caller", "--wait")
	}
	leavesNothing(t, before)
	pulumiUp(t)
}
