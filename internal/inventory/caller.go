package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/target"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Caller is one that the cluster has.
type Caller struct {
	target.Caller // of a kind that is known
	// Labels of its pods; none of a whole namespace.
	Labels map[string]string
}

// workloads are what a caller may be, in the API.
var workloads = []struct {
	kind     target.Kind
	resource schema.GroupVersionResource
}{
	{target.Deployment, schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}},
	{target.StatefulSet, schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}},
	{target.DaemonSet, schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}},
	{target.Pod, pods},
}

// caller finds who is meant, and its labels.
func (r *reader) caller(ctx context.Context, from target.Caller) (Caller, error) {
	if from.Kind == target.WholeNamespace {
		return Caller{Caller: from}, nil
	}
	var found []Caller
	var names []string
	var errs []error
	for _, w := range workloads {
		if from.Kind != target.AnyKind && from.Kind != w.kind {
			continue
		}
		c := Caller{Caller: from}
		c.Kind = w.kind
		var err error
		c.Labels, err = r.labelsOfPods(ctx, w.resource, from)
		switch {
		case err == nil:
			found, names = append(found, c), append(names, c.String())
		case !apierrors.IsNotFound(err):
			errs = append(errs, fmt.Errorf("reading the %s %q in namespace %q: %w", w.kind, from.Name, from.Namespace, err))
		}
	}
	whole := target.Caller{Kind: target.WholeNamespace, Namespace: from.Namespace}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Caller{}, hint.With(fmt.Errorf("finding the caller %q: there are %s", from, strings.Join(names, " and ")), "write its kind, such as "+names[0])
	case len(errs) > 0:
		return Caller{}, hint.With(errors.Join(errs...), fmt.Sprintf("write %s for any caller there, of which nothing has to be read", whole))
	}
	return Caller{}, hint.With(fmt.Errorf("finding the caller %q: there is no such workload in namespace %q", from, from.Namespace),
		"write NAME.NAMESPACE for one of another namespace, and namespace/NAME for any caller of one")
}

// labelsOfPods are those that the pods of a workload have.
func (r *reader) labelsOfPods(ctx context.Context, resource schema.GroupVersionResource, of target.Caller) (map[string]string, error) {
	o, err := r.Objects.Resource(resource).Namespace(of.Namespace).Get(ctx, of.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if resource == pods {
		return o.GetLabels(), nil
	}
	labels, _, _ := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels") // of none it has none
	return labels, nil
}
