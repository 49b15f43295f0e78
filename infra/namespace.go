package main

import (
	"fmt"

	"istio-circuit-breaker/internal/config"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// namespace is where the stack's objects go.
type namespace struct {
	plain string
	// name is known as soon as the namespace is there. It is the namespace's ID: the
	// metadata is not known in a preview in which a label is not, and then whatever is
	// in the namespace would seem to be replaced.
	name     pulumi.StringInput
	revision string // of the mesh that injects; empty for the default
	resource pulumi.CustomResource
	own      identity // of the stack that makes objects in it
	ends     bool     // with the stack, and with all that is in it
}

// newNamespace makes the namespace, or labels one that is there already.
func newNamespace(ctx *pulumi.Context, cfg config.Namespace, revision string, own identity) (namespace, error) {
	// The label for which Istio's webhook injects a sidecar into every new pod.
	injection := pulumi.StringMap{injectionLabel: pulumi.String("enabled")}
	if revision != "" {
		injection = pulumi.StringMap{revisionLabel: pulumi.String(revision)}
	}
	if cfg.Existing {
		// A patch applies this label only, and takes only that away again: the
		// namespace is not the stack's to delete.
		patch, err := corev1.NewNamespacePatch(ctx, cfg.Name, &corev1.NamespacePatchArgs{
			Metadata: &metav1.ObjectMetaPatchArgs{Name: pulumi.String(cfg.Name), Labels: injection},
		})
		if err != nil {
			return namespace{}, fmt.Errorf("registering the labels of namespace %q: %w", cfg.Name, err)
		}
		return namespace{cfg.Name, patch.ID().ToStringOutput(), revision, patch, own, false}, nil
	}
	injection[instanceLabel] = pulumi.String(labelValue(ctx.Stack()))
	made, err := corev1.NewNamespace(ctx, cfg.Name, &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String(cfg.Name), Labels: own.labels(injection)},
	}, own.healing)
	if err != nil {
		return namespace{}, fmt.Errorf("registering namespace %q: %w", cfg.Name, err)
	}
	return namespace{cfg.Name, made.ID().ToStringOutput(), revision, made, own, true}, nil
}
