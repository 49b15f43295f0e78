package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// identity tells this stack's objects from those of any other, also of one with
// the same name in another backend. It is the ID that the engine gives a
// resource which holds nothing else: made with the stack, kept in its state, so
// that it stays the same when the stack is renamed, moved or imported, and
// written on each object as a label.
type identity struct {
	id       string // a UUID; empty where a preview shows a stack's first update
	label    pulumi.StringInput
	takeOver string // owner whose objects become this stack's, by configuration
	// crdsBefore are Istio's CRDs that were there before the stack, and so are
	// not its to change or to delete. Kept in the state too: once the stack is
	// up, nothing in the cluster tells them from its own.
	crdsBefore []string
	// unfinished are the releases on which a killed run left an operation, each
	// with a word on it.
	unfinished map[string]string
	// healing makes way for a resource that a killed run has left behind.
	healing pulumi.ResourceOption
}

// identityLabel holds the identity of the stack that made an object.
const identityLabel = "istio-circuit-breaker/stack"

// identify registers what the state keeps of the stack's identity and of what
// was there before it, and waits for the engine's answer. Both keep the value of
// the first update for good.
func identify(ctx *pulumi.Context, takeOver string, install bool, crds []string) (identity, error) {
	me, err := keep(ctx, "identity", pulumi.String(partOf))
	if err != nil {
		return identity{}, err
	}
	known, err := await(ctx.Context(), me.ID().ToStringOutput())
	if err != nil {
		return identity{}, fmt.Errorf("reading the stack's identity: %w", err)
	}
	own := identity{label: me.ID().ToStringOutput(), takeOver: takeOver, healing: pulumi.Composite()}
	own.id, _ = known.(string)
	if !install {
		return own, nil
	}
	before, err := keep(ctx, "crds-before", pulumi.ToStringArray(crds))
	if err != nil {
		return identity{}, err
	}
	kept, err := await(ctx.Context(), before.Output)
	if err != nil {
		return identity{}, fmt.Errorf("reading which CRDs were there before the stack: %w", err)
	}
	names, _ := kept.([]any)
	for _, n := range names {
		if name, ok := n.(string); ok {
			own.crdsBefore = append(own.crdsBefore, name)
		}
	}
	return own, nil
}

// keep has the state hold value as it is at the first update.
func keep(ctx *pulumi.Context, name string, value pulumi.Input) (*pulumi.Stash, error) {
	s, err := pulumi.NewStash(ctx, name, &pulumi.StashArgs{Input: value}, pulumi.IgnoreChanges([]string{"input"}))
	if err != nil {
		return nil, fmt.Errorf("registering what the state keeps as %q: %w", name, err)
	}
	return s, nil
}

// await is the value of o, nil where a preview cannot know it. Elsewhere the
// program never waits for an output: this one decides whether there is to be
// anything else.
func await(ctx context.Context, o pulumi.Output) (any, error) {
	result, err := internals.UnsafeAwaitOutput(ctx, o)
	if err != nil {
		return nil, err
	}
	return result.Value, nil
}

// owner names the stack that made an object with these labels: its identity; of
// a version from before there was one its name, which only namespaces carry.
// Empty: not made by this program.
func owner(labels map[string]string) string {
	if labels[partOfLabel] != partOf {
		return ""
	}
	return cmp.Or(labels[identityLabel], labels[instanceLabel], partOf)
}

// owns reports whether what owner made is this stack's, by identity or because
// it is configured to be.
func (own identity) owns(owner string) bool {
	return owner != "" && (owner == own.id || owner == own.takeOver)
}
