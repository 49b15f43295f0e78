package main

import (
	"context"
	"errors"
	"fmt"

	"istio-circuit-breaker/internal/config"
)

// ownershipError is a namespace that is there and should not be, or the reverse.
type ownershipError struct{ text string }

func (e *ownershipError) Error() string { return e.text }

// namespaceProblems makes sure that the namespaces which the stack is to make are
// not somebody else's already. The provider applies server-side: it would take
// over a namespace that is there, and delete it, with all that is in it, at
// destroy. And it would make one that is only to be labelled, and leave it.
func namespaceProblems(ctx context.Context, c *cluster, cfg config.Config, stack string) []error {
	var errs []error
	if cfg.Istio.Install {
		err := absent(ctx, c, meshNS, stack, "pulumi config set istio.install false, to use the mesh that is there")
		var foreign *ownershipError
		if err != nil && !errors.As(err, &foreign) {
			return []error{err} // and the next question would have the same answer
		}
		errs = append(errs, err)
	}
	name := cfg.Namespace.Name
	if !cfg.Namespace.Existing {
		return append(errs, absent(ctx, c, name, stack, "pulumi config set namespaceExists true, or another namespace"))
	}
	if _, err := c.namespace(ctx, name); errors.Is(err, errNotFound) {
		err = &ownershipError{fmt.Sprintf("namespace %q does not exist", name)}
		errs = append(errs, advise(err, "pulumi config rm namespaceExists, to have it made"))
	} else if err != nil {
		errs = append(errs, advise(fmt.Errorf("looking for namespace %q: %w", name, err), nextStep(err)))
	}
	return errs
}

// absent is an error if there is a namespace of that name which the stack has
// not made; hint says what to do about one that is nobody's here. It is no hint
// for anything else: followed where this stack had made the namespace, it would
// have the next update delete it.
func absent(ctx context.Context, c *cluster, name, stack, hint string) error {
	live, err := c.namespace(ctx, name)
	switch labels := live.Metadata.Labels; {
	case errors.Is(err, errNotFound):
		return nil
	case err != nil:
		return advise(fmt.Errorf("looking for namespace %q: %w", name, err), nextStep(err))
	case live.Metadata.DeletionTimestamp != "":
		return advise(&ownershipError{fmt.Sprintf("namespace %q is still being deleted (since %s)", name, live.Metadata.DeletionTimestamp)},
			fmt.Sprintf("wait until it is gone; what holds it up is in its conditions: kubectl get namespace %s -o yaml", name))
	case labels[partOfLabel] != partOf:
		return advise(&ownershipError{fmt.Sprintf("namespace %q exists already and was not made by stack %q", name, stack)}, hint)
	case labels[instanceLabel] != labelValue(stack):
		return advise(&ownershipError{fmt.Sprintf("namespace %q exists already and was not made by stack %q, but by stack %q", name, stack, labels[instanceLabel])},
			fmt.Sprintf("if that is this stack, renamed: kubectl label --overwrite namespace %s %s=%s; if it is another: another namespace, and istio.install false where the mesh is its", name, instanceLabel, labelValue(stack)))
	}
	return nil
}

// advise adds what the user can do about err, on a line of its own; nil stays
// nil, and nothing is added where there is nothing to say. It is part of the text, because Pulumi prints errors, not this program.
func advise(err error, hint string) error {
	if err == nil || hint == "" {
		return err
	}
	return fmt.Errorf("%w\nhint: %s", err, hint)
}
