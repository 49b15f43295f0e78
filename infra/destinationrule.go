package main

import (
	"encoding/json"
	"fmt"

	"istio-circuit-breaker/internal/breaker/istiorule"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apiextensions"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/utilities"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	networking "istio.io/api/networking/v1alpha3"
)

// newDestinationRule registers a DestinationRule whose spec is Istio's own
// published type, so that a wrong field does not compile. The provider treats
// it as any custom resource; it needs no CRD to be previewed. The rule carries
// what it declares as an annotation too, which stays when it is changed by hand.
func newDestinationRule(ctx *pulumi.Context, name string, metadata *metav1.ObjectMetaArgs, spec *networking.DestinationRule, opts ...pulumi.ResourceOption) (*apiextensions.CustomResource, error) {
	fields, err := untyped(spec)
	if err != nil {
		return nil, err
	}
	// By way of plain maps, whose keys are sorted: protobuf's own marshalling does
	// not promise the same text in each run.
	declared, err := json.Marshal(fields["trafficPolicy"])
	if err != nil {
		return nil, fmt.Errorf("marshalling the trafficPolicy for %q: %w", spec.Host, err)
	}
	return apiextensions.NewCustomResource(ctx, name, &apiextensions.CustomResourceArgs{
		ApiVersion: pulumi.String("networking.istio.io/v1"),
		Kind:       pulumi.String("DestinationRule"),
		Metadata: withAnnotations(metadata, pulumi.StringMap{
			istiorule.DeclaredAnnotation: pulumi.String(declared),
			// In the foreground, the garbage collector has to know the rule's kind: of a
			// CRD that is new it learns within 30s, and until then a destroy would wait.
			// The rule has no dependents.
			deletionPolicy: background,
		}),
		OtherFields: kubernetes.UntypedArgs{"spec": toMap(fields)},
	}, utilities.PkgResourceDefaultOpts(opts)...)
}

// untyped is the spec as Istio's own JSON marshalling writes it ("30s" for a
// duration, a number for a wrapped number, nothing for what is unset), and so
// as the API server stores it.
func untyped(spec *networking.DestinationRule) (map[string]any, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("marshalling the rule for %q: %w", spec.Host, err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("decoding the rule for %q: %w", spec.Host, err)
	}
	return fields, nil
}
