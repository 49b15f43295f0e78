package main

import (
	"fmt"

	"istio-circuit-breaker/internal/config"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Outlier detection happens in the caller's sidecar, and sidecars do not record
// its counters by default. The patterns match Envoy's dotted names; as a suffix
// "outlier_detection" would match nothing (istio/istio#18973).
const proxyStats = `proxyStatsMatcher:
  inclusionRegexps:
  - ".*outlier_detection.*"
  - ".*membership_(healthy|total).*"
  - ".*lb_healthy_panic.*"
  - ".*upstream_cx_none_healthy.*"
  - ".*upstream_rq_(retry|pending_overflow)$"
`

// newClient makes the pod that calls ServiceX from inside the mesh. Its program
// waits; requests are sent by running "/servicex client" in it.
func newClient(ctx *pulumi.Context, app *component, cfg config.Config, ns namespace, img image, ready pulumi.ResourceOption) error {
	if !cfg.Client {
		return nil
	}
	c := container("client", img)
	c.Args = pulumi.ToStringArray([]string{"wait"})
	pod := pulumi.StringMap{
		"app": pulumi.String(clientName),
		// Without a sidecar there would be no breaker: injected even where the
		// namespace's label is overruled.
		injectLabel: pulumi.String("true"),
	}
	if ns.revision != "" {
		pod[revisionLabel] = pulumi.String(ns.revision)
	}
	annotations := pulumi.StringMap{"proxy.istio.io/config": pulumi.String(proxyStats)}
	args := deployment(ns, clientName, pod, annotations, 1, img, c)
	if _, err := appsv1.NewDeployment(ctx, clientName, args, app.child(), ready, bounded()); err != nil {
		return fmt.Errorf("registering deployment %q: %w", clientName, err)
	}
	return nil
}
