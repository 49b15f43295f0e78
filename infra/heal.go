package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// A killed run leaves objects in the cluster that are not in the state. The
// engine makes them again, and then Helm "cannot re-use a name that is still in
// use", and the API server finds two field managers in conflict. So before a
// resource is made, and only then, its left-over is moved out of the way; that
// the engine makes it says that no state holds it, its label says whose it is.

// heal is the option for every resource that could have been left behind.
func (own identity) heal(ctx *pulumi.Context, c *cluster) (pulumi.ResourceOption, error) {
	making, err := ctx.RegisterResourceHook("clear-left-over", func(args *pulumi.ResourceHookArgs) error {
		return own.clear(ctx.Context(), c, string(args.Type), args.NewInputs)
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("registering the hook that clears left-overs: %w", err)
	}
	changing, err := ctx.RegisterResourceHook("reopen", func(args *pulumi.ResourceHookArgs) error {
		return own.reopen(ctx.Context(), c, string(args.Type), args.NewInputs)
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("registering the hook that makes way for updates: %w", err)
	}
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{
		BeforeCreate: []*pulumi.ResourceHook{making},
		BeforeUpdate: []*pulumi.ResourceHook{changing},
	}), nil
}

// clear makes way for a resource of that type with these inputs.
func (own identity) clear(ctx context.Context, c *cluster, typ string, inputs resource.PropertyMap) error {
	if typ == releaseType {
		// Of the mesh's namespace, which this stack has made or taken over.
		return clearRelease(ctx, c, text(inputs, "namespace"), text(inputs, "name"))
	}
	metadata := metadataOf(inputs)
	if strings.HasSuffix(typ, ":CustomResourceDefinition") {
		return own.clearCRD(ctx, c, text(metadata, "name"))
	}
	path, what := address(typ, text(metadata, "namespace"), text(metadata, "name"))
	if path == "" {
		return nil
	}
	live, found, err := c.find(ctx, path, what)
	if err != nil || !found {
		return err
	}
	switch by := owner(live.Metadata.Labels); {
	case by == "":
		return advise(fmt.Errorf("%s exists already and was not made by this stack", what), "pulumi config set namespace NAME, to use another namespace")
	case !own.owns(by):
		return made(what, by)
	case strings.HasSuffix(typ, ":Namespace"):
		// It may hold more than the stack's. With labels that are already as the
		// provider applies them, it takes the namespace over.
		return c.merge(ctx, path, map[string]any{"labels": labelsIn(metadata)})
	}
	if err := c.remove(ctx, path); err != nil {
		return fmt.Errorf("deleting %s, which a killed run has left: %w", what, err)
	}
	return nil
}

// reopen makes way for the update of a resource of that type with these inputs.
func (own identity) reopen(ctx context.Context, c *cluster, typ string, inputs resource.PropertyMap) error {
	if typ == releaseType {
		return reopenRelease(ctx, c, text(inputs, "namespace"), text(inputs, "name"))
	}
	metadata := metadataOf(inputs)
	path, what := address(typ, text(metadata, "namespace"), text(metadata, "name"))
	if path == "" || own.takeOver == "" {
		return nil
	}
	live, found, err := c.find(ctx, path, what)
	if err != nil || !found || owner(live.Metadata.Labels) != own.takeOver {
		return err // that it is not there, the update says
	}
	// Half taken over before: the label is another field manager's, and would be
	// in conflict as long as its value is another.
	return c.merge(ctx, path, map[string]any{"labels": labelsIn(metadata)})
}

// address is where the API server keeps an object of that type of the provider's,
// and its name for people; empty for a type that is not looked after.
func address(typ, namespace, name string) (path, what string) {
	kinds := map[string]struct{ in, name string }{
		policyType:                      {policyAPI + "/mutatingadmissionpolicies/", "mutatingadmissionpolicy"},
		bindingType:                     {policyAPI + "/mutatingadmissionpolicybindings/", "mutatingadmissionpolicybinding"},
		"kubernetes:apps/v1:Deployment": {"/apis/apps/v1/namespaces/%s/deployments/", "deployment"},
		"kubernetes:core/v1:Secret":     {"/api/v1/namespaces/%s/secrets/", "secret"},
		"kubernetes:core/v1:Service":    {"/api/v1/namespaces/%s/services/", "service"},
		"kubernetes:networking.istio.io/v1:DestinationRule": {"/apis/networking.istio.io/v1/namespaces/%s/destinationrules/", "destinationrule"},
	}
	if typ == "kubernetes:core/v1:Namespace" {
		return namespacePath(name), fmt.Sprintf("namespace %q", name)
	}
	kind, ok := kinds[typ]
	if !ok {
		return "", ""
	}
	if namespace == "" {
		return kind.in + url.PathEscape(name), fmt.Sprintf("%s %q", kind.name, name)
	}
	in := strings.Replace(kind.in, "%s", url.PathEscape(namespace), 1)
	return in + url.PathEscape(name), fmt.Sprintf("%s %q in namespace %q", kind.name, name, namespace)
}

func text(of resource.PropertyMap, key resource.PropertyKey) string {
	if v, ok := of[key]; ok && v.IsString() {
		return v.StringValue()
	}
	return ""
}

func metadataOf(inputs resource.PropertyMap) resource.PropertyMap {
	if m, ok := inputs["metadata"]; ok && m.IsObject() {
		return m.ObjectValue()
	}
	return resource.PropertyMap{}
}

func labelsIn(metadata resource.PropertyMap) map[string]string {
	all := map[string]string{}
	if m, ok := metadata["labels"]; ok && m.IsObject() {
		for k := range m.ObjectValue() {
			all[string(k)] = text(m.ObjectValue(), k)
		}
	}
	return all
}
