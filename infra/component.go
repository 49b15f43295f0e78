package main

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// component is a part of the program in the tree that Pulumi shows. It makes
// nothing itself: its children are what it consists of. Nothing depends on it, for
// that would mean all of its children. What several parts use, such as the
// namespace, is in none of them.
type component struct{ pulumi.ResourceState }

// newComponent registers the part that is called kind.
func newComponent(ctx *pulumi.Context, kind string) (*component, error) {
	var c component
	name := strings.ToLower(kind)
	if err := ctx.RegisterComponentResource("istio-circuit-breaker:infra:"+kind, name, &c); err != nil {
		return nil, fmt.Errorf("registering component %q: %w", name, err)
	}
	return &c, nil
}

// child is the option for each resource of the part. Stacks of before there were
// parts have it without a parent; the alias tells that it is the same one.
func (c *component) child() pulumi.ResourceOption {
	return pulumi.Composite(pulumi.Parent(c), pulumi.Aliases([]pulumi.Alias{{NoParent: pulumi.Bool(true)}}))
}

// done tells what the part has come to, which is not known before all of its
// children are registered.
func (c *component) done(ctx *pulumi.Context, outputs pulumi.Map) error {
	if err := ctx.RegisterResourceOutputs(c, outputs); err != nil {
		return fmt.Errorf("registering what a component has come to: %w", err)
	}
	return nil
}
