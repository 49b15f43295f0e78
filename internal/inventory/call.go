package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"istio-circuit-breaker/internal/effective"
	"istio-circuit-breaker/internal/hint"
	"istio-circuit-breaker/internal/target"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Call is a service of a cluster, who calls it, and what decides what that has.
type Call struct {
	Service *corev1.Service
	Caller  Caller
	Mesh    Mesh
	// Unread is what could not be read, and may decide.
	Unread []error

	rules []effective.Object
	endpoints
}

// ReadCall reads what a caller has of a service. One of another domain than the
// mesh's is none of its services.
func ReadCall(ctx context.Context, client Client, of target.Target, from target.Caller) (*Call, error) {
	r := &reader{Client: client}
	mesh := r.mesh(ctx)
	found, errOfService := r.service(ctx, mesh, of)
	caller, errOfCaller := r.caller(ctx, from)
	if err := errors.Join(errOfService, errOfCaller); err != nil {
		return nil, err
	}
	c := &Call{Service: found, Caller: caller, Mesh: mesh}
	// istiod looks for rules into three namespaces, and never further.
	taken := map[string]bool{}
	var failed []error
	for _, namespace := range []string{caller.Namespace, found.Namespace, c.Mesh.root()} {
		if taken[namespace] {
			continue
		}
		taken[namespace] = true
		err := r.each(ctx, rules, namespace, func(o *object) {
			rule, err := effective.ParseObject(stripped(o))
			if err != nil {
				r.unread = append(r.unread, fmt.Errorf("reading the DestinationRule %q: %w", o.GetNamespace()+"/"+o.GetName(), err))
				return
			}
			c.rules = append(c.rules, rule)
		})
		switch {
		case apierrors.IsNotFound(err):
			return nil, hint.With(fmt.Errorf("listing destinationrules: %w", errNoIstio), "name a cluster with Istio 1.22 or later with --context")
		case err != nil:
			failed = append(failed, err)
		}
	}
	if len(failed) == len(taken) {
		return nil, errors.Join(failed...)
	}
	r.unread = append(r.unread, failed...)
	in, split := []string{found.Namespace}, []string(nil)
	if slices.ContainsFunc(c.rules, func(o effective.Object) bool { return len(o.Spec.GetSubsets()) > 0 }) {
		split = in
	}
	c.endpoints.read(ctx, r, false, in, split)
	c.Unread = r.unread
	return c, nil
}

// Host is the service's full name.
func (c *Call) Host() string {
	return target.Target{Service: c.Service.Name, Namespace: c.Service.Namespace, Domain: c.Mesh.Domain}.Host()
}

func (r *reader) service(ctx context.Context, mesh Mesh, of target.Target) (*corev1.Service, error) {
	name, namespace := of.Service, of.Namespace
	if own := cmp.Or(mesh.Domain, target.Domain); of.Domain != "" && of.Domain != own {
		return nil, fmt.Errorf("finding the service %q: must be of the domain %s", of.Host(), own)
	}
	o, err := r.Objects.Resource(services).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, hint.With(fmt.Errorf("finding the service %q: there is none in namespace %q", name, namespace),
			"write NAME.NAMESPACE; `kubectl get services -A` lists them")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the service %q in namespace %q: %w", name, namespace, err)
	}
	s := &corev1.Service{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, s); err != nil {
		return nil, fmt.Errorf("decoding the service %q: %w", name, err)
	}
	return s, nil
}
