package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// injected holds back whatever is registered with it until the mesh and the
// namespace are there.
func injected(_ *pulumi.Context, m mesh, ns namespace) pulumi.ResourceOption {
	return pulumi.DependsOn(append(m, ns.resource))
}
