package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
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
	for _, r := range append(m.istiod, ns.resource) {
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
		say := func(line string) { _ = ctx.Log.Warn(line, nil) } // a lost line is no reason to stop
		return needed, waitInjection(ctx.Context(), c, ns.plain, ns.revision, patience{limit, refusedFor, p.poll}, say)
	}).(pulumi.ResourceArrayOutput)
	return pulumi.DependsOnInputs(ready)
}

// refusedFor is how long admission may say no: longer than a new namespace is
// without its service account and its quotas without their status, which refuse
// pods too.
const refusedFor = 10 * time.Second

// patience is how long a wait lasts at most, how long on a refusal, and the time
// between two questions.
type patience struct{ limit, refused, poll time.Duration }

// waitInjection waits until a new pod in ns would get a sidecar and all that
// the sidecar mounts. Without its ConfigMaps, which istiod adds to a namespace a
// little later, a pod would be stuck until the kubelet's next try, which can be
// a minute away.
//
// A refusal, as of a quota or of Pod Security, is said at once, and ends the wait
// when it lasts; unless pods with a sidecar are there already, which a quota that
// they use up would not let in again, and nothing has to.
func waitInjection(ctx context.Context, c *cluster, ns, revision string, p patience, say func(string)) error {
	what := fmt.Sprintf("Istio to inject sidecars into namespace %q", ns)
	var since time.Time // of the refusal; zero for none
	err := wait.For(ctx, what, p.limit, p.poll, func(ctx context.Context) error {
		made, err := c.tryPod(ctx, ns, probePod(revision))
		switch {
		case err == nil:
			since = time.Time{}
		case !refusal(err):
			return err
		case since.IsZero():
			since = time.Now()
			if running, unknown := c.runsInjected(ctx, ns); unknown == nil && running {
				say(fmt.Sprintf("namespace %q lets no further pod in: %v", ns, err))
				return nil
			}
			say(fmt.Sprintf("namespace %q does not let the stack's pods in: %v", ns, err))
			return err
		case time.Since(since) < p.refused:
			return err
		default:
			return wait.Final(err)
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

// tlsMode is a label that the mesh puts on the pods that it injects (istio/istio
// pkg/kube/inject).
const tlsMode = "security.istio.io/tlsMode"

// runsInjected reports whether a pod of ns runs with a sidecar that the mesh put in.
func (c *cluster) runsInjected(ctx context.Context, ns string) (bool, error) {
	running, err := c.objects(ctx, namespacePath(ns)+"/pods?fieldSelector=status.phase%3DRunning&labelSelector="+url.QueryEscape(tlsMode))
	return len(running) > 0, err
}
