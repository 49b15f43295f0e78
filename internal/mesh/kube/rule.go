package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"istio-circuit-breaker/internal/breaker/istiorule"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/mesh"

	networking "istio.io/api/networking/v1alpha3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// object is a DestinationRule as the API server stores it.
type object struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`
	Spec       json.RawMessage   `json:"spec"`
}

func (c *Cluster) rulePath() string {
	return "/apis/networking.istio.io/v1/namespaces/" + c.namespace + "/destinationrules/" + mesh.Service
}

func (c *Cluster) rule(ctx context.Context) (object, error) {
	var o object
	text, err := c.core.RESTClient().Get().AbsPath(c.rulePath()).DoRaw(ctx)
	if apierrors.IsNotFound(err) {
		return o, hint.With(fmt.Errorf("%w %q in namespace %q", mesh.ErrNoRule, mesh.Service, c.namespace),
			"bring the stack up with `pulumi up`, or name its namespace with --namespace")
	}
	if err != nil {
		return o, fmt.Errorf("reading the DestinationRule %q: %w", mesh.Service, err)
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("decoding the DestinationRule %q: %w", mesh.Service, err)
	}
	return o, nil
}

// Rule reads the DestinationRule.
func (c *Cluster) Rule(ctx context.Context) (mesh.Rule, error) {
	o, err := c.rule(ctx)
	if err != nil {
		return mesh.Rule{}, err
	}
	var spec networking.DestinationRule
	if err := json.Unmarshal(o.Spec, &spec); err != nil {
		return mesh.Rule{}, fmt.Errorf("decoding the DestinationRule %q: %w", mesh.Service, err)
	}
	rule := mesh.Rule{Rule: istiorule.FromDestinationRule(&spec), Spec: o.Spec, Managed: o.Metadata.Labels["app.kubernetes.io/part-of"] == mesh.PartOf}
	declared, is, err := istiorule.Declared(o.Metadata.Annotations)
	if err != nil {
		return mesh.Rule{}, fmt.Errorf("reading the DestinationRule %q: %w", mesh.Service, err)
	}
	if is {
		rule.Declared = &declared
	}
	return rule, nil
}

// SetRule writes the spec in the name of the one who applied it last. Under a
// name of our own, Pulumi's next change would meet a conflict over the fields.
func (c *Cluster) SetRule(ctx context.Context, spec json.RawMessage) error {
	o, err := c.rule(ctx)
	if err != nil {
		return err
	}
	owner := slices.IndexFunc(o.Metadata.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
		return f.Operation == metav1.ManagedFieldsOperationApply
	})
	kind, body, manager := types.JSONPatchType, any([]map[string]any{{"op": "replace", "path": "/spec", "value": spec}}), "observe"
	if owner >= 0 {
		manager = o.Metadata.ManagedFields[owner].Manager
		kind, body = types.ApplyPatchType, map[string]any{"apiVersion": o.APIVersion, "kind": o.Kind, "spec": spec,
			"metadata": map[string]any{"name": mesh.Service, "namespace": c.namespace, "labels": o.Metadata.Labels, "annotations": o.Metadata.Annotations}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("changing the DestinationRule %q: %w", mesh.Service, err)
	}
	request := c.core.RESTClient().Patch(kind).AbsPath(c.rulePath()).Param("fieldManager", manager)
	if owner >= 0 {
		request = request.Param("force", "true")
	}
	if _, err := request.Body(text).DoRaw(ctx); err != nil {
		return fmt.Errorf("changing the DestinationRule %q: %w", mesh.Service, err)
	}
	return nil
}
