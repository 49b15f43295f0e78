package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apiextensions"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/utilities"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Istio's base chart marks its CRDs "helm.sh/resource-policy: keep", in the
// chart's own text, where no value reaches: Helm never removes them. So that
// "pulumi destroy" does, each CRD is also a resource of the stack. It says no
// more than the API server needs to know which CRD is meant; the provider
// applies that server-side to the CRD that the chart has made, which changes
// nothing but labels and an annotation, and deletes the CRD at destroy.
// With istio.keepCRDs the stack forgets them instead.
//
// Once it has adopted a CRD, the stack never updates it: what Helm has applied was
// applied by the provider, which takes it for its own at an update, and for taken
// away where these few fields do not say it. The API server refuses that.

// crdKinds are the kinds of each of Istio's CRDs by name (manifests/charts/base of
// istio/istio). The provider insists on group and kind.
func crdKinds() map[string]string {
	return map[string]string{
		"authorizationpolicies.security.istio.io":  "AuthorizationPolicy",
		"destinationrules.networking.istio.io":     "DestinationRule",
		"envoyfilters.networking.istio.io":         "EnvoyFilter",
		"gateways.networking.istio.io":             "Gateway",
		"peerauthentications.security.istio.io":    "PeerAuthentication",
		"proxyconfigs.networking.istio.io":         "ProxyConfig",
		"requestauthentications.security.istio.io": "RequestAuthentication",
		"serviceentries.networking.istio.io":       "ServiceEntry",
		"sidecars.networking.istio.io":             "Sidecar",
		"telemetries.telemetry.istio.io":           "Telemetry",
		"trafficextensions.extensions.istio.io":    "TrafficExtension",
		"virtualservices.networking.istio.io":      "VirtualService",
		"wasmplugins.extensions.istio.io":          "WasmPlugin",
		"workloadentries.networking.istio.io":      "WorkloadEntry",
		"workloadgroups.networking.istio.io":       "WorkloadGroup",
	}
}

// adoptCRDs makes the CRDs of base the stack's to delete, and returns what has
// objects of these kinds wait for that, so that they go first at destroy.
//
// Which CRDs there are, only the installed chart knows, and a preview does not
// know it yet: so a preview shows those of the pinned version.
func adoptCRDs(ctx *pulumi.Context, part *component, base *release, own identity, keep bool) (pulumi.ResourceOption, error) {
	if ctx.DryRun() {
		made, err := registerCRDs(ctx, part, base, own, crdNames(nil), keep)
		return pulumi.DependsOn(made), err
	}
	made := base.ResourceNames.ApplyT(func(names map[string][]string) ([]pulumi.Resource, error) {
		return registerCRDs(ctx, part, base, own, crdNames(names), keep)
	}).(pulumi.ResourceArrayOutput)
	return pulumi.DependsOnInputs(made), nil
}

// crdNames picks the CRDs from a release's objects by kind; nil means those of
// the pinned version.
func crdNames(byKind map[string][]string) []string {
	if byKind == nil {
		return sortedKeys(crdKinds())
	}
	var names []string
	for _, kind := range sortedKeys(byKind) {
		if strings.HasPrefix(kind, "CustomResourceDefinition.") {
			names = append(names, byKind[kind]...)
		}
	}
	return names
}

func registerCRDs(ctx *pulumi.Context, part *component, base *release, own identity, names []string, keep bool) ([]pulumi.Resource, error) {
	var made []pulumi.Resource
	for _, name := range names {
		if slices.Contains(own.crdsBefore, name) {
			continue // nor has the chart made it
		}
		_, group, _ := strings.Cut(name, ".")
		kind, known := crdKinds()[name]
		if !known {
			if err := ctx.Log.Warn(fmt.Sprintf("CRD %q is not known to this program and stays when the stack is destroyed", name), nil); err != nil {
				return nil, fmt.Errorf("logging a warning: %w", err)
			}
			continue
		}
		crd, err := apiextensions.NewCustomResource(ctx, name, &apiextensions.CustomResourceArgs{
			ApiVersion: pulumi.String("apiextensions.k8s.io/v1"),
			Kind:       pulumi.String("CustomResourceDefinition"),
			Metadata: &metav1.ObjectMetaArgs{
				Name: pulumi.String(name),
				// Of the stack's labels only this one: the chart has set the others,
				// part-of among them, to values of its own.
				Labels: pulumi.StringMap{identityLabel: own.label},
				// Known once base is there: until then a dry run of these few fields,
				// which alone are no valid CRD, would fail.
				Annotations: pulumi.StringMap{adoptedAnnotation: base.ID().ToStringOutput()},
			},
			OtherFields: kubernetes.UntypedArgs{"spec": pulumi.Map{
				"group": pulumi.String(group),
				"names": pulumi.Map{"kind": pulumi.String(kind)},
			}},
		}, utilities.PkgResourceDefaultOpts([]pulumi.ResourceOption{
			part.child(), own.healing, pulumi.DependsOn([]pulumi.Resource{base}), pulumi.RetainOnDelete(keep),
			pulumi.IgnoreChanges([]string{"metadata", "spec"}),
		})...)
		if err != nil {
			return nil, fmt.Errorf("registering CRD %q: %w", name, err)
		}
		made = append(made, crd)
	}
	return made, nil
}
