package main

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/utilities"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The Kubernetes SDK has this resource in helm/v3, but that package imports
// yaml, and with it every API group: 64 packages, which each user would compile
// for six minutes at the first "pulumi up" and link into 162 MB at each later
// one. So here is the same resource type with the inputs that we use. That both
// register the same thing is tested against a golden file made with the SDK's
// own constructor.

// releaseType is the SDK's token for a Helm release.
const releaseType = "kubernetes:helm.sh/v3:Release"

// release is a Helm chart that the provider installs and removes.
type release struct {
	pulumi.CustomResourceState

	// ResourceNames are the objects of the chart by kind, as the provider saw
	// them in the rendered manifest; unknown while the release is previewed.
	ResourceNames pulumi.StringArrayMapOutput `pulumi:"resourceNames"`
}

// releaseArgs are the inputs of a release. Empty ones are not sent.
type releaseArgs struct {
	Name      string // of the release, as in "helm list"
	Namespace pulumi.StringInput
	Chart     string          // name in Repo, path of a folder, or OCI reference
	Repo      string          // URL; empty for a folder or OCI
	Version   string          // of the chart; empty for a folder
	Values    pulumi.MapInput // secret ones stay so
	Timeout   int             // seconds, for each Kubernetes operation
	// Description is a word on the release in Helm's record. One that is not empty
	// and not that of the state has the release updated where nothing else is to
	// be; an empty one leaves what the state has.
	Description string
	// Atomic takes back an installation that failed, so that the next "up"
	// does not meet its remains.
	Atomic bool
}

// newRelease registers a Helm release.
func newRelease(ctx *pulumi.Context, args releaseArgs, opts ...pulumi.ResourceOption) (*release, error) {
	inputs := kubernetes.UntypedArgs{
		"name":      pulumi.String(args.Name),
		"namespace": args.Namespace,
		"chart":     pulumi.String(args.Chart),
		"values":    args.Values,
		"timeout":   pulumi.Int(args.Timeout),
		"atomic":    pulumi.Bool(args.Atomic),
		// The SDK's constructor sends this with every release.
		"compat": pulumi.String("true"),
	}
	if args.Repo != "" {
		inputs["repositoryOpts"] = pulumi.Map{"repo": pulumi.String(args.Repo)}
	}
	if args.Version != "" {
		inputs["version"] = pulumi.String(args.Version)
	}
	if args.Description != "" {
		inputs["description"] = pulumi.String(args.Description)
	} else {
		opts = append(opts, pulumi.IgnoreChanges([]string{"description"}))
	}
	var r release
	if err := ctx.RegisterResource(releaseType, args.Name, inputs, &r, utilities.PkgResourceDefaultOpts(opts)...); err != nil {
		return nil, fmt.Errorf("registering Helm release %q: %w", args.Name, err)
	}
	return &r, nil
}
