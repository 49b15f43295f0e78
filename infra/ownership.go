package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"istio-circuit-breaker/internal/config"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// establish tells what is this stack's in the cluster and makes sure that
// nothing else is touched, before anything is made there: the provider applies
// server-side, and would take over what is there under a name of ours, and
// delete it at destroy.
func establish(ctx *pulumi.Context, cfg config.Config, seen sighting) (identity, error) {
	own, err := identify(ctx, cfg.TakeOver, cfg.Istio.Install, names(foreignCRDs(seen, ctx.Stack())))
	if err != nil {
		return identity{}, err
	}
	if err := errors.Join(own.problems(seen, cfg, ctx.Stack())...); err != nil {
		return identity{}, err
	}
	own.crdsBefore = own.stillForeign(seen.crds)
	if len(own.crdsBefore) > 0 {
		left := note{warn: true, text: "CRDs of Istio's that were in the cluster before this stack are used as they are, and stay, with all their objects, at destroy: " +
			strings.Join(own.crdsBefore, ", ")}
		if err := left.tell(ctx); err != nil {
			return identity{}, err
		}
	}
	if cfg.Istio.Install && !cfg.Istio.ChartsInFolder() {
		promised := note{warn: true, text: config.Unsupported(cfg.Istio.Version, seen.kubernetes)}
		if err := promised.tell(ctx); err != nil {
			return identity{}, err
		}
	}
	own.unfinished = unfinished(seen.records)
	if !ctx.DryRun() {
		own.healing, err = own.heal(ctx, seen.cluster)
	}
	return own, err
}

// problems are all reasons not to begin.
func (own identity) problems(seen sighting, cfg config.Config, stack string) []error {
	var errs []error
	wanted := []string{}
	if cfg.Istio.Install {
		wanted = append(wanted, meshNS)
		errs = append(errs, own.free(seen, meshNS, "pulumi config set istio.install false, to use the mesh that is there"))
		errs = append(errs, foreignParts(seen)...)
		errs = append(errs, own.foreignPolicies(seen)...)
	}
	if name := cfg.Namespace.Name; !cfg.Namespace.Existing {
		wanted = append(wanted, name)
		errs = append(errs, own.free(seen, name, "pulumi config set namespaceExists true, or another namespace"))
	} else if _, there := seen.namespaces[name]; !there && seen.namespaces != nil {
		errs = append(errs, advise(fmt.Errorf("namespace %q does not exist", name), "pulumi config rm namespaceExists, to have it made"))
	}
	for _, name := range slices.Sorted(maps.Keys(seen.namespaces)) {
		if !slices.Contains(wanted, name) && own.made(seen.namespaces[name], stack) {
			errs = append(errs, keepingIt(name, cfg))
		}
	}
	return errs
}

// free is an error if there is a namespace of that name which this stack has
// not made; hint says what to do about one that no stack has made. It is no hint
// for anything else: followed where this stack had made the namespace, it would
// have the next update delete it.
func (own identity) free(seen sighting, name, hint string) error {
	live, there := seen.namespaces[name]
	if !there {
		return nil
	}
	by := owner(live.Metadata.Labels)
	switch {
	case live.Metadata.DeletionTimestamp != "":
		return advise(fmt.Errorf("namespace %q is still being deleted (since %s)", name, live.Metadata.DeletionTimestamp),
			fmt.Sprintf("wait until it is gone; what holds it up is in its conditions: kubectl get namespace %s -o yaml", name))
	case by == "":
		return advise(fmt.Errorf("namespace %q exists already and was not made by this stack", name), hint)
	case own.owns(by), live.Metadata.Labels[identityLabel] == "":
		// Made by a version without identities: whether by this stack, its state
		// tells, before the namespace would be made anew (see heal).
		return nil
	}
	return made(fmt.Sprintf("namespace %q", name), by)
}

// made is the error about an object that another stack has made.
func made(what, owner string) error {
	return advise(fmt.Errorf("%s exists already and was made by another stack, %q", what, owner),
		fmt.Sprintf("find out whose it is; only if nobody has the state of that stack any more: pulumi config set takeOver %s", owner))
}

// made reports whether this stack made the namespace; by its name where a
// version without identities did, as here it only has to be looked after.
func (own identity) made(live object, stack string) bool {
	if live.Metadata.DeletionTimestamp != "" {
		return false
	}
	by := owner(live.Metadata.Labels)
	return own.owns(by) || by == labelValue(stack) && live.Metadata.Labels[identityLabel] == ""
}

// keepingIt refuses an update that would delete a namespace with all that is
// in it, other people's objects too, because a setting was changed.
func keepingIt(name string, cfg config.Config) error {
	err := fmt.Errorf("namespace %q was made by this stack, and as it is configured now this update would delete it, with all that is in it", name)
	const give = "to give it up: back to that setting, pulumi destroy, then the new setting and pulumi up"
	switch {
	case name == meshNS:
		return advise(err, "to keep it: pulumi config set istio.install true; "+give)
	case name == cfg.Namespace.Name:
		return advise(err, "to keep it: pulumi config rm namespaceExists; "+give)
	}
	return advise(err, fmt.Sprintf("to keep it: pulumi config set namespace %s; %s", name, give))
}

// advise adds what the user can do about err, on a line of its own; nil stays
// nil, and nothing is added where there is nothing to say. It is part of the
// text, because Pulumi prints errors, not this program.
func advise(err error, hint string) error {
	if err == nil || hint == "" {
		return err
	}
	return fmt.Errorf("%w\nhint: %s", err, hint)
}
