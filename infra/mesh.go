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

// istiod's ConfigMaps in each namespace that it looks at: the mesh's root
// certificate and the list of revoked ones (istio/istio pilot/pkg/features,
// CACertConfigMapName and CRLConfigMapName).
const (
	rootCert = "istio-ca-root-cert"
	crl      = "istio-ca-crl"
)

// Names of the releases, and so of what Helm knows to be theirs.
const (
	baseRelease   = "istio-base"
	istiodRelease = "istiod"
)

// mesh is what pods and rules have to wait for; it is empty where Istio was
// there before.
type mesh []pulumi.CustomResource

// newMesh installs Istio: its namespace, the charts base and istiod, and the
// care for the CRDs.
func newMesh(ctx *pulumi.Context, all config.Config, app namespace) (mesh, error) {
	cfg, own := all.Istio, app.own
	if !cfg.Install {
		return nil, nil
	}
	// A namespace of the stack's own, not one that Helm makes: what istiod
	// leaves behind (leader leases, its CA) goes with it at destroy. The leases
	// would hold up the next istiod for the best part of a minute.
	ns, err := corev1.NewNamespace(ctx, meshNS, &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{
			Name:   pulumi.String(meshNS),
			Labels: own.labels(pulumi.StringMap{instanceLabel: pulumi.String(labelValue(ctx.Stack()))}),
		},
	}, own.healing)
	if err != nil {
		return nil, fmt.Errorf("registering namespace %q: %w", meshNS, err)
	}
	base, err := newRelease(ctx, chart(cfg, "base", baseRelease, ns, own, toMap(baseValues(own.crdsBefore))), own.healing)
	if err != nil {
		return nil, err
	}
	// istiod does not start without the CRDs, and they outlive it at destroy.
	afterCRDs, err := adoptCRDs(ctx, base, own, cfg.KeepCRDs)
	if err != nil {
		return nil, err
	}
	configMaps, err := ownConfigMaps(ctx, all.Namespace, app)
	if err != nil {
		return nil, err
	}
	var values pulumi.MapInput = toMap(merge(istiodValues(cfg, app.plain), cfg.Values))
	if slices.Contains(all.Secrets, config.Values) {
		values = pulumi.ToSecret(values).(pulumi.MapOutput)
	}
	istiod, err := newRelease(ctx, chart(cfg, "istiod", istiodRelease, ns, own, values), own.healing, afterCRDs, pulumi.DependsOn(configMaps))
	if err != nil {
		return nil, err
	}
	return mesh{istiod}, nil
}

// ownConfigMaps makes the ConfigMaps that istiod would put, and leave, into a
// namespace that outlives the stack: made by the stack and filled by istiod,
// they go at destroy, after istiod. In a namespace of the stack's own they go
// with the namespace.
func ownConfigMaps(ctx *pulumi.Context, cfg config.Namespace, app namespace) ([]pulumi.Resource, error) {
	if !cfg.Existing {
		return nil, nil
	}
	var made []pulumi.Resource
	for _, name := range []string{rootCert, crl} {
		m, err := corev1.NewConfigMap(ctx, name, &corev1.ConfigMapArgs{Metadata: meta(app, name, nil)})
		if err != nil {
			return nil, fmt.Errorf("registering config map %q: %w", name, err)
		}
		made = append(made, m)
	}
	return made, nil
}

// chart is the release of one of Istio's charts, from wherever they come.
func chart(cfg config.Istio, name, release string, ns *corev1.Namespace, own identity, values pulumi.MapInput) releaseArgs {
	args := releaseArgs{
		Name:      release,
		Namespace: ns.Metadata.Name().Elem(),
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
	case isURL(cfg.ChartRepository):
		args.Chart, args.Repo, args.Version = name, cfg.ChartRepository, cfg.Version
	default: // a folder holds one version, whatever istio.version says
		args.Chart = chartFolder(cfg.ChartRepository) + "/" + name
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

// istiodValues make the control plane fit a laptop and the breaker visible.
func istiodValues(cfg config.Istio, app string) map[string]any {
	request := func(cpu, memory string) map[string]any {
		return map[string]any{"requests": map[string]any{"cpu": cpu, "memory": memory}}
	}
	global := map[string]any{
		"proxy": map[string]any{
			// Each ejection and return as a line of JSON in the sidecar's log.
			"outlierLogPath": "/dev/stdout",
			"resources":      request("10m", "64Mi"),
		},
		// One replica: a budget would only keep its node from being drained.
		"defaultPodDisruptionBudget": map[string]any{"enabled": false},
	}
	if cfg.Hub != "" {
		global["hub"] = cfg.Hub
	}
	if cfg.Tag != "" {
		global["tag"] = cfg.Tag
	}
	return map[string]any{
		"autoscaleEnabled": false,
		"resources":        request("50m", "256Mi"), // of istiod; the chart asks for 2 GiB
		"global":           global,
		"meshConfig": map[string]any{
			// istiod puts a ConfigMap into every namespace that it looks at, and
			// leaves it there; so it looks at these two only.
			"discoverySelectors": []any{map[string]any{
				"matchExpressions": []any{map[string]any{
					"key": "kubernetes.io/metadata.name", "operator": "In", "values": []any{meshNS, app},
				}},
			}},
		},
	}
}

// merge lays over on base, object by object; anything else is replaced.
func merge(base, over map[string]any) map[string]any {
	merged := maps.Clone(base)
	for k, v := range over {
		below, _ := merged[k].(map[string]any)
		if above, ok := v.(map[string]any); ok && below != nil {
			v = merge(below, above)
		}
		merged[k] = v
	}
	return merged
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
