package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/config"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Names of the releases, and so of what Helm knows to be theirs.
const (
	baseRelease   = "istio-base"
	istiodRelease = "istiod"
)

// mesh is what pods wait for, and rules besides; there is nothing of it where
// Istio was there before.
type mesh struct {
	istiod []pulumi.CustomResource
	crds   pulumi.ResourceOption // has objects of them go first at destroy
}

// newMesh installs Istio: its namespace, the charts base and istiod, and the
// care for the CRDs.
func newMesh(ctx *pulumi.Context, all config.Config, app namespace, seen sighting) (mesh, error) {
	cfg, own := all.Istio, app.own
	if !cfg.Install {
		return mesh{crds: pulumi.DependsOn(nil)}, nil
	}
	part, err := newComponent(ctx, "Mesh")
	if err != nil {
		return mesh{}, err
	}
	// A namespace of the stack's own, not one that Helm makes: what istiod
	// leaves behind (leader leases, its CA) goes with it at destroy. The leases
	// would hold up the next istiod for the best part of a minute.
	ns, err := corev1.NewNamespace(ctx, meshNS, &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{
			Name:   pulumi.String(meshNS),
			Labels: own.labels(pulumi.StringMap{instanceLabel: pulumi.String(labelValue(ctx.Stack()))}),
		},
	}, part.child(), own.healing)
	if err != nil {
		return mesh{}, fmt.Errorf("registering namespace %q: %w", meshNS, err)
	}
	base, err := newRelease(ctx, chart(cfg, "base", baseRelease, ns, own, toMap(baseValues(own.crdsBefore))), part.child(), own.healing)
	if err != nil {
		return mesh{}, err
	}
	// Beside istiod, which needs the CRDs alone and not the care for them.
	crds, err := adoptCRDs(ctx, part, base, own, cfg.KeepCRDs)
	if err != nil {
		return mesh{}, err
	}
	configMaps, err := careForConfigMaps(ctx, part, all.Namespace, app, ns, seen)
	if err != nil {
		return mesh{}, err
	}
	var values pulumi.MapInput = toMap(chartValues(cfg, app.plain))
	if slices.Contains(all.Secrets, config.Values) {
		values = pulumi.ToSecret(values).(pulumi.MapOutput)
	}
	istiod, err := newRelease(ctx, chart(cfg, "istiod", istiodRelease, ns, own, values), part.child(), own.healing, pulumi.DependsOn(append(configMaps, base)))
	if err != nil {
		return mesh{}, err
	}
	return mesh{[]pulumi.CustomResource{istiod}, crds}, part.done(ctx, pulumi.Map{"istiod": istiod.ID()})
}

// chart is the release of one of Istio's charts, from wherever they come.
func chart(cfg config.Istio, name, release string, ns *corev1.Namespace, own identity, values pulumi.MapInput) releaseArgs {
	args := releaseArgs{
		Name:      release,
		Namespace: ns.ID().ToStringOutput(),
		Values:    values,
		Timeout:   int(cfg.Timeout.Seconds()),
		Atomic:    true,
		// The state does not tell that an operation on the release was killed, and
		// nothing else would have it finished.
		Description: own.unfinished[release],
	}
	switch {
	case strings.HasPrefix(cfg.ChartRepository, "oci://"):
		args.Chart, args.Version = strings.TrimSuffix(cfg.ChartRepository, "/")+"/"+name, cfg.Version
	case !cfg.ChartsInFolder():
		args.Chart, args.Repo, args.Version = name, cfg.ChartRepository, cfg.Version
	default: // a folder holds one version, whatever istio.version says
		args.Chart = fromProject(cfg.ChartRepository) + "/" + name
	}
	return args
}

// baseValues leave out the CRDs that were there before the stack: Helm would fail
// on them, or take them over.
func baseValues(crdsBefore []string) map[string]any {
	if len(crdsBefore) == 0 {
		return map[string]any{}
	}
	var excluded []any
	for _, name := range crdsBefore {
		excluded = append(excluded, name)
	}
	return map[string]any{"base": map[string]any{"excludedCRDs": excluded}}
}

// toMap makes plain values Pulumi inputs.
func toMap(values map[string]any) pulumi.Map {
	inputs := make(pulumi.Map, len(values))
	for k, v := range values {
		inputs[k] = pulumi.Any(v)
	}
	return inputs
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
