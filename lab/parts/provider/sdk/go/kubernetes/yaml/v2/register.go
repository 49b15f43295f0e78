// Package yaml has what the provider uses of the SDK's package of that name.
package yaml

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// RegisterResource registers an object of any kind. The SDK has a type for each
// of Kubernetes' own, which differ in the outputs that they take over: the
// provider, whose components only hand resources on, reads none.
func RegisterResource(ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input, opts ...pulumi.ResourceOption) (pulumi.CustomResource, error) {
	var resource pulumi.CustomResourceState
	if err := ctx.RegisterResource(token(apiVersion, kind), name, props, &resource, opts...); err != nil {
		return nil, err
	}
	return &resource, nil
}

// token is the type of a kind's resource. The group without a name is "core".
func token(apiVersion, kind string) string {
	if apiVersion == "v1" {
		apiVersion = "core/v1"
	}
	return "kubernetes:" + apiVersion + ":" + kind
}
