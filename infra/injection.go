package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"istio-circuit-breaker/internal/wait"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// sidecar is the name of the container that Istio adds.
const sidecar = "istio-proxy"

// injected holds back whatever is registered with it until the mesh injects
// sidecars into pods of the namespace.
//
// That istiod is ready does not say so: the API server may not reach its webhook
// yet (istio/istio#61049), and then pods and rules are refused, and tried again
// only after ever longer pauses. So the API server is asked, in a dry run that
// creates nothing, what it would make of a pod. A preview has nothing to ask.
func (p program) injected(ctx *pulumi.Context, m mesh, ns namespace, limit time.Duration) pulumi.ResourceOption {
	var needed []pulumi.Resource
	var made []any // known when all that is needed has been made
	for _, r := range append(m, ns.resource) {
		needed, made = append(needed, r), append(made, r.ID())
	}
	if ctx.DryRun() {
		return pulumi.DependsOn(needed)
	}
	ready := pulumi.All(made...).ApplyT(func([]any) ([]pulumi.Resource, error) {
		c, err := p.connect()
		if err != nil {
			return nil, err
		}
		return needed, waitInjection(ctx.Context(), c, ns.plain, ns.revision, limit, p.poll)
	}).(pulumi.ResourceArrayOutput)
	return pulumi.DependsOnInputs(ready)
}

// waitInjection waits until a new pod in ns would get a sidecar and all that
// the sidecar mounts. Without its ConfigMaps, which istiod adds to a namespace a
// little later, a pod would be stuck until the kubelet's next try, which can be
// a minute away.
func waitInjection(ctx context.Context, c *cluster, ns, revision string, limit, poll time.Duration) error {
	what := fmt.Sprintf("Istio to inject sidecars into namespace %q", ns)
	err := wait.For(ctx, what, limit, poll, func(ctx context.Context) error {
		made, err := c.tryPod(ctx, ns, probePod(revision))
		if err != nil {
			return err
		}
		if !made.has(sidecar) {
			return errors.New("a new pod would have no sidecar")
		}
		for _, name := range made.configMaps() {
			switch filled, err := c.configMapFilled(ctx, ns, name); {
			case err != nil:
				return err
			case !filled:
				return fmt.Errorf("the sidecar's ConfigMap %q is not there yet", name)
			}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	const mesh = "kubectl -n istio-system get pods, kubectl -n istio-system logs deploy/istiod; a mesh with revisions needs istio.revision"
	if strings.Contains(err.Error(), "failed calling webhook") { // here it is Istio's
		return advise(err, mesh)
	}
	return advise(err, cmp.Or(nextStep(err), mesh))
}
