//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// newsOfIstio: what `explain` says that is new in Istio 1.31, measured. That a
// rule's block replaces the mesh's default is among the layouts.
func newsOfIstio(t *testing.T) {
	quick := []string{"--phases", "trip", "--max-delay", "100ms", "--rate", "20"}
	defer restoreRule(t)
	t.Run("outlierDetectionHttpErrorCodes has no effect", func(t *testing.T) {
		// Neither do other codes count, nor do these cease to.
		changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "baseEjectionTime": "2s", "outlierDetectionHttpErrorCodes": []any{404, 599}})
		proves(t, 3, quick...)
		changeRule(t, map[string]any{"outlierDetectionHttpErrorCodes": nil})
	})
	t.Run("a pod that is not ready counts in maxEjectionPercent", func(t *testing.T) {
		changeRule(t, map[string]any{"consecutiveGatewayErrors": 3, "baseEjectionTime": "2s", "maxEjectionPercent": 34}) // one of three, none of two
		if p := verify(t, 4, quick...); len(p.Ejections) > 0 || !p.names("max-ejection-percent") {
			t.Errorf("two pods: %d ejections, causes %v; want none", len(p.Ejections), p.Causes)
		}
		image := callersImage(t)
		kubectl(t, "-n", ns, "apply", "-f", write(t, "unready.json", []byte(fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"unready","labels":{"app":"servicex","version":"200","sidecar.istio.io/inject":"true"}},
			"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"servicex","image":%q,"ports":[{"name":"http","containerPort":8080}],"readinessProbe":{"tcpSocket":{"port":81}}}]}}`, image))))
		defer kubectl(t, "-n", ns, "delete", "pod", "unready")
		kubectl(t, "-n", ns, "wait", "pod/unready", "--for=jsonpath={.status.podIP}", "--timeout=60s")
		o := attempt(t, append([]string{observeCommand, "verify", "--json"}, quick...)...)
		var p proof
		decode(t, o.stdout, &p)
		if len(p.Ejections) == 0 {
			t.Errorf("with a third pod that is not ready, nothing was ejected: %s", o.all())
		}
	})
}
